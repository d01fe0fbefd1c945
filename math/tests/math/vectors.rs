//! The 256-bit layer against the reference vectors, within the bounds of the accuracy table.

use crate::support::{Row, Worst, power_of_ten, rows};
use alloy_primitives::{I256, U256};
use novate_math::{Black76, Error, Quote, Right, Svi, accuracy, accuracy::Bound};

/// Units of 1e-18 as units of 1e-36.
fn wide(x: I256) -> I256 {
    x * power_of_ten(18)
}

fn positive(x: U256) -> I256 {
    wide(I256::try_from(x).expect("below 2^255"))
}

fn settle(worst: &Worst, bound: Bound) {
    println!(
        "{}: worst {} of {} (1e-20) at {}",
        bound.function, worst.error, bound.error, worst.at
    );
    assert!(worst.error <= u128::from(bound.error), "{bound:?}: {worst:?}");
}

/// `(a - b) / max(1, |b|)` in units of 1e-36.
fn relative(a: I256, b: I256) -> I256 {
    let one = power_of_ten(36);
    let size = b.abs().max(one);
    // Keep 18 digits of the divisor: the quotient needs no more.
    (a - b) * power_of_ten(18) / (size / power_of_ten(18))
}

#[test]
fn exp_keeps_its_bound_and_direction() {
    let mut worst = Worst::default();
    for row in rows("exp.csv") {
        let x = row.wad("x");
        let Some(expected) = row.number_below("exp", 38) else { continue };
        let nearest = novate_math::exp(x).unwrap();
        worst.note(relative(positive(nearest), expected), I256::ZERO, || format!("{x}"));
        let (down, up) = (
            positive(novate_math::exp_down(x).unwrap()),
            positive(novate_math::exp_up(x).unwrap()),
        );
        assert!(down <= expected && expected <= up, "{x}: {down} {expected} {up}");
        assert!(
            relative(up, down) <= power_of_ten(18) * I256::try_from(4).unwrap(),
            "{x}: {down} {up}"
        );
    }
    settle(&worst, accuracy::EXP);
}

#[test]
fn ln_keeps_its_bound_and_direction() {
    let mut worst = Worst::default();
    for row in rows("ln.csv") {
        let x = row.wad("x").unsigned_abs();
        let expected = row.number("ln").unwrap();
        let nearest = wide(novate_math::ln(x).unwrap());
        worst.note(relative(nearest, expected), I256::ZERO, || format!("{x}"));
        let (down, up) =
            (wide(novate_math::ln_down(x).unwrap()), wide(novate_math::ln_up(x).unwrap()));
        assert!(down <= expected && expected <= up, "{x}: {down} {expected} {up}");
        assert!(up - down <= power_of_ten(18) * I256::try_from(3).unwrap(), "{x}: {down} {up}");
    }
    settle(&worst, accuracy::LN);
}

#[test]
fn log2_keeps_its_bound() {
    let mut worst = Worst::default();
    for row in rows("log2.csv") {
        let x = row.wad("x").unsigned_abs();
        let found = wide(novate_math::log2(x).unwrap());
        worst.note(relative(found, row.number("log2").unwrap()), I256::ZERO, || format!("{x}"));
    }
    settle(&worst, accuracy::LOG2);
}

#[test]
fn powers_keep_their_bound() {
    let (mut worst, mut checked) = (0.0, 0);
    for row in rows("pow.csv") {
        let (x, y) = (row.wad("x").unsigned_abs(), row.wad("y"));
        let Some(expected) = row.number_below("pow", 38) else { continue };
        // Above an exponent of 1e12 the bound is a millionth of the result, and says nothing above 1e18.
        if y.abs() > power_of_ten(30) {
            continue;
        }
        let found = positive(novate_math::pow(x, y).unwrap());
        checked += 1;
        // Beside half a unit: the error over the result times 1 + |y| + 3 |y ln x|, all in units of 1.
        let error = ((found - expected).abs() - power_of_ten(18) / I256::try_from(2).unwrap())
            .max(I256::ZERO);
        let float = |x: I256| x.to_string().parse::<f64>().unwrap();
        let log = float(novate_math::ln(x).unwrap()) / 1e18;
        let y = float(y).abs() / 1e18;
        let share = float(error) / float(expected).max(1e18) / (1.0 + y + 3.0 * (y * log).abs());
        if share > worst {
            worst = share;
        }
        assert!(share <= 1e-20 * accuracy::POW.error as f64, "{share:e} {row:?}");
    }
    assert!(checked > 1700, "only {checked} rows were compared");
    println!("pow: worst {worst:e}");
}

