//! Books, market and parameters of the contracts as `risk` takes them: what the margin contract computes on chain, a
//! client computes with the same code from the same words.

use alloy_primitives::{I256, U256};
use novate_abi::parameters::{Governed, read};
use novate_abi::snapshot::{Series, add_book, read_market, sort};
use novate_abi::{IClearing, IMargin, IOracle, book};
use novate_risk::{
    Book, CollateralBalance, Mark, Market, Position, Reference, Rules, Validity,
    fully_paid::is_fully_paid, revaluation,
};

use crate::{Error, Novate};

/// The market of some books and the parameters, at one block.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// What the oracle says.
    pub market: Market,
    /// What governance decided, at the block's time.
    pub rules: Rules,
    /// Level of the stable coin's price, on which every book depends that holds more than cash.
    pub stable: Validity,
}

/// What a debt requires: clearing adds it to margin's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lending {
    /// Share of the pool that may be lent out, millionths.
    pub limit: u32,
    /// For maintenance, millionths of the debt.
    pub maintenance: u32,
    /// Initially, millionths of the debt.
    pub initial: u32,
}

impl Lending {
    /// Adds the margin of the debt of an account with this cash, rounded up.
    fn charge(&self, cash: I256, figures: &mut novate_risk::Assessment) {
        if !cash.is_negative() {
            return;
        }
        let share = |rate: u32| {
            let product = cash.unsigned_abs().saturating_mul(U256::from(rate));
            product.div_ceil(U256::from(1_000_000))
        };
        let (maintenance, initial) = (share(self.maintenance), share(self.initial));
        for (required, more) in [
            (&mut figures.initial_requirement, initial),
            (&mut figures.maintenance_requirement, maintenance),
            (&mut figures.close_requirement, maintenance),
            (&mut figures.last_requirement, maintenance),
        ] {
            *required = required.saturating_add(more);
        }
    }
}

/// A packed book as `risk` takes it.
///
/// # Errors
/// [`Error::Inconsistent`] if clearing handed out a book that isn't one.
pub fn risk_book(packed: &[u8]) -> Result<Book, Error> {
    let unpacked = book::Book::unpack(packed)
        .map_err(|error| Error::Inconsistent(format!("book: {error:?}")))?;
    let positions = unpacked
        .positions
        .iter()
        .map(|held| Position { instrument: held.instrument, quantity: held.quantity });
    let references = unpacked.positions.iter().filter(|held| held.is_delta_one());
    let references = references
        .map(|held| Reference { price: held.reference_price, funding: held.funding_reference });
    let collateral = unpacked
        .collateral
        .iter()
        .map(|held| CollateralBalance { collateral: held.number, amount: held.amount });
    Book::new(unpacked.cash, positions.collect(), references.collect(), collateral.collect())
        .map(|book| book.with_pool(unpacked.pool))
        .map_err(|error| Error::Inconsistent(format!("book: {error:?}")))
}

impl Novate {
    /// Reads what is needed to evaluate `books` (packed), from one oracle snapshot.
    ///
    /// # Errors
    /// As [`crate::Chain::view`]; [`Error::Inconsistent`] if the answers don't fit together.
    pub async fn evaluation(&self, books: &[alloy_primitives::Bytes]) -> Result<Evaluation, Error> {
        let mut series = Vec::new();
        let (mut underlyings, mut collaterals) = (Vec::new(), Vec::new());
        for packed in books {
            let unpacked = book::Book::unpack(packed)
                .map_err(|error| Error::Inconsistent(format!("book: {error:?}")))?;
            add_book(&mut series, &unpacked);
            underlyings
                .extend(unpacked.positions.iter().map(|held| held.instrument.to_be_bytes()[0]));
            collaterals.extend(unpacked.collateral.iter().map(|held| held.number));
        }
        for list in [&mut underlyings, &mut collaterals] {
            list.sort_unstable();
            list.dedup();
        }
        let now = self.chain.timestamp().await?;
        let governed = self.governed(&underlyings, &collaterals, now).await?;
        let listed: Vec<u8> =
            governed.decided.parameters.underlyings.iter().map(|of| of.underlying).collect();
        // Of what isn't listed the oracle may know nothing; it counts 0.
        series.retain(|series| match Series::decode(*series) {
            Some(Series::Underlying(of) | Series::Perpetual(of) | Series::Expiry(of, _)) => {
                listed.contains(&of)
            }
            None => false,
        });
        // Collateral that cancels risk stands beside futures at the perpetual's mark, whether or not a book holds a perpetual.
        series.extend(listed.into_iter().flat_map(|listed| {
            [Series::Underlying(listed).encode(), Series::Perpetual(listed).encode()]
        }));
        sort(&mut series);
        let rules = governed.rules(now);
        if series.is_empty() {
            return Ok(Evaluation { market: Market::default(), rules, stable: Validity::Valid });
        }
        let words = self
            .chain
            .view(self.at.oracle, &IOracle::snapshotCall { series: series.clone() })
            .await?;
        let mut words = words.into_iter();
        let short = || Error::Inconsistent("the oracle's snapshot is too short".into());
        let (market, stable) = read_market(&series, &mut || words.next().ok_or_else(short))?;
        Ok(Evaluation { market, rules, stable })
    }

