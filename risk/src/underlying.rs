//! One underlying of a book: its loss vector, its contingencies, and what its positions are worth.

use alloc::vec::Vec;

use alloy_primitives::I256;

use crate::{
    book::{Book, CollateralBalance, Holding},
    bound::worst_bound,
    calendar::{self, Calendar},
    extended::Extensions,
    fixed::{
        Fine, ONE_Q60, WAD, binary, binary_wide, divide, mul_div, multiply, price_times, units,
    },
    market::{Market, Settlement, UnderlyingMarket},
    parameters::{Corrections, Parameters, UnderlyingParameters},
    payoff::{self, least_payoff},
    perpetual::{Perpetual, perpetual},
    revalue::{Line, revalue},
    sensitivity::Sensitivity,
    shocks::{Row, Shock, Shocks},
    tenor::{Tenor, tenors},
};

const DAY: u64 = 86_400;
/// From here to half of it before expiry, the charge on value that can vanish rises.
const LAST_DAYS: u64 = 8 * DAY;
/// A surface younger than this is no older than it should be, seconds.
const FRESH: u64 = 3_600;

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
    /// The same for the slow price; initial margin alone looks at it.
    pub(crate) slow: Fine,
    /// The basis charge, at most zero.
    pub(crate) basis: Fine,
    /// Options at mark, unsettled gains, collateral at market.
    pub(crate) value: Fine,
    /// Required in any case.
    pub(crate) maintenance_contingency: Fine,
    /// Both contingencies: what is required initially beside the scan.
    pub(crate) initial_contingency: Fine,
    /// What every margin mode charges.
    pub(crate) charges: Charges,
    /// Deltas and gamma, if an extension asks for them.
    pub(crate) sensitivity: Sensitivity,
    /// What holdings without market data are worth at worst, at most zero.
    pub(crate) unmarked: Fine,
}

/// Charges that hold in every margin mode, haircuts aside.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Charges {
    /// For old surfaces, as far as maintenance carries it.
    pub(crate) maintenance: Fine,
    /// For old surfaces, low confidence, and claims that a dispute may lower.
    pub(crate) initial: Fine,
    /// For delta-one across tenors.
    pub(crate) calendar: Fine,
}

/// What is needed to value a part, besides the part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) market: &'a Market,
    pub(crate) parameters: &'a Parameters,
    pub(crate) extensions: &'a Extensions,
    pub(crate) now: u64,
}

impl Figures {
    /// The figures of nothing.
    pub(crate) const fn nothing() -> Self {
        Self {
            pnl: Vec::new(),
            slow: Fine::ZERO,
            basis: Fine::ZERO,
            value: Fine::ZERO,
            maintenance_contingency: Fine::ZERO,
            initial_contingency: Fine::ZERO,
            charges: Charges { maintenance: Fine::ZERO, initial: Fine::ZERO, calendar: Fine::ZERO },
            sensitivity: Sensitivity { net: Fine::ZERO, gross: Fine::ZERO, gamma: I256::ZERO },
            unmarked: Fine::ZERO,
        }
    }

    /// Values a part under the rows of a table.
    pub(crate) fn of(
        part: &Part<'_>,
        context: &Context<'_>,
        market: &UnderlyingMarket,
        ranges: &UnderlyingParameters,
        table: &Shocks,
    ) -> Self {
        let mut builder = Builder::new(context, market, table);
        let perpetual = perpetual(part, market);
        if let Some(perpetual) = &perpetual {
            builder.add_perpetual(perpetual);
        }
        let held = perpetual.map(|perpetual| perpetual.confidence);
        let tenors = tenors(part, context, ranges);
        for tenor in &tenors.known {
            builder.add_tenor(tenor, held);
        }
        if !tenors.unmarked.is_empty() {
            builder.figures.unmarked =
                worst_bound(&tenors.unmarked, Some(market), context, table).min(Fine::ZERO);
        }
        for balance in part.collateral {
            if let Ok(terms) = context.parameters.collateral(balance.collateral)
                && terms.underlying == part.underlying
            {
                builder.add_collateral(balance, terms);
            }
        }
        builder.finish()
    }
}

