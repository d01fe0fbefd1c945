//! Searches evaluate a book hundreds of times: what they have gas for is watched, so that none of them ends without a word.

use alloy_primitives::U256;
use novate_abi::IMarginLens;
use novate_common::{Revert, gas_left, refuse, session::Refused};

/// What an answer and the way out need.
const RESERVE: u64 = 50_000;
/// Pages of memory at which a search ends: the price of a page rises exponentially, so that beyond this an evaluation may take many times
/// as much as the one before. What an evaluation took is free for the next, so that no book comes near.
const MOST_PAGES: usize = 64;

/// The gas that evaluations took.
#[derive(Debug)]
pub(crate) struct Meter {
    left: u64,
    /// Most that one took.
    step: u64,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { left: gas_left(), step: 0 }
    }

    /// Before an evaluation: whether there is gas for one that takes twice as much as any before.
    ///
    /// # Errors
    /// `GasLimitTooLow`.
    pub(crate) fn proceed(&mut self) -> Result<(), Refused> {
        let left = gas_left();
        self.step = self.step.max(self.left.saturating_sub(left));
        self.left = left;
        let is_short = left < self.step.saturating_mul(2).saturating_add(RESERVE);
        if is_short || pages() > MOST_PAGES {
            let revert: Revert = refuse!(IMarginLens::GasLimitTooLow {
                left: U256::from(left),
                step: U256::from(self.step),
            });
            return Err(Refused(revert));
        }
        Ok(())
    }
}

/// Pages of memory that the call has.
#[cfg(target_arch = "wasm32")]
fn pages() -> usize {
    core::arch::wasm32::memory_size::<0>()
}

/// Natively there are none.
#[cfg(not(target_arch = "wasm32"))]
const fn pages() -> usize {
    0
}
