//! Whether the accounts of a fill may be left as it leaves them.
//!
//! An account passes whose initial excess is at least 0 on valid data, or whose book is fully paid; any other must reduce its risk within
//! the concession, and is then valued as it was before as well.

use alloc::vec::Vec;

use alloy_primitives::{B256, U256};
use novate_abi::{IClearing::ConcessionTooLarge, IMargin::Assessment};
use novate_common::{Revert, refuse, timestamp};
use novate_risk::{Book, Reference, fully_paid, revaluation};

use crate::{
    Clearing,
    check::{
        Marks, Reduction, VALID, is_covered, mark_of, may_add_risk, reduction, reference_of,
        require_debt, require_level, shift,
    },
    error::{overflow, refused},
    fill::{Line, money},
    session::{Session, debt},
    storage::FILL,
};

/// Units of 1e-18 that roundings of one trade may cost an account: of premium or price, gain, funding, and equity.
const DUST: u64 = 4;

/// How an account stands after the trades.
#[derive(Debug)]
pub(crate) struct Standing {
    /// With fees and without rebates.
    pub(crate) figures: Assessment,
    /// House fees that it pays.
    pub(crate) fees: u128,
    /// Lowest level of the indices that its trades depend on.
    pub(crate) level: u8,
    /// Its trades.
    pub(crate) lines: u64,
    /// Whether it passes by initial excess, or because its book is fully paid.
    pub(crate) passes: bool,
}

impl Clearing {
    /// How each account stands, of margin's figures for the provisional books.
    pub(crate) fn standings(
        &self,
        session: &Session,
        lines: &[Line],
        marks: &Marks,
        provisional: &[Book],
        figures: Vec<Assessment>,
    ) -> Result<Vec<Standing>, Revert> {
        let references: Vec<(u64, Reference)> = marks
            .iter()
            .filter_map(|(id, mark)| reference_of(mark).map(|reference| (*id, reference)))
            .collect();
        let is_over_limit = session.totals()?.is_over_limit();
        let is_paused = self.governance.is_paused(FILL);
        let mut standings = Vec::with_capacity(figures.len());
        let accounts = session.accounts.iter().zip(provisional).zip(figures);
        for (index, ((account, asked), mut figures)) in accounts.enumerate() {
            // Fees are in the book's cash, hence in the revaluation.
            shift(&mut figures, revaluation(asked, &account.book, &references))?;
            self.charge_debt(&mut figures, &account.book)?;
            let mut standing = Standing { figures, fees: 0, level: VALID, lines: 0, passes: false };
            for line in lines {
                for (side, fee) in [(line.buyer, line.fees.buyer), (line.seller, line.fees.seller)]
                {
                    if side == index {
                        let mark = mark_of(marks, line.fill.instrument).ok_or_else(overflow)?;
                        standing.level = standing.level.min(mark.validity);
                        standing.fees = standing.fees.checked_add(fee).ok_or_else(overflow)?;
                        standing.lines = standing.lines.saturating_add(1);
                    }
                }
            }
            standing.passes = !is_paused && passes(&standing, &account.book, is_over_limit);
            standings.push(standing);
        }
        Ok(standings)
    }

    /// Refuses unless each account passes, or reduces within the concession.
    ///
    /// The state before is the one with the traded lines settled at their marks: that moves no equity, but an unsettled loss that
    /// becomes a debt carries the debt's margin, and settling it isn't what the trade did.
    pub(crate) fn judge(
        &self,
        session: &Session,
        standings: &[Standing],
        marks: &Marks,
    ) -> Result<(), Revert> {
        let short: Vec<_> =
            session.accounts.iter().zip(standings).filter(|(_, after)| !after.passes).collect();
        if short.is_empty() {
            return Ok(());
        }
        let mut settled = Vec::with_capacity(short.len());
        for (account, _) in &short {
            let mut book = account.before.clone();
            for (instrument, mark) in marks {
                if let Some(mark) = reference_of(mark) {
                    let moved = book.settle_at_mark(*instrument, mark);
                    moved.map_err(|error| refused(account.id, error))?;
                }
            }
            settled.push(book);
        }
        let (before, _) = self.assess(settled.iter(), &[])?;
        for ((account, standing), before) in short.into_iter().zip(&before) {
            let after = self.without_fees(standing, &account.book)?;
            let dust = standing.lines.saturating_mul(DUST);
            // A trade that relieves less than its fees makes no debt of them: who has nothing opens no worthless lines.
            let relief = before.lastRequirement.saturating_sub(after.lastRequirement);
            let is_dear = relief < U256::from(standing.fees);
            if is_dear && standing.figures.lastEquity.is_negative() {
                return Err(self.refusal(session, account.id, standing));
            }
            match reduction(before, &after, dust)? {
                Reduction::Passes => {}
                Reduction::TooDear { loss, most } => {
                    let account = account.id;
                    return Err(refuse!(ConcessionTooLarge { account, loss, most }));
                }
                Reduction::Fails => return Err(self.refusal(session, account.id, standing)),
            }
        }
        Ok(())
    }

    /// The figures, house fees aside.
    fn without_fees(&self, standing: &Standing, book: &Book) -> Result<Assessment, Revert> {
        let mut figures = standing.figures.clone();
        shift(&mut figures, money(standing.fees))?;
        let (owed, cash) = (debt(book.cash()), book.cash().wrapping_add(money(standing.fees)));
        if owed != 0 && !fully_paid::is_fully_paid(book, timestamp()) {
            // Requirements with the debt before fees: what the whole debt required is taken out.
            let rates = self.debt_margin();
            let mut with = Assessment::default();
            require_debt(&mut with, owed, rates)?;
            let mut without = Assessment::default();
            require_debt(&mut without, debt(cash), rates)?;
            let less = |requirement: U256, with: U256, without: U256| {
                requirement.saturating_sub(with.saturating_sub(without))
            };
            figures.initialRequirement = less(
                figures.initialRequirement,
                with.initialRequirement,
                without.initialRequirement,
            );
            figures.lastRequirement =
                less(figures.lastRequirement, with.lastRequirement, without.lastRequirement);
        }
        Ok(figures)
    }

    /// Why an account that doesn't reduce is refused.
    #[cold]
    fn refusal(&self, session: &Session, account: B256, standing: &Standing) -> Revert {
        let reasons = || {
            self.governance.not_paused(FILL)?;
            require_level(standing.level, VALID)?;
            may_add_risk(account, &standing.figures)?;
            session.totals()?.check_lending()
        };
        reasons().err().unwrap_or_else(overflow)
    }
}

/// Whether an account needs not reduce: its initial excess is at least 0 on valid data, or its book can't fall short; and it owes nothing
/// while too much is lent out.
fn passes(standing: &Standing, book: &Book, is_over_limit: bool) -> bool {
    let is_owing = book.cash().is_negative();
    if is_owing && is_over_limit {
        return false;
    }
    let adds = standing.level >= VALID && is_covered(&standing.figures);
    adds || (!is_owing && fully_paid::is_fully_paid(book, timestamp()))
}