/// Accumulates the figures of one underlying.
struct Builder<'a> {
    parameters: &'a Parameters,
    extensions: &'a Extensions,
    state: &'a Market,
    now: u64,
    market: &'a UnderlyingMarket,
    table: &'a Shocks,
    figures: Figures,
    /// Money that moves one for one with the price: perpetuals at mark, futures, risk-cancelling collateral.
    linear: Fine,
    perpetual: i64,
    /// Risk-cancelling collateral.
    cancelling: Fine,
    calendar: Calendar,
    has_futures: bool,
}

impl<'a> Builder<'a> {
    fn new(context: &Context<'a>, market: &'a UnderlyingMarket, table: &'a Shocks) -> Self {
        let pnl = alloc::vec![Fine::ZERO; table.rows.len()];
        Self {
            parameters: context.parameters,
            extensions: context.extensions,
            state: context.market,
            now: context.now,
            market,
            table,
            figures: Figures { pnl, ..Figures::nothing() },
            linear: Fine::ZERO,
            perpetual: 0,
            cancelling: Fine::ZERO,
            calendar: Calendar::default(),
            has_futures: false,
        }
    }

    /// Requires an amount for maintenance, hence initially too.
    const fn require(&mut self, amount: Fine) {
        let figures = &mut self.figures;
        figures.maintenance_contingency = figures.maintenance_contingency.plus(amount);
        self.require_initially(amount);
    }

    const fn require_initially(&mut self, amount: Fine) {
        self.figures.initial_contingency = self.figures.initial_contingency.plus(amount);
    }

    /// The same of a charge that every margin mode has.
    const fn charge_initially(&mut self, amount: Fine) {
        self.figures.charges.initial = self.figures.charges.initial.plus(amount);
        self.require_initially(amount);
    }

    fn add_perpetual(&mut self, perpetual: &Perpetual) {
        self.perpetual = perpetual.quantity;
        let quantity = i128::from(perpetual.quantity);
        let delta = Fine(price_times(self.market.index, quantity));
        self.figures.sensitivity.add(delta);
        self.linear = self.linear.plus(Fine(price_times(perpetual.mark, quantity)));
        self.figures.value = self.figures.value.plus(perpetual.value);
        let notional = Fine(I256::from_raw(delta.0.unsigned_abs()));
        let confidence = self.market.confidence.min(perpetual.confidence);
        self.charge_initially(self.doubt(confidence, notional));
        let terms = &self.parameters.contingencies;
        self.require(share_up(notional, terms.perpetual_maintenance));
        self.require_initially(share_up(notional, terms.perpetual_initial));
    }

    fn add_tenor(&mut self, tenor: &Tenor<'_>, perpetual: Option<u64>) {
        let Tenor { market, expiry, lines, futures } = tenor;
        self.figures.value = self.figures.value.plus(tenor.futures_value());
        let mut confidence = self.market.confidence.min(market.forward_confidence);
        if !lines.is_empty() {
            confidence = confidence.min(market.rate_confidence).min(market.volatility_confidence);
        }
        confidence = confidence.min(perpetual.unwrap_or(u64::MAX));
        let has_expired = expiry.seconds == 0;
        if has_expired && self.parameters.corrections != Corrections::NONE {
            // A claim: no model is trusted any more. (The peers charge it like any other.)
            confidence = WAD;
        }
        if !futures.is_empty() {
            self.add_futures(tenor, confidence);
        }
        let mark = if lines.is_empty() { Fine::ZERO } else { self.add_options(tenor, confidence) };
        if let (true, Settlement::Open { least, greatest }) = (has_expired, market.settlement) {
            let fifth = self.market.index.checked_div(5).unwrap_or(0);
            let range = if greatest == 0 {
                (self.market.index.saturating_sub(fifth), self.market.index.saturating_add(fifth))
            } else {
                (least, greatest)
            };
            let held = tenor.futures_quantity();
            let counted = mark.plus(Fine(price_times(expiry.forward, held)));
            let claim = counted.minus(least_payoff(lines, held, range, false));
            self.charge_initially(claim.max(Fine::ZERO));
        }
    }

