//! What publishers sign: a surface that would move beyond its allowance is approached by eighths.
//!
//! The oracle refuses no message for moving. A surface that moves further than its bucket holds is not taken, and the old one stays
//! at confidence 0; so publishers sign `old + t (new - old)`, `t` the greatest of eighths that fits. A jump arrives in minutes, with
//! a surface in force at every moment.
//!
//! A [`Publisher`] keeps its own record of each bucket, because the oracle shows the surface that is stored and not what is left of
//! its bucket. The record counts the largest move of a message, so it is never fuller than the oracle's.

use std::collections::BTreeMap;

use alloy_primitives::{I256, U256};
use novate_abi::IOracle::{Allowances, ExpiryState, ExpiryUpdate, MarketUpdate};
use novate_math::{ONE, Svi, div_up, mul_down, pow, sqrt_down};

/// Seconds in which an empty bucket is full again.
const REFILL: u64 = 600;
/// Steps between the surface that is stored and the one wanted.
pub const EIGHTHS: u8 = 8;

/// Units of 1e-18 in a unit of 1e-9, in which surfaces are signed.
const NANO: u64 = 1_000_000_000;
/// Of a full bucket's 1e18, what is left in it: the oracle reckons with other roundings.
const SPARE: u64 = 2_000_000_000_000_000;
/// Seconds of 30 days, at which volatility allowances are stated.
const MONTH: u64 = 2_592_000;
/// Where butterflies are looked for, in quarters of a unit and of sigma.
const GRID: [i64; 23] =
    [0, -1, 1, -2, 2, -3, 3, -4, 4, -6, 6, -8, 8, -12, 12, -16, 16, -24, 24, -32, 32, -48, 48];

/// What a publisher remembers of a surface's bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    /// Share of the allowance that is used, 18 decimals.
    pub used: u64,
    /// Model time of that.
    pub at: u64,
}

impl Bucket {
    /// What of it is used at `time`.
    pub const fn used_at(self, time: u64) -> u64 {
        let refilled = time.saturating_sub(self.at).saturating_mul(one() / REFILL);
        self.used.saturating_sub(refilled)
    }
}

/// A surface to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Forward, rate and confidences as wanted; the surface as far as it may go.
    pub update: ExpiryUpdate,
    /// How far it goes from the stored surface to the one wanted: 8 is all the way.
    pub eighths: u8,
    /// The bucket afterwards.
    pub bucket: Bucket,
    /// Whether its total variance is nowhere below that of the surface before it.
    pub follows: bool,
}

/// The surface to sign at `model_time`, given what is stored, what is left of its bucket, and the surface before it in order of expiry
/// that the same message brings.
///
/// The greatest of eighths up to `most` is chosen at which the move fits the bucket and the surface has neither a butterfly nor less
/// total variance than the one before it. Where not even the stored surface passes, rolled to now, it is signed nevertheless.
pub fn approach(
    stored: &ExpiryState,
    bucket: Bucket,
    allowances: &Allowances,
    model_time: u64,
    (wanted, most): (&ExpiryUpdate, u8),
    before: Option<&ExpiryUpdate>,
) -> Step {
    let follows =
        |surface: &Surface| before.is_none_or(|before| surface.contains(&Surface::of(before)));
    let Some(old) = Surface::rolled(stored, wanted.expiry, model_time) else {
        return Step {
            update: wanted.clone(),
            eighths: EIGHTHS,
            bucket: Bucket { used: 0, at: model_time },
            follows: follows(&Surface::of(wanted)),
        };
    };
    let new = Surface::of(wanted);
    let used = bucket.used_at(model_time);
    let tenor = wanted.expiry.saturating_sub(model_time);
    for eighths in (1..=most.min(EIGHTHS)).rev() {
        let surface = old.towards(&new, eighths);
        let share = surface.share(&old, allowances, tenor).unwrap_or(u64::MAX);
        let total = used.saturating_add(share);
        let fits = total <= one().saturating_sub(SPARE);
        if fits && surface.is_admissible() && follows(&surface) {
            let bucket = Bucket { used: total, at: model_time };
            return Step { update: surface.sign(wanted), eighths, bucket, follows: true };
        }
    }
    Step {
        update: old.sign(wanted),
        eighths: 0,
        bucket: Bucket { used, at: model_time },
        follows: follows(&old),
    }
}

