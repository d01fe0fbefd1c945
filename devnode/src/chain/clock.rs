//! Time on the chain: follows the system clock or stands still, and can be moved by hand.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Error;

/// Where the time of the next block comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockSource {
    /// The system clock, plus what it was moved by.
    #[default]
    System,
    /// Stands still until it is moved: runs are reproducible.
    Manual,
}

/// The clock of a chain. Times are Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Added to the system clock; for a manual clock, the time itself.
    offset: i64,
    is_manual: bool,
    /// The next block's exact timestamp, once.
    next: Option<u64>,
    /// Each block is this much later than its parent.
    interval: Option<u64>,
}

impl Clock {
    /// A clock that shows `start`, or the system's time without it.
    pub fn new(source: ClockSource, start: Option<u64>) -> Self {
        let is_manual = source == ClockSource::Manual;
        let mut clock = Self { offset: 0, is_manual, next: None, interval: None };
        clock.set(start.unwrap_or_else(system_seconds));
        clock
    }

    /// The time shown now.
    pub fn now(&self) -> u64 {
        let base = if self.is_manual { 0 } else { to_signed(system_seconds()) };
        u64::try_from(base.saturating_add(self.offset)).unwrap_or(0)
    }

    /// Moves the clock to `time`.
    pub fn set(&mut self, time: u64) {
        let base = if self.is_manual { 0 } else { to_signed(system_seconds()) };
        self.offset = to_signed(time).saturating_sub(base);
    }

    /// Moves the clock forward.
    pub fn advance(&mut self, seconds: u64) {
        self.offset = self.offset.saturating_add(to_signed(seconds));
    }

    /// Seconds that the clock was moved by; for a manual clock, the time itself.
    pub const fn offset(&self) -> i64 {
        self.offset
    }

    /// Gives the next block exactly this timestamp; the clock goes on from there.
    ///
    /// # Errors
    /// [`Error::TimestampTooLow`] when it lies before the latest block.
    pub const fn set_next(&mut self, asked: u64, latest: u64) -> Result<(), Error> {
        if asked < latest {
            return Err(Error::TimestampTooLow { asked, latest });
        }
        self.next = Some(asked);
        Ok(())
    }

    /// Goes on where the clock of an earlier run stood. Whether it follows the system is a setting of
    /// this run.
    pub fn resume(&mut self, earlier: Self) {
        if earlier.is_manual == self.is_manual {
            *self = earlier;
        } else {
            self.set(earlier.now());
        }
    }

    /// Makes every block this much later than its parent; `None` returns to the clock.
    pub const fn set_interval(&mut self, seconds: Option<u64>) {
        self.interval = seconds;
    }

    /// The interval set.
    pub const fn interval(&self) -> Option<u64> {
        self.interval
    }

    /// The timestamp of the block after one at `latest`. Blocks may share a timestamp.
    pub fn peek(&self, latest: u64) -> u64 {
        let by_interval = self.interval.map(|seconds| latest.saturating_add(seconds));
        self.next.or(by_interval).unwrap_or_else(|| self.now()).max(latest)
    }

    /// Like [`Self::peek`], and uses up the timestamp that was set for one block.
    pub fn take(&mut self, latest: u64) -> u64 {
        let timestamp = self.peek(latest);
        if self.next.take().is_some() {
            self.set(timestamp);
        }
        timestamp
    }
}

fn to_signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

fn system_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let mut clock = Clock::new(ClockSource::Manual, Some(1000));
        assert_eq!(clock.take(0), 1000);
        clock.advance(50);
        assert_eq!(clock.take(1000), 1050);
        assert_eq!(clock.take(2000), 2000, "never before the parent");
    }

    #[test]
    fn the_next_timestamp_counts_once_and_moves_the_clock() {
        let mut clock = Clock::new(ClockSource::Manual, Some(1000));
        assert_eq!(clock.set_next(5, 1000), Err(Error::TimestampTooLow { asked: 5, latest: 1000 }));
        clock.set_next(5000, 1000).unwrap();
        assert_eq!(clock.peek(1000), 5000);
        assert_eq!(clock.take(1000), 5000);
        assert_eq!(clock.take(5000), 5000);
        clock.set_interval(Some(12));
        assert_eq!(clock.take(5000), 5012);
    }

    #[test]
    fn extreme_moves_saturate() {
        let mut clock = Clock::new(ClockSource::System, None);
        clock.advance(u64::MAX);
        clock.advance(u64::MAX);
        assert!(clock.take(0) >= system_seconds());
        clock.set(0);
        assert_eq!(clock.take(77), 77);
    }
}