    /// Futures are settled undiscounted.
    #[inline(never)]
    fn add_futures(&mut self, tenor: &Tenor<'_>, confidence: u64) {
        let Tenor { market, expiry, futures, .. } = tenor;
        let (held, variable) = (tenor.futures_quantity(), market.variable(self.now));
        self.linear = self.linear.plus(Fine(price_times(variable, held)));
        let mut size: i128 = 0;
        for future in *futures {
            let quantity = i128::from(future.quantity);
            size = size.wrapping_add(quantity.saturating_abs());
            let delta = Fine(price_times(self.market.index, quantity)).times(expiry.variable, 60);
            self.figures.sensitivity.add(delta);
        }
        let notional = Fine(price_times(self.market.index, size));
        self.charge_initially(self.doubt(confidence, notional));
        let corrections = &self.parameters.corrections;
        self.calendar.add(calendar::from_millionths(held), variable, expiry.root, corrections);
        self.has_futures = true;
    }

    /// Adds the options of one expiry and returns their mark.
    #[inline(never)]
    fn add_options(&mut self, tenor: &Tenor<'_>, confidence: u64) -> Fine {
        let Tenor { market, expiry, lines, .. } = tenor;
        let corrections = &self.parameters.corrections;
        let values = revalue(lines, expiry, &self.table.distinct).undiscounted;
        let value = |shock: usize| values.get(shock).copied().unwrap_or(Fine::ZERO);
        let mark = value(0).times(expiry.discount, 62);
        self.figures.value = self.figures.value.plus(mark);

        // The most that the book of this expiry can lose against its mark; below 0: it always gains.
        let room = payoff::room(lines, mark, self.market.index);
        let caps = corrections.caps_losses;
        let floor = if caps { room.max(Fine::ZERO).negated() } else { Fine(I256::MIN) };
        let outcome = |row: &Row| {
            let value = value(row.shock);
            let factor = if value.is_negative() { expiry.short } else { expiry.long };
            let change = value.times(factor, 62).minus_inline(mark);
            let turns =
                self.table.distinct.get(row.shock).is_some_and(|shock| shock.mode.is_skew());
            let change = if turns && !change.is_negative() { change.negated() } else { change };
            row.counted(change.max(floor))
        };
        let mut least = Fine(I256::MAX);
        for (row, pnl) in self.table.rows.iter().zip(&mut self.figures.pnl) {
            let outcome = outcome(row);
            *pnl = pnl.plus_inline(outcome);
            least = least.min(outcome);
        }
        let slow = self.table.slow.as_ref().map_or(Fine(I256::MAX), outcome);
        if self.table.slow.is_some() {
            self.figures.slow = self.figures.slow.plus(slow);
        }
        if self.table.left_out != 0 {
            least = least.min(floor.times(self.table.left_out, 58));
        }
        if self.table.with_basis {
            let change = |shock| value(shock).times(expiry.discount, 62).minus(mark);
            let worst = change(1).min(change(2)).min(Fine::ZERO);
            let basis = &self.parameters.basis;
            let factor = binary_wide(basis.add, 58).saturating_add(multiply(
                binary_wide(basis.multiplier, 58),
                expiry.tau,
                58,
            ));
            let worst = worst.times(factor, 58).max(floor);
            self.figures.basis = self.figures.basis.plus(worst);
        }
        if self.extensions.needs_sensitivity() {
            self.figures.sensitivity.add_options(
                lines,
                expiry,
                self.market.index,
                caps.then(|| floor.negated()),
                self.extensions.gamma != 0,
            );
        }
        let unobserved = WAD.saturating_sub(market.observed_share);
        let vanishing = self.vanishing(tenor, mark, room, unobserved);
        let (naked, size) = sizes(lines);
        let naked = Fine(price_times(self.market.index, naked));
        let naked = if expiry.seconds == 0 { share_up(naked, unobserved) } else { naked };
        let terms = &self.parameters.contingencies;
        let doubt = self.doubt(confidence, Fine(price_times(self.market.index, size)));
        let mut maintenance = share_up(naked, terms.option_maintenance).plus(vanishing);
        let mut initial = maintenance.plus(share_up(naked, terms.option_initial)).plus(doubt);
        if caps {
            // What the scan leaves of the greatest loss.
            let left = |least: Fine, factor: u64| {
                let scanned = if least.0 == I256::MAX { Fine::ZERO } else { least.negated() };
                room.minus(scanned.times(binary(factor, 58), 58)).max(Fine::ZERO)
            };
            let scan = &self.parameters.scan;
            maintenance = maintenance.min(left(least, scan.maintenance));
            initial = initial.min(left(least.min(slow), scan.initial));
        }
        self.figures.charges.initial = self.figures.charges.initial.plus(doubt);
        self.figures.maintenance_contingency =
            self.figures.maintenance_contingency.plus(maintenance);
        self.require_initially(initial);
        self.add_age(tenor, mark);
        mark
    }

