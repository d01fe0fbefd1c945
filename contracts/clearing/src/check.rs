//! Whether accounts may be left as they are: margin's judgement, what counts as reducing risk, and what reducing may cost.

use alloc::vec::Vec;

use alloy_primitives::{B256, I256, U256};
use novate_abi::{
    IClearing::MarginShortfall,
    IErrors::MarketNotValid,
    IMargin::{Assessment, Mark},
};
use novate_common::{
    Revert, address,
    margin::{assess, excess},
    refuse, timestamp,
};
use novate_risk::{Book, Reference, divide, fully_paid, most_concession};

use crate::{
    Clearing,
    error::overflow,
    ledger::{DebtMargin, MILLIONTHS},
    load::packed,
    session::debt,
    storage::MARGIN,
};

/// Level of market data needed to add risk and to withdraw.
pub(crate) const VALID: u8 = 4;
/// Level needed to buy what is liquidated or called: above too volatile.
pub(crate) const LIQUIDATE: u8 = 2;

/// Marks by instrument; a number below 256 is a collateral token's.
pub(crate) type Marks = Vec<(u64, Mark)>;

impl Clearing {
    /// Margin's figures of books and marks of instruments, from one snapshot; without the margin of debts.
    pub(crate) fn ask<'a>(
        &self,
        books: impl Iterator<Item = &'a Book>,
        instruments: &[u64],
    ) -> Result<(Vec<Assessment>, Marks), Revert> {
        let books: Vec<_> = books.map(packed).collect();
        let (figures, marks) = assess(&address(&MARGIN.get()), &books, instruments)?;
        Ok((figures, instruments.iter().copied().zip(marks).collect()))
    }

    /// Margin's figures of books, with the margin of their debts.
    pub(crate) fn assess<'a>(
        &self,
        books: impl Iterator<Item = &'a Book> + Clone,
        instruments: &[u64],
    ) -> Result<(Vec<Assessment>, Marks), Revert> {
        let (mut figures, marks) = self.ask(books.clone(), instruments)?;
        for (figures, book) in figures.iter_mut().zip(books) {
            self.charge_debt(figures, book)?;
        }
        Ok((figures, marks))
    }

    /// Adds what the book's debt requires; one of a fully paid book, which a line that isn't final yet covers, requires nothing.
    pub(crate) fn charge_debt(&self, figures: &mut Assessment, book: &Book) -> Result<(), Revert> {
        if book.cash().is_negative() && !fully_paid::is_fully_paid(book, timestamp()) {
            require_debt(figures, debt(book.cash()), self.debt_margin())?;
        }
        Ok(())
    }
}

/// Adds the margin of a debt to all requirements.
pub(crate) fn require_debt(
    figures: &mut Assessment,
    debt: u128,
    rates: DebtMargin,
) -> Result<(), Revert> {
    let share = |rate: u32| {
        // Below 2^128 * 2^32.
        let product = U256::from(debt).wrapping_mul(U256::from(rate));
        let rounding = U256::from(MILLIONTHS.saturating_sub(1));
        divide(product.wrapping_add(rounding), MILLIONTHS).0
    };
    let (initial, maintenance) = (share(rates.initial), share(rates.maintenance));
    let Assessment {
        initialRequirement,
        maintenanceRequirement,
        closeRequirement,
        lastRequirement,
        ..
    } = figures;
    for (requirement, more) in [
        (initialRequirement, initial),
        (maintenanceRequirement, maintenance),
        (closeRequirement, maintenance),
        (lastRequirement, maintenance),
    ] {
        *requirement = requirement.checked_add(more).ok_or_else(overflow)?;
    }
    Ok(())
}

/// Adds to the equities: what the book has more than the one that margin was asked about.
pub(crate) fn shift(figures: &mut Assessment, change: I256) -> Result<(), Revert> {
    for equity in [&mut figures.equity, &mut figures.closeEquity, &mut figures.lastEquity] {
        *equity = equity.checked_add(change).ok_or_else(overflow)?;
    }
    Ok(())
}

/// Whether initial excess is at least 0.
pub(crate) fn is_covered(figures: &Assessment) -> bool {
    let Assessment { equity, initialRequirement: required, .. } = *figures;
    !equity.is_negative() && equity.unsigned_abs() >= required
}

/// Refuses unless initial excess is at least 0.
pub(crate) fn may_add_risk(account: B256, figures: &Assessment) -> Result<(), Revert> {
    let Assessment { equity, initialRequirement: required, .. } = *figures;
    if is_covered(figures) {
        Ok(())
    } else {
        Err(refuse!(MarginShortfall { account, required, equity }))
    }
}

/// Refuses data below the level needed.
pub(crate) fn require_level(level: u8, needed: u8) -> Result<(), Revert> {
    if level < needed { Err(refuse!(MarketNotValid { level, needed })) } else { Ok(()) }
}

/// What becomes of a trade that must pass as reducing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reduction {
    /// It reduces, within what it may cost.
    Passes,
    /// It reduces and costs too much.
    TooDear {
        /// Lost at marks.
        loss: U256,
        /// May be lost.
        most: U256,
    },
    /// It doesn't reduce.
    Fails,
}

/// Judges figures before and after, house fees aside, at last usable data: maintenance excess doesn't fall, no requirement rises, and
/// equity at marks falls by no more than the concession. `dust`: what roundings of the trade may make of that.
pub(crate) fn reduction(
    before: &Assessment,
    after: &Assessment,
    dust: u64,
) -> Result<Reduction, Revert> {
    let excess_before = excess(before.lastEquity, before.lastRequirement)?;
    let excess_after = excess(after.lastEquity, after.lastRequirement)?;
    let dusty = I256::from_raw(U256::from(dust));
    let reduces = excess_after.checked_add(dusty).is_none_or(|excess| excess >= excess_before)
        && after.lastRequirement <= before.lastRequirement
        && after.initialRequirement <= before.initialRequirement;
    if !reduces {
        return Ok(Reduction::Fails);
    }
    let loss = before.lastEquity.checked_sub(after.lastEquity).ok_or_else(overflow)?;
    let loss = loss.max(I256::ZERO).unsigned_abs();
    let relief = before.lastRequirement.saturating_sub(after.lastRequirement);
    let most = most_concession(before.lastEquity, before.lastRequirement, relief);
    if loss > most.saturating_add(U256::from(dust)) {
        return Ok(Reduction::TooDear { loss, most });
    }
    Ok(Reduction::Passes)
}

/// The mark of an instrument.
pub(crate) fn mark_of(marks: &Marks, instrument: u64) -> Option<&Mark> {
    marks.iter().find(|(known, _)| *known == instrument).map(|(_, mark)| mark)
}

/// What a position is settled to; `None` without a mark.
pub(crate) fn reference_of(mark: &Mark) -> Option<Reference> {
    mark.isMarked.then_some(Reference { price: mark.mark, funding: mark.fundingIndex })
}
