//! Whether touched accounts may be left as they are: margin's judgement, and what counts as reducing risk.

use alloc::vec::Vec;

use alloy_primitives::B256;
use novate_abi::{IClearing::MarginShortfall, IErrors::MarketNotValid, IMargin::Assessment};
use novate_common::{
    Revert, address,
    margin::{assess, maintenance_excess},
    refuse,
};
use novate_risk::Book;

use crate::{
    Clearing,
    load::{Loaded, packed},
    storage::MARGIN,
};

/// Level of market data needed to add risk and to withdraw.
const VALID: u8 = 4;
/// Level needed to liquidate: above too volatile.
pub(crate) const LIQUIDATE: u8 = 2;
/// Level needed to reduce risk: above invalid.
const REDUCE: u8 = 1;

impl Clearing {
    /// Margin's figures of books, from one snapshot.
    pub(crate) fn assess<'a>(
        &self,
        books: impl Iterator<Item = &'a Book>,
    ) -> Result<Vec<Assessment>, Revert> {
        let books: Vec<_> = books.map(packed).collect();
        assess(&address(&MARGIN.get()), &books)
    }

    /// Refuses unless each account is left with initial excess at least 0 on valid data, or with less risk than it had.
    ///
    /// An account without positions and debt can't fall short and isn't judged.
    pub(crate) fn check_fills(&self, accounts: &[Loaded]) -> Result<(), Revert> {
        let judged: Vec<&Loaded> =
            accounts.iter().filter(|touched| at_risk(&touched.book)).collect();
        if judged.is_empty() {
            return Ok(());
        }
        let after = self.assess(judged.iter().map(|touched| &touched.book))?;
        let mut short = Vec::new();
        for (touched, after) in judged.iter().zip(&after) {
            if may_add_risk(touched.id, after, VALID).is_err() {
                short.push((*touched, after));
            }
        }
        if short.is_empty() {
            return Ok(());
        }
        let before = self.assess(short.iter().map(|(touched, _)| &touched.before))?;
        for ((touched, after), before) in short.into_iter().zip(&before) {
            let reduced = after.validity >= REDUCE && reduces(before, after)?;
            if !reduced {
                may_add_risk(touched.id, after, VALID)?;
            }
        }
        Ok(())
    }

    /// Refuses unless the account is left with initial excess at least 0 on valid data.
    pub(crate) fn check_withdrawal(&self, touched: &Loaded) -> Result<(), Revert> {
        if !at_risk(&touched.book) {
            return Ok(());
        }
        let after = self.assess(core::iter::once(&touched.book))?;
        after.first().map_or(Ok(()), |after| may_add_risk(touched.id, after, VALID))
    }
}

/// Whether a book can fall short: it holds positions or owes cash.
fn at_risk(book: &Book) -> bool {
    !book.positions().is_empty() || book.cash().is_negative()
}

/// Initial excess at least 0, on market data of at least the level `needed`.
///
/// # Errors
/// `MarketNotValid`, `MarginShortfall`.
pub(crate) fn may_add_risk(account: B256, after: &Assessment, needed: u8) -> Result<(), Revert> {
    let Assessment { equity, initialRequirement: required, validity: level, .. } = *after;
    if level < needed {
        return Err(refuse!(MarketNotValid { level, needed }));
    }
    let covered = !equity.is_negative() && equity.unsigned_abs() >= required;
    if covered { Ok(()) } else { Err(refuse!(MarginShortfall { account, required, equity })) }
}

/// Whether risk was reduced: the maintenance excess doesn't fall, and neither requirement, hence no worst scenario, rises.
fn reduces(before: &Assessment, after: &Assessment) -> Result<bool, Revert> {
    Ok(maintenance_excess(after)? >= maintenance_excess(before)?
        && after.maintenanceRequirement <= before.maintenanceRequirement
        && after.initialRequirement <= before.initialRequirement)
}