    /// The charge on value that can vanish by tomorrow; it rises from 8 to 4 days before expiry.
    fn vanishing(&self, tenor: &Tenor<'_>, mark: Fine, room: Fine, unobserved: u64) -> Fine {
        let Tenor { expiry, lines, .. } = tenor;
        let share = self.parameters.corrections.vanishing;
        let near = LAST_DAYS.saturating_sub(expiry.seconds).min(LAST_DAYS >> 1);
        if near == 0 || share == 0 || room <= Fine::ZERO {
            return Fine::ZERO;
        }
        let long = |line: &Line| {
            let (calls, puts) = (line.calls.max(0), line.puts.max(0));
            (calls != 0 || puts != 0).then_some(Line { calls, puts, ..*line })
        };
        let longs: Vec<Line> = lines.iter().filter_map(long).collect();
        let all_long = lines.iter().all(|line| line.calls >= 0 && line.puts >= 0);
        let worth = if all_long {
            mark
        } else {
            let values = revalue(&longs, expiry, &[Shock::UNSHOCKED]).undiscounted;
            values.first().map_or(Fine::ZERO, |value| value.times(expiry.discount, 62))
        };
        let faded = share_up(worth.min(room).max(Fine::ZERO), unobserved);
        let half = binary(share, 62);
        // near is at most 4 days, 2^18.4 seconds: the quotient is at most the share.
        let rate = u128::from(half).wrapping_mul(u128::from(near));
        let rate = rate.checked_div(u128::from(LAST_DAYS >> 1)).unwrap_or(0);
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        faded.negated().times(rate, 62).negated()
    }

    /// The charge on a surface older than an hour: what the options lose at its volatility at the money, initially at once, for
    /// maintenance over a day.
    fn add_age(&mut self, tenor: &Tenor<'_>, mark: Fine) {
        let age = self.now.saturating_sub(tenor.market.model_time).saturating_sub(FRESH);
        if age == 0
            || tenor.expiry.seconds == 0
            || !self.parameters.corrections.charges_old_surfaces
        {
            return;
        }
        let Some(flat) = tenor.expiry.flattened() else { return };
        let values = revalue(&tenor.lines, &flat, &[Shock::UNSHOCKED]).undiscounted;
        let flat = values.first().map_or(Fine::ZERO, |value| value.times(flat.discount, 62));
        let loss = mark.minus(flat).max(Fine::ZERO);
        let share = (age.min(DAY) << 40).checked_div(DAY).unwrap_or(0);
        let carried = loss.negated().times(share, 40).negated();
        let charges = &mut self.figures.charges;
        charges.maintenance = charges.maintenance.plus(carried);
        self.figures.maintenance_contingency = self.figures.maintenance_contingency.plus(carried);
        self.charge_initially(loss);
    }

