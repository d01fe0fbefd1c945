//! The answer's words, packed by the oracle and read by margin.

use alloy_primitives::U256;

use crate::words::{join, low_u8, low_u64, split, wide};

/// Bits of a packed confidence.
pub const CONFIDENCE_BITS: u32 = 60;
/// A confidence of 1.
pub const CONFIDENCE_ONE: u64 = 1_000_000_000_000_000_000;

const CONFIDENCE_MASK: u128 = (1 << CONFIDENCE_BITS) - 1;

/// Price of the stable coin in which cash is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stable {
    /// Dollars, 18 decimals.
    pub price: u128,
    /// Validity level.
    pub validity: u8,
}

/// An underlying's index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// The last usable price, 18 decimals; 0 if there never was one.
    pub price: u128,
    /// The price that follows it slowly, 18 decimals; 0: none is kept.
    pub slow_price: u128,
    /// When the round of the price was updated, Unix seconds.
    pub updated_at: u64,
    /// Validity level.
    pub validity: u8,
}

/// An underlying's perpetual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Perpetual {
    /// Mark price at the index as it is, 18 decimals; 0 if none was ever posted.
    pub mark: u128,
    /// Funding that one long contract paid since the start, 18 decimals.
    pub funding_index: i128,
    /// Confidence of the mark, 18 decimals.
    pub confidence: u64,
}

/// What an expiry's words hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExpiryState {
    /// No surface was ever posted and no settlement price is known.
    Unknown = 0,
    /// Not expired: forward, rate and surface.
    Live = 1,
    /// Expired, with no final settlement price: the forward is the proposed one, or what is observed of the average completed by the index.
    Expired = 2,
    /// Expired: the forward is the final settlement price.
    Settled = 3,
    /// Not expired, but inside the settlement window: part of the forward is observed.
    Observed = 4,
}

/// An expiry's forward and raw-SVI slice, or its settlement price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// What the words hold.
    pub state: ExpiryState,
    /// Forward or settlement price (see [`ExpiryState`]), 18 decimals.
    pub forward: u128,
    /// The part of the forward that can still move, 18 decimals; counts in the states Expired and Observed.
    pub forward_variable: u128,
    /// Share of the settlement window that is observed, 18 decimals; counts in the states Expired and Observed.
    pub observed_share: u64,
    /// Least price that a dispute may set, 18 decimals; counts in the state Expired.
    pub least: u128,
    /// Greatest price that a dispute may set.
    pub greatest: u128,
    /// Raw SVI a.
    pub a: i64,
    /// Raw SVI b.
    pub b: u64,
    /// Raw SVI rho.
    pub rho: i64,
    /// Raw SVI m.
    pub m: i64,
    /// Raw SVI sigma.
    pub sigma: u64,
    /// Interest rate, a year, continuously compounded.
    pub rate: i64,
    /// When the model was evaluated, Unix seconds: total variance belongs to expiry less this.
    pub model_time: u64,
    /// Confidence of the forward.
    pub forward_confidence: u64,
    /// Confidence of the rate.
    pub rate_confidence: u64,
    /// Confidence of the surface.
    pub volatility_confidence: u64,
}

impl Stable {
    /// Packs it.
    pub fn pack(self) -> U256 {
        join(self.price, u128::from(self.validity))
    }

    /// Reads it.
    pub fn unpack(word: U256) -> Self {
        let (price, low) = split(word);
        Self { price, validity: low_u8(low) }
    }
}

impl Index {
    /// Packs it.
    pub fn pack(self) -> [U256; 2] {
        [
            join(self.price, (u128::from(self.updated_at) << 64) | u128::from(self.validity)),
            join(self.slow_price, 0),
        ]
    }

    /// Reads it.
    pub fn unpack(words: [U256; 2]) -> Self {
        let [first, second] = words;
        let (price, low) = split(first);
        let (slow_price, _) = split(second);
        Self { price, slow_price, updated_at: low_u64(low >> 64), validity: low_u8(low) }
    }
}

impl Perpetual {
    /// Packs it.
    pub fn pack(self) -> [U256; 2] {
        [
            join(self.mark, self.funding_index.cast_unsigned()),
            join(0, u128::from(self.confidence) << 64),
        ]
    }

    /// Reads it.
    pub fn unpack(words: [U256; 2]) -> Self {
        let [first, second] = words;
        let (mark, funding) = split(first);
        let (_, low) = split(second);
        Self { mark, funding_index: funding.cast_signed(), confidence: low_u64(low >> 64) }
    }
}

impl Expiry {
    /// An expiry of which nothing is known.
    pub const UNKNOWN: Self = Self {
        state: ExpiryState::Unknown,
        forward: 0,
        forward_variable: 0,
        observed_share: 0,
        least: 0,
        greatest: 0,
        a: 0,
        b: 0,
        rho: 0,
        m: 0,
        sigma: 0,
        rate: 0,
        model_time: 0,
        forward_confidence: 0,
        rate_confidence: 0,
        volatility_confidence: 0,
    };

