//! Books, market and parameters of the contracts as `risk` takes them: what the margin contract computes on chain, a
//! client computes with the same code from the same words.

use alloy_primitives::{I256, U256};
use novate_abi::parameters::{Governed, read};
use novate_abi::snapshot::{EXPIRY_BITS, Series, add_book, read_market, sort};
use novate_abi::{IMargin, IOracle, book};
use novate_risk::{Book, CollateralBalance, Market, Position, Reference, Rules, Validity};

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
        let listed = &governed.decided.parameters.underlyings;
        // Of what isn't listed the oracle isn't asked, nor does it count.
        series.retain(|series| {
            listed.iter().any(|known| u32::from(known.underlying) == series >> EXPIRY_BITS)
        });
        let listed = listed.iter();
        series.extend(listed.map(|listed| Series::Underlying(listed.underlying).encode()));
        sort(&mut series);
        let words = self
            .chain
            .view(self.at.oracle, &IOracle::snapshotCall { series: series.clone() })
            .await?;
        let rules = governed.rules(now);
        let mut words = words.into_iter();
        let short = || Error::Inconsistent("the oracle's snapshot is too short".into());
        let (market, stable) = read_market(&series, &mut || words.next().ok_or_else(short))?;
        Ok(Evaluation { market, rules, stable })
    }

    /// What governance decided about these, both ascending, and what it had decided before a change that is in flight at `now`.
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
        let short = || Error::Inconsistent("margin's parameters are too short".into());
        let mut next =
            |_, _| words.next().map(|word| U256::from_be_bytes(word.0)).ok_or_else(short);
        read(underlyings, collaterals, now, &mut next)
    }
}

impl Evaluation {
    /// Figures of a book, and the worst scenario of each of its underlyings: with these, [`Evaluation::excess_under`] is the
    /// maintenance excess itself.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] with the reason of `risk`.
    pub fn assess(&self, book: &Book) -> Result<(novate_risk::Assessment, Vec<u8>), Error> {
        let fault = |error| Error::Inconsistent(format!("risk: {error:?}"));
        let mut whole = self.rules.figures(book, &self.market).map_err(fault)?;
        if !book.positions().is_empty() || !book.collateral().is_empty() {
            whole.validity = whole.validity.min(self.stable);
        }
        let known = self.rules.known(book);
        let worst = self.rules.worst_scenarios(&known, &self.market).map_err(fault)?;
        Ok((whole, worst))
    }

    /// An upper bound of the maintenance excess under one scenario an underlying: what starting an auction checks.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] with the reason of `risk`.
    pub fn excess_under(&self, book: &Book, scenarios: &[u8]) -> Result<I256, Error> {
        self.rules
            .excess_under(&self.rules.known(book), &self.market, scenarios)
            .map_err(|error| Error::Inconsistent(format!("risk: {error:?}")))
    }
}
