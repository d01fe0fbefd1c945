//! Market data, from the oracle.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use novate_abi::{IOracle::snapshotCall, snapshot::read_market};
use novate_risk::{Market, Validity};

use crate::{Revert, Word, ask, selected};

/// Asks the oracle for the market data of `series`; with it comes the level of the stable coin's price.
///
/// # Errors
/// What the oracle reverts with, or `CallFailed(oracle)`.
#[inline(never)]
pub(crate) fn market(oracle: Address, series: &[u32]) -> Result<(Market, Validity), Revert> {
    let mut calldata = selected![snapshotCall::SELECTOR, 32_u64, U256::from(series.len())];
    for number in series {
        number.push(&mut calldata);
    }
    ask(&oracle, &calldata)?.read(|input| {
        let (_, mut words) = input.array(1)?;
        read_market(series, &mut || words.u256())
    })
}
