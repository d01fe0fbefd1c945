//! The market that is replayed: prices by bar, and at every time a surface per expiry that knows nothing of the future.

use crate::input::{Bars, Chain, InputError, Snapshot, format_time};
use crate::model::{RealisedVolatility, SurfaceFit, Svi, fit_expiry};

/// Seconds of a year of 365 days.
const YEAR: f64 = 31_536_000.0;

/// Half-life of the realised volatility that moves the surfaces, seconds: half a day.
const HALF_LIFE: f64 = 43_200.0;

/// A chain's index may differ from the bar's prices by this much.
const INDEX_TOLERANCE: f64 = 0.03;

/// How the surfaces move as time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolatilityRule {
    /// The latest snapshot of the chain that isn't in the future.
    Snapshots,
    /// The first snapshot, volatility times `clamp(sqrt(realised / realised at the start), 0.8, 2.5)`.
    Realised,
}

/// What publishers know of one expiry at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slice {
    /// Expiry, Unix seconds.
    pub expiry: u64,
    /// Forward in US dollars.
    pub forward: f64,
    /// Total variance to expiry.
    pub svi: Svi,
}

/// Prices and surfaces over time.
#[derive(Debug, Clone)]
pub struct Market {
    /// The bars replayed.
    pub bars: Bars,
    /// When it begins: the time of the first snapshot, Unix seconds.
    pub start: u64,
    /// The expiries traded, ascending.
    pub expiries: Vec<u64>,
    /// Fits of the first snapshot, one per expiry traded.
    pub fits: Vec<SurfaceFit>,
    /// How the surfaces move.
    pub rule: VolatilityRule,
    /// Fits of every snapshot, ascending by time: (time, index, fits).
    history: Vec<(u64, f64, Vec<SurfaceFit>)>,
    realised: RealisedVolatility,
    realised_at_start: f64,
}

impl Market {
    /// Joins `chain` and `bars`; `count` expiries are traded, as many as fit settling within the bars and at least one
    /// that outlives them.
    ///
    /// # Errors
    /// A chain whose time or index no bar matches, with too few expiries, or with one that no slice fits.
    pub fn new(chain: &Chain, bars: Bars, count: usize) -> Result<Self, InputError> {
        let first =
            chain.snapshots.first().ok_or_else(|| chain.unmatched(1, "no snapshot".into()))?;
        check_match(chain, first, &bars)?;
        let expiries = choose_expiries(first, bars.span().1, count).ok_or_else(|| {
            chain.unmatched(first.line, format!("fewer than {count} expiries later than a day"))
        })?;
        let mut history = Vec::new();
        for snapshot in &chain.snapshots {
            let live = expiries.iter().filter(|expiry| **expiry > snapshot.time);
            let fits: Option<Vec<SurfaceFit>> =
                live.map(|expiry| fit_expiry(&snapshot.quotes, *expiry, snapshot.time)).collect();
            let is_complete = fits.as_ref().is_some_and(|fits| !fits.is_empty());
            match fits {
                Some(fits) if is_complete => history.push((snapshot.time, snapshot.index, fits)),
                // A later snapshot that lacks an expiry is passed over; the first may not.
                _ if snapshot.time > first.time => {}
                _ => {
                    return Err(chain.unmatched(
                        first.line,
                        "no slice without arbitrage fits an expiry".into(),
                    ));
                }
            }
        }
        let (start, index, fits) =
            history.first().cloned().ok_or_else(|| chain.unmatched(1, "no snapshot".into()))?;
        let level = fits.first().map_or(0.6, |fit| fit.slice.volatility(0.0));
        let mut realised = RealisedVolatility::new(level, HALF_LIFE, bars.span().0, index);
        for bar in bars.bars.iter().filter(|bar| bar.time + bars.interval <= start) {
            realised.observe(bar.time + bars.interval, bar.close);
        }
        let rule =
            if history.len() > 1 { VolatilityRule::Snapshots } else { VolatilityRule::Realised };
        let realised_at_start = realised.volatility();
        Ok(Self { bars, start, expiries, fits, rule, history, realised, realised_at_start })
    }

    /// Takes the close of the next bar.
    pub fn observe(&mut self, time: u64, price: f64) {
        self.realised.observe(time, price);
    }

    /// Realised volatility now.
    pub fn realised_volatility(&self) -> f64 {
        self.realised.volatility()
    }

    /// What volatility is multiplied by now.
    pub fn volatility_factor(&self) -> f64 {
        match self.rule {
            VolatilityRule::Snapshots => 1.0,
            VolatilityRule::Realised => {
                (self.realised.volatility() / self.realised_at_start).sqrt().clamp(0.8, 2.5)
            }
        }
    }