    #[inline(never)]
    fn add_collateral(
        &mut self,
        balance: &CollateralBalance,
        terms: &crate::parameters::CollateralParameters,
    ) {
        let (value, confidence) = collateral_value(balance, self.state, self.market);
        self.figures.value = self.figures.value.plus(value);
        if terms.cancels_risk {
            self.linear = self.linear.plus(value);
            self.cancelling = self.cancelling.plus(value);
            self.figures.sensitivity.add(value);
        }
        self.require(share_up(value, terms.maintenance_haircut));
        self.require_initially(share_up(value, terms.initial_haircut));
        self.charge_initially(self.doubt(confidence.min(self.market.confidence), value));
    }

    /// The charge on an exposure of low confidence: `(threshold - confidence)/threshold * margin * notional`; the peers':
    /// `(1 - confidence) * margin * notional`.
    fn doubt(&self, confidence: u64, notional: Fine) -> Fine {
        let terms = &self.parameters.contingencies;
        if confidence >= terms.confidence_threshold {
            return Fine::ZERO;
        }
        let lacking = if self.parameters.corrections.smooth_confidence {
            let threshold = u128::from(terms.confidence_threshold);
            let missing = threshold.wrapping_sub(u128::from(confidence));
            let share = missing.wrapping_mul(u128::from(WAD)).div_ceil(threshold.max(1));
            u64::try_from(share).unwrap_or(WAD)
        } else {
            WAD.saturating_sub(confidence)
        };
        share_up_wide(share_up(notional, lacking), terms.confidence_margin)
    }

    #[inline(never)]
    fn finish(mut self) -> Figures {
        let corrections = &self.parameters.corrections;
        if self.has_futures {
            // The mark only of a perpetual that is held: a book's figures depend on nothing that others in the same call ask for.
            let held = self.market.perpetual.filter(|_| self.perpetual != 0);
            let mark = held.map_or(self.market.index, |known| known.mark);
            let spot = calendar::from_money(self.cancelling, self.market.index)
                .saturating_add(calendar::from_millionths(self.perpetual.into()));
            self.calendar.add(spot, mark, 0, corrections);
            let charge = self.calendar.charge();
            self.figures.charges.calendar = charge;
            self.require(charge);
            self.require_initially(share_up(charge, corrections.calendar_initial));
        }
        if self.linear != Fine::ZERO {
            let outcome = |row: &Row| {
                let shock = self.table.distinct.get(row.shock);
                // Turns of the surface leave the price where it is.
                let ratio = shock.map_or(ONE_Q60, |shock| shock.ratio);
                row.counted(self.linear.times_change(ratio))
            };
            for (row, pnl) in self.table.rows.iter().zip(&mut self.figures.pnl) {
                *pnl = pnl.plus(outcome(row));
            }
            if let Some(row) = &self.table.slow {
                self.figures.slow = self.figures.slow.plus(outcome(row));
            }
        }
        self.figures
    }
}

/// Millionths of naked short contracts (short calls and puts less long ones, strike by strike) and of all contracts.
fn sizes(lines: &[Line]) -> (i128, i128) {
    let (mut naked, mut size) = (0_i128, 0_i128);
    for line in lines {
        let (calls, puts) = (i128::from(line.calls), i128::from(line.puts));
        naked = naked.wrapping_sub(calls.wrapping_add(puts).min(0));
        size = size.wrapping_add(calls.saturating_abs()).wrapping_add(puts.saturating_abs());
    }
    (naked, size)
}

/// The underlyings that a book depends on and that have parameters, ascending; others count nothing.
pub(crate) fn underlyings(holdings: &[Holding], book: &Book, parameters: &Parameters) -> Vec<u8> {
    let mut numbers: Vec<u8> = Vec::new();
    for held in holdings {
        let number = held.instrument.underlying();
        if numbers.last() != Some(&number) && parameters.underlying(number).is_ok() {
            numbers.push(number);
        }
    }
    for balance in book.collateral() {
        if let Ok(terms) = parameters.collateral(balance.collateral)
            && parameters.underlying(terms.underlying).is_ok()
            && let Err(place) = numbers.binary_search(&terms.underlying)
        {
            numbers.insert(place, terms.underlying);
        }
    }
    numbers
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
