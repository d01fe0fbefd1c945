//! EIP-712 digests of what is signed: trades, and the markets of underlyings.

use alloy_primitives::{Address, B256};
use alloy_sol_types::{Eip712Domain, SolStruct, eip712_domain};
use novate_abi::{IExchange, IOracle};

/// The digest of a trade that buyer and seller sign.
pub fn trade_digest(chain_id: u64, exchange: Address, trade: &IExchange::Trade) -> B256 {
    trade.eip712_signing_hash(&domain("Novate Exchange", "1", chain_id, exchange))
}

/// The digest of the market of an underlying that publishers sign.
pub fn market_digest(chain_id: u64, oracle: Address, update: &IOracle::MarketUpdate) -> B256 {
    update.eip712_signing_hash(&domain("Novate Oracle", "2", chain_id, oracle))
}

fn domain(
    name: &'static str,
    version: &'static str,
    chain_id: u64,
    contract: Address,
) -> Eip712Domain {
    eip712_domain! { name: name, version: version, chain_id: chain_id, verifying_contract: contract, }
}
