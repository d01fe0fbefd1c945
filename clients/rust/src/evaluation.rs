//! Books, market and parameters of the contracts as `risk` takes them: what the margin contract computes on chain, a
//! client computes with the same code from the same words.

use alloy_primitives::{I256, U256};
use novate_abi::snapshot::{Expiry, ExpiryState, Index, Perpetual, Series, Stable, add_book, sort};
use novate_abi::{IMargin, IOracle, book};
use novate_risk::market::{ExpiryMarket, Market, PerpetualMarket, Surface, UnderlyingMarket};
use novate_risk::parameters::{CollateralParameters, Parameters, UnderlyingParameters};
use novate_risk::{Book, CollateralBalance, Position, Reference, Validity};

use crate::{Error, Novate};

/// The market of some books and the parameters, at one block.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// What the oracle says.
    pub market: Market,
    /// What governance set.
    pub parameters: Parameters,
    /// The block's time, Unix seconds.
    pub now: u64,
}

/// A confidence of 1.
const ONE: u64 = 1_000_000_000_000_000_000;

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
        .map_err(|error| Error::Inconsistent(format!("book: {error:?}")))
}

impl Novate {
    /// Reads what is needed to evaluate `books` (packed), from one oracle snapshot.
    ///
    /// # Errors
    /// As [`crate::Chain::view`]; [`Error::Inconsistent`] if the answers don't fit together.
    pub async fn evaluation(&self, books: &[alloy_primitives::Bytes]) -> Result<Evaluation, Error> {
        let mut parameters = self.parameters().await?;
        let mut series = Vec::new();
        let (mut underlyings, mut tokens) = (Vec::new(), Vec::new());
        for packed in books {
            let unpacked = book::Book::unpack(packed)
                .map_err(|error| Error::Inconsistent(format!("book: {error:?}")))?;
            add_book(&mut series, &unpacked);
            underlyings
                .extend(unpacked.positions.iter().map(|held| held.instrument.to_be_bytes()[0]));
            tokens.extend(unpacked.collateral.iter().map(|held| held.number));
        }
        tokens.sort_unstable();
        tokens.dedup();
        for collateral in tokens {
            let set =
                self.chain.view(self.at.margin, &IMargin::collateralCall { collateral }).await?;
            underlyings.push(set.underlying);
            series.push(Series::Underlying(set.underlying).encode());
            parameters.collateral.push(CollateralParameters {
                collateral,
                underlying: set.underlying,
                maintenance_haircut: set.maintenanceHaircut,
                initial_haircut: set.initialHaircut,
                cancels_risk: set.cancelsRisk,
            });
        }
        underlyings.sort_unstable();
        underlyings.dedup();
        for underlying in underlyings {
            let set =
                self.chain.view(self.at.margin, &IMargin::underlyingCall { underlying }).await?;
            parameters.underlyings.push(UnderlyingParameters {
                volatility_up: set.volatilityRangeUp,
                volatility_down: set.volatilityRangeDown,
                ..UnderlyingParameters::new(underlying, set.range)
            });
        }
        sort(&mut series);
        let words = self
            .chain
            .view(self.at.oracle, &IOracle::snapshotCall { series: series.clone() })
            .await?;
        Ok(Evaluation {
            market: market(&series, &words)?,
            parameters,
            now: self.chain.timestamp().await?,
        })
    }

    async fn parameters(&self) -> Result<Parameters, Error> {
        let mut parameters = Parameters::default();
        let margin = self.at.margin;
        let factors = self.chain.view(margin, &IMargin::factorsCall {}).await?;
        parameters.scan.initial = factors.initialFactor;
        parameters.scan.maintenance = factors.maintenanceFactor;
        let rates = self.chain.view(margin, &IMargin::contingenciesCall {}).await?;
        parameters.contingencies.perpetual_maintenance = rates.perpetualMaintenance;
        parameters.contingencies.perpetual_initial = rates.perpetualInitial;
        parameters.contingencies.option_maintenance = rates.optionMaintenance;
        parameters.contingencies.option_initial = rates.optionInitial;
        Ok(parameters)
    }
}