#[test]
fn sqrt_is_exact() {
    for row in rows("sqrt.csv") {
        let x = row.wad("x").unsigned_abs();
        let expected = row.number("sqrt").unwrap();
        let (down, up) = (positive(novate_math::sqrt_down(x)), positive(novate_math::sqrt_up(x)));
        // The reference has 30 digits.
        let slack = expected.abs() / power_of_ten(29) + I256::ONE;
        assert!(down <= expected + slack && expected <= up + slack, "{x}");
    }
}

#[test]
fn the_normal_distribution_keeps_its_bounds() {
    let (mut cdf, mut pdf, mut inverse) = (Worst::default(), Worst::default(), Worst::default());
    for row in rows("norm_cdf.csv") {
        let x = row.wad("x");
        cdf.note(positive(novate_math::normal_cdf(x)), row.number("cdf").unwrap(), || {
            format!("{x}")
        });
        let complement = positive(novate_math::normal_complement(x));
        cdf.note(complement, row.number("cdf_complement").unwrap(), || format!("{x}"));
    }
    for row in rows("norm_pdf.csv") {
        let x = row.wad("x");
        pdf.note(positive(novate_math::normal_pdf(x)), row.number("pdf").unwrap(), || {
            format!("{x}")
        });
    }
    for row in rows("norm_inv.csv") {
        let p = row.wad("p").unsigned_abs();
        inverse.note(
            wide(novate_math::normal_inverse(p).unwrap()),
            row.number("x").unwrap(),
            || format!("{p}"),
        );
    }
    settle(&cdf, accuracy::CDF);
    settle(&pdf, accuracy::PDF);
    settle(&inverse, accuracy::INVERSE);
}

fn option(row: &Row) -> Black76 {
    Black76 {
        forward: row.wad("F").unsigned_abs(),
        strike: row.wad("K").unsigned_abs(),
        seconds: row.seconds("T_seconds"),
        volatility: row.wad("sigma").unsigned_abs(),
        rate: row.wad("r"),
    }
}

#[test]
fn prices_keep_their_bound_and_direction() {
    let mut worst = Worst::default();
    for row in rows("black76.csv") {
        let option = option(&row);
        let (prices, down, up) =
            (option.prices().unwrap(), option.prices_down().unwrap(), option.prices_up().unwrap());
        let growth = (row.number("delta_call").unwrap() - row.number("delta_put").unwrap())
            .max(power_of_ten(36));
        let largest = option.forward.max(option.strike);
        // max(1e-18, D max(F, K)), D >= 1 taken as it is, in units of 1e-18.
        let unit = (I256::try_from(largest).unwrap() * (growth / power_of_ten(18))
            / power_of_ten(18))
        .max(I256::ONE);
        for (name, value, down, up) in
            [("call", prices.call, down.call, up.call), ("put", prices.put, down.put, up.put)]
        {
            let expected = row.number(name).unwrap();
            let slack = expected / power_of_ten(29) + I256::ONE;
            let error = (positive(value) - expected).abs();
            // Half a unit of rounding is allowed on top.
            let excess = (error - power_of_ten(18) / I256::try_from(2).unwrap()).max(I256::ZERO);
            worst.note(excess * power_of_ten(18) / unit, I256::ZERO, || format!("{name} {row:?}"));
            assert!(positive(down) <= expected + slack, "{name} {row:?}: {down}");
            assert!(positive(up) + slack >= expected, "{name} {row:?}: {up}");
        }
    }
    settle(&worst, accuracy::BLACK76);
}

#[test]
fn greeks_keep_their_bounds() {
    let names =
        ["gamma", "vega", "theta_call", "theta_put", "rho_call", "rho_put", "vanna", "volga"];
    let mut worst: Vec<Worst> = names.iter().map(|_| Worst::default()).collect();
    let mut deltas = Worst::default();
    for row in rows("black76.csv") {
        let option = option(&row);
        let greeks = option.greeks().unwrap_or_else(|error| panic!("{row:?}: {error}"));
        deltas.note(wide(greeks.delta_call), row.number("delta_call").unwrap(), || {
            format!("{row:?}")
        });
        deltas
            .note(wide(greeks.delta_put), row.number("delta_put").unwrap(), || format!("{row:?}"));
        let values = [
            I256::try_from(greeks.gamma).unwrap(),
            I256::try_from(greeks.vega).unwrap(),
            greeks.theta_call,
            greeks.theta_put,
            greeks.rho_call,
            greeks.rho_put,
            greeks.vanna,
            greeks.volga,
        ];
        // Of the value alone, and at any d1: on these rows the errors are smaller than the table promises.
        for ((name, value), worst) in names.iter().zip(values).zip(&mut worst) {
            let Some(expected) = row.number_below(name, 36) else { continue };
            let mut error = relative(wide(value), expected);
            if name.contains("theta") || name.contains("rho") {
                let price = positive(option.forward.max(option.strike));
                let unit = price.max(expected.abs()).max(power_of_ten(36)) / power_of_ten(18);
                error = (wide(value) - expected) * power_of_ten(18) / unit;
            }
            worst.note(error, I256::ZERO, || format!("{value} {row:?}"));
        }
    }
    settle(&deltas, accuracy::DELTA);
    for (name, worst) in names.iter().zip(&worst) {
        println!("{name}: {} at {}", worst.error, worst.at);
    }
    for (name, worst) in names.iter().zip(&worst) {
        let bound = if name.contains("theta") || name.contains("rho") {
            accuracy::CARRY
        } else {
            accuracy::GREEKS
        };
        assert!(worst.error <= u128::from(bound.error), "{name} {worst:?}");
    }
}

