//! The parameters that all underlyings share, in sets of at most four that fill a word.

use alloy_primitives::U256;
use novate_risk::{Extensions, Parameters, parameters::Corrections};

/// Groups of underlyings that may offset each other, numbered from 1.
pub const GROUPS: u8 = 4;

/// A set of shared parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Set {
    /// Initial factor, maintenance factor, peg threshold, peg factor.
    Scan = 0,
    /// Perpetual maintenance and initial, option maintenance and initial.
    Contingencies = 1,
    /// Confidence threshold and margin.
    Confidence = 2,
    /// Short power, long power, floor (seconds), least volatility of the up mode.
    Volatility = 3,
    /// Linear cap and slope (signed), absolute cap and slope (signed).
    Skew = 4,
    /// Least kstar, width, static volatility, its slope (signed).
    SkewWidth = 5,
    /// Up, down, add, multiplier.
    Basis = 6,
    /// Base, multiplier, addition of the long discount.
    Long = 7,
    /// The same of the short discount.
    Short = 8,
    /// Floor of net and of hedged delta, gamma charge and its threshold.
    Charges = 9,
    /// Liquidity charge: rate, maximum, threshold.
    Liquidity = 10,
    /// Offsets of groups 1 to 4.
    Offsets = 11,
    /// Calendar charge: floor, slope, further share initially; vanishing share.
    Corrections = 12,
}

/// All sets, ascending.
pub const SETS: [Set; 13] = [
    Set::Scan,
    Set::Contingencies,
    Set::Confidence,
    Set::Volatility,
    Set::Skew,
    Set::SkewWidth,
    Set::Basis,
    Set::Long,
    Set::Short,
    Set::Charges,
    Set::Liquidity,
    Set::Offsets,
    Set::Corrections,
];

