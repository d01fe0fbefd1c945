//! Wide fixed-point arithmetic on money: sums in 256 bits, factors in 64.
//!
//! Inside this crate money is counted in [`Fine`] units of 1e-24: a quantity in millionths times a price with 18 decimals
//! is a whole number of them, so positions add up without rounding. Factors (`Qn`: the integer is the number times `2^n`)
//! are applied by 64-bit limbs, floored: against the account, which owns the positive side.

use alloy_primitives::{I256, U256};
use novate_math::kernel::multiply_wide;

mod binary;
mod division;

pub(crate) use binary::{binary, binary_q118, binary_signed, binary_wide, units};
pub use division::{divide, divide_slowly};
pub(crate) use division::{mul_div, multiply_256, quotient_down};

/// One in Q60, the format of price ratios and of factors below 16.
pub(crate) const ONE_Q60: u64 = 1 << 60;
/// One in Q62, the format of factors below 4.
pub(crate) const ONE_Q62: u64 = 1 << 62;
/// One in Q58, the format of factors below 64.
pub(crate) const ONE_Q58: u64 = 1 << 58;
/// One with 18 decimals.
pub(crate) const WAD: u64 = 1_000_000_000_000_000_000;
/// Millionths in one.
const MILLION: u64 = 1_000_000;

/// Money in units of 1e-24 quote currency.
///
/// The greatest amount that arises is 256 positions of 2^63 millionths at a strike below 2^137 units of 1e-18, below 2^208;
/// sums of such stay below 2^224, so plain 256-bit sums never wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Fine(pub(crate) I256);

impl Fine {
    pub(crate) const ZERO: Self = Self(I256::ZERO);

    /// Money with 18 decimals, of at most 2^234 units.
    pub(crate) fn from_wad(money: I256) -> Self {
        let size = I256::from_raw(multiply_256(money.unsigned_abs(), MILLION));
        Self(if money.is_negative() { size.wrapping_neg() } else { size })
    }

    /// Money with 18 decimals, rounded against the account.
    pub(crate) fn to_wad_down(self) -> I256 {
        let (quotient, remainder) = divide(self.0.unsigned_abs(), MILLION);
        let quotient = I256::from_raw(quotient);
        if !self.0.is_negative() {
            quotient
        } else if remainder == 0 {
            quotient.wrapping_neg()
        } else {
            quotient.wrapping_neg().wrapping_sub(I256::ONE)
        }
    }

    /// Not inlined: a copy of the limbs' carries is a hundred bytes of WASM.
    #[inline(never)]
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(add(self.0, other.0))
    }

    /// The sum, where a loop takes it: a call costs ten gas a row.
    #[inline]
    pub(crate) const fn plus_inline(self, other: Self) -> Self {
        Self(add(self.0, other.0))
    }

    /// Not inlined, as [`Fine::plus`].
    #[inline(never)]
    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(subtract(self.0, other.0))
    }

    /// The difference, where a loop takes it.
    #[inline]
    pub(crate) const fn minus_inline(self, other: Self) -> Self {
        Self(subtract(self.0, other.0))
    }

    pub(crate) const fn negated(self) -> Self {
        Self(subtract(I256::ZERO, self.0))
    }

    pub(crate) const fn is_negative(self) -> bool {
        self.0.is_negative()
    }

    /// `floor(self * factor / 2^point)`.
    pub(crate) fn times(self, factor: u64, point: u32) -> Self {
        Self(scale(self.0, factor, point))
    }

    /// The product with a ratio's distance from one: `floor(self * (ratio - 1))`, `ratio` in Q60.
    pub(crate) fn times_change(self, ratio: u64) -> Self {
        if ratio >= ONE_Q60 {
            self.times(ratio.wrapping_sub(ONE_Q60), 60)
        } else {
            self.negated().times(ONE_Q60.wrapping_sub(ratio), 60)
        }
    }
}

