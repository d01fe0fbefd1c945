//! Every packed word of the oracle's storage, declared once: fields from the highest bit of a half on, with their bits.
//!
//! Model times, feed times and surface times have 32 bits (until 2106), 9-decimal parameters the bits of the interface's types.
//! A value that doesn't fit is stored at the nearest that does.

use alloy_primitives::B256;
use novate_common::{halves, pair};

/// A field of a packed word.
pub(crate) trait Field: Copy {
    /// Its value in that many bits.
    fn bits(self, width: u32) -> u128;
    /// The value in the low bits, which has that many.
    fn read(bits: u128, width: u32) -> Self;
}

const fn mask(width: u32) -> u128 {
    u128::MAX.wrapping_shr(128_u32.wrapping_sub(width)) // width in 1..=128
}

macro_rules! unsigned {
    ($($type:ty),*) => {
        $(impl Field for $type {
            fn bits(self, width: u32) -> u128 {
                u128::from(self).min(mask(width))
            }

            fn read(bits: u128, width: u32) -> Self {
                Self::try_from(bits & mask(width)).unwrap_or(Self::MAX)
            }
        })*
    };
}

macro_rules! signed {
    ($($type:ty),*) => {
        $(impl Field for $type {
            fn bits(self, width: u32) -> u128 {
                let most = mask(width.wrapping_sub(1)).cast_signed(); // width in 2..=128
                i128::from(self).clamp(most.wrapping_neg().wrapping_sub(1), most).cast_unsigned() & mask(width)
            }

            fn read(bits: u128, width: u32) -> Self {
                let above = 128_u32.wrapping_sub(width);
                Self::try_from(bits.wrapping_shl(above).cast_signed() >> above).unwrap_or_default()
            }
        })*
    };
}

unsigned!(u8, u16, u32, u64, u128);
signed!(i64, i128);

impl<const N: usize> Field for [u16; N] {
    fn bits(self, width: u32) -> u128 {
        let each = element(width, N);
        self.iter().fold(0, |bits, value| bits.wrapping_shl(each) | value.bits(each))
    }

    fn read(bits: u128, width: u32) -> Self {
        let each = element(width, N);
        let mut rest = bits;
        let mut values = [0; N];
        for value in values.iter_mut().rev() {
            *value = u16::read(rest, each);
            rest = rest.wrapping_shr(each);
        }
        values
    }
}

/// Bits of one of `count` elements that share `width`.
fn element(width: u32, count: usize) -> u32 {
    u32::try_from(count).ok().and_then(|count| width.checked_div(count)).unwrap_or(1)
}