/// A publisher's record of the buckets of all surfaces.
#[derive(Debug, Clone, Default)]
pub struct Publisher {
    buckets: BTreeMap<(u8, u64), Bucket>,
}

impl Publisher {
    /// The message to sign for the market `wanted`, given what the oracle stores of each of its expiries (in their order), and the
    /// least of eighths that a surface of it goes. The record is kept: the message must be relayed.
    pub fn sign(
        &mut self,
        wanted: &MarketUpdate,
        stored: &[ExpiryState],
        allowances: &Allowances,
    ) -> (MarketUpdate, u8) {
        let mut update = MarketUpdate { expiries: Vec::new(), ..wanted.clone() };
        let mut least = EIGHTHS;
        for (wanted, step) in wanted.expiries.iter().zip(self.steps(wanted, stored, allowances)) {
            least = least.min(step.eighths);
            self.buckets.insert((update.underlying, wanted.expiry), step.bucket);
            update.expiries.push(step.update);
        }
        let alive = |(_, expiry): &(u8, u64), _: &mut Bucket| *expiry > wanted.modelTime;
        self.buckets.retain(alive);
        (update, least)
    }

    /// One step an expiry. A surface that can't keep above the one before it holds that back: what is near moves no faster than what
    /// is far can follow.
    fn steps(
        &self,
        wanted: &MarketUpdate,
        stored: &[ExpiryState],
        allowances: &Allowances,
    ) -> Vec<Step> {
        let mut most = vec![EIGHTHS; wanted.expiries.len()];
        loop {
            let mut steps: Vec<Step> = Vec::new();
            let mut held = None;
            for ((entry, stored), cap) in wanted.expiries.iter().zip(stored).zip(&most) {
                // A surface of whose bucket nothing is known may have used all of it when it was stored.
                let unknown = Bucket { used: one(), at: stored.surfaceTime };
                let place = (wanted.underlying, entry.expiry);
                let bucket = self.buckets.get(&place).copied().unwrap_or(unknown);
                let before = steps.last().map(|step| &step.update);
                let time = wanted.modelTime;
                let step = approach(stored, bucket, allowances, time, (entry, *cap), before);
                if !step.follows && held.is_none() {
                    // The first surface of an expiry goes all the way whatever is said.
                    let slower = |(step, most): (&Step, &u8)| (1..=*most).contains(&step.eighths);
                    held = steps.iter().zip(&most).rposition(slower);
                }
                steps.push(step);
            }
            let slower = held.and_then(|place| {
                let eighths = steps.get(place)?.eighths;
                most.get_mut(place).map(|most| *most = eighths.saturating_sub(1))
            });
            if slower.is_none() {
                return steps;
            }
        }
    }
}

/// A raw-SVI slice in units of 1e-18.
#[derive(Debug, Clone, Copy)]
struct Surface(Svi);

impl Surface {
    fn of(update: &ExpiryUpdate) -> Self {
        let wide =
            |nanos: i64| I256::unchecked_from(nanos).wrapping_mul(I256::unchecked_from(NANO));
        Self(Svi {
            a: wide(narrow(update.a)),
            b: wide(i64::from(update.b)).unsigned_abs(),
            rho: wide(i64::from(update.rho)),
            m: wide(narrow(update.m)),
            sigma: U256::from(update.sigma).wrapping_mul(U256::from(NANO)),
        })
    }

    /// The stored surface with total variance scaled to what is left of its time; `None` if none is stored.
    fn rolled(stored: &ExpiryState, expiry: u64, model_time: u64) -> Option<Self> {
        if stored.surfaceTime == 0 || stored.surfaceTime >= expiry || model_time >= expiry {
            return None;
        }
        let update = ExpiryUpdate {
            a: stored.a,
            b: stored.b,
            rho: stored.rho,
            m: stored.m,
            sigma: stored.sigma,
            ..ExpiryUpdate::default()
        };
        let Self(mut slice) = Self::of(&update);
        let left = U256::from(expiry.saturating_sub(model_time));
        let then = U256::from(expiry.saturating_sub(stored.surfaceTime));
        // Below 2^70 times 2^33.
        let scale = |x: U256| x.wrapping_mul(left).checked_div(then).unwrap_or_default();
        let size = I256::from_raw(scale(slice.a.unsigned_abs()));
        slice.a = if slice.a.is_negative() { size.wrapping_neg() } else { size };
        slice.b = scale(slice.b);
        Some(Self(slice))
    }