    /// Packs it: three words and, in the states Expired and Observed, two more. Confidences above 1 count as 1; of a model time
    /// the low 40 bits.
    pub fn pack(self) -> impl Iterator<Item = U256> {
        let high = (u128::from(self.model_time) << 88)
            | (u128::from(self.forward_confidence.min(CONFIDENCE_ONE)) << 28)
            | u128::from(self.state.number());
        let low = (u128::from(self.rate_confidence.min(CONFIDENCE_ONE)) << 64)
            | u128::from(self.volatility_confidence.min(CONFIDENCE_ONE));
        let words = [
            join(high, low),
            U256::from_limbs([
                self.b,
                self.a.cast_unsigned(),
                low_u64(self.forward),
                low_u64(self.forward >> 64),
            ]),
            U256::from_limbs([
                self.rate.cast_unsigned(),
                self.sigma,
                self.m.cast_unsigned(),
                self.rho.cast_unsigned(),
            ]),
            join(self.forward_variable, u128::from(self.observed_share)),
            join(self.least, self.greatest),
        ];
        let count = if self.state.is_observed() { 5 } else { 3 };
        words.into_iter().take(count)
    }

    /// Reads the words that `next` gives, in order. A state that doesn't exist counts as unknown.
    ///
    /// # Errors
    /// What `next` fails with.
    pub fn read<E>(next: &mut dyn FnMut() -> Result<U256, E>) -> Result<Self, E> {
        let (tail, confidences) = split(next()?);
        let [b, a, low, high] = next()?.into_limbs();
        let [rate, sigma, m, rho] = next()?.into_limbs();
        let state = ExpiryState::from_number(low_u8(tail));
        let mut expiry = Self {
            state,
            forward: wide(high, low),
            a: a.cast_signed(),
            b,
            rho: rho.cast_signed(),
            m: m.cast_signed(),
            sigma,
            rate: rate.cast_signed(),
            model_time: low_u64(tail >> 88),
            forward_confidence: low_u64((tail >> 28) & CONFIDENCE_MASK),
            rate_confidence: low_u64(confidences >> 64),
            volatility_confidence: low_u64(confidences),
            ..Self::UNKNOWN
        };
        if state.is_observed() {
            let (variable, share) = split(next()?);
            let (least, greatest) = split(next()?);
            expiry.forward_variable = variable;
            expiry.observed_share = low_u64(share);
            expiry.least = least;
            expiry.greatest = greatest;
        }
        Ok(expiry)
    }
}

impl ExpiryState {
    const fn is_observed(self) -> bool {
        matches!(self, Self::Expired | Self::Observed)
    }

    const fn number(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Live => 1,
            Self::Expired => 2,
            Self::Settled => 3,
            Self::Observed => 4,
        }
    }

    const fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Live,
            2 => Self::Expired,
            3 => Self::Settled,
            4 => Self::Observed,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn read(words: &[U256]) -> Expiry {
        let mut words = words.iter().copied();
        let expiry = Expiry::read(&mut || words.next().ok_or(())).unwrap();
        assert_eq!(words.next(), None);
        expiry
    }

    #[test]
    fn every_field_keeps_its_extremes() {
        let stable = Stable { price: u128::MAX, validity: 255 };
        assert_eq!(Stable::unpack(stable.pack()), stable);
        let (price, slow_price) = (u128::MAX, u128::MAX - 1);
        let index = Index { price, slow_price, updated_at: u64::MAX, validity: 4 };
        assert_eq!(Index::unpack(index.pack()), index);
        let perpetual =
            Perpetual { mark: u128::MAX, funding_index: i128::MIN, confidence: CONFIDENCE_ONE };
        assert_eq!(Perpetual::unpack(perpetual.pack()), perpetual);
        for state in
            [ExpiryState::Live, ExpiryState::Expired, ExpiryState::Settled, ExpiryState::Observed]
        {
            let mut expiry = Expiry {
                state,
                forward: u128::MAX,
                a: i64::MIN,
                b: u64::MAX,
                rho: -1,
                m: i64::MAX,
                sigma: 5,
                rate: i64::MIN,
                model_time: (1 << 40) - 1,
                forward_confidence: CONFIDENCE_ONE,
                rate_confidence: 0,
                volatility_confidence: CONFIDENCE_ONE - 1,
                ..Expiry::UNKNOWN
            };
            if state.is_observed() {
                expiry.forward_variable = u128::MAX;
                expiry.observed_share = u64::MAX;
                (expiry.least, expiry.greatest) = (1, u128::MAX);
            }
            let words: Vec<U256> = expiry.pack().collect();
            assert_eq!(words.len(), if state.is_observed() { 5 } else { 3 });
            assert_eq!(read(&words), expiry);
        }
        let words: Vec<U256> = Expiry::UNKNOWN.pack().collect();
        assert_eq!(read(&words), Expiry::UNKNOWN);
    }

    #[test]
    fn fields_stand_where_the_layout_says() {
        let expiry = Expiry {
            state: ExpiryState::Live,
            forward: 3_000,
            b: 7,
            rho: -1,
            model_time: 9,
            ..Expiry::UNKNOWN
        };
        let words: Vec<U256> = expiry.pack().collect();
        assert_eq!(words[0], (U256::from(9) << 216) | (U256::from(1_u64) << 128));
        assert_eq!(words[1], (U256::from(3_000) << 128) | U256::from(7));
        assert_eq!(words[2], U256::from(u64::MAX) << 192);
    }
}
