//! EIP-712 digests of what is signed: trades, surfaces, marks.

use alloy_primitives::{Address, B256};
use alloy_sol_types::{Eip712Domain, SolStruct, eip712_domain};
use novate_abi::{IExchange, IOracle};

/// The digest of a trade that buyer and seller sign.
pub fn trade_digest(chain_id: u64, exchange: Address, trade: &IExchange::Trade) -> B256 {
    trade.eip712_signing_hash(&domain("Novate Exchange", chain_id, exchange))
}

/// The digest of a surface that publishers sign.
pub fn surface_digest(chain_id: u64, oracle: Address, surface: &IOracle::Surface) -> B256 {
    surface.eip712_signing_hash(&domain("Novate Oracle", chain_id, oracle))
}

/// The digest of a perpetual's mark that publishers sign.
pub fn perpetual_mark_digest(
    chain_id: u64,
    oracle: Address,
    mark: &IOracle::PerpetualMark,
) -> B256 {
    mark.eip712_signing_hash(&domain("Novate Oracle", chain_id, oracle))
}

fn domain(name: &'static str, chain_id: u64, contract: Address) -> Eip712Domain {
    eip712_domain! { name: name, version: "1", chain_id: chain_id, verifying_contract: contract, }
}
