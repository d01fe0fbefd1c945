//! What of a book a close-out takes: a slice of the whole, a part, or named lines; never what is broken.

use alloc::vec::Vec;

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{InvalidCut, InvalidFraction, InvalidQuantity, MarketTooOld},
    IMargin::{Assessment, Mark},
    IOracle::perpetualCall,
};
use novate_common::{Input, Revert, address, ask, refuse, selected, timestamp};
use novate_risk::{
    Book, Instrument, divide_slowly,
    liquidation::{Leg, Size, Standing, WHOLE, share_of},
};

use crate::{
    callable::cancelled_underlying,
    check::{LIQUIDATE, Marks, mark_of, require_level},
    error::refused,
    load::Loaded,
    pool::is_live,
    storage::ORACLE,
};

/// Ids below this are numbers of collateral tokens.
const TOKENS: u64 = 256;
/// Seconds for which a market update is good enough for bids for parts and named lines.
const FRESH: u64 = 300;
/// Millionths in one.
const MILLION: U256 = U256::from_limbs([1_000_000, 0, 0, 0]);

/// What is to be cut.
#[derive(Debug)]
pub(crate) enum Cut {
    /// Of everything that is healthy.
    Slice(u64),
    /// Of an underlying's lines and of the collateral that cancels their risk.
    Part(u8, u64),
    /// Named lines.
    Legs(Vec<Leg>),
}

impl Cut {
    /// Reads a cut, the next argument.
    pub(crate) fn read(input: &mut Input<'_>) -> Result<Self, Revert> {
        let mut cut = input.structure()?;
        let (kind, underlying, fraction) = (cut.u8()?, cut.u8()?, cut.u256()?);
        let part = u64::try_from(fraction).ok().filter(|part| (1..=WHOLE).contains(part));
        let part = part.ok_or_else(|| refuse!(InvalidFraction { fraction }));
        match kind {
            0 => Ok(Self::Slice(part?)),
            1 => Ok(Self::Part(underlying, part?)),
            2 => Ok(Self::Legs(legs(&mut cut)?)),
            _ => Err(refuse!(InvalidCut { kind })),
        }
    }

    /// Whether it is of the whole, cash included.
    pub(crate) const fn is_slice(&self) -> bool {
        matches!(self, Self::Slice(_))
    }

    /// The piece that is cut out of a book, and the rest. `figures`: margin's of the book, without the margin of its debt.
    ///
    /// # Errors
    /// `MarketNotValid` and `MarketTooOld` for parts and lines whose data aren't good enough, `InvalidQuantity`.
    pub(crate) fn apply(
        &self,
        from: &Loaded,
        figures: &Assessment,
        marks: &Marks,
    ) -> Result<(Book, Book), Revert> {
        let now = timestamp();
        let open = |terms: &Instrument| terms.expiry().is_none_or(|expiry| now < expiry);
        let book = &from.book;
        let (slice, rest) = match self {
            Self::Slice(fraction) => {
                let healthy = |id: u64| mark(marks, id).is_some_and(is_healthy);
                let takes = |terms: &Instrument| open(terms) && healthy(terms.id());
                let liquid = share_of(*fraction, healthy_share(figures));
                return Ok(
                    book.cut_where(*fraction, liquid, &takes, &|token| healthy(token.into()))
                );
            }
            Self::Part(underlying, fraction) => {
                let mut tokens = Vec::new();
                for held in book.collateral() {
                    if cancelled_underlying(held.collateral)? == Some(*underlying) {
                        tokens.push(held.collateral);
                    }
                }
                let takes = |terms: &Instrument| terms.underlying() == *underlying && open(terms);
                book.cut_where(*fraction, 0, &takes, &|token| tokens.contains(&token))
            }
            Self::Legs(legs) => book.cut_legs(legs).map_err(|error| refused(from.id, error))?,
        };
        let mut fresh = None;
        for held in slice.holdings() {
            let terms = held.instrument;
            require_healthy(marks, terms.id())?;
            if open(&terms) && fresh != Some(terms.underlying()) {
                require_fresh(terms.underlying(), now)?;
                fresh = Some(terms.underlying());
            }
        }
        for held in slice.collateral() {
            require_healthy(marks, held.collateral.into())?;
        }
        Ok((slice, rest))
    }
}