/// A number in its lane: the bounds of every parameter lie inside.
fn lane(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The same of a signed one.
fn signed_lane(number: i128) -> u64 {
    let end = if number < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(number).unwrap_or(end).cast_unsigned()
}

impl Set {
    /// Its number.
    pub const fn number(self) -> u8 {
        self.bit().trailing_zeros().to_be_bytes()[3]
    }

    /// Its bit among those of the root.
    pub const fn bit(self) -> u16 {
        match self {
            Self::Scan => 1,
            Self::Contingencies => 1 << 1,
            Self::Confidence => 1 << 2,
            Self::Volatility => 1 << 3,
            Self::Skew => 1 << 4,
            Self::SkewWidth => 1 << 5,
            Self::Basis => 1 << 6,
            Self::Long => 1 << 7,
            Self::Short => 1 << 8,
            Self::Charges => 1 << 9,
            Self::Liquidity => 1 << 10,
            Self::Offsets => 1 << 11,
            Self::Corrections => 1 << 12,
        }
    }

    /// The set of that number.
    pub fn from_number(number: u8) -> Option<Self> {
        SETS.get(usize::from(number)).copied()
    }

    /// The set's word. A group that isn't listed has offset 0.
    pub fn word(self, parameters: &Parameters, extensions: &Extensions) -> U256 {
        let Parameters { scan, volatility, skew, basis, contingencies, long, short, .. } =
            parameters;
        let [first, second, third, fourth] = match self {
            Self::Scan => {
                [scan.initial, scan.maintenance, lane(scan.peg_threshold), scan.peg_factor]
            }
            Self::Contingencies => [
                contingencies.perpetual_maintenance,
                contingencies.perpetual_initial,
                contingencies.option_maintenance,
                contingencies.option_initial,
            ],
            Self::Confidence => {
                [contingencies.confidence_threshold, lane(contingencies.confidence_margin), 0, 0]
            }
            Self::Volatility => [
                volatility.short_power,
                volatility.long_power,
                volatility.floor,
                lane(volatility.minimum_up),
            ],
            Self::Skew => [
                skew.linear_cap,
                signed_lane(skew.linear_slope),
                skew.absolute_cap,
                signed_lane(skew.absolute_slope),
            ],
            Self::SkewWidth => [
                skew.kstar_minimum,
                skew.width,
                skew.volatility_static,
                signed_lane(skew.volatility_slope),
            ],
            Self::Basis => [basis.up, basis.down, lane(basis.add), lane(basis.multiplier)],
            Self::Long => [long.base, long.multiplier, long.addition, 0],
            Self::Short => [short.base, short.multiplier, short.addition, 0],
            Self::Charges => [
                extensions.floor_net,
                extensions.floor_hedged,
                extensions.gamma,
                extensions.gamma_threshold,
            ],
            Self::Liquidity => [
                extensions.liquidity_rate,
                extensions.liquidity_maximum,
                extensions.liquidity_threshold,
                0,
            ],
            Self::Offsets => {
                let of = |group| {
                    let known = extensions.offsets.iter().find(|(known, _)| *known == group);
                    known.map_or(0, |(_, offset)| *offset)
                };
                [of(1), of(2), of(3), of(4)]
            }
            Self::Corrections => {
                let Corrections {
                    calendar_floor, calendar_slope, calendar_initial, vanishing, ..
                } = parameters.corrections;
                [calendar_floor, calendar_slope, calendar_initial, vanishing]
            }
        };
        U256::from_limbs([fourth, third, second, first])
    }

    /// Takes over a set's word, as it is: whoever stored it has checked it.
    pub fn store(self, word: U256, parameters: &mut Parameters, extensions: &mut Extensions) {
        let [fourth, third, second, first] = word.into_limbs();
        let Parameters { scan, volatility, skew, basis, contingencies, long, short, .. } =
            parameters;
        match self {
            Self::Scan => {
                scan.initial = first;
                scan.maintenance = second;
                scan.peg_threshold = third.into();
                scan.peg_factor = fourth;
            }
            Self::Contingencies => {
                contingencies.perpetual_maintenance = first;
                contingencies.perpetual_initial = second;
                contingencies.option_maintenance = third;
                contingencies.option_initial = fourth;
            }
            Self::Confidence => {
                contingencies.confidence_threshold = first;
                contingencies.confidence_margin = second.into();
            }
            Self::Volatility => {
                volatility.short_power = first;
                volatility.long_power = second;
                volatility.floor = third;
                volatility.minimum_up = fourth.into();
            }
            Self::Skew => {
                skew.linear_cap = first;
                skew.linear_slope = second.cast_signed().into();
                skew.absolute_cap = third;
                skew.absolute_slope = fourth.cast_signed().into();
            }
            Self::SkewWidth => {
                skew.kstar_minimum = first;
                skew.width = second;
                skew.volatility_static = third;
                skew.volatility_slope = fourth.cast_signed().into();
            }
            Self::Basis => {
                basis.up = first;
                basis.down = second;
                basis.add = third.into();
                basis.multiplier = fourth.into();
            }
            Self::Long => {
                long.base = first;
                long.multiplier = second;
                long.addition = third;
            }
            Self::Short => {
                short.base = first;
                short.multiplier = second;
                short.addition = third;
            }
            Self::Charges => {
                extensions.floor_net = first;
                extensions.floor_hedged = second;
                extensions.gamma = third;
                extensions.gamma_threshold = fourth;
            }
            Self::Liquidity => {
                extensions.liquidity_rate = first;
                extensions.liquidity_maximum = second;
                extensions.liquidity_threshold = third;
            }
            Self::Offsets => {
                extensions.offsets.clear();
                for (group, offset) in (1..=GROUPS).zip([first, second, third, fourth]) {
                    if offset != 0 {
                        extensions.offsets.push((group, offset));
                    }
                }
            }
            Self::Corrections => {
                parameters.corrections = Corrections {
                    calendar_floor: first,
                    calendar_slope: second,
                    calendar_initial: third,
                    vanishing: fourth,
                    ..parameters.corrections
                };
            }
        }
    }

    /// The names of its parameters, as errors and events give them.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Scan => {
                &["scan.initial", "scan.maintenance", "scan.peg_threshold", "scan.peg_factor"]
            }
            Self::Contingencies => &[
                "contingency.perpetual_maintenance",
                "contingency.perpetual_initial",
                "contingency.option_maintenance",
                "contingency.option_initial",
            ],
            Self::Confidence => {
                &["contingency.confidence_threshold", "contingency.confidence_margin"]
            }
            Self::Volatility => &[
                "volatility.short_power",
                "volatility.long_power",
                "volatility.floor",
                "volatility.minimum_up",
            ],
            Self::Skew => &[
                "skew.linear_cap",
                "skew.linear_slope",
                "skew.absolute_cap",
                "skew.absolute_slope",
            ],
            Self::SkewWidth => &[
                "skew.kstar_minimum",
                "skew.width",
                "skew.volatility_static",
                "skew.volatility_slope",
            ],
            Self::Basis => &["basis.up", "basis.down", "basis.add", "basis.multiplier"],
            Self::Long => &["long.base", "long.multiplier", "long.addition"],
            Self::Short => &["short.base", "short.multiplier", "short.addition"],
            Self::Charges => &[
                "extensions.floor_net",
                "extensions.floor_hedged",
                "extensions.gamma",
                "extensions.gamma_threshold",
            ],
            Self::Liquidity => &[
                "extensions.liquidity_rate",
                "extensions.liquidity_maximum",
                "extensions.liquidity_threshold",
            ],
            Self::Offsets => &[
                "extensions.offset",
                "extensions.offset",
                "extensions.offset",
                "extensions.offset",
            ],
            Self::Corrections => {
                &["calendar.floor", "calendar.slope", "calendar.initial", "vanishing.share"]
            }
        }
    }

    /// Whether a parameter of it, by its place, is signed.
    pub const fn is_signed(self, place: usize) -> bool {
        match self {
            Self::Skew => place == 1 || place == 3,
            Self::SkewWidth => place == 3,
            _ => false,
        }
    }
}
