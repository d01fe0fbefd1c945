//! What a chain is configured with at genesis.

use alloy_primitives::{Address, Bytes, U256, address};
use revm::state::{AccountInfo, Bytecode};

use crate::{
    precompiles::OWNERS,
    predeploys::predeploys,
    stylus::{ARBOS_STATE, set_of_one},
};

/// The address that Nitro's `--dev` mode funds and makes the chain owner.
pub const DEV_OWNER: Address = address!("3f1Eae7D46d88F08fc2F8ed27FCb2AB183EB2d0E");

/// The version of the chain's operating system: it decides rules and prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum ArbOs {
    /// `ArbOS` 51, what `nitro --dev` of v3.9.5 starts with.
    #[default]
    V51,
    /// `ArbOS` 60: fragments, the per-block cache of recent programs, version 3 of Stylus.
    V60,
}

impl ArbOs {
    /// The version as a number.
    pub const fn number(self) -> u64 {
        match self {
            Self::V51 => 51,
            Self::V60 => 60,
        }
    }

    /// The version of Stylus that a chain of this version starts with.
    pub const fn stylus_version(self) -> u16 {
        match self {
            Self::V51 => 2,
            Self::V60 => 3,
        }
    }

    /// The version of that number, if this engine knows its rules.
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            51 => Some(Self::V51),
            60 => Some(Self::V60),
            _ => None,
        }
    }

    /// Whether the rules that came with `ArbOS` 60 hold.
    pub const fn is_60(self) -> bool {
        matches!(self, Self::V60)
    }
}

/// What runs WASM. Results and prices are the same with either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WasmEngine {
    /// An interpreter: programs start at once.
    #[default]
    Interpreter,
    /// A compiler to machine code: long computations run faster, the first call of a program waits for it.
    #[cfg(feature = "compiler")]
    Compiler,
}

/// Parameters of the chain that do not change while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainConfig {
    /// EIP-155 chain id; 412346 is Nitro's dev chain.
    pub chain_id: u64,
    /// Rules in force.
    pub arbos: ArbOs,
    /// Largest code of a contract, in bytes (EIP-170); init code may be twice that.
    pub max_code_size: usize,
    /// The account that may call `ArbOwner`; fees are paid to it.
    pub owner: Address,
    /// Most gas that one transaction may use; what it brings above is held and returned.
    pub compute_gas_limit: u64,
    /// Whether the first block holds the contracts that tools expect: the CREATE2 factory,
    /// Multicall3, and the deployer of Stylus contracts.
    pub predeploys: bool,
    /// Whether debug facilities (`ArbDebug`, the `console` and `debug` WASM modules) exist.
    pub allow_debug: bool,
    /// What runs programs.
    pub engine: WasmEngine,
}

impl Default for ChainConfig {
    fn default() -> Self {
        Self {
            chain_id: 412_346,
            arbos: ArbOs::default(),
            max_code_size: 24_576,
            owner: DEV_OWNER,
            compute_gas_limit: 32_000_000,
            predeploys: true,
            allow_debug: true,
            engine: WasmEngine::default(),
        }
    }
}

/// An account that exists in the first block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenesisAccount {
    /// Where it is.
    pub address: Address,
    /// Balance, nonce and code.
    pub info: AccountInfo,
    /// Its storage slots.
    pub storage: Vec<(U256, U256)>,
}

impl GenesisAccount {
    /// An account without balance or storage that holds `code`.
    pub fn with_code(address: Address, nonce: u64, code: Bytes) -> Self {
        let code = Bytecode::new_legacy(code);
        let info = AccountInfo::new(U256::ZERO, nonce, code.hash_slow(), code);
        Self { address, info, storage: Vec::new() }
    }
}

/// Last bytes of the addresses of Arbitrum's precompiles: 0x64 is `ArbSys`, 0x71 `ArbWasm` and so on.
pub const ARBITRUM_PRECOMPILES: [u8; 16] = [
    0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0xff,
];

/// `ArbosActs`, which the chain calls itself: nobody else may.
const ARBOS_ACTS: Address = address!("00000000000000000000000000000000000a4b05");
/// `ArbFilteredTransactionsManager`, from `ArbOS` 60 on, which answers nobody here.
const FILTERED_TRANSACTIONS: Address = precompile_address(0x74);

/// Accounts that count as precompiles although all that a call of them does is to fail: their code is an invalid byte.
/// `ArbDebug` is one more where debugging isn't allowed.
pub(crate) fn mute_precompiles(config: &ChainConfig) -> impl Iterator<Item = Address> {
    let filtered = config.arbos.is_60().then_some(FILTERED_TRANSACTIONS);
    core::iter::once(ARBOS_ACTS).chain(filtered)
}

/// Address of the Arbitrum precompile whose last byte is `last`.
pub const fn precompile_address(last: u8) -> Address {
    let mut bytes = [0; 20];
    bytes[19] = last;
    Address::new(bytes)
}

/// The accounts that the chain starts with, besides those that the node funds.
///
/// Precompiles hold one invalid byte of code, so that Solidity's check for code passes.
pub fn genesis(config: &ChainConfig) -> Vec<GenesisAccount> {
    let own = ARBITRUM_PRECOMPILES.into_iter().map(precompile_address);
    let precompiles = own
        .chain(mute_precompiles(config))
        .map(|address| GenesisAccount::with_code(address, 0, Bytes::from_static(&[0xfe])));
    let state = GenesisAccount {
        address: ARBOS_STATE,
        info: AccountInfo { nonce: 1, ..AccountInfo::default() },
        storage: set_of_one(OWNERS, config.owner),
    };
    let contracts = config.predeploys.then(predeploys).into_iter().flatten();
    precompiles.chain([state]).chain(contracts).collect()
}