#[test]
fn implied_volatilities_keep_their_bound() {
    let mut worst = Worst::default();
    let mut solved = 0;
    for row in rows("implied_vol.csv") {
        let quote = Quote {
            forward: row.wad("F").unsigned_abs(),
            strike: row.wad("K").unsigned_abs(),
            seconds: row.seconds("T_seconds"),
            rate: row.wad("r"),
            right: if row.text("type") == "call" { Right::Call } else { Right::Put },
            price: row.wad("price").unsigned_abs(),
        };
        let implied = quote.implied_volatility();
        match row.text("status") {
            "below_intrinsic" => assert_eq!(implied, Err(Error::PriceBelowIntrinsic), "{row:?}"),
            "above_max" => assert_eq!(implied, Err(Error::PriceAboveMaximum), "{row:?}"),
            status => {
                let Ok(implied) = implied else {
                    assert!(status != "ok", "{row:?}: {implied:?}");
                    continue;
                };
                let (Some(expected), Some(slope)) =
                    (row.number_below("sigma", 30), row.number_below("dsigma_dprice", 34))
                else {
                    continue;
                };
                // The generator's bisection stops at 2^-41 where the volatility is smaller still: such rows are no reference.
                let tiny = expected < power_of_ten(36 - 11) && row.text("F") == row.text("K");
                if status != "ok" || tiny {
                    continue;
                }
                solved += 1;
                let error = (positive(implied) - expected).abs();
                let slack = slope / power_of_ten(18) * I256::try_from(2).unwrap();
                worst.note((error - slack).max(I256::ZERO), I256::ZERO, || {
                    format!("{implied} {row:?}")
                });
            }
        }
    }
    assert!(solved > 1500, "only {solved} rows had a solution to compare");
    settle(&worst, accuracy::IMPLIED_VOLATILITY);
}

#[test]
fn the_surface_keeps_its_bounds() {
    let (mut variance, mut vol) = (Worst::default(), Worst::default());
    for row in rows("svi.csv") {
        let svi = Svi {
            a: row.wad("a"),
            b: row.wad("b").unsigned_abs(),
            rho: row.wad("rho"),
            m: row.wad("m"),
            sigma: row.wad("sigma").unsigned_abs(),
        };
        let seconds = row.seconds("T_seconds");
        // k in units of 1e-18, to nearest: what it loses moves w by b/2 units at most.
        let k = row.number("k").unwrap();
        let half = power_of_ten(18) / I256::try_from(2).unwrap();
        let k = (if k.is_negative() { k - half } else { k + half }) / power_of_ten(18);
        let w = row.number("w").unwrap();
        variance.note(positive(svi.total_variance(k).unwrap()), w.max(I256::ZERO), || {
            format!("{row:?}")
        });
        let Some(expected) = row.number("vol") else { continue };
        if w > power_of_ten(30)
            && expected < power_of_ten(36) * I256::try_from(60).unwrap()
            && seconds >= 3600
        {
            let actual = positive(svi.volatility(k, seconds).unwrap());
            // What the variance may err by, and the half unit that k lost, move it by vol/(2 w) of that.
            let moved =
                I256::try_from(accuracy::SVI_VARIANCE.error + 200).unwrap() * power_of_ten(16);
            let slack = moved * power_of_ten(18) / (w / power_of_ten(9)) * expected
                / power_of_ten(27)
                / I256::try_from(2).unwrap();
            let excess = ((actual - expected).abs() - slack).max(I256::ZERO);
            vol.note(relative(expected + excess, expected), I256::ZERO, || format!("{row:?}"));
        }
    }
    settle(&variance, accuracy::SVI_VARIANCE);
    settle(&vol, accuracy::SVI_VOLATILITY);
}
