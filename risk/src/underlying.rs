//! One underlying of a book: its loss vector, its contingencies, and what its positions are worth.

use alloc::vec::Vec;

use alloy_primitives::I256;

use crate::{
    Error,
    book::{Book, CollateralBalance, Holding},
    expiry::Expiry,
    fixed::{Fine, ONE_Q60, WAD, binary_wide, divide, mul_div, multiply, price_times, units},
    market::{Market, UnderlyingMarket, Validity},
    parameters::{Parameters, UnderlyingParameters},
    perpetual::{Perpetual, perpetual},
    revalue::{Line, revalue},
    shocks::Shocks,
    tenor::{Tenor, tenors},
};

/// The part of a book that depends on one underlying.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) underlying: u8,
    /// Its holdings, ascending.
    pub(crate) holdings: &'a [Holding],
    /// All collateral of the account; those of other underlyings are passed over.
    pub(crate) collateral: &'a [CollateralBalance],
}

/// The figures of one underlying.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    /// One entry for each row of the table: profit and loss against the market as it is.
    pub(crate) pnl: Vec<Fine>,
    /// The basis charge, at most zero.
    pub(crate) basis: Fine,
    /// Options at mark, unsettled gains, collateral at market.
    pub(crate) value: Fine,
    /// Required in any case.
    pub(crate) maintenance_contingency: Fine,
    /// Required initially on top of that.
    pub(crate) initial_contingency: Fine,
    /// Worst validity of what was used.
    pub(crate) validity: Validity,
}

/// What is needed to value a part, besides the part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) market: &'a Market,
    pub(crate) parameters: &'a Parameters,
    pub(crate) now: u64,
}

impl Figures {
    /// Values a part under the rows of a table.
    pub(crate) fn of(
        part: &Part<'_>,
        context: &Context<'_>,
        ranges: &UnderlyingParameters,
        table: &Shocks,
    ) -> Result<Self, Error> {
        let market = context.market.underlying(part.underlying)?;
        let mut builder = Builder::new(context.parameters, market, table);
        let perpetual = perpetual(part, market);
        if let Some(perpetual) = &perpetual {
            builder.add_perpetual(perpetual);
        }
        let held = perpetual.map(|perpetual| perpetual.confidence);
        for tenor in tenors(part, context, ranges)? {
            builder.add_tenor(&tenor, held);
        }
        for balance in part.collateral {
            let terms = context.parameters.collateral(balance.collateral)?;
            if terms.underlying == part.underlying {
                builder.add_collateral(balance, context.market, terms);
            }
        }
        Ok(builder.finish())
    }
}

/// Accumulates the figures of one underlying.
struct Builder<'a> {
    parameters: &'a Parameters,
    market: &'a UnderlyingMarket,
    table: &'a Shocks,
    figures: Figures,
    /// Money that moves one for one with the price: perpetuals at mark and risk-cancelling collateral.
    linear: Fine,
    /// Millionths of naked short options.
    naked: i128,
    /// Confidence charge.
    uncertainty: Fine,
    perpetual_notional: Fine,
}

impl<'a> Builder<'a> {
    fn new(parameters: &'a Parameters, market: &'a UnderlyingMarket, table: &'a Shocks) -> Self {
        Self {
            parameters,
            market,
            table,
            figures: Figures {
                pnl: alloc::vec![Fine::ZERO; table.rows.len()],
                basis: Fine::ZERO,
                value: Fine::ZERO,
                maintenance_contingency: Fine::ZERO,
                initial_contingency: Fine::ZERO,
                validity: market.validity,
            },
            linear: Fine::ZERO,
            naked: 0,
            uncertainty: Fine::ZERO,
            perpetual_notional: Fine::ZERO,
        }
    }

