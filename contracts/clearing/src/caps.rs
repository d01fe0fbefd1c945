//! How much may be open: notional at the index of each expiry over all its instruments, and of each account's lines on an underlying.
//! Caps bind what grows, and nothing else.

use alloy_primitives::U256;
use novate_abi::IClearing::{AccountCapExceeded, OpenInterestCapExceeded};
use novate_common::{Revert, halves, refuse};
use novate_risk::{Book, divide, instrument::expiry_seconds};

use crate::{
    Clearing,
    check::Marks,
    ledger::MILLIONTHS,
    load::Loaded,
    session::{Interest, Session},
    storage::CAPS,
};

const HOUR_BITS: u32 = 22;

impl Clearing {
    /// Refuses what grew beyond a cap. `marks`: of all that was traded.
    pub(crate) fn check_caps(&self, session: &Session, marks: &Marks) -> Result<(), Revert> {
        let mut seen = [0_u64; 4];
        for (instrument, mark) in marks {
            let underlying = underlying_of(*instrument);
            if !first_time(&mut seen, underlying) {
                continue;
            }
            let (series, account) = halves(&CAPS.of(&underlying).get());
            for interest in &session.interest {
                check_series(interest, underlying, mark.index, series)?;
            }
            for touched in &session.accounts {
                check_account(touched, underlying, mark.index, account)?;
            }
        }
        Ok(())
    }
}

fn check_series(interest: &Interest, underlying: u8, index: u128, cap: u128) -> Result<(), Revert> {
    let Interest { series, before, now } = *interest;
    let mine = series.wrapping_shr(HOUR_BITS) == u32::from(underlying);
    if !mine || now <= before {
        return Ok(());
    }
    let (notional, cap) = (notional(now, index), U256::from(cap));
    if notional > cap {
        let expiry = expiry_seconds(series & (1_u32.wrapping_shl(HOUR_BITS).wrapping_sub(1)));
        return Err(refuse!(OpenInterestCapExceeded { underlying, expiry, notional, cap }));
    }
    Ok(())
}

fn check_account(touched: &Loaded, underlying: u8, index: u128, cap: u128) -> Result<(), Revert> {
    let now = contracts(&touched.book, underlying);
    if now <= contracts(&touched.before, underlying) {
        return Ok(());
    }
    let (notional, cap) = (notional(now, index), U256::from(cap));
    if notional > cap {
        let account = touched.id;
        return Err(refuse!(AccountCapExceeded { account, underlying, notional, cap }));
    }
    Ok(())
}

/// Contracts of all lines of a book on an underlying, millionths; 256 numbers of 63 bits.
fn contracts(book: &Book, underlying: u8) -> u128 {
    let mine = book.positions().iter().filter(|held| underlying_of(held.instrument) == underlying);
    mine.fold(0, |sum: u128, held| sum.wrapping_add(held.quantity.unsigned_abs().into()))
}

/// Below 2^80 * 2^128.
fn notional(contracts: u128, index: u128) -> U256 {
    let product = U256::from(contracts).saturating_mul(U256::from(index));
    divide(product, MILLIONTHS).0
}

const fn underlying_of(instrument: u64) -> u8 {
    let [underlying, ..] = instrument.to_be_bytes();
    underlying
}

/// Marks a number in a set of 256 bits; whether it wasn't there.
fn first_time(seen: &mut [u64; 4], number: u8) -> bool {
    let Some(word) = seen.get_mut(usize::from(number >> 6)) else { return false };
    let bit = 1_u64.rotate_left(u32::from(number & 63));
    let first = *word & bit == 0;
    *word |= bit;
    first
}
