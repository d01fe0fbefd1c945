//! Contracts that tools expect at fixed addresses. Those that are not public code are compiled from
//! `devnode/solidity` (`node devnode/solidity/build.mjs`).

use alloy_primitives::{Address, Bytes, address, bytes, hex};

use crate::config::GenesisAccount;

/// The deterministic CREATE2 factory (Arachnid's proxy) that deployment tools expect.
pub const CREATE2_FACTORY: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");
/// Many calls in one, as wallets and libraries make them.
pub const MULTICALL3: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");
/// Creates, activates and constructs Stylus contracts for `cargo stylus deploy`.
pub const STYLUS_DEPLOYER: Address = address!("cEcba2F1DC234f70Dd89F2041029807F8D03A990");

const CREATE2_FACTORY_CODE: Bytes = bytes!(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
);
const MULTICALL3_CODE: &str = include_str!("../solidity/Multicall3.hex");
const STYLUS_DEPLOYER_CODE: &str = include_str!("../solidity/StylusDeployer.hex");

/// Where they are.
pub(crate) const ADDRESSES: [Address; 3] = [CREATE2_FACTORY, MULTICALL3, STYLUS_DEPLOYER];

/// The contracts of the first block, each with its code.
pub(crate) fn predeploys() -> [GenesisAccount; 3] {
    [
        GenesisAccount::with_code(CREATE2_FACTORY, 1, CREATE2_FACTORY_CODE),
        GenesisAccount::with_code(MULTICALL3, 1, code(MULTICALL3_CODE)),
        GenesisAccount::with_code(STYLUS_DEPLOYER, 1, code(STYLUS_DEPLOYER_CODE)),
    ]
}

/// The bytes of a committed line of hexadecimal; a test decodes them all.
fn code(line: &str) -> Bytes {
    hex::decode(line.trim()).unwrap_or_default().into()
}