    /// This surface and `eighths` of the way to `new`, parameter by parameter.
    fn towards(&self, new: &Self, eighths: u8) -> Self {
        let step = |from: I256, to: I256| {
            let way = to.wrapping_sub(from).wrapping_mul(I256::unchecked_from(eighths));
            from.wrapping_add(way.wrapping_div(I256::unchecked_from(EIGHTHS)))
        };
        let size = |from: U256, to: U256| step(I256::from_raw(from), I256::from_raw(to)).into_raw();
        let (Self(old), Self(new)) = (self, new);
        Self(Svi {
            a: step(old.a, new.a),
            b: size(old.b, new.b),
            rho: step(old.rho, new.rho),
            m: step(old.m, new.m),
            sigma: size(old.sigma, new.sigma),
        })
    }

    /// The largest share of its allowance that a volatility moves, at 0, 1 and 2 standard deviations of `old` on either side.
    fn share(&self, old: &Self, allowances: &Allowances, tenor: u64) -> Option<u64> {
        let Self(slice) = self;
        let deviation = old.deviation()?;
        let scale = month_over(tenor, allowances)?;
        let up = mul_down(U256::from(allowances.volatilityUp), scale).ok()?;
        let down = mul_down(U256::from(allowances.volatilityDown), scale).ok()?;
        let mut most = U256::ZERO;
        for place in -2..=2_i64 {
            let k = deviation.wrapping_mul(I256::unchecked_from(place));
            let (before, after) = (old.0.total_variance(k).ok()?, slice.total_variance(k).ok()?);
            // Of the volatility: the root of the ratio of total variances.
            let ratio = div_up(after, before.max(U256::ONE)).ok()?;
            let ratio = sqrt_down(ratio);
            let allowed = if ratio > ONE { up } else { down };
            most = most.max(div_up(ratio.abs_diff(ONE), allowed.max(U256::ONE)).ok()?);
        }
        Some(u64::try_from(most).unwrap_or(u64::MAX))
    }

    /// A standard deviation at the money, in log-moneyness.
    fn deviation(&self) -> Option<I256> {
        let variance = self.0.total_variance(I256::ZERO).ok()?;
        Some(I256::from_raw(sqrt_down(variance)))
    }

    /// Whether it has no butterfly.
    fn is_admissible(&self) -> bool {
        let Self(slice) = self;
        let quarter = ONE.wrapping_shr(2);
        let place =
            |steps: i64, unit: U256| I256::unchecked_from(steps).wrapping_mul(I256::from_raw(unit));
        let sigma = slice.sigma.wrapping_shr(2);
        let grid = GRID
            .into_iter()
            .flat_map(|steps| [place(steps, quarter), slice.m.wrapping_add(place(steps, sigma))]);
        slice.check_butterfly(grid).is_ok()
    }

    /// Whether its total variance is nowhere below that of the shorter one, within two standard deviations of that.
    fn contains(&self, shorter: &Self) -> bool {
        let Some(deviation) = shorter.deviation() else { return false };
        (-8..=8_i64).all(|step| {
            let k = deviation.wrapping_mul(I256::unchecked_from(step));
            let k = k.wrapping_div(I256::unchecked_from(4));
            match (self.0.total_variance(k), shorter.0.total_variance(k)) {
                (Ok(long), Ok(short)) => long >= short,
                _ => false,
            }
        })
    }

    /// `wanted` with this surface, to 9 decimals.
    fn sign(&self, wanted: &ExpiryUpdate) -> ExpiryUpdate {
        let Self(slice) = self;
        let nanos = |x: U256| x.wrapping_div(U256::from(NANO));
        let signed = |x: I256| {
            let size = i64::try_from(nanos(x.unsigned_abs())).unwrap_or(i64::MAX);
            if x.is_negative() { size.wrapping_neg() } else { size }
        };
        ExpiryUpdate {
            a: signed(slice.a).try_into().unwrap_or_default(),
            b: u32::try_from(nanos(slice.b)).unwrap_or(u32::MAX),
            rho: i32::try_from(signed(slice.rho)).unwrap_or_default(),
            m: signed(slice.m).try_into().unwrap_or_default(),
            sigma: alloy_primitives::aliases::U40::saturating_from(nanos(slice.sigma)),
            ..wanted.clone()
        }
    }
}