    fn add_perpetual(&mut self, perpetual: &Perpetual) {
        let size = i128::from(perpetual.quantity).saturating_abs();
        self.perpetual_notional = Fine(price_times(self.market.index, size));
        self.linear =
            self.linear.plus(Fine(price_times(perpetual.mark, i128::from(perpetual.quantity))));
        self.figures.value = self.figures.value.plus(perpetual.value);
        let confidence = self.market.confidence.min(perpetual.confidence);
        self.charge(confidence, self.perpetual_notional);
    }

    fn add_tenor(&mut self, tenor: &Tenor<'_>, perpetual: Option<u64>) {
        let Tenor { market, expiry, lines, futures } = tenor;
        self.figures.value = self.figures.value.plus(tenor.futures_value());
        let mut quantity: i128 = 0;
        for future in *futures {
            quantity = quantity.wrapping_add(i128::from(future.quantity).saturating_abs());
        }
        for line in lines {
            let (calls, puts) = (i128::from(line.calls), i128::from(line.puts));
            let short = calls.wrapping_add(puts).min(0);
            self.naked = self.naked.wrapping_sub(short);
            quantity =
                quantity.wrapping_add(calls.saturating_abs()).wrapping_add(puts.saturating_abs());
        }
        let mut confidence = self.market.confidence.min(market.forward_confidence);
        if !lines.is_empty() {
            confidence = confidence.min(market.rate_confidence).min(market.volatility_confidence);
        }
        confidence = confidence.min(perpetual.unwrap_or(u64::MAX));
        self.charge(confidence, Fine(price_times(self.market.index, quantity)));
        self.add_outcomes(expiry, lines, tenor.futures_quantity());
    }

    #[inline(never)]
    fn add_outcomes(&mut self, expiry: &Expiry, lines: &[Line], futures: i128) {
        let values = if lines.is_empty() {
            Vec::new()
        } else {
            revalue(lines, expiry, &self.table.distinct).undiscounted
        };
        let value = |shock: usize| values.get(shock).copied().unwrap_or(Fine::ZERO);
        let mark = value(0).times(expiry.discount, 62);
        self.figures.value = self.figures.value.plus(mark);
        let futures_value = Fine(price_times(expiry.forward, futures));
        for (row, pnl) in self.table.rows.iter().zip(&mut self.figures.pnl) {
            let Some(shock) = self.table.distinct.get(row.shock) else { continue };
            if !lines.is_empty() {
                let value = value(row.shock);
                let factor = if value.is_negative() { expiry.short } else { expiry.long };
                let change = value.times(factor, 62).minus_inline(mark);
                let change = if shock.mode.is_skew() && !change.is_negative() {
                    change.negated()
                } else {
                    change
                };
                *pnl = pnl.plus_inline(row.counted(change));
            }
            if futures != 0 && !shock.mode.is_skew() {
                let change = futures_value.times_change(expiry.ratio(shock.ratio));
                *pnl = pnl.plus(row.counted(change.times(expiry.discount, 62)));
            }
        }
        if self.table.with_basis && !lines.is_empty() {
            let change = |shock| value(shock).times(expiry.discount, 62).minus(mark);
            let worst = change(1).min(change(2)).min(Fine::ZERO);
            let basis = &self.parameters.basis;
            let factor = binary_wide(basis.add, 58).saturating_add(multiply(
                binary_wide(basis.multiplier, 58),
                expiry.tau,
                58,
            ));
            self.figures.basis = self.figures.basis.plus(worst.times(factor, 58));
        }
    }

    #[inline(never)]
    fn add_collateral(
        &mut self,
        balance: &CollateralBalance,
        market: &Market,
        terms: &crate::parameters::CollateralParameters,
    ) {
        let (value, confidence) = collateral_value(balance, market, self.market);
        self.figures.value = self.figures.value.plus(value);
        if terms.cancels_risk {
            self.linear = self.linear.plus(value);
        }
        let figures = &mut self.figures;
        figures.maintenance_contingency =
            figures.maintenance_contingency.plus(share_up(value, terms.maintenance_haircut));
        figures.initial_contingency =
            figures.initial_contingency.plus(share_up(value, terms.initial_haircut));
        self.charge(confidence.min(self.market.confidence), value);
    }

