//! Parameters: the defaults, random ones within their bounds, or any value at all.

use novate_risk::{
    Extensions, Parameters,
    parameters::{CollateralParameters, UnderlyingParameters},
    scenario::{Scenario, SpotMove, VolatilityMode, Weight},
};

use crate::draw::{Draw, ONE};

const PERCENT: u64 = ONE / 100;

/// All underlyings that a book may name are listed.
pub(crate) fn parameters(draw: &mut Draw<'_>) -> Parameters {
    let mut all = Parameters {
        underlyings: (1..=255)
            .map(|number| UnderlyingParameters::new(number, 18 * PERCENT))
            .collect(),
        collateral: (1..=255)
            .map(|collateral| CollateralParameters {
                collateral,
                underlying: 1 + collateral % 3,
                maintenance_haircut: draw.between(0, ONE),
                initial_haircut: 0,
                cancels_risk: collateral % 2 == 0,
            })
            .take(4)
            .collect(),
        ..Parameters::default()
    };
    match draw.byte() % 4 {
        0 => {}
        1 => vary(draw, &mut all, &mut |_, high, draw| {
            draw.edgy().min(if high == 0 { 0 } else { u64::MAX })
        }),
        _ => vary(draw, &mut all, &mut |low, high, draw| draw.between(low, high)),
    }
    if draw.once_in(4) {
        all.scenarios = (0..1 + draw.byte() % 64).map(|_| scenario(draw)).collect();
    }
    for listed in &mut all.underlyings {
        listed.group = 1;
    }
    all
}

type Value<'a> = dyn FnMut(u64, u64, &mut Draw<'_>) -> u64 + 'a;

fn vary(draw: &mut Draw<'_>, all: &mut Parameters, value: &mut Value<'_>) {
    let mut set = |target: &mut u64, low: u64, high: u64| *target = value(low, high, draw);
    for listed in all.underlyings.iter_mut().take(3) {
        set(&mut listed.range, PERCENT, ONE);
        set(&mut listed.volatility_up, 0, 10 * ONE);
        set(&mut listed.volatility_down, 0, 10 * ONE);
    }
    set(&mut all.scan.maintenance, 10 * PERCENT, ONE);
    set(&mut all.scan.initial, ONE, 10 * ONE);
    set(&mut all.scan.peg_factor, 0, 10 * ONE);
    set(&mut all.volatility.short_power, 0, ONE);
    set(&mut all.volatility.long_power, 0, ONE);
    set(&mut all.volatility.floor, 3_600, 400 * 86_400);
    set(&mut all.skew.linear_cap, 0, 10 * ONE);
    set(&mut all.skew.absolute_cap, 0, 10 * ONE);
    set(&mut all.skew.kstar_minimum, PERCENT / 100, 10 * ONE);
    set(&mut all.skew.width, 0, 10 * ONE);
    set(&mut all.skew.volatility_static, 0, 10 * ONE);
    set(&mut all.basis.up, 0, 2 * ONE);
    set(&mut all.basis.down, 0, 99 * PERCENT);
    let con = &mut all.contingencies;
    set(&mut con.perpetual_maintenance, 0, 3 * ONE);
    set(&mut con.perpetual_initial, 0, 3 * ONE);
    set(&mut con.option_maintenance, 0, 2 * ONE);
    set(&mut con.option_initial, 0, 2 * ONE);
    set(&mut con.confidence_threshold, 0, ONE);
    set(&mut all.long.base, 0, ONE);
    set(&mut all.long.multiplier, 0, 10 * ONE);
    set(&mut all.long.addition, 0, 10 * ONE);
    set(&mut all.short.base, ONE, 4 * ONE);
    set(&mut all.short.multiplier, 0, 10 * ONE);
    set(&mut all.short.addition, 0, 10 * ONE);
    // Beyond their bounds, some beyond 64 bits too.
    let mut wide = |target: &mut u128, low: u64, high: u64| {
        let x = value(low, high, draw);
        *target = u128::from(x) << if x > high { x % 61 } else { 0 };
    };
    wide(&mut all.scan.peg_threshold, 0, 2 * ONE);
    wide(&mut all.volatility.minimum_up, 0, 10 * ONE);
    wide(&mut all.basis.add, 0, 10 * ONE);
    wide(&mut all.basis.multiplier, 0, 10 * ONE);
    wide(&mut all.contingencies.confidence_margin, 0, 10 * ONE);
    let slope = |x: u64| {
        let size = i128::from((x >> 1) % (10 * ONE + 1));
        if x.is_multiple_of(2) { size } else { -size }
    };
    all.skew.linear_slope = slope(draw.word());
    all.skew.absolute_slope = slope(draw.word());
    all.skew.volatility_slope = slope(draw.word());
}

fn scenario(draw: &mut Draw<'_>) -> Scenario {
    use VolatilityMode::{Down, None, SkewAbsolute, SkewLinear, Up};
    let size = draw.between(0, 4 * ONE).cast_signed();
    let spot = match draw.byte() % 4 {
        0 => SpotMove::Absolute(-size % (99 * PERCENT + 1).cast_signed()),
        1 => SpotMove::Absolute(2 * size),
        2 => SpotMove::Ranges(size),
        _ => SpotMove::Ranges(-size),
    };
    let weight = draw.between(0, 3 * ONE);
    Scenario {
        spot,
        volatility: draw.pick(&[None, Up, Down, SkewLinear, SkewAbsolute]),
        weight: if draw.once_in(2) { Weight::Fixed(weight) } else { Weight::Tail(weight) },
    }
}

/// Of section 6.
pub(crate) fn extensions(draw: &mut Draw<'_>) -> Extensions {
    if draw.once_in(4) {
        return Extensions::default();
    }
    Extensions {
        offsets: if draw.once_in(4) {
            Vec::new()
        } else {
            vec![(1, draw.between(0, 60 * PERCENT))]
        },
        floor_net: draw.between(0, ONE),
        floor_hedged: draw.between(0, ONE),
        gamma: draw.between(0, 10 * ONE),
        gamma_threshold: draw.edgy(),
        liquidity_rate: draw.between(0, ONE / 1_000),
        liquidity_maximum: draw.between(0, ONE),
        liquidity_threshold: draw.edgy(),
    }
}
