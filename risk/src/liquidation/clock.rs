//! The clock of an auction: it counts only time in which a bid could have succeeded.

use super::{HOUR, MINUTE};

/// Most that counts between two sightings, seconds, in the fast phase and after it.
const FAST_STEP: u64 = MINUTE;
const STEP: u64 = 5 * MINUTE;
/// The fast phase ends here, seconds on the clock.
const FAST_PHASE: u64 = 15 * MINUTE;

/// An auction's clock as the last sighting left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Seconds on it.
    pub elapsed: u64,
    /// When the account was sighted last, Unix seconds.
    pub last_seen: u64,
    /// Whether it was short then, and a bid for a slice would have passed.
    pub ran: bool,
}

impl Clock {
    /// The clock after a sighting at `now` at which the account is short. `runs`: a bid for a slice would pass; `up_since`: since when
    /// the sequencer has been up and past its grace, before which nothing counts.
    ///
    /// An hour without a sighting sets it back.
    #[must_use]
    pub fn sighted(&self, now: u64, up_since: u64, runs: bool) -> Self {
        let mut elapsed = self.elapsed;
        if now.saturating_sub(self.last_seen) >= HOUR {
            elapsed = 0;
        } else if self.ran && runs {
            let most = if elapsed < FAST_PHASE { FAST_STEP } else { STEP };
            let passed = now.saturating_sub(self.last_seen.max(up_since));
            elapsed = elapsed.saturating_add(passed.min(most));
        }
        Self { elapsed, last_seen: now, ran: runs }
    }
}
