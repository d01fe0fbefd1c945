//! What the other contracts tell.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{assessCall, bookCall, cashCall, lendingCall, nonceCall},
    IErrors,
    ILiquidation::SequencerDown,
    IOracle::sequencerStatusCall,
    book::{Book, is_delta_one},
};
use novate_common::{
    Input, Reply, Revert, address, ask, margin, refuse, selected, session::malformed,
};
use novate_risk::{
    Assessment, Validity,
    liquidation::{Size, debt_requirement},
};

use crate::storage::{CLEARING, MARGIN, ORACLE};

/// Millionths to 18 decimals.
const MILLIONTH: u64 = 1_000_000_000_000;

/// An account as clearing shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    /// Figures with what a debt requires.
    pub(crate) figures: Assessment,
    /// Whether its book can't fall short, whatever the figures say.
    pub(crate) is_fully_paid: bool,
}

impl Sight {
    /// Looks at an account.
    pub(crate) fn of(account: &B256) -> Result<Self, Revert> {
        let reply = of_account(assessCall::SELECTOR, account)?;
        let number = |place| bounded(reply.u256(place)?);
        let signed = |place| in_range(reply.i256(place)?);
        let figures = Assessment {
            equity: signed(0)?,
            initial_requirement: number(1)?,
            maintenance_requirement: number(2)?,
            worst_underlying: reply.u8(3)?,
            worst_scenario: reply.u8(4)?,
            // Not reckoned with here: clearing refuses a cut of what is broken.
            validity: Validity::Valid,
            close_equity: signed(6)?,
            close_requirement: number(7)?,
            last_equity: signed(8)?,
            last_requirement: number(9)?,
            healthy_requirement: number(10)?,
        };
        Ok(Self { figures, is_fully_paid: reply.bool(11)? })
    }

    /// Close excess if the account isn't short.
    pub(crate) const fn healed(&self) -> Option<I256> {
        let excess = self.figures.close_excess();
        if self.is_fully_paid || !excess.is_negative() { Some(excess) } else { None }
    }

    /// What the size of a slice depends on.
    pub(crate) fn size(&self, account: &B256) -> Result<Size, Revert> {
        let cash = of_account(cashCall::SELECTOR, account)?.i256(0)?;
        let mut rate = 0;
        if cash.is_negative() {
            let reply = ask(&address(&CLEARING.get()), &lendingCall::SELECTOR)?;
            rate = reply.u64(1)?.saturating_mul(MILLIONTH);
        }
        Ok(Size::of(&self.figures, debt_requirement(cash, rate), rate))
    }

    /// Whether a bid for a slice would pass: only where nothing healthy requires anything is there more to ask.
    pub(crate) fn slice_passes(&self, account: &B256) -> Result<bool, Revert> {
        let figures = &self.figures;
        if !figures.healthy_requirement.is_zero() || figures.last_requirement.is_zero() {
            return Ok(true);
        }
        Ok(self.size(account)?.slice_passes())
    }
}

/// Requirements that a book can have.
fn bounded(number: U256) -> Result<U256, Revert> {
    if number.bit_len() <= 220 { Ok(number) } else { Err(overflow()) }
}

/// Equity that a book can have.
fn in_range(number: I256) -> Result<I256, Revert> {
    bounded(number.unsigned_abs())?;
    Ok(number)
}

pub(crate) fn overflow() -> Revert {
    refuse!(IErrors::ArithmeticOverflow {})
}

/// Asks clearing about an account.
fn of_account(selector: [u8; 4], account: &B256) -> Result<Reply, Revert> {
    ask(&address(&CLEARING.get()), &selected![selector, *account])
}

/// An account's nonce.
pub(crate) fn nonce(account: &B256) -> Result<u64, Revert> {
    of_account(nonceCall::SELECTOR, account)?.u64(0)
}

/// Margin's upper bound of the close excess under the scenarios named; `None` where that doesn't say enough, because the
/// book may be fully paid.
pub(crate) fn excess_under(account: &B256, scenarios: &[u8]) -> Result<Option<I256>, Revert> {
    let reply = of_account(bookCall::SELECTOR, account)?;
    let packed = reply.bytes(0)?;
    let book = Book::unpack(packed).map_err(malformed)?;
    if !book.positions.iter().any(|held| is_delta_one(held.instrument)) {
        return Ok(None);
    }
    margin::maintenance_excess_under(&address(&MARGIN.get()), packed, scenarios).map(Some)
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