/// `a + b`, wrapping: plain limbs, because sums are what the loops do.
#[inline]
const fn add(a: I256, b: I256) -> I256 {
    let [a0, a1, a2, a3] = *a.as_limbs();
    let [b0, b1, b2, b3] = *b.as_limbs();
    let (s0, c0) = a0.overflowing_add(b0);
    let (s1, c1) = carry(a1, b1, c0);
    let (s2, c2) = carry(a2, b2, c1);
    let (s3, _) = carry(a3, b3, c2);
    I256::from_raw(U256::from_limbs([s0, s1, s2, s3]))
}

/// `a - b`, wrapping.
#[inline]
const fn subtract(a: I256, b: I256) -> I256 {
    let [a0, a1, a2, a3] = *a.as_limbs();
    let [b0, b1, b2, b3] = *b.as_limbs();
    // a - b = a + !b + 1
    let (s0, c0) = carry(a0, !b0, true);
    let (s1, c1) = carry(a1, !b1, c0);
    let (s2, c2) = carry(a2, !b2, c1);
    let (s3, _) = carry(a3, !b3, c2);
    I256::from_raw(U256::from_limbs([s0, s1, s2, s3]))
}

/// `floor(x * factor / 2^point)`, `point` in 1..=63, saturating.
#[inline(never)]
fn scale(x: I256, factor: u64, point: u32) -> I256 {
    if factor == 1_u64.wrapping_shl(point) {
        return x;
    }
    let [x0, x1, x2, x3] = *x.as_limbs();
    let (h0, l0) = multiply_wide(x0, factor);
    let (h1, l1) = multiply_wide(x1, factor);
    let (h2, l2) = multiply_wide(x2, factor);
    let (h3, l3) = multiply_wide(x3, factor);
    let (p1, c1) = l1.overflowing_add(h0);
    let (p2, c2) = carry(l2, h1, c1);
    let (p3, c3) = carry(l3, h2, c2);
    // A negative x reads as x + 2^256: its product has factor 2^256 too much. The sum below is the signed top word: its size
    // is below 2^64 / 2, because |x| <= 2^255.
    let excess = if x.is_negative() { factor } else { 0 };
    let p4 = h3.wrapping_add(u64::from(c3)).wrapping_sub(excess).cast_signed();
    let left = 64_u32.wrapping_sub(point);
    let join = |low: u64, high: u64| low.wrapping_shr(point) | high.wrapping_shl(left);
    let top = join(p3, p4.cast_unsigned());
    // What is shifted out above must repeat the sign.
    if p4.wrapping_shr(point.wrapping_sub(1)) >> 1 != top.cast_signed() >> 63 {
        return if x.is_negative() { I256::MIN } else { I256::MAX };
    }
    I256::from_raw(U256::from_limbs([join(l0, p1), join(p1, p2), join(p2, p3), top]))
}

/// `a + b + carry` and the carry out.
const fn carry(a: u64, b: u64, carried: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    if carried {
        let (sum, second) = sum.overflowing_add(1);
        (sum, first | second)
    } else {
        (sum, first)
    }
}

/// The product of a price and a signed amount.
pub(crate) const fn price_times(price: u128, amount: i128) -> I256 {
    let [p0, p1, p2, p3] = product(price, amount);
    I256::from_raw(U256::from_limbs([p0, p1, p2, p3]))
}

/// `floor(price * amount / 2^55)`.
pub(crate) fn price_times_q55(price: u128, amount: i128) -> I256 {
    let [p0, p1, p2, p3] = product(price, amount);
    let join = |low: u64, high: u64| (low >> 55) | (high << 9);
    let top = (p3.cast_signed() >> 55).cast_unsigned();
    I256::from_raw(U256::from_limbs([join(p0, p1), join(p1, p2), join(p2, p3), top]))
}