/// `(30 days / tenor)^power`, 18 decimals.
fn month_over(tenor: u64, allowances: &Allowances) -> Option<U256> {
    let tenor = tenor.max(u64::from(allowances.floor)).max(1);
    let power = if tenor <= MONTH { allowances.shortPower } else { allowances.longPower };
    let ratio = div_up(U256::from(MONTH), U256::from(tenor)).ok()?;
    pow(ratio, I256::from_raw(U256::from(power))).ok()
}

const fn one() -> u64 {
    1_000_000_000 * NANO
}

fn narrow(value: alloy_primitives::aliases::I40) -> i64 {
    i64::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::arithmetic_side_effects,
        clippy::float_arithmetic,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test fails by panicking"
    )]

    use super::*;

    const EXPIRY: u64 = 1_770_163_200;
    const START: u64 = EXPIRY - MONTH;

    /// The defaults: half of 0.8 times 50% up and of 30% down.
    fn allowances() -> Allowances {
        let share = |percent: u64| percent * 10_000_000_000_000_000;
        Allowances {
            mark: share(1) / 4,
            forwardFloor: share(1) / 4,
            forwardSlope: share(1),
            volatilityUp: share(20),
            volatilityDown: share(15),
            shortPower: share(30),
            longPower: share(13),
            floor: 86_400,
        }
    }

    /// A smile around `percent` at the money.
    fn smile(percent: u64, time: u64) -> ExpiryUpdate {
        let left = EXPIRY - time;
        // w = vol^2 tau, 9 decimals.
        let w = percent * percent * 100_000 * left / 31_536_000;
        ExpiryUpdate {
            expiry: EXPIRY,
            forward: 2_500 * u128::from(one()),
            a: i64::try_from(w * 9 / 10).unwrap_or_default().try_into().unwrap_or_default(),
            b: u32::try_from(w).unwrap_or_default(),
            rho: -300_000_000,
            sigma: alloy_primitives::aliases::U40::from(100_000_000),
            ..ExpiryUpdate::default()
        }
    }

    fn store(update: &ExpiryUpdate, time: u64) -> ExpiryState {
        ExpiryState {
            modelTime: time,
            surfaceTime: time,
            a: update.a,
            b: update.b,
            rho: update.rho,
            m: update.m,
            sigma: update.sigma,
            ..ExpiryState::default()
        }
    }

    fn percent(state: &ExpiryState) -> f64 {
        let slice = Surface::rolled(state, EXPIRY, state.surfaceTime).unwrap().0;
        let vol = slice.volatility(I256::ZERO, EXPIRY - state.surfaceTime).unwrap();
        f64::from(u32::try_from(vol / U256::from(10_u64.pow(12))).unwrap()) / 10_000.0
    }

    /// A market whose volatility goes from 60 to `to` in `minutes`, one message a minute: after how many minutes the stored
    /// surface is there, while none was ever beyond its bucket.
    fn arrival(to: u64, minutes: u64) -> u64 {
        let allowances = allowances();
        let mut state = store(&smile(60, START), START);
        let mut bucket = Bucket { used: 0, at: START };
        for minute in 1..=120 {
            let time = START + 60 * minute;
            let level = 60 + (to - 60) * minute.min(minutes) / minutes;
            let step = approach(&state, bucket, &allowances, time, (&smile(level, time), 8), None);
            let old = Surface::rolled(&state, EXPIRY, time).unwrap();
            let share = Surface::of(&step.update).share(&old, &allowances, EXPIRY - time).unwrap();
            assert!(bucket.used_at(time) + share <= one(), "minute {minute}: the bucket overflows");
            (state, bucket) = (store(&step.update, time), step.bucket);
            if minute >= minutes && step.eighths == EIGHTHS {
                assert!((percent(&state) - f64::from(u32::try_from(to).unwrap())).abs() < 0.01);
                return minute;
            }
        }
        panic!("it never arrives")
    }

    #[test]
    fn a_jump_arrives_in_minutes() {
        let fast = arrival(85, 3);
        assert!(fast <= 15, "60 to 85 in three minutes: {fast}");
        let far = arrival(110, 20);
        assert!(far <= 30, "60 to 110 in twenty minutes: {far}");
    }

    #[test]
    fn what_fits_is_signed_as_it_is_wanted() {
        let time = START + 60;
        let state = store(&smile(60, START), START);
        let wanted = smile(65, time);
        let step = approach(&state, Bucket::default(), &allowances(), time, (&wanted, 8), None);
        assert_eq!((&step.update, step.eighths), (&wanted, EIGHTHS));
        // A twelfth of 60 in a bucket of a fifth.
        assert!((416_000_000_000_000_000..418_000_000_000_000_000).contains(&step.bucket.used));
        assert_eq!(step.bucket.used_at(time + 300), 0);
        let first = approach(
            &ExpiryState::default(),
            Bucket { used: one(), at: time },
            &allowances(),
            time,
            (&smile(200, time), 8),
            None,
        );
        assert_eq!((first.update, first.eighths), (smile(200, time), EIGHTHS), "nothing is stored");
    }

    #[test]
    fn an_empty_bucket_keeps_the_stored_surface_as_it_has_rolled() {
        let time = START + 1;
        let state = store(&smile(60, START), START);
        let full = Bucket { used: one(), at: START };
        let step = approach(&state, full, &allowances(), time, (&smile(90, time), 8), None);
        assert_eq!(step.eighths, 0);
        assert!((percent(&store(&step.update, time)) - 60.0).abs() < 0.01);
    }

    #[test]
    fn a_longer_surface_does_not_fall_below_the_shorter_one() {
        let time = START + 60;
        let state = store(&smile(60, START), START);
        let short = ExpiryUpdate { expiry: EXPIRY - 86_400, ..smile(59, time) };
        let step = approach(
            &state,
            Bucket { used: 0, at: START },
            &allowances(),
            time,
            (&smile(56, time), 8),
            Some(&short),
        );
        assert!((1..8).contains(&step.eighths), "{}", step.eighths);
    }

    #[test]
    fn what_is_near_waits_for_what_is_far() {
        // Two weeks and a month at 60; the near one is wanted at 120, the far one at 90, which it reaches later.
        let (near, time) = (EXPIRY - 16 * 86_400, START + 600);
        let at = |expiry: u64, level: u64, time: u64| {
            let w = level * level * 100_000 * (expiry - time) / 31_536_000;
            let a = i64::try_from(w * 9 / 10).unwrap().try_into().unwrap();
            ExpiryUpdate { expiry, a, b: u32::try_from(w).unwrap(), ..smile(level, time) }
        };
        let stored = [near, EXPIRY].map(|expiry| store(&at(expiry, 60, START), START));
        let mut publisher = Publisher::default();
        let mut states = stored.to_vec();
        let mut arrived = None;
        for minute in 0..60_u64 {
            let time = time + 60 * minute;
            let wanted = MarketUpdate {
                underlying: 1,
                modelTime: time,
                expiries: vec![at(near, 120, time), at(EXPIRY, 90, time)],
                ..MarketUpdate::default()
            };
            let (update, reached) = publisher.sign(&wanted, &states, &allowances());
            let [short, long] = &update.expiries[..] else { panic!("two") };
            assert!(Surface::of(long).contains(&Surface::of(short)), "minute {minute}");
            states = update.expiries.iter().map(|update| store(update, time)).collect();
            if reached == EIGHTHS && arrived.is_none() {
                arrived = Some(minute);
            }
        }
        assert!(arrived.is_some_and(|minute| minute <= 45), "{arrived:?}");
    }

    #[test]
    fn a_publisher_counts_on_nothing_that_it_doesn_t_know() {
        let wanted = |minutes: u64, level: u64| {
            let time = START + 60 * minutes;
            MarketUpdate {
                underlying: 1,
                modelTime: time,
                expiries: vec![smile(level, time)],
                ..MarketUpdate::default()
            }
        };
        let state = store(&smile(60, START), START);
        let mut publisher = Publisher::default();
        let (_, reached) =
            publisher.sign(&wanted(1, 70), core::slice::from_ref(&state), &allowances());
        assert!(reached < EIGHTHS, "the bucket may be nearly empty");
        let mut later = Publisher::default();
        let (update, reached) =
            later.sign(&wanted(10, 70), core::slice::from_ref(&state), &allowances());
        assert_eq!((update, reached), (wanted(10, 70), EIGHTHS));
    }
}
