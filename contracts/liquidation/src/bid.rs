//! Bids: what they ask for, what clearing did for them, and whether that is what was asked for.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::closeOutCall,
    ILiquidation::{
        FractionTooSmall, PriceAboveLimit, RelievesTooLittle, TakesTooMuch, WorthBelowLimit,
    },
};
use novate_common::{Input, Revert, Word, address, refuse, request, selected};
use novate_risk::liquidation::{Limit, Outcome, Terms, WHOLE};

use crate::{load::overflow, storage::CLEARING};

/// Kind of a cut: a slice of the whole.
const SLICE: u8 = 0;
/// Kind of a cut: named lines.
const LEGS: u8 = 2;

/// What is cut.
#[derive(Debug, Clone)]
struct Cut {
    kind: u8,
    underlying: u8,
    /// Above everything is everything.
    fraction: u64,
    /// Instrument and quantity, as they came.
    legs: Vec<[B256; 2]>,
}

/// A bid.
#[derive(Debug, Clone)]
pub(crate) struct Bid {
    pub(crate) account: B256,
    pub(crate) bidder: B256,
    cut: Cut,
    minimum_fraction: U256,
    maximum_price: U256,
    minimum_worth: I256,
    pub(crate) expected_nonce: u64,
    pub(crate) deadline: u64,
}

/// What clearing did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed {
    pub(crate) value: I256,
    pub(crate) relief: I256,
    pub(crate) paid: U256,
    pub(crate) from_waterfall: U256,
    pub(crate) excess: I256,
    requirement: U256,
    pub(crate) equity: I256,
    is_empty: bool,
    received: U256,
    rounding: U256,
}

impl Bid {
    /// Reads a bid, the next argument.
    pub(crate) fn read(input: &mut Input<'_>) -> Result<Self, Revert> {
        let mut bid = input.structure()?;
        let (account, bidder) = (bid.bytes32()?, bid.bytes32()?);
        let cut = Cut::read(&mut bid.structure()?)?;
        Ok(Self {
            account,
            bidder,
            cut,
            minimum_fraction: bid.u256()?,
            maximum_price: bid.u256()?,
            minimum_worth: bid.i256()?,
            expected_nonce: bid.u64()?,
            deadline: bid.u64()?,
        })
    }

    /// The fraction asked for; 0 for named lines.
    pub(crate) const fn fraction(&self) -> u64 {
        if self.cut.kind == LEGS { 0 } else { self.cut.fraction }
    }

    /// Whether a lower fraction than the one asked for would do.
    pub(crate) fn is_flexible(&self) -> bool {
        self.cut.kind == SLICE && self.minimum_fraction < U256::from(self.cut.fraction)
    }

    /// Takes at most `fraction`.
    pub(crate) const fn lower(&mut self, fraction: u64) {
        if fraction < self.cut.fraction {
            self.cut.fraction = fraction;
        }
    }

    /// Refuses a fraction below the least.
    pub(crate) fn check_fraction(&self) -> Result<(), Revert> {
        let (minimum, available) = (self.minimum_fraction, U256::from(self.cut.fraction));
        if self.cut.kind != LEGS && available < minimum {
            return Err(refuse!(FractionTooSmall { minimum, available }));
        }
        Ok(())
    }

    /// Clearing cuts.
    pub(crate) fn close_out(&self, terms: Terms) -> Result<Closed, Revert> {
        let mut call = selected![
            closeOutCall::SELECTOR,
            self.account,
            self.bidder,
            160_u64,
            terms.concession,
            terms.bonus
        ];
        self.cut.push(&mut call);
        let reply = request(&address(&CLEARING.get()), &call)?;
        Ok(Closed {
            value: reply.i256(0)?,
            relief: reply.i256(1)?,
            paid: reply.u256(2)?,
            from_waterfall: reply.u256(3)?,
            excess: reply.i256(5)?,
            requirement: reply.u256(6)?,
            equity: reply.i256(7)?,
            is_empty: reply.bool(8)?,
            received: reply.u256(9)?,
            rounding: reply.u256(10)?,
        })
    }

    /// Refuses what isn't of an allowed size, or not what the bidder wanted.
    pub(crate) fn check(&self, closed: &Closed) -> Result<(), Revert> {
        let outcome = Outcome {
            relief: closed.relief,
            excess: closed.excess,
            requirement: closed.requirement,
            rounding: closed.rounding,
            took_all: closed.is_empty || self.cut.kind == SLICE && self.cut.fraction == WHOLE,
        };
        outcome.check().map_err(|limit| match limit {
            Limit::TooLittle(least) => refuse!(RelievesTooLittle { relief: closed.relief, least }),
            Limit::TooMuch(most) => {
                refuse!(TakesTooMuch { account: self.account, excess: closed.excess, most })
            }
        })?;
        let (price, limit) = (closed.paid, self.maximum_price);
        if price > limit {
            return Err(refuse!(PriceAboveLimit { price, limit }));
        }
        let gets = closed.from_waterfall.checked_add(closed.received).ok_or_else(overflow)?;
        let gets = I256::try_from(gets).map_err(|_| overflow())?;
        let worth = closed.value.checked_add(gets).ok_or_else(overflow)?;
        let limit = self.minimum_worth;
        if worth < limit {
            return Err(refuse!(WorthBelowLimit { worth, limit }));
        }
        Ok(())
    }
}

impl Cut {
    fn read(cut: &mut Input<'_>) -> Result<Self, Revert> {
        let (kind, underlying) = (cut.u8()?, cut.u8()?);
        let fraction = u64::try_from(cut.u256()?).unwrap_or(WHOLE).min(WHOLE);
        let (count, mut elements) = cut.array(2)?;
        let legs = (0..count)
            .map(|_| Ok([elements.bytes32()?, elements.bytes32()?]))
            .collect::<Result<_, Revert>>()?;
        Ok(Self { kind, underlying, fraction, legs })
    }

    fn push(&self, call: &mut Vec<u8>) {
        self.kind.push(call);
        self.underlying.push(call);
        self.fraction.push(call);
        128_u64.push(call);
        u64::try_from(self.legs.len()).unwrap_or(u64::MAX).push(call);
        for leg in &self.legs {
            for word in leg {
                word.push(call);
            }
        }
    }
}