/// The product in limbs of two's complement; below 2^255 in size, because |amount| <= 2^127 and price < 2^128.
#[inline(never)]
const fn product(price: u128, amount: i128) -> [u64; 4] {
    let (a1, a0) = halves(price);
    let (b1, b0) = halves(amount.cast_unsigned());
    let (h00, p0) = multiply_wide(a0, b0);
    let (h01, l01) = multiply_wide(a0, b1);
    let (h10, l10) = multiply_wide(a1, b0);
    let (h11, l11) = multiply_wide(a1, b1);
    let (p1, c1) = h00.overflowing_add(l01);
    let (p1, d1) = p1.overflowing_add(l10);
    let (p2, c2) = carry(h01, h10, c1);
    let (p2, d2) = carry(p2, l11, d1);
    let mut p3 = h11;
    if c2 {
        p3 = p3.wrapping_add(1);
    }
    if d2 {
        p3 = p3.wrapping_add(1);
    }
    if amount >= 0 {
        return [p0, p1, p2, p3];
    }
    // A negative amount reads as amount + 2^128: price 2^128 too much.
    let (p2, borrow) = p2.overflowing_sub(a0);
    let p3 = p3.wrapping_sub(a1);
    [p0, p1, p2, if borrow { p3.wrapping_sub(1) } else { p3 }]
}

/// The product of a strike below 2^137 and a quantity.
pub(crate) fn strike_times(strike: U256, quantity: i64) -> I256 {
    let [s0, s1, s2, _] = *strike.as_limbs();
    let quantity_size = quantity.unsigned_abs();
    let (h0, l0) = multiply_wide(s0, quantity_size);
    let (h1, l1) = multiply_wide(s1, quantity_size);
    let (h2, l2) = multiply_wide(s2, quantity_size);
    let (p1, c1) = l1.overflowing_add(h0);
    let (p2, c2) = carry(l2, h1, c1);
    let p3 = h2.wrapping_add(u64::from(c2));
    let magnitude = I256::from_raw(U256::from_limbs([l0, p1, p2, p3]));
    if quantity < 0 { magnitude.wrapping_neg() } else { magnitude }
}

/// `floor(price * ratio)`, `ratio` in Q60; `price` below 2^120.
pub(crate) fn price_ratio(price: u128, ratio: u64) -> u128 {
    let (high, low) = halves(price);
    let (h1, l1) = multiply_wide(high, ratio);
    let (h0, l0) = multiply_wide(low, ratio);
    let (middle, over) = l1.overflowing_add(h0);
    let top = h1.wrapping_add(u64::from(over)); // below 2^60
    (u128::from(top) << 68) | (u128::from(middle) << 4) | u128::from(l0 >> 60)
}

/// `floor(part / whole)` of prices, in Q60, at most just below 16; of nothing: 0.
#[inline(never)]
pub(crate) fn ratio_q60(part: u128, whole: u128) -> u64 {
    if part == whole {
        return ONE_Q60;
    }
    // Both below 2^116: long division by 12 bits five times.
    let units = part.checked_div(whole).unwrap_or(0);
    if units > 15 {
        return u64::MAX;
    }
    let mut rest = part.wrapping_sub(units.wrapping_mul(whole));
    let mut quotient = units;
    for _ in 0..5 {
        let scaled = rest.wrapping_shl(12);
        let digit = scaled.checked_div(whole).unwrap_or(0);
        rest = scaled.wrapping_sub(digit.wrapping_mul(whole));
        quotient = (quotient << 12) | digit;
    }
    let (_, low) = halves(quotient);
    low
}

/// `ceil(part / whole)` in Q62 of amounts that aren't negative, at most one, to 2^-61; of nothing: one.
pub(crate) fn share_q62(part: U256, whole: U256) -> u64 {
    if part >= whole {
        return ONE_Q62;
    }
    let shift = whole.bit_len().saturating_sub(64);
    let low = |x: U256| {
        let [x0, ..] = *x.wrapping_shr(shift).as_limbs();
        x0
    };
    let quotient = (u128::from(low(part)) << 62).checked_div(u128::from(low(whole)));
    let (_, quotient) = halves(quotient.unwrap_or(0));
    quotient.saturating_add(1).min(ONE_Q62)
}

/// The high and the low 64 bits.
pub(crate) const fn halves(x: u128) -> (u64, u64) {
    let bytes = x.to_be_bytes();
    let [h0, h1, h2, h3, h4, h5, h6, h7, l0, l1, l2, l3, l4, l5, l6, l7] = bytes;
    (
        u64::from_be_bytes([h0, h1, h2, h3, h4, h5, h6, h7]),
        u64::from_be_bytes([l0, l1, l2, l3, l4, l5, l6, l7]),
    )
}

