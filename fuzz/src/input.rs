//! Numbers of every length, and markets.

use arbitrary::Arbitrary;
use novate_math::{Black76, I256, U256, WAD};

/// A number of any length up to 256 bits.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub struct Wide {
    limbs: [u64; 4],
    shift: u8,
}

impl Wide {
    /// Not negative.
    pub fn unsigned(self) -> U256 {
        U256::from_limbs(self.limbs) >> usize::from(self.shift)
    }

    /// Of either sign; the shift keeps it.
    pub fn signed(self) -> I256 {
        I256::from_raw(U256::from_limbs(self.limbs)).asr(usize::from(self.shift))
    }
}

/// A plausible option, in units that fit the words.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub struct Market {
    forward: u64,
    forward_tens: u8,
    ratio: u32,
    seconds: u32,
    volatility: u64,
    rate: i32,
}

impl Market {
    /// Forwards from 1e-18 to 2e13, `K/F` from 2.3e-10 to 10, 10 years, volatility up to 18, rates from -20% to 20%.
    pub fn option(&self) -> Black76 {
        let tens = U256::from(10).pow(U256::from(self.forward_tens % 13));
        let forward = U256::from(self.forward.max(1)) * tens;
        let ratio = U256::from(self.ratio) + U256::from(1);
        let strike = (forward * ratio * U256::from(10) / U256::from(1u64 << 32)).max(U256::from(1));
        let rate = i64::from(self.rate) * 93_132_257; // 2^31 of them are 0.2
        Black76 {
            forward,
            strike,
            seconds: u64::from(self.seconds) % 315_360_000,
            volatility: U256::from(self.volatility),
            rate: I256::try_from(rate).unwrap(),
        }
    }
}

/// More than a price may err by: `3e-17 D max(F, K)` and a unit, `D` at most `e^2`.
pub fn slack(option: &Black76) -> U256 {
    let growth = if option.rate.is_negative() { 8u64 } else { 1 };
    let largest = option.forward.max(option.strike);
    largest * U256::from(3 * growth) / U256::from(WAD / 10) + U256::from(2)
}
