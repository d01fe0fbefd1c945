//! Auctions in storage, bids in calldata, and what the other contracts tell.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{bookCall, ledgerCall, nonceCall},
    ILiquidation::SequencerDown,
    IMargin,
    IOracle::sequencerStatusCall,
};
use novate_common::{
    Input, Revert, Slot, address, ask, halves, margin, pair, refuse, selected, timestamp,
};
use novate_risk::{Assessment, Validity, liquidation::WHOLE};

use crate::storage::{AUCTIONS, CLEARING, MARGIN, ORACLE};

/// An auction that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Running {
    /// When it was started; never 0.
    pub(crate) started_at: u64,
    /// Seconds on its clock when they were counted last.
    pub(crate) counted: u64,
    /// When that was.
    pub(crate) counted_at: u64,
}

/// A bid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bid {
    pub(crate) account: B256,
    pub(crate) bidder: B256,
    pub(crate) mode: u8,
    /// Most of the book; above everything is everything.
    pub(crate) fraction: u64,
    pub(crate) minimum_fraction: U256,
    pub(crate) maximum_price: I256,
    pub(crate) expected_nonce: u64,
    pub(crate) deadline: u64,
}

impl Running {
    /// An auction that starts now.
    pub(crate) fn begin() -> Self {
        let now = timestamp();
        Self { started_at: now, counted: 0, counted_at: now }
    }

    /// The auction of `account`.
    pub(crate) fn load(account: &B256) -> Option<Self> {
        let (high, low) = halves(&slot(account).get());
        let [started_at, counted] = split(high);
        let [counted_at, _] = split(low);
        (started_at != 0).then_some(Self { started_at, counted, counted_at })
    }

    pub(crate) fn store(&self, account: &B256) {
        let high = u128::from(self.started_at).wrapping_shl(64) | u128::from(self.counted);
        slot(account).set(&pair(high, u128::from(self.counted_at).wrapping_shl(64)));
    }

    /// Seconds on the clock now. `up_since`: since when the sequencer has been up without a break; what passed before that
    /// and wasn't counted yet doesn't count.
    pub(crate) fn elapsed(&self, up_since: u64) -> u64 {
        let passed = timestamp().saturating_sub(self.counted_at.max(up_since));
        self.counted.saturating_add(passed)
    }
}

/// Forgets the auction of `account`.
pub(crate) fn erase(account: &B256) {
    slot(account).set(&B256::ZERO);
}

fn slot(account: &B256) -> Slot {
    AUCTIONS.of(account)
}

/// The high and the low 64 bits.
fn split(number: u128) -> [u64; 2] {
    let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0);
    [u64::try_from(number.wrapping_shr(64)).unwrap_or(0), low]
}

/// Reads a bid.
pub(crate) fn bid(input: &mut Input<'_>) -> Result<Bid, Revert> {
    Ok(Bid {
        account: input.bytes32()?,
        bidder: input.bytes32()?,
        mode: input.u8()?,
        fraction: u64::try_from(input.u256()?).unwrap_or(WHOLE).min(WHOLE),
        minimum_fraction: input.u256()?,
        maximum_price: input.i256()?,
        expected_nonce: input.u64()?,
        deadline: input.u64()?,
    })
}

/// Reads scenario numbers.
pub(crate) fn scenarios(input: &mut Input<'_>) -> Result<Vec<u8>, Revert> {
    let (count, mut elements) = input.array(1)?;
    (0..count).map(|_| elements.u8()).collect()
}

/// The owner of an account: its first 20 bytes.
pub(crate) const fn owner(account: B256) -> Address {
    let [owner @ .., _, _, _, _, _, _, _, _, _, _, _, _] = account.0;
    Address::new(owner)
}

/// An account's packed book.
pub(crate) fn book(account: &B256) -> Result<Vec<u8>, Revert> {
    let reply = ask(&address(&CLEARING.get()), &selected![bookCall::SELECTOR, *account])?;
    reply.bytes(0).map(<[u8]>::to_vec)
}

/// An account's nonce.
pub(crate) fn nonce(account: &B256) -> Result<u64, Revert> {
    ask(&address(&CLEARING.get()), &selected![nonceCall::SELECTOR, *account])?.u64(0)
}

/// The insurance fund.
pub(crate) fn insurance() -> Result<U256, Revert> {
    ask(&address(&CLEARING.get()), &ledgerCall::SELECTOR)?.u256(3)
}

/// Margin's upper bound of the maintenance excess under the scenarios named.
pub(crate) fn excess_under(account: &B256, scenarios: &[u8]) -> Result<I256, Revert> {
    margin::maintenance_excess_under(&address(&MARGIN.get()), &book(account)?, scenarios)
}

/// Margin's figures of an account.
pub(crate) fn assess(account: &B256) -> Result<Assessment, Revert> {
    let margin = address(&MARGIN.get());
    let assessments = margin::assess(&margin, &[book(account)?])?;
    let figures = assessments
        .first()
        .ok_or_else(|| refuse!(novate_abi::IErrors::CallFailed { target: margin }))?;
    // Refuses figures that no book has, before they are reckoned with.
    margin::maintenance_excess(figures)?;
    Ok(figures_of(figures))
}

/// The figures as the risk crate has them.
const fn figures_of(assessment: &IMargin::Assessment) -> Assessment {
    Assessment {
        equity: assessment.equity,
        initial_requirement: assessment.initialRequirement,
        maintenance_requirement: assessment.maintenanceRequirement,
        worst_underlying: assessment.worstUnderlying,
        worst_scenario: assessment.worstScenario,
        // Not reckoned with here: clearing refuses a slice on data that is too bad.
        validity: Validity::Valid,
    }
}

/// Since when the sequencer has been up.
///
/// # Errors
/// `SequencerDown` while it is down, and for its grace period.
pub(crate) fn up_since() -> Result<u64, Revert> {
    let (is_up, since) = sequencer()?;
    if is_up { Ok(since) } else { Err(refuse!(SequencerDown {})) }
}

/// Whether the sequencer is up and past its grace period, and since when.
pub(crate) fn sequencer() -> Result<(bool, u64), Revert> {
    let reply = ask(&address(&ORACLE.get()), &sequencerStatusCall::SELECTOR)?;
    Ok((reply.bool(0)?, reply.u64(1)?))
}
