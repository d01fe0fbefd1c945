//! The market state at evaluation: what the oracle says, as a value.

use alloc::vec::Vec;

use crate::{
    Error,
    instrument::{expiry_seconds, series_key},
};

/// Most that a price may be: 1e15 of quote currency, 18 decimals.
pub const MAX_PRICE: u128 = 1_000_000_000_000_000_000_000_000_000_000_000;
/// Least price of the stable coin: a tenth.
const MIN_STABLE_PRICE: u64 = 100_000_000_000_000_000;
const ONE: u64 = 1_000_000_000_000_000_000;
/// The window before expiry over which the settlement price is averaged, seconds.
pub const SETTLEMENT_WINDOW: u64 = 1_800;

/// How far market data may be trusted, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Validity {
    /// Not to be used at all.
    Invalid = 0,
    /// Too far from its recent average.
    TooVolatile = 1,
    /// Too wide a confidence interval.
    TooUncertain = 2,
    /// Too old to add risk, good enough for a view.
    StaleForMargin = 3,
    /// Good for everything.
    Valid = 4,
}

/// A perpetual's market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerpetualMarket {
    /// Mark price, 18 decimals.
    pub mark: u128,
    /// Funding that one long contract has paid since the start, 18 decimals.
    pub funding_index: i128,
    /// Confidence in the mark, 0 to 1 with 18 decimals.
    pub confidence: u64,
}

/// An underlying's market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderlyingMarket {
    /// Its number, 1..=255.
    pub underlying: u8,
    /// Index price, 18 decimals.
    pub index: u128,
    /// Confidence in the index, 0 to 1 with 18 decimals.
    pub confidence: u64,
    /// How far the index may be trusted. Below [`Validity::Valid`] the part counts at its worst bound for adding risk; below
    /// [`Validity::TooUncertain`] it is broken, and liquidation reckons with its last usable data.
    pub validity: Validity,
    /// When the index was last usable, Unix seconds: from here a broken part drifts to its worst bound.
    pub updated_at: u64,
    /// Price that follows the index slowly, 18 decimals; initial margin looks at a fall or rise to it. `None`: no such scenario.
    pub slow_price: Option<u128>,
    /// The perpetual, if it is marked; an unmarked one is valued at the index with confidence 0.
    pub perpetual: Option<PerpetualMarket>,
}

/// A volatility surface of one expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surface {
    /// Raw SVI on `k = ln K - ln F`: `w = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))`, 18 decimals each;
    /// `vol = sqrt(w / (expiry - model time))`.
    Svi {
        /// Level of total variance.
        a: i64,
        /// Slope of the wings; `b (1 + |rho|) <= 2`.
        b: u64,
        /// Tilt, between -1 and 1.
        rho: i64,
        /// Centre.
        m: i64,
        /// Roundness; positive.
        sigma: u64,
    },
    /// Volatilities by strike code, ascending, 18 decimals; a strike that is absent has the volatility of the one before it (or
    /// the first). Total deviations, `vol sqrt(tau)`, count as at most 64: there a call is worth its forward.
    Points(Vec<(u32, u128)>),
}

/// An expiry's market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiryMarket {
    /// Number of the underlying.
    pub underlying: u8,
    /// Hours since 1970.
    pub expiry_hours: u32,
    /// Forward price, 18 decimals.
    pub forward: u128,
    /// The part of the forward that can still move, 18 decimals: inside the settlement window and until an expired line's price is
    /// proposed, what of the average isn't observed yet. `None`: all of it before expiry, none after.
    pub forward_variable: Option<u128>,
    /// Share of the settlement window that is observed, 18 decimals.
    pub observed_share: u64,
    /// Annual rate, 18 decimals; negative ones count as 0.
    pub rate: i64,
    /// Volatilities.
    pub surface: Surface,
    /// When the surface was evaluated, Unix seconds; before expiry.
    pub model_time: u64,
    /// Confidence in the forward, 0 to 1 with 18 decimals.
    pub forward_confidence: u64,
    /// Confidence in the rate.
    pub rate_confidence: u64,
    /// Confidence in the surface.
    pub volatility_confidence: u64,
    /// What is known of the settlement price.
    pub settlement: Settlement,
}

/// What is known of an expiry's settlement price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Not final: `forward` is the expected or the proposed one. Once expired, a dispute may yet set it anywhere in this range, 18 decimals;
    /// a range that ends at 0 isn't known: then it is the index plus and minus a fifth.
    Open {
        /// Least price.
        least: u128,
        /// Greatest price.
        greatest: u128,
    },
    /// Final: `forward` is it.
    Final,
}

impl Default for Settlement {
    fn default() -> Self {
        Self::Open { least: 0, greatest: 0 }
    }
}