/// Packs fields into a half, the last one lowest.
macro_rules! packed {
    ($(
        $(#[$meta:meta])*
        $name:ident {
            high: $($(#[$high_meta:meta])* $high:ident: $high_type:ty = $high_bits:literal),+;
            low: $($(#[$low_meta:meta])* $low:ident: $low_type:ty = $low_bits:literal),+ $(;)?
        }
    )*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
            pub(crate) struct $name {
                $($(#[$high_meta])* pub(crate) $high: $high_type,)+
                $($(#[$low_meta])* pub(crate) $low: $low_type,)+
            }

            const _: () = assert!(0 $(+ $high_bits)+ <= 128 && 0 $(+ $low_bits)+ <= 128);

            impl $name {
                /// The word.
                #[inline(never)]
                pub(crate) fn pack(&self) -> B256 {
                    let (mut high, mut low) = (0_u128, 0_u128);
                    $(high = high.wrapping_shl($high_bits % 128) | Field::bits(self.$high, $high_bits);)+
                    $(low = low.wrapping_shl($low_bits % 128) | Field::bits(self.$low, $low_bits);)+
                    pair(high, low)
                }

                /// Reads the word.
                #[inline(never)]
                pub(crate) fn unpack(word: &B256) -> Self {
                    let (high, low) = halves(word);
                    let (mut high_place, mut low_place) = (0_u32 $(+ $high_bits)+, 0_u32 $(+ $low_bits)+);
                    Self {
                        $($high: {
                            high_place = high_place.wrapping_sub($high_bits);
                            Field::read(high.wrapping_shr(high_place), $high_bits)
                        },)+
                        $($low: {
                            low_place = low_place.wrapping_sub($low_bits);
                            Field::read(low.wrapping_shr(low_place), $low_bits)
                        },)+
                    }
                }
            }
        )*
    };
}

packed! {
    /// An underlying's index: the last accepted price and what is reckoned from it.
    IndexWord {
        high: /// The last accepted price, 18 decimals; 0: never one.
            price: u128 = 112;
        low: /// When its round was updated.
            updated_at: u64 = 32,
            /// When slow price and average were last brought up to date.
            seen: u64 = 32,
            /// Slow price / price, Q24.
            slow: u32 = 32,
            /// Average of 5 minutes / price, Q24.
            average: u32 = 32;
    }

    /// An underlying's message: its model time, and the perpetual's mark.
    MarkWord {
        high: /// Mark / index reference, Q60; 0: no perpetual.
            ratio: u64 = 64,
            /// Model time of the last message; 0: none yet.
            model_time: u64 = 32,
            /// 4 decimals.
            confidence: u16 = 14,
            /// How much of its allowance the mark has used, in 4,095ths.
            used: u16 = 12;
        low: /// Average premium over 8 hours, 18 decimals.
            average: i64 = 64;
    }

    /// A perpetual's funding.
    FundingWord {
        high: /// Paid by one long contract until then, quote currency, 18 decimals.
            index: i128 = 128;
        low: /// From then on, units of 1e-18 of quote currency a second.
            rate: i64 = 64,
            /// Unix seconds.
            until: u64 = 40;
    }

    /// What each scalar of an underlying may move in ten minutes, 9 decimals.
    AllowanceWord {
        high: mark: u32 = 32, forward_floor: u32 = 32, forward_slope: u32 = 32, volatility_up: u32 = 32;
        low: volatility_down: u32 = 32, short_power: u32 = 32, long_power: u32 = 32,
            /// Least tenor, seconds.
            floor: u32 = 32;
    }

    /// An expiry's forward and rate.
    ForwardWord {
        high: /// Forward / index reference, Q60; 0: the expiry isn't listed.
            ratio: u64 = 64,
            /// Model time of the message.
            model_time: u64 = 32,
            /// 9 decimals.
            rate: u32 = 32;
        low: /// How much of their allowances forward, rate and volatility at k = 0, -1, 1, -2, 2 deviations have used, in 4,095ths.
            used: [u16; 7] = 84,
            /// 4 decimals.
            forward_confidence: u16 = 14,
            rate_confidence: u16 = 14,
            volatility_confidence: u16 = 14;
    }

    /// An expiry's surface, 9 decimals.
    SurfaceWord {
        high: a: i64 = 40, b: u32 = 32,
            /// Above 0.
            sigma: u64 = 40;
        low: m: i64 = 40, rho: i64 = 32,
            /// Model time of the message that brought it.
            time: u64 = 32;
    }

    /// The settlement of an expiry.
    SettlementWord {
        high: /// Proposed or final, 18 decimals; 0: neither.
            price: u128 = 112,
            /// 0 proposed, 1 disputed, 2 answered.
            stage: u8 = 8;
        low: proposed_at: u64 = 40,
            /// From when it is final; while disputed: until when it may be answered, and final from then on.
            final_at: u64 = 40;
    }

    /// How far the window of an expiry is observed.
    ObservationWord {
        high: /// Sum of accepted prices times the seconds for which each held inside the window.
            sum: u128 = 128;
        low: /// The round that was looked at last.
            last_round: u128 = 80,
            /// Accepted rounds, the one in force at the start included.
            rounds: u16 = 16,
            /// Which feed of the underlying they are of.
            version: u16 = 16;
    }

    /// The accepted round that holds, and the greatest of all.
    AcceptedWord {
        high: price: u128 = 112;
        low: greatest: u128 = 112;
    }

    /// The least accepted round, and when the last one was updated.
    LeastWord {
        high: least: u128 = 112;
        low: updated_at: u64 = 40;
    }

    /// A settlement price that the governor announced.
    AnnouncedWord {
        high: price: u128 = 112;
        low: /// From when anyone may fix it.
            from: u64 = 40;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn extremes_stay_and_what_does_not_fit_is_held() {
        let word = SurfaceWord {
            a: -1,
            b: u32::MAX,
            sigma: (1 << 40) - 1,
            m: -(1 << 39),
            rho: -1,
            time: 7,
        };
        assert_eq!(SurfaceWord::unpack(&word.pack()), word);
        let held = SurfaceWord { a: i64::MIN, m: i64::MAX, sigma: u64::MAX, ..word };
        let read = SurfaceWord::unpack(&held.pack());
        assert_eq!((read.a, read.m, read.sigma), (-(1 << 39), (1 << 39) - 1, (1 << 40) - 1));
        assert_eq!((read.b, read.rho, read.time), (word.b, word.rho, word.time));
        let funding = FundingWord { index: i128::MIN, rate: i64::MIN, until: (1 << 40) - 1 };
        assert_eq!(FundingWord::unpack(&funding.pack()), funding);
        let index =
            IndexWord { price: u128::MAX, updated_at: 1, seen: 2, slow: 3, average: u32::MAX };
        assert_eq!(IndexWord::unpack(&index.pack()), IndexWord { price: (1 << 112) - 1, ..index });
    }

    #[test]
    fn fields_stand_from_the_highest_bit_on() {
        let word = ForwardWord {
            ratio: 0x0102_0304_0506_0708,
            model_time: 0x090a_0b0c,
            rate: 0x0d0e_0f10,
            used: [0xabc, 0, 0, 0, 0, 0, 0xdef],
            forward_confidence: 10_000,
            rate_confidence: 0,
            volatility_confidence: 1,
        };
        let (high, low) = halves(&word.pack());
        assert_eq!(high, 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
        assert_eq!(low, (0xabc << 114) | (0xdef << 42) | (10_000 << 28) | 1);
        assert_eq!(ForwardWord::unpack(&word.pack()), word);
    }

    proptest! {
        /// Whatever bits of its fields a word has, reading and packing gives them back; no field leaks into another.
        #[test]
        fn words_round_trip(bytes in any::<[u8; 32]>()) {
            let word = B256::new(bytes);
            macro_rules! stable {
                ($($name:ident),*) => {
                    $(
                        let once = $name::unpack(&word);
                        prop_assert_eq!($name::unpack(&once.pack()), once);
                    )*
                };
            }
            stable!(IndexWord, MarkWord, FundingWord, AllowanceWord, ForwardWord, SurfaceWord, SettlementWord,
                ObservationWord, AcceptedWord, LeastWord, AnnouncedWord);
            prop_assert_eq!(AllowanceWord::unpack(&word).pack(), word);
        }
    }
}
