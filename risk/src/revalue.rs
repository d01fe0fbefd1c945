//! The revaluation loop: one expiry's options under every shock.
//!
//! Under a shock with forward `F'` and the kernel's call fraction `c`, an expiry is worth, undiscounted,
//!
//! ```text
//! U = F' sum(q c) + sum over deep calls of q (F' - K) + sum over puts of q (K - F')
//! ```
//!
//! where `q` is the net quantity of calls and puts at a strike (a put is a call less a forward) and "deep" is the kernel's
//! flag that intrinsic value stands apart. The sums of `q c` are kept to 2^-55 of a millionth; everything linear is exact.

use alloc::vec::Vec;

use alloy_primitives::U256;
use novate_math::kernel::{Deviation, call_value, multiply_signed};

use crate::{
    expiry::{Expiry, ln_ratio},
    fixed::{Fine, ONE_Q60, price_ratio, price_times, price_times_q55, strike_times},
    instrument::Strike,
    scenario::VolatilityMode,
    shocks::Shock,
};

/// Bits of `q c` (Q63) that are dropped before it is summed: 256 products below 2^118 fit 127 bits.
const DROPPED: u32 = 8;
const MODES: usize = 5;

/// Calls and puts at one strike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) strike: Strike,
    /// The strike with 18 decimals.
    pub(crate) price: U256,
    /// Millionths of calls.
    pub(crate) calls: i64,
    /// Millionths of puts.
    pub(crate) puts: i64,
}

/// The sums under one shock.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// `sum(q c)`, millionths, Q55.
    convex: i128,
    /// Net quantity of calls that are deep here and not under the first shock, less the reverse; millionths.
    deep: i128,
    /// The same times strike.
    deep_strikes: Fine,
}

/// One expiry's undiscounted values, one for each shock.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    pub(crate) undiscounted: Vec<Fine>,
}

/// Revalues the lines of one expiry under each shock.
#[inline(never)]
pub(crate) fn revalue(lines: &[Line], expiry: &Expiry, shocks: &[Shock]) -> Values {
    let local = local_shocks(expiry, shocks);
    let used = used_modes(&local);
    let mut sums = alloc::vec![Sums::default(); local.len()];
    // What is linear under every shock: forwards less strikes.
    let mut forwards: i128 = 0;
    let mut strikes = Fine::ZERO;
    for line in lines {
        let price = line.price;
        let log_moneyness = expiry.log_moneyness(line.strike);
        let deviations = deviations(expiry, line.strike, log_moneyness, used);
        if line.puts != 0 {
            forwards = forwards.wrapping_sub(i128::from(line.puts));
            strikes = strikes.plus_inline(Fine(strike_times(price, line.puts)));
        }
        let mut add = |quantity: i64| {
            if quantity != 0 {
                let amount = Fine(strike_times(price, quantity));
                if accumulate(&mut sums, &local, &deviations, log_moneyness, quantity, amount) {
                    forwards = forwards.wrapping_add(i128::from(quantity));
                    strikes = strikes.minus_inline(amount);
                }
            }
        };
        if let Some(quantity) = line.calls.checked_add(line.puts) {
            add(quantity);
        } else {
            add(line.calls);
            add(line.puts);
        }
    }
    let mut undiscounted: Vec<Fine> = local
        .iter()
        .zip(&sums)
        .map(|(shock, sum)| {
            let forward = price_ratio(expiry.forward, shock.ratio);
            // |convex| < 2^126 and forward < 2^114: below 2^240.
            let convex = price_times_q55(forward, sum.convex);
            let linear = price_times(forward, sum.deep.wrapping_add(forwards));
            Fine(convex)
                .plus_inline(Fine(linear))
                .minus_inline(sum.deep_strikes)
                .plus_inline(strikes)
        })
        .collect();
    // What is over has one value, whatever the shock.
    if let Some(value) = undiscounted.first().copied() {
        undiscounted.resize(shocks.len(), value);
    }
    Values { undiscounted }
}

/// The shocks as they act on this expiry's forward: weaker where part of the average is known, none where all of it is.
#[inline(never)]
fn local_shocks(expiry: &Expiry, shocks: &[Shock]) -> Vec<Shock> {
    if expiry.variable == ONE_Q60 {
        shocks.to_vec()
    } else if expiry.seconds == 0 && expiry.variable == 0 {
        alloc::vec![Shock::UNSHOCKED]
    } else {
        shocks
            .iter()
            .map(|shock| {
                let ratio = expiry.ratio(shock.ratio).max(1 << 30);
                Shock { ratio, log: ln_ratio(ratio), mode: shock.mode }
            })
            .collect()
    }
}

/// Which modes occur among the shocks.
fn used_modes(shocks: &[Shock]) -> [bool; MODES] {
    let mut used = [false; MODES];
    for shock in shocks {
        if let Some(flag) = used.get_mut(index(shock.mode)) {
            *flag = true;
        }
    }
    used
}

fn index(mode: VolatilityMode) -> usize {
    usize::from(mode.number())
}

/// A strike's deviations in the modes that occur.
#[inline(never)]
fn deviations(
    expiry: &Expiry,
    strike: Strike,
    log_moneyness: i64,
    used: [bool; MODES],
) -> [Deviation; MODES] {
    use VolatilityMode::{Down, None, SkewAbsolute, SkewLinear, Up};
    let base = expiry.deviation(strike, log_moneyness);
    let unshocked = Deviation::new(base);
    let mut all = [unshocked; MODES];
    for (mode, (slot, used)) in
        [None, Up, Down, SkewLinear, SkewAbsolute].into_iter().zip(all.iter_mut().zip(used)).skip(1)
    {
        if used {
            *slot = Deviation::new(expiry.shocked(base, log_moneyness, mode));
        }
    }
    all
}

/// Adds `quantity` calls of one strike to every shock's sums: the loop that costs. A call is taken as deep under every shock
/// if it is under the first one; what differs is corrected shock by shock, so that wide sums are rare. Returns whether it is.
#[inline(never)]
fn accumulate(
    sums: &mut [Sums],
    shocks: &[Shock],
    deviations: &[Deviation; MODES],
    log_moneyness: i64,
    quantity: i64,
    amount: Fine,
) -> bool {
    let mut first = None;
    for (sum, shock) in sums.iter_mut().zip(shocks) {
        let Some(deviation) = deviations.get(index(shock.mode)) else { continue };
        let call = call_value(log_moneyness.wrapping_sub(shock.log), deviation);
        if call.fraction != 0 {
            let product = multiply_signed(quantity, call.fraction) >> DROPPED;
            sum.convex = sum.convex.wrapping_add(product);
        }
        let deep = *first.get_or_insert(call.plus_intrinsic);
        if call.plus_intrinsic != deep {
            let (size, strikes) = (i128::from(quantity), amount);
            let (size, strikes) =
                if deep { (size.wrapping_neg(), strikes.negated()) } else { (size, strikes) };
            sum.deep = sum.deep.wrapping_add(size);
            sum.deep_strikes = sum.deep_strikes.plus_inline(strikes);
        }
    }
    first.unwrap_or(false)
}