    /// The slices of the expiries still to come at `time`, with the index at `index`.
    pub fn slices(&self, time: u64, index: f64) -> Vec<Slice> {
        let known = self.history.iter().rfind(|(of, ..)| *of <= time).or(self.history.first());
        let Some((of, index_then, fits)) = known else { return Vec::new() };
        let factor = self.volatility_factor();
        let mut slices: Vec<Slice> = fits
            .iter()
            .filter(|fit| fit.expiry > time)
            .map(|fit| {
                let tau = years(fit.expiry - time);
                let elapsed = tau / years(fit.expiry - of);
                // The forward's premium over the index shrinks as the expiry comes nearer.
                let forward = index * ((fit.forward / index_then).ln() * elapsed).exp();
                let svi = largest_without_arbitrage(&fit.slice, elapsed * factor * factor, tau);
                Slice { expiry: fit.expiry, forward, svi }
            })
            .collect();
        lift_over_shorter(&mut slices);
        slices
    }
}

/// Lifts every slice whose total variance is below that of the one before it, at equal moneyness within two standard deviations:
/// expiries are fitted one by one, and the oracle takes none that contradicts a shorter one.
fn lift_over_shorter(slices: &mut [Slice]) {
    // More than what is lost where surfaces are signed with 9 decimals.
    const SPARE: f64 = 1e-7;
    for number in 1..slices.len() {
        let (before, after) = slices.split_at_mut(number);
        let (Some(shorter), Some(slice)) = (before.last(), after.first_mut()) else { return };
        let deviation = shorter.svi.total_variance(0.0).sqrt();
        let lacking = (-8..=8)
            .map(|step| f64::from(step) / 4.0 * deviation)
            .map(|k| shorter.svi.total_variance(k) + SPARE - slice.svi.total_variance(k))
            .fold(0.0, f64::max);
        slice.svi.a += lacking;
    }
}

/// The slice scaled by `factor`, or by as much as creates no arbitrage.
fn largest_without_arbitrage(slice: &Svi, factor: f64, tau: f64) -> Svi {
    let mut scaled = slice.scaled(factor, tau);
    let mut reduced = factor;
    while !scaled.is_arbitrage_free() && reduced > 1e-3 {
        reduced *= 0.95;
        scaled = slice.scaled(reduced, tau);
    }
    scaled
}

fn years(seconds: u64) -> f64 {
    u32::try_from(seconds).map_or(f64::INFINITY, f64::from) / YEAR
}

fn check_match(chain: &Chain, first: &Snapshot, bars: &Bars) -> Result<(), InputError> {
    let Some(bar) = bars.covering(first.time) else {
        let (from, to) = bars.span();
        let reason = format!(
            "column \"ts\": no price at {}: {} has {} to {}",
            format_time(first.time),
            bars.file.display(),
            format_time(from),
            format_time(to)
        );
        return Err(chain.unmatched(first.line, reason));
    };
    let is_near = first.index >= bar.low * (1.0 - INDEX_TOLERANCE)
        && first.index <= bar.high * (1.0 + INDEX_TOLERANCE);
    if is_near {
        return Ok(());
    }
    let reason = format!(
        "column \"index\": {} at {} doesn't match {}, which has {} to {} then: another underlying?",
        first.index,
        format_time(first.time),
        bars.file.display(),
        bar.low,
        bar.high
    );
    Err(InputError { column: first.index_column, ..chain.unmatched(first.line, reason) })
}

/// Of the expiries later than a day: half of `count` spread over those that expire three hours before `end` or
/// sooner, the rest the next ones after.
fn choose_expiries(snapshot: &Snapshot, end: u64, count: usize) -> Option<Vec<u64>> {
    let mut expiries: Vec<u64> = snapshot.quotes.iter().map(|quote| quote.expiry).collect();
    expiries.dedup();
    expiries.retain(|expiry| *expiry > snapshot.time + 86_400);
    let (settling, outliving): (Vec<u64>, Vec<u64>) =
        expiries.iter().partition(|expiry| **expiry + 3 * 3_600 <= end);
    let from_settling = (count / 2).max(count.saturating_sub(outliving.len())).min(settling.len());
    let spread = (0..from_settling)
        .filter_map(|i| settling.get((i + 1) * settling.len() / from_settling - 1));
    let mut chosen: Vec<u64> = spread.copied().collect();
    chosen.extend(outliving.iter().take(count - chosen.len()));
    (chosen.len() == count).then_some(chosen)
}
