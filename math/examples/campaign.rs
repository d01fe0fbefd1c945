//! Evaluates functions at random points and writes inputs and results, for a check against interval arithmetic.
//!
//! `cargo run --release -p novate-math --example campaign -- cdf 1000000 1` writes fixed-width little-endian records of 128-bit
//! integers to standard output; `scripts/math/campaign.py` reads them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    clippy::verbose_bit_mask,
    reason = "a tool on bounded random numbers"
)]

use std::{
    env,
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use novate_math::{Black76, I256, ONE, U256, kernel};

/// `SplitMix64`: a full-period generator that anyone can repeat.
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    const fn below(&mut self, end: u64) -> u64 {
        kernel::multiply_high(self.next(), end)
    }

    /// Of uniform bit length up to `bits`, at least one.
    fn log(&mut self, bits: u32) -> u128 {
        let wide = (u128::from(self.next()) << 64) | u128::from(self.next());
        let shift = 128 - bits + u32::try_from(self.below(u64::from(bits))).unwrap_or(0);
        (wide >> shift).max(1)
    }

    fn sign(&mut self, x: u64) -> i64 {
        let x = i64::try_from(x).unwrap_or(i64::MAX);
        if self.next() & 1 == 0 { x } else { -x }
    }
}

/// One record: inputs, then results.
type Record = Vec<i128>;

fn low(x: U256) -> i128 {
    i128::try_from(x).unwrap_or(i128::MAX)
}

fn evaluate(function: &str, random: &mut Random) -> Option<Record> {
    Some(match function {
        "cdf" => {
            let x = if random.next() & 3 == 0 {
                u64::try_from(random.log(62)).ok()?
            } else {
                random.below(10 << 58)
            };
            let x = random.sign(x);
            vec![x.into(), kernel::cdf(x).into()]
        }
        "density" => {
            let x = random.below(10 << 58);
            let x = random.sign(x);
            vec![x.into(), kernel::density(x).into()]
        }
        "exp_negative" => {
            let z =
                if random.next() & 1 == 0 { random.below(46 << 58) } else { random.below(2 << 58) };
            vec![z.into(), kernel::exp_negative(z).into()]
        }
        "ln_wad" => {
            let x = random.log(127);
            vec![i128::try_from(x).ok()?, kernel::ln_wad(x).into()]
        }
        "exp" => {
            let x = random.sign(random.0 >> 1);
            let x = i128::from(x) * 10 + i128::from(random.below(10)); // within +-92
            let result = novate_math::exp(I256::try_from(x).ok()?).ok()?;
            let limbs = *result.as_limbs();
            vec![
                x,
                (u128::from(limbs[1]) << 64 | u128::from(limbs[0])).cast_signed(),
                (u128::from(limbs[3]) << 64 | u128::from(limbs[2])).cast_signed(),
            ]
        }
        "ln" => {
            let x = random.log(127);
            vec![
                i128::try_from(x).ok()?,
                i128::try_from(novate_math::ln(U256::from(x)).ok()?).ok()?,
            ]
        }
        "log2" => {
            let x = random.log(127);
            vec![
                i128::try_from(x).ok()?,
                i128::try_from(novate_math::log2(U256::from(x)).ok()?).ok()?,
            ]
        }
        "pow" => {
            // ln of the result within +-41.4, where both it and the exponent fit 128 bits.
            let x = random.log(127);
            let ln = i128::try_from(novate_math::ln(U256::from(x)).ok()?).ok()?;
            let size = ln.unsigned_abs().max(1_000_000_000);
            let most = 41_400_000_000_000_000_000_u128 * 1_000_000_000 / (size / 1_000_000_000);
            let most = most.min(1 << 90);
            let part = u128::from(random.next() >> 1) * (most >> 63).max(1);
            let y = if most >> 63 == 0 { part % most } else { part };
            let y = i128::try_from(y).ok()?;
            let y = if random.next() & 1 == 0 { y } else { -y };
            let power = novate_math::pow(U256::from(x), I256::try_from(y).ok()?).ok()?;
            vec![i128::try_from(x).ok()?, y, i128::try_from(power).ok()?]
        }
        "normal_inverse" => {
            let p = if random.next() & 1 == 0 {
                random.below(novate_math::WAD - 1) + 1
            } else {
                u64::try_from(random.log(59)).ok()?
            };
            let p = if random.next() & 1 == 0 { p } else { novate_math::WAD - p };
            vec![p.into(), i128::try_from(novate_math::normal_inverse(U256::from(p)).ok()?).ok()?]
        }
        _ => return evaluate_option(function, random),
    })
}

fn evaluate_option(function: &str, random: &mut Random) -> Option<Record> {
    Some(match function {
        "call_value" => {
            let k = match random.next() & 3 {
                0 => u64::try_from(random.log(62)).ok()?,
                1 => random.below(100 << 56),
                _ => random.below(2 << 56),
            };
            let k = random.sign(k);
            let s = match random.next() & 3 {
                0 => random.below(u64::MAX),
                1 => u64::try_from(random.log(63)).ok()?,
                _ => random.below(2 << 58),
            };
            let value = kernel::call_value(k, &kernel::Deviation::new(s));
            vec![k.into(), s.into(), value.fraction.into(), value.plus_intrinsic.into()]
        }
        "black76" => {
            let forward = U256::from(random.log(100));
            // K/F within e^+-2.7, log-uniform; a quarter of the pairs are independent.
            let strike = if random.next() & 3 == 0 {
                U256::from(random.log(100))
            } else {
                let move_ = i128::from(random.sign(random.0 >> 1)) * 3 / 10;
                (forward * novate_math::exp(I256::try_from(move_).ok()?).ok()? / ONE)
                    .max(U256::from(1))
            };
            let seconds = random.below(3 * 31_536_000);
            let volatility = U256::from(random.below(5 * novate_math::WAD / 2) * 2);
            let rate = i128::from(random.below(novate_math::WAD / 4)) - 50_000_000_000_000_000;
            let option =
                Black76 { forward, strike, seconds, volatility, rate: I256::try_from(rate).ok()? };
            let prices = option.prices().ok()?;
            vec![
                low(forward),
                low(strike),
                seconds.into(),
                low(volatility),
                rate,
                low(prices.call),
                low(prices.put),
            ]
        }
        _ => return None,
    })
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (Some(function), Some(count), Some(seed)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("usage: campaign FUNCTION COUNT SEED");
        return ExitCode::FAILURE;
    };
    let (Ok(count), Ok(seed)) = (count.parse::<u64>(), seed.parse::<u64>()) else {
        eprintln!("COUNT and SEED are integers");
        return ExitCode::FAILURE;
    };
    let mut random = Random(seed);
    let mut out = BufWriter::new(io::stdout().lock());
    for _ in 0..count {
        let Some(record) = evaluate(&function, &mut random) else {
            eprintln!("unknown function {function}, or no result");
            return ExitCode::FAILURE;
        };
        for field in record {
            if out.write_all(&field.to_le_bytes()).is_err() {
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
