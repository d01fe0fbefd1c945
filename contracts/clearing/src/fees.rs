//! Terms of trade: what the house charges, and how far a price may lie from the mark.
//!
//! Fees are on notional at the index, never on a price that the parties name. Options: at most a share of the premium at the mark, and
//! at least a minimum a trade. A maker's rebate comes out of the fee of the same fill.

use alloy_primitives::{B256, U256};
use novate_abi::{
    IClearing::{Fill, NoMark, PriceOutOfBand},
    IMargin::Mark,
};
use novate_common::{Revert, pair, refuse};
use novate_risk::{Instrument, Kind, divide};

use crate::{
    error::overflow,
    ledger::{MILLION, MILLIONTHS},
    storage::TERMS,
};

/// The terms in force; rates in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Options, of notional.
    pub(crate) option: u32,
    /// Options, of premium at the mark at most.
    pub(crate) premium_cap: u32,
    /// Options, least fee of a trade, 18 decimals.
    pub(crate) minimum: u64,
    /// Delta-one maker, of notional; negative: a rebate.
    pub(crate) maker: i32,
    /// Delta-one taker, of notional.
    pub(crate) taker: u32,
    /// How far a delta-one price may lie from the mark, of the mark.
    pub(crate) delta_one: u32,
    /// An option's price, of the index.
    pub(crate) of_index: u32,
    /// An option's price, of the mark.
    pub(crate) of_mark: u32,
}

/// What buyer and seller pay; a maker's rebate stands apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Fees {
    /// Paid by the buyer.
    pub(crate) buyer: u128,
    /// Paid by the seller.
    pub(crate) seller: u128,
    /// To the maker, out of the taker's fee.
    pub(crate) rebate: u128,
}

impl Terms {
    /// The terms in storage.
    pub(crate) fn load() -> Self {
        let word = TERMS.get();
        let rate = |place: usize| {
            let mut bytes = [0; 4];
            for (to, from) in bytes.iter_mut().skip(1).zip(word.iter().skip(place)) {
                *to = *from;
            }
            u32::from_be_bytes(bytes)
        };
        let minimum = word.get(12..20).and_then(|bytes| bytes.first_chunk());
        // Of 24 bits the highest is the sign.
        let maker = rate(6).wrapping_shl(8).cast_signed().wrapping_shr(8);
        Self {
            option: rate(0),
            premium_cap: rate(3),
            maker,
            taker: rate(9),
            minimum: minimum.map_or(0, |bytes| u64::from_be_bytes(*bytes)),
            delta_one: rate(20),
            of_index: rate(23),
            of_mark: rate(26),
        }
    }

    /// Writes them; every rate fits 24 bits.
    pub(crate) fn store(&self) {
        let mut word = pair(0, 0);
        put(&mut word, 0, self.option.to_be_bytes());
        put(&mut word, 3, self.premium_cap.to_be_bytes());
        put(&mut word, 6, self.maker.to_be_bytes());
        put(&mut word, 9, self.taker.to_be_bytes());
        for (to, from) in word.iter_mut().skip(12).zip(self.minimum.to_be_bytes()) {
            *to = from;
        }
        put(&mut word, 20, self.delta_one.to_be_bytes());
        put(&mut word, 23, self.of_index.to_be_bytes());
        put(&mut word, 26, self.of_mark.to_be_bytes());
        TERMS.set(&word);
    }

    /// Fees of a fill.
    pub(crate) fn fees(
        &self,
        fill: &Fill,
        instrument: &Instrument,
        mark: &Mark,
    ) -> Result<Fees, Revert> {
        if instrument.is_option() {
            let most = share(fill, mark.mark, self.premium_cap)?;
            let fee = share(fill, mark.index, self.option)?.min(most).max(self.minimum.into());
            return Ok(Fees { buyer: fee, seller: fee, rebate: 0 });
        }
        let taker = share(fill, mark.index, self.taker)?;
        let maker = share(fill, mark.index, self.maker.unsigned_abs())?;
        let (maker, rebate) = if self.maker < 0 { (0, maker.min(taker)) } else { (maker, 0) };
        let (buyer, seller) = if fill.buyerIsMaker { (maker, taker) } else { (taker, maker) };
        Ok(Fees { buyer, seller, rebate })
    }

    /// Refuses a price outside the band around the mark. Without a mark only trades whose both sides close are possible, at prices in
    /// [0, last index] for a call, [0, strike] for a put, last index +-50% for perpetuals and futures.
    pub(crate) fn check_price(
        &self,
        fill: &Fill,
        instrument: &Instrument,
        mark: &Mark,
        both_close: bool,
    ) -> Result<(), Revert> {
        let id = fill.instrument;
        let index = U256::from(mark.index);
        let (least, most) = if mark.isMarked {
            let price = U256::from(mark.mark);
            let width = if instrument.is_option() {
                part(index, self.of_index).max(part(price, self.of_mark))
            } else {
                part(price, self.delta_one)
            };
            // Prices are below 2^128.
            (price.saturating_sub(width), price.wrapping_add(width))
        } else if both_close {
            match instrument.kind() {
                Kind::Call => (U256::ZERO, index),
                Kind::Put => (U256::ZERO, instrument.strike().to_wad()),
                Kind::Perpetual | Kind::Future => {
                    let half = index.wrapping_shr(1);
                    (index.wrapping_sub(half), index.wrapping_add(half))
                }
            }
        } else {
            return Err(refuse!(NoMark { instrument: id }));
        };
        let price = U256::from(fill.price);
        if price < least || price > most {
            return Err(refuse!(PriceOutOfBand { instrument: id, price, least, most }));
        }
        Ok(())
    }
}

/// The last three bytes of a number, at a place of a word.
fn put(word: &mut B256, place: usize, number: [u8; 4]) {
    for (to, from) in word.iter_mut().skip(place).zip(number.into_iter().skip(1)) {
        *to = from;
    }
}

/// The high and the low 32 bits.
pub(crate) fn quarters(number: u64) -> (u32, u32) {
    let low = u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
    (u32::try_from(number.wrapping_shr(32)).unwrap_or(0), low)
}

/// `price * millionths`, rounded down; below 2^128 * 2^32.
pub(crate) fn part(price: U256, rate: u32) -> U256 {
    divide(price.wrapping_mul(U256::from(rate)), MILLIONTHS).0
}

/// `quantity * price * rate`, each product rounded up.
fn share(fill: &Fill, price: u128, rate: u32) -> Result<u128, Revert> {
    if rate == 0 {
        return Ok(0);
    }
    let notional = millionths(price, fill.quantity).ok_or_else(overflow)?;
    millionths(notional, u64::from(rate)).ok_or_else(overflow)
}

/// `amount * millionths / 1e6`, rounded up.
fn millionths(amount: u128, millionths: u64) -> Option<u128> {
    let millionths = u128::from(millionths);
    let (whole, rest) = (amount.checked_div(MILLION)?, amount.checked_rem(MILLION)?);
    // rest < 2^20 and millionths < 2^64.
    let part = rest.wrapping_mul(millionths).div_ceil(MILLION);
    whole.checked_mul(millionths)?.checked_add(part)
}