    /// What debts require.
    ///
    /// # Errors
    /// As [`crate::Chain::view`].
    pub async fn lending(&self) -> Result<Lending, Error> {
        let told = self.chain.view(self.at.clearing, &IClearing::lendingCall {}).await?;
        Ok(Lending { limit: told.limit, maintenance: told.maintenance, initial: told.initial })
    }

    /// What governance decided about these, both ascending, as of `now`; what isn't listed is left out.
    ///
    /// # Errors
    /// As [`crate::Chain::view`]; [`Error::Inconsistent`] if margin's answer is too short.
    pub async fn governed(
        &self,
        underlyings: &[u8],
        collaterals: &[u8],
        now: u64,
    ) -> Result<Governed, Error> {
        let call = IMargin::parametersCall {
            underlyings: underlyings.to_vec(),
            collaterals: collaterals.to_vec(),
        };
        let mut words = self.chain.view(self.at.margin, &call).await?.into_iter();
        let mut next = |_, _| {
            let word = words.next().map(|word| U256::from_be_bytes(word.0));
            word.ok_or_else(|| Error::Inconsistent("margin's parameters are too short".into()))
        };
        read(underlyings, collaterals, now, &mut next)
    }
}

impl Evaluation {
    /// Figures of a book, without the margin of its debt, and the worst scenario of each of its underlyings: with these,
    /// [`Evaluation::excess_under`] is the close excess itself.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] with the reason of `risk`.
    pub fn assess(&self, book: &Book) -> Result<(novate_risk::Assessment, Vec<u8>), Error> {
        let fault = |error| Error::Inconsistent(format!("risk: {error:?}"));
        let mut whole = self.rules.figures(book, &self.market).map_err(fault)?;
        if !book.positions().is_empty() || !book.collateral().is_empty() {
            whole.validity = whole.validity.min(self.stable);
        }
        // Of a part without last data there is no worst scenario: auctions of such a book start without naming any.
        let known = self.rules.known(book);
        let worst = self.rules.worst_scenarios(&known, &self.market).unwrap_or_default();
        Ok((whole, worst))
    }

    /// Figures of an account as clearing reckons them: as a touch would leave it, with the margin of its debt, which its own pool shares
    /// pay first; and the worst scenario of each of its underlyings.
    ///
    /// # Errors
    /// As [`Evaluation::assess`].
    pub fn account(
        &self,
        book: &Book,
        lending: &Lending,
    ) -> Result<(novate_risk::Assessment, Vec<u8>), Error> {
        let fault = |error| Error::Inconsistent(format!("risk: {error:?}"));
        let (mut figures, worst) = self.assess(book)?;
        let mut touched = book.clone();
        let mut marks = Vec::new();
        for held in book.holdings().filter(|held| !held.instrument.is_option()) {
            let Rules { parameters, now, .. } = &self.rules;
            let mark = Mark::of_instrument(&held.instrument, &self.market, parameters, *now);
            let is_expired = held.instrument.expiry().is_some_and(|expiry| expiry <= *now);
            let is_usable = mark.validity.min(self.stable) >= Validity::TooUncertain;
            if is_usable && mark.is_marked && !is_expired {
                let reference = Reference { price: mark.price, funding: mark.funding_index };
                touched.settle_at_mark(held.instrument.id(), reference).map_err(fault)?;
                marks.push((held.instrument.id(), reference));
            }
        }
        let change = revaluation(book, &touched, &marks);
        for equity in [&mut figures.equity, &mut figures.close_equity, &mut figures.last_equity] {
            *equity = equity.saturating_add(change);
        }
        if !is_fully_paid(&touched, self.rules.now) {
            let own = I256::from_raw(U256::from(touched.pool()));
            lending.charge(touched.cash().saturating_add(own), &mut figures);
        }
        Ok((figures, worst))
    }

    /// An upper bound of the close excess under one scenario an underlying: what starting an auction checks.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] with the reason of `risk`.
    pub fn excess_under(&self, book: &Book, scenarios: &[u8]) -> Result<I256, Error> {
        self.rules
            .excess_under(&self.rules.known(book), &self.market, scenarios)
            .map_err(|error| Error::Inconsistent(format!("risk: {error:?}")))
    }
}
