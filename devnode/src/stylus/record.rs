//! What the chain stores about an active program, in one word.

use alloy_primitives::{B256, U256};

use super::Params;
use crate::wasm::ActivationData;

/// When Arbitrum began: activation times count hours from here.
const START: u64 = 1_421_388_000;
const HOUR: u64 = 3_600;

/// A program's entry, keyed by its code hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ProgramRecord {
    /// Version that it was activated for; 0 if it never was.
    pub(crate) version: u16,
    pub(crate) init_cost: u16,
    pub(crate) cached_cost: u16,
    pub(crate) footprint: u16,
    /// Hours since Arbitrum began.
    pub(crate) activated_at: u32,
    /// Estimated size of the compiled program in KiB.
    pub(crate) asm_kib: u32,
    /// Whether a cache manager keeps it cached.
    pub(crate) cached: bool,
}

/// Why a program cannot be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProgramError {
    /// It was never activated.
    #[error("ProgramNotActivated()")]
    NotActivated,
    /// It was activated for another version.
    #[error("ProgramNeedsUpgrade({version}, {required})")]
    NeedsUpgrade { version: u16, required: u16 },
    /// It is too old.
    #[error("ProgramExpired({age})")]
    Expired { age: u64 },
}

impl ProgramRecord {
    /// The entry of a program activated now.
    pub(crate) fn new(data: &ActivationData, params: &Params, time: u64, cached: bool) -> Self {
        Self {
            version: params.version,
            init_cost: data.init_cost,
            cached_cost: data.cached_cost,
            footprint: data.footprint,
            activated_at: hours(time),
            asm_kib: data.asm_estimate.div_ceil(1_024).min(0xff_ffff),
            cached,
        }
    }

    /// Seconds since activation.
    pub(crate) fn age(&self, time: u64) -> u64 {
        let since = START.saturating_add(u64::from(self.activated_at).saturating_mul(HOUR));
        time.saturating_sub(since)
    }

    /// Estimated size of the compiled program in bytes, as far as it is stored.
    pub(crate) const fn asm_bytes(&self) -> u32 {
        self.asm_kib.saturating_mul(1_024)
    }

    /// Starts the program's life anew.
    pub(crate) fn renew(&mut self, time: u64) {
        self.activated_at = hours(time);
    }

    /// Checks that the program may be called.
    pub(crate) fn check(&self, params: &Params, time: u64) -> Result<(), ProgramError> {
        if self.version == 0 {
            return Err(ProgramError::NotActivated);
        }
        if self.version != params.version {
            let (version, required) = (self.version, params.version);
            return Err(ProgramError::NeedsUpgrade { version, required });
        }
        let age = self.age(time);
        if age > params.expiry() {
            return Err(ProgramError::Expired { age });
        }
        Ok(())
    }

    /// Whether an activation at this moment would find it up to date.
    pub(crate) fn is_current(&self, params: &Params, time: u64) -> bool {
        self.version == params.version
            && self.activated_at != 0
            && self.age(time) <= params.expiry()
    }

    /// The word as it is stored: fields from the most significant byte on.
    pub(crate) fn to_word(self) -> U256 {
        let mut word = [0; 32];
        let [_, activated_at @ ..] = self.activated_at.to_be_bytes();
        let [_, asm_kib @ ..] = self.asm_kib.to_be_bytes();
        let parts: [&[u8]; 7] = [
            &self.version.to_be_bytes(),
            &self.init_cost.to_be_bytes(),
            &self.cached_cost.to_be_bytes(),
            &self.footprint.to_be_bytes(),
            &activated_at,
            &asm_kib,
            &[u8::from(self.cached)],
        ];
        for (slot, byte) in word.iter_mut().zip(parts.into_iter().flatten()) {
            *slot = *byte;
        }
        B256::new(word).into()
    }

    /// Reads a stored word.
    #[expect(clippy::many_single_char_names, reason = "bytes of one word, in order")]
    pub(crate) const fn from_word(word: U256) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, ..] = word.to_be_bytes::<32>();
        Self {
            version: u16::from_be_bytes([a, b]),
            init_cost: u16::from_be_bytes([c, d]),
            cached_cost: u16::from_be_bytes([e, f]),
            footprint: u16::from_be_bytes([g, h]),
            activated_at: u32::from_be_bytes([0, i, j, k]),
            asm_kib: u32::from_be_bytes([0, l, m, n]),
            cached: o != 0,
        }
    }
}

fn hours(time: u64) -> u32 {
    let hours = time.saturating_sub(START).checked_div(HOUR).unwrap_or_default();
    u32::try_from(hours).unwrap_or(u32::MAX).min(0xff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_keeps_every_field() {
        let record = ProgramRecord {
            version: 2,
            init_cost: 7_843,
            cached_cost: 2_361,
            footprint: 1,
            activated_at: 104_210,
            asm_kib: 922,
            cached: true,
        };
        assert_eq!(ProgramRecord::from_word(record.to_word()), record);
        assert_eq!(ProgramRecord::from_word(U256::ZERO), ProgramRecord::default());
    }

    #[test]
    fn expires_after_a_year() {
        let params = Params::new(crate::config::ArbOs::V51);
        let mut record = ProgramRecord { version: 2, ..ProgramRecord::default() };
        record.renew(START + 10 * HOUR);
        let end = START + 10 * HOUR + 365 * 86_400;
        assert_eq!(record.check(&params, end), Ok(()));
        let age = 365 * 86_400 + 1;
        assert_eq!(record.check(&params, end + 1), Err(ProgramError::Expired { age }));
    }
}