    /// Charges an exposure of low confidence: `(1 - confidence) * margin * notional`.
    fn charge(&mut self, confidence: u64, notional: Fine) {
        let terms = &self.parameters.contingencies;
        if confidence < terms.confidence_threshold {
            let lacking = share_up(notional, WAD.saturating_sub(confidence));
            self.uncertainty =
                self.uncertainty.plus(share_up_wide(lacking, terms.confidence_margin));
        }
    }

    #[inline(never)]
    fn finish(mut self) -> Figures {
        let terms = &self.parameters.contingencies;
        let naked = Fine(price_times(self.market.index, self.naked));
        let figures = &mut self.figures;
        figures.maintenance_contingency = figures
            .maintenance_contingency
            .plus(share_up(self.perpetual_notional, terms.perpetual_maintenance))
            .plus(share_up(naked, terms.option_maintenance));
        figures.initial_contingency = figures
            .initial_contingency
            .plus(share_up(self.perpetual_notional, terms.perpetual_initial))
            .plus(share_up(naked, terms.option_initial))
            .plus(self.uncertainty);
        if self.linear != Fine::ZERO {
            for (row, pnl) in self.table.rows.iter().zip(&mut figures.pnl) {
                let Some(shock) = self.table.distinct.get(row.shock) else { continue };
                if shock.ratio != ONE_Q60 && !shock.mode.is_skew() {
                    let change = self.linear.times_change(shock.ratio);
                    *pnl = pnl.plus(row.counted(change));
                }
            }
        }
        self.figures
    }
}

/// The underlyings that a book depends on, ascending.
pub(crate) fn underlyings(
    holdings: &[Holding],
    book: &Book,
    parameters: &Parameters,
) -> Result<Vec<u8>, Error> {
    let mut numbers: Vec<u8> = Vec::new();
    for held in holdings {
        let number = held.instrument.underlying();
        if numbers.last() != Some(&number) {
            numbers.push(number);
        }
    }
    for balance in book.collateral() {
        let number = parameters.collateral(balance.collateral)?.underlying;
        if let Err(place) = numbers.binary_search(&number) {
            numbers.insert(place, number);
        }
    }
    Ok(numbers)
}

/// What a balance is worth, and the confidence in its price.
pub(crate) fn collateral_value(
    balance: &CollateralBalance,
    market: &Market,
    underlying: &UnderlyingMarket,
) -> (Fine, u64) {
    let (price, confidence) = market.collateral(balance.collateral, underlying);
    // Amounts count up to 2^127: the product is below 2^237, the value below 2^181.
    let amount = i128::try_from(balance.amount).unwrap_or(i128::MAX);
    let product = price_times(price, amount).into_raw();
    let wad = I256::from_raw(divide(product, market.stable_price.max(1)).0);
    (Fine::from_wad(wad), confidence)
}

/// The same at a rate of any size, saturating.
pub(crate) fn share_up_wide(amount: Fine, rate: u128) -> Fine {
    if let Ok(rate) = u64::try_from(rate) {
        return share_up(amount, rate);
    }
    let (whole, rest) = units(rate);
    let times = amount.0.saturating_mul(I256::try_from(whole).unwrap_or(I256::MAX));
    // Sums of such stay far from the end of 256 bits.
    Fine(times.min(I256::ONE.wrapping_shl(230))).plus(share_up(amount, rest))
}

/// `ceil(amount * rate)` of an amount that isn't negative and below 2^203, rate with 18 decimals.
pub(crate) fn share_up(amount: Fine, rate: u64) -> Fine {
    if rate == 0 || amount == Fine::ZERO {
        return Fine::ZERO;
    }
    Fine(I256::from_raw(mul_div(amount.0.unsigned_abs(), rate, true)))
}