/// A collateral token's market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollateralMarket {
    /// Its number.
    pub collateral: u8,
    /// Price, 18 decimals.
    pub price: u128,
    /// Confidence in the price.
    pub confidence: u64,
}

/// Everything that an assessment needs to know of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    /// Price of the quote stable coin in dollars, 18 decimals, 0.1 to 10.
    pub stable_price: u64,
    /// Each underlying, in any order.
    pub underlyings: Vec<UnderlyingMarket>,
    /// Each expiry, in any order.
    pub expiries: Vec<ExpiryMarket>,
    /// Tokens with a feed of their own; others have the index of their underlying.
    pub collateral: Vec<CollateralMarket>,
}

impl Default for Market {
    fn default() -> Self {
        Self {
            stable_price: ONE,
            underlyings: Vec::new(),
            expiries: Vec::new(),
            collateral: Vec::new(),
        }
    }
}

impl Market {
    /// The market of an underlying, checked.
    ///
    /// # Errors
    /// [`Error::NoMarketData`], [`Error::InvalidMarketData`].
    pub fn underlying(&self, underlying: u8) -> Result<&UnderlyingMarket, Error> {
        let found = self
            .underlyings
            .iter()
            .find(|market| market.underlying == underlying)
            .ok_or(Error::NoMarketData { underlying, expiry_hours: 0 })?;
        let perpetual_fine = found.perpetual.is_none_or(|perpetual| {
            is_price(perpetual.mark)
                && perpetual.confidence <= ONE
                && perpetual.funding_index.unsigned_abs() <= MAX_PRICE
        });
        if is_price(found.index) && found.confidence <= ONE && perpetual_fine {
            Ok(found)
        } else {
            Err(Error::InvalidMarketData { underlying, expiry_hours: 0 })
        }
    }

    /// The market of an expiry, checked.
    ///
    /// # Errors
    /// [`Error::NoMarketData`], [`Error::InvalidMarketData`].
    pub fn expiry(&self, underlying: u8, expiry_hours: u32) -> Result<&ExpiryMarket, Error> {
        let found = self
            .expiries
            .iter()
            .find(|market| market.underlying == underlying && market.expiry_hours == expiry_hours)
            .ok_or(Error::NoMarketData { underlying, expiry_hours })?;
        if found.is_accepted() {
            Ok(found)
        } else {
            Err(Error::InvalidMarketData { underlying, expiry_hours })
        }
    }

    /// Price and confidence of a collateral token: of its own feed, else of its underlying's index.
    pub(crate) fn collateral(&self, number: u8, underlying: &UnderlyingMarket) -> (u128, u64) {
        self.collateral
            .iter()
            .find(|market| market.collateral == number)
            .map_or((underlying.index, underlying.confidence), |market| {
                (market.price.min(MAX_PRICE), market.confidence.min(ONE))
            })
    }

    /// The same market for a bidder: what is good enough to liquidate counts in full, and only what is broken at its worst bound.
    #[must_use]
    pub fn for_bids(&self) -> Self {
        let mut market = self.clone();
        for known in &mut market.underlyings {
            if known.validity >= Validity::TooUncertain {
                known.validity = Validity::Valid;
            }
        }
        market
    }

    /// Checks what all underlyings share.
    pub(crate) fn check_shared(&self) -> Result<(), Error> {
        if (MIN_STABLE_PRICE..=10 * ONE).contains(&self.stable_price) {
            Ok(())
        } else {
            Err(Error::InvalidMarketData { underlying: 0, expiry_hours: 0 })
        }
    }
}

impl ExpiryMarket {
    /// The key of the series: `underlying << 22 | hours`.
    pub const fn series(&self) -> u32 {
        series_key(self.underlying, self.expiry_hours)
    }

    /// Unix seconds of the expiry.
    pub const fn expiry(&self) -> u64 {
        expiry_seconds(self.expiry_hours)
    }

    /// The part of the forward that can still move at `now`.
    pub(crate) fn variable(&self, now: u64) -> u128 {
        self.forward_variable.unwrap_or_else(|| {
            let fixed = self.expiry() <= now || self.settlement == Settlement::Final;
            if fixed { 0 } else { self.forward }
        })
    }

    fn is_accepted(&self) -> bool {
        is_price(self.forward)
            && self.forward_variable.is_none_or(|part| part <= self.forward)
            && self.forward_confidence <= ONE
            && self.rate_confidence <= ONE
            && self.volatility_confidence <= ONE
            && self.observed_share <= ONE
            && match self.settlement {
                Settlement::Open { least, greatest } => least <= greatest && greatest <= MAX_PRICE,
                Settlement::Final => true,
            }
    }
}

const fn is_price(price: u128) -> bool {
    0 < price && price <= MAX_PRICE
}