/// The oracle's words as `risk` takes them.
fn market(series: &[u32], words: &[U256]) -> Result<Market, Error> {
    let short = || Error::Inconsistent("the oracle's snapshot is too short".into());
    let mut words = words.iter().copied();
    let mut next = || words.next().ok_or_else(short);
    let stable = Stable::unpack(next()?);
    let mut market = Market {
        stable_price: u64::try_from(stable.price).unwrap_or(u64::MAX),
        ..Market::default()
    };
    for number in series {
        match Series::decode(*number) {
            Some(Series::Underlying(underlying)) => {
                let index = Index::unpack(next()?);
                market.underlyings.push(UnderlyingMarket {
                    underlying,
                    index: index.price,
                    confidence: ONE,
                    validity: validity(index.validity).min(validity(stable.validity)),
                    perpetual: None,
                });
            }
            Some(Series::Perpetual(underlying)) => {
                let perpetual = Perpetual::unpack([next()?, next()?]);
                let of = market
                    .underlyings
                    .iter_mut()
                    .find(|of| of.underlying == underlying)
                    .ok_or_else(short)?;
                of.perpetual = (perpetual.mark != 0).then_some(PerpetualMarket {
                    mark: perpetual.mark,
                    funding_index: perpetual.funding_index,
                    confidence: perpetual.confidence,
                    validity: validity(perpetual.validity),
                });
            }
            Some(Series::Expiry(underlying, hours)) => {
                let expiry = Expiry::unpack([next()?, next()?, next()?]);
                if expiry.state != ExpiryState::Unknown {
                    market.expiries.push(expiry_market(underlying, hours, &expiry));
                }
            }
            None => return Err(Error::Inconsistent(format!("series {number} doesn't exist"))),
        }
    }
    Ok(market)
}

fn expiry_market(underlying: u8, expiry_hours: u32, words: &Expiry) -> ExpiryMarket {
    ExpiryMarket {
        underlying,
        expiry_hours,
        forward: words.forward,
        forward_variable: None,
        rate: words.rate,
        surface: Surface::Svi {
            a: words.a,
            b: words.b,
            rho: words.rho,
            m: words.m,
            sigma: words.sigma,
        },
        model_time: words.model_time,
        forward_confidence: words.forward_confidence,
        rate_confidence: words.rate_confidence,
        volatility_confidence: words.volatility_confidence,
        validity: validity(words.validity),
        settlement_price: (words.state == ExpiryState::Settled).then_some(words.forward),
    }
}

const fn validity(level: u8) -> Validity {
    match level {
        4 => Validity::Valid,
        3 => Validity::StaleForMargin,
        2 => Validity::TooUncertain,
        1 => Validity::TooVolatile,
        _ => Validity::Invalid,
    }
}

impl Evaluation {
    /// Figures of a book, and what each of its underlyings requires.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] with the reason of `risk`.
    pub fn assess(
        &self,
        book: &Book,
    ) -> Result<(novate_risk::Assessment, Vec<novate_risk::UnderlyingAssessment>), Error> {
        let fault = |error| Error::Inconsistent(format!("risk: {error:?}"));
        let whole =
            novate_risk::assess(book, &self.market, &self.parameters, self.now).map_err(fault)?;
        let parts = novate_risk::breakdown(book, &self.market, &self.parameters, self.now)
            .map_err(fault)?;
        Ok((whole, parts))
    }

    /// An upper bound of the maintenance excess under one scenario an underlying: what starting an auction checks.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] with the reason of `risk`.
    pub fn excess_under(&self, book: &Book, scenarios: &[u8]) -> Result<I256, Error> {
        novate_risk::excess_under(book, &self.market, &self.parameters, self.now, scenarios)
            .map_err(|error| Error::Inconsistent(format!("risk: {error:?}")))
    }
}
