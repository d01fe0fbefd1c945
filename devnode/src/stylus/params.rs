//! Parameters of the Stylus subsystem.

use alloy_primitives::U256;

use crate::config::ArbOs;

/// Prices and limits for programs, with the values that a chain starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Params {
    /// Version that programs must be activated for.
    pub(crate) version: u16,
    pub(crate) ink_price: u32,
    pub(crate) max_stack_depth: u32,
    pub(crate) page_limit: u16,
    /// Minimum start cost of an uncached program, in units of 128 gas.
    pub(crate) min_init_gas: u8,
    /// Minimum start cost of a cached program, in units of 32 gas.
    pub(crate) min_cached_gas: u8,
    /// Scale of a program's own start cost, in units of 2 %.
    pub(crate) init_cost_scalar: u8,
    pub(crate) cached_cost_scalar: u8,
    pub(crate) expiry_days: u16,
    pub(crate) keepalive_days: u16,
    /// Programs that are remembered within a block.
    pub(crate) block_cache_size: u16,
    pub(crate) max_wasm_size: u32,
    pub(crate) max_fragments: u8,
}

impl Params {
    /// Those that a new chain has.
    pub(crate) const fn new(arbos: ArbOs) -> Self {
        // Fragments, and twice the room, come with ArbOS 60.
        let (max_wasm_size, max_fragments) = match arbos {
            ArbOs::V51 => (131_072, 0),
            ArbOs::V60 => (262_144, 4),
        };
        Self {
            version: arbos.stylus_version(),
            ink_price: 10_000,
            max_stack_depth: 22_000,
            page_limit: 128,
            min_init_gas: 69,
            min_cached_gas: 11,
            init_cost_scalar: 50,
            cached_cost_scalar: 50,
            expiry_days: 365,
            keepalive_days: 31,
            block_cache_size: 32,
            max_wasm_size,
            max_fragments,
        }
    }
}

/// What the chain shows as the ramp of the page price.
pub(crate) const PAGE_RAMP: u64 = 620_674_314;

const DAY: u64 = 86_400;

impl Params {
    /// The parameters as they are stored once an owner changed one.
    pub(crate) fn to_word(self) -> U256 {
        let mut word = [0; 32];
        let parts: [&[u8]; 13] = [
            &self.version.to_be_bytes(),
            &self.ink_price.to_be_bytes(),
            &self.max_stack_depth.to_be_bytes(),
            &self.page_limit.to_be_bytes(),
            &[self.min_init_gas],
            &[self.min_cached_gas],
            &[self.init_cost_scalar],
            &[self.cached_cost_scalar],
            &self.expiry_days.to_be_bytes(),
            &self.keepalive_days.to_be_bytes(),
            &self.block_cache_size.to_be_bytes(),
            &self.max_wasm_size.to_be_bytes(),
            &[self.max_fragments],
        ];
        for (slot, byte) in word.iter_mut().zip(parts.into_iter().flatten()) {
            *slot = *byte;
        }
        U256::from_be_bytes(word)
    }

    /// Reads stored parameters; those of a new chain if none are stored.
    #[expect(clippy::many_single_char_names, reason = "bytes of one word, in order")]
    pub(crate) fn from_word(word: U256, arbos: ArbOs) -> Self {
        if word.is_zero() {
            return Self::new(arbos);
        }
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, ..] =
            word.to_be_bytes::<32>();
        Self {
            version: u16::from_be_bytes([a, b]),
            ink_price: u32::from_be_bytes([c, d, e, f]),
            max_stack_depth: u32::from_be_bytes([g, h, i, j]),
            page_limit: u16::from_be_bytes([k, l]),
            min_init_gas: m,
            min_cached_gas: n,
            init_cost_scalar: o,
            cached_cost_scalar: p,
            expiry_days: u16::from_be_bytes([q, r]),
            keepalive_days: u16::from_be_bytes([s, t]),
            block_cache_size: u16::from_be_bytes([u, v]),
            max_wasm_size: u32::from_be_bytes([w, x, y, z]),
            max_fragments: aa,
        }
    }

    /// Age at which a program expires, in seconds.
    pub(crate) fn expiry(&self) -> u64 {
        u64::from(self.expiry_days).saturating_mul(DAY)
    }

    /// Age from which a program's life can be extended, in seconds.
    pub(crate) fn keepalive(&self) -> u64 {
        u64::from(self.keepalive_days).saturating_mul(DAY)
    }

    /// Gas to start an uncached program, on top of the cached cost.
    pub(crate) fn init_gas(&self, init_cost: u16) -> u64 {
        scaled(u64::from(self.min_init_gas).saturating_mul(128), init_cost, self.init_cost_scalar)
    }

    /// Gas to start any program.
    pub(crate) fn cached_gas(&self, cached_cost: u16) -> u64 {
        let minimum = u64::from(self.min_cached_gas).saturating_mul(32);
        scaled(minimum, cached_cost, self.cached_cost_scalar)
    }
}

fn scaled(minimum: u64, cost: u16, scalar: u8) -> u64 {
    let percent = u64::from(scalar).saturating_mul(2);
    minimum.saturating_add(u64::from(cost).saturating_mul(percent).div_ceil(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_keeps_every_parameter() {
        let params = Params { expiry_days: 7, max_fragments: 5, ..Params::new(ArbOs::V51) };
        assert_eq!(Params::from_word(params.to_word(), ArbOs::V60), params);
        for (arbos, version, fragments, size) in
            [(ArbOs::V51, 2, 0, 131_072), (ArbOs::V60, 3, 4, 262_144)]
        {
            let params = Params::from_word(U256::ZERO, arbos);
            assert_eq!((params, params.version), (Params::new(arbos), version));
            assert_eq!((params.max_fragments, params.max_wasm_size), (fragments, size));
        }
    }
}