fn legs(cut: &mut Input<'_>) -> Result<Vec<Leg>, Revert> {
    let (count, mut elements) = cut.array(2)?;
    let mut legs = Vec::with_capacity(count);
    for _ in 0..count {
        let (instrument, quantity) = (elements.u64()?, elements.i256()?);
        // A token's number and no instrument: no id is that small.
        let quantity = i128::try_from(quantity).map_err(|_| elements.last_malformed())?;
        if instrument == 0 {
            return Err(refuse!(InvalidQuantity { instrument }));
        }
        legs.push(Leg { instrument, quantity });
    }
    Ok(legs)
}

/// m: the healthy parts' share of what all parts require.
fn healthy_share(figures: &Assessment) -> u64 {
    let size = Size {
        standing: Standing { equity: figures.lastEquity, requirement: figures.lastRequirement },
        close_equity: figures.closeEquity,
        close_requirement: figures.closeRequirement,
        healthy_requirement: figures.healthyRequirement,
        debt_requirement: U256::ZERO,
        debt_rate: 0,
    };
    size.healthy_share()
}

/// What marks are needed for: every perpetual and future that hasn't expired, one more line of each underlying that has none, and every
/// collateral token.
pub(crate) fn instruments(book: &Book) -> Vec<u64> {
    let now = timestamp();
    let mut wanted: Vec<u64> =
        book.collateral().iter().map(|held| held.collateral.into()).collect();
    let live = book.holdings().filter(|held| is_live(&held.instrument, now));
    wanted.extend(live.map(|held| held.instrument.id()));
    for held in book.positions() {
        if !wanted.iter().any(|id| same_underlying(*id, held.instrument)) {
            let place = wanted.partition_point(|id| *id < held.instrument);
            wanted.insert(place, held.instrument);
        }
    }
    wanted
}

const fn same_underlying(one: u64, other: u64) -> bool {
    let ([one, ..], [other, ..]) = (one.to_be_bytes(), other.to_be_bytes());
    one == other
}

/// What is known of an instrument's underlying, or of a token.
fn mark(marks: &Marks, id: u64) -> Option<&Mark> {
    mark_of(marks, id).or_else(|| {
        let mut others = marks.iter().filter(|(known, _)| *known >= TOKENS && id >= TOKENS);
        others.find(|(known, _)| same_underlying(*known, id)).map(|(_, mark)| mark)
    })
}

/// Whether data are good enough to liquidate.
pub(crate) const fn is_healthy(mark: &Mark) -> bool {
    mark.validity >= LIQUIDATE
}

fn require_healthy(marks: &Marks, id: u64) -> Result<(), Revert> {
    require_level(mark(marks, id).map_or(0, |mark| mark.validity), LIQUIDATE)
}

/// A market is one message, and the perpetual's model time is its time.
fn require_fresh(underlying: u8, now: u64) -> Result<(), Revert> {
    let call = selected![perpetualCall::SELECTOR, underlying];
    let model_time = ask(&address(&ORACLE.get()), &call)?.u64(1)?;
    let earliest = now.saturating_sub(FRESH);
    if model_time < earliest {
        return Err(refuse!(MarketTooOld { underlying, modelTime: model_time, earliest }));
    }
    Ok(())
}

/// Notional of the last millionth of each line of a piece.
pub(crate) fn rounding(slice: &Book, marks: &Marks) -> U256 {
    let mut sum = U256::ZERO;
    for held in slice.positions() {
        let index = mark(marks, held.instrument).map_or(0, |mark| mark.index);
        // 256 numbers of 128 bits.
        sum = sum.wrapping_add(U256::from(index));
    }
    let up = MILLION.wrapping_sub(U256::ONE);
    divide_slowly(sum.wrapping_add(up), MILLION).0
}
