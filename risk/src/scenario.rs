//! The stress scenarios: how far the price moves, what happens to volatility, and how much the outcome counts.

use alloc::vec::Vec;

/// Most scenarios in a table.
pub const MAX_SCENARIOS: usize = 64;
/// The number under which the basis charge is named where a scenario is named.
pub const BASIS: u8 = 255;

/// The move of the underlying's price, 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpotMove {
    /// In units of the underlying's price range: the price is multiplied by `1 + move * range`.
    Ranges(i64),
    /// A share of the price: the price is multiplied by `1 + move`.
    Absolute(i64),
}

/// What happens to every volatility of the underlying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum VolatilityMode {
    /// Unchanged.
    None = 0,
    /// `max(minimum_up, vol * (1 + range_up * m))`.
    Up = 1,
    /// `vol * max(0, 1 - range_down * m)`.
    Down = 2,
    /// `vol * max(0, 1 + clamp(k * cap/kstar, -cap, cap))`; the price is unshocked, each expiry counts as a loss.
    SkewLinear = 3,
    /// The same with `|k|`.
    SkewAbsolute = 4,
}

impl VolatilityMode {
    /// Its number, from 0.
    pub const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Up => 1,
            Self::Down => 2,
            Self::SkewLinear => 3,
            Self::SkewAbsolute => 4,
        }
    }

    /// The mode of that number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::None,
            1 => Self::Up,
            2 => Self::Down,
            3 => Self::SkewLinear,
            4 => Self::SkewAbsolute,
            _ => return None,
        })
    }

    /// Whether it turns the surface instead of shifting it: then the price is unshocked and each expiry counts as a loss.
    pub const fn is_skew(self) -> bool {
        matches!(self, Self::SkewLinear | Self::SkewAbsolute)
    }
}

/// How much of the outcome counts, 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// This share.
    Fixed(u64),
    /// `share * range / |move|`, the move as a share of the price: tails count as one range's worth of their loss.
    /// Taken below 64.
    Tail(u64),
}

/// One stress of an underlying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenario {
    /// Of the price; ignored by skew modes.
    pub spot: SpotMove,
    /// Of the volatilities.
    pub volatility: VolatilityMode,
    /// Of the outcome.
    pub weight: Weight,
}

const ONE: i64 = 1_000_000_000_000_000_000;
const QUARTER: i64 = 250_000_000_000_000_000;
/// Share of a range's worth of loss that a tail counts.
const TAIL_SHARE: u64 = 770_000_000_000_000_000;
/// Tail moves in hundredths.
const TAILS: [i64; 8] = [-66, -33, 50, 100, 200, 300, 400, 500];
const HUNDREDTH: i64 = 10_000_000_000_000_000;

impl Scenario {
    const fn ranges(spot: i64, volatility: VolatilityMode) -> Self {
        Self { spot: SpotMove::Ranges(spot), volatility, weight: Weight::Fixed(ONE.unsigned_abs()) }
    }

    /// The default table of 37: moves of 0, ±1/4, ±1/2, ±3/4, ±1 ranges with volatility up, unchanged and down, eight tails with
    /// volatility up, and two turns of the skew.
    pub fn defaults() -> Vec<Self> {
        Self::table(5)
    }

    /// The table of 33 of the peers: a whole range has volatility up alone. At the edge of the range a higher volatility hides what
    /// spreads lose.
    pub fn peer_table() -> Vec<Self> {
        Self::table(4)
    }

    /// Moves of fewer quarters than `bare` have volatility unchanged and down too.
    fn table(bare: i64) -> Vec<Self> {
        use VolatilityMode::{Down, None, SkewAbsolute, SkewLinear, Up};
        let mut table = Vec::with_capacity(37);
        for quarters in -4_i64..=4 {
            let spot = quarters.saturating_mul(QUARTER);
            table.push(Self::ranges(spot, Up));
            if quarters.abs() < bare {
                table.push(Self::ranges(spot, None));
                table.push(Self::ranges(spot, Down));
            }
        }
        for tail in TAILS {
            table.push(Self {
                spot: SpotMove::Absolute(tail.saturating_mul(HUNDREDTH)),
                volatility: Up,
                weight: Weight::Tail(TAIL_SHARE),
            });
        }
        table.push(Self::ranges(0, SkewLinear));
        table.push(Self::ranges(0, SkewAbsolute));
        table
    }
}