/// `min(floor(a * b / 2^point), u64::MAX)`, `point` in 1..=63.
#[inline(never)]
pub(crate) const fn multiply(a: u64, b: u64, point: u32) -> u64 {
    let (high, low) = multiply_wide(a, b);
    if high.wrapping_shr(point) != 0 {
        return u64::MAX;
    }
    high.wrapping_shl(64_u32.wrapping_sub(point)) | low.wrapping_shr(point)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amounts() -> impl Strategy<Value = I256> {
        (any::<[u64; 4]>(), 1_usize..255, any::<bool>()).prop_map(|(limbs, bits, negative)| {
            let size = I256::from_raw(U256::from_limbs(limbs) >> (256 - bits));
            if negative { -size } else { size }
        })
    }

    /// Floor division by a power of two, by the definition.
    fn shifted(x: I256, point: u32) -> I256 {
        let unit = I256::ONE << usize::try_from(point).unwrap();
        let quotient = x / unit;
        if x.is_negative() && quotient * unit != x { quotient - I256::ONE } else { quotient }
    }

    proptest! {
        #[test]
        fn scaling_floors_the_product(x in amounts(), factor in any::<u64>(), point in 1_u32..64) {
            let product = x.checked_mul(I256::from_raw(U256::from(factor)));
            if let Some(product) = product {
                prop_assert_eq!(scale(x, factor, point), shifted(product, point));
            }
            let one = scale(x, 1 << point, point);
            prop_assert_eq!(one, x);
        }

        #[test]
        fn wide_products_are_exact(price in any::<u128>(), amount in any::<i128>(), quantity in any::<i64>()) {
            let exact = I256::from_raw(U256::from(price)) * I256::try_from(amount).unwrap();
            prop_assert_eq!(price_times(price, amount), exact);
            let strike = U256::from(price) << 9;
            let exact = I256::from_raw(strike) * I256::try_from(quantity).unwrap();
            prop_assert_eq!(strike_times(strike, quantity), exact);
        }

        #[test]
        fn ratios_floor(price in 0_u128..1 << 120, ratio in any::<u64>()) {
            let exact: U256 = (U256::from(price) * U256::from(ratio)) >> 60;
            prop_assert_eq!(U256::from(price_ratio(price, ratio)), exact);
        }

        #[test]
        fn price_ratios_are_exact(whole in 1_u128..1 << 110, part in any::<u128>()) {
            let part = part % (whole << 3).min((1 << 112) - 1);
            let exact = (U256::from(part) << 60) / U256::from(whole);
            prop_assert_eq!(U256::from(ratio_q60(part, whole)), exact);
            prop_assert_eq!(ratio_q60(0, whole), 0);
            prop_assert_eq!(ratio_q60(whole, whole), ONE_Q60);
        }

        #[test]
        fn shares_are_rounded_up(part in any::<[u64; 4]>(), whole in any::<[u64; 4]>(), bits in 0_usize..255) {
            let part: U256 = U256::from_limbs(part) >> (bits + 1);
            let whole: U256 = U256::from_limbs(whole) >> (bits + 1);
            let share = U256::from(share_q62(part, whole));
            if part >= whole {
                prop_assert_eq!(share, U256::from(ONE_Q62));
            } else {
                let (part, whole): (U256, U256) = (part >> 66, whole >> 66);
                if !whole.is_zero() {
                    let exact: U256 = (part << 62) / (whole + U256::from(1));
                    prop_assert!(share >= exact && share <= ((part + U256::from(1)) << 62) / whole + U256::from(8));
                }
            }
        }

        #[test]
        fn money_rounds_down(x in amounts()) {
            let fine = Fine(x >> 30);
            let wad = fine.to_wad_down();
            prop_assert!(Fine::from_wad(wad) <= fine);
            prop_assert!(Fine::from_wad(wad + I256::ONE) > fine);
        }
    }
}
