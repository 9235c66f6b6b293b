//! How long nobody may ask Aiven anything, because an answer said so.
//!
//! Aiven counts the requests of a user, not of a project. So one answer that asks
//! to wait holds back all that this program wants of Aiven, writes too.

use std::time::{Duration, Instant};

/// No answer is obeyed for longer. It may be a mistake, and no clock overflows.
pub const MAX_WAIT: Duration = Duration::from_secs(3600);

/// After "too many requests" without a wait: so long the first time.
const FIRST_UNNAMED: Duration = Duration::from_secs(1);

/// And so long at most, however often it is said.
const LONGEST_UNNAMED: Duration = Duration::from_secs(60);

/// Until when nobody asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BackPressure {
    until: Option<Instant>,
    /// The next wait for "too many requests" without one.
    unnamed: Option<Duration>,
}

impl BackPressure {
    /// Notes an answer that asks to wait this long.
    pub fn wait(&mut self, wait: Duration, now: Instant) {
        let until = now.checked_add(wait.min(MAX_WAIT));
        self.until = self.until.max(until);
    }

    /// Notes "too many requests" without a wait: each time twice as long. Answers
    /// to requests that were sent before the last wait began count once.
    pub fn too_many(&mut self, now: Instant) {
        if self.left(now).is_some() {
            return;
        }
        let wait = self.unnamed.unwrap_or(FIRST_UNNAMED);
        self.unnamed = Some(wait.saturating_mul(2).min(LONGEST_UNNAMED));
        self.wait(wait, now);
    }

    /// Notes an answer to what was asked for.
    pub fn answered(&mut self) {
        self.unnamed = None;
    }

    /// How long nobody may ask yet; `None` if everybody may.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let left = self.until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_longest_wait_counts_and_ends() {
        let mut pressure = BackPressure::default();
        let now = Instant::now();
        assert_eq!(pressure.left(now), None);
        pressure.wait(30 * SECOND, now);
        pressure.wait(5 * SECOND, now);
        assert_eq!(pressure.left(now), Some(30 * SECOND));
        assert_eq!(pressure.left(now + 30 * SECOND), None);
    }

    #[test]
    fn too_many_requests_without_a_wait_wait_longer_each_time() {
        let mut pressure = BackPressure::default();
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..8 {
            pressure.too_many(now);
            // The answer to another request that was under way.
            pressure.too_many(now);
            let wait = pressure.left(now).unwrap();
            waits.push(wait.as_secs());
            now += wait;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        pressure.answered();
        pressure.too_many(now);
        assert_eq!(pressure.left(now), Some(SECOND));
    }

    proptest! {
        #[test]
        fn no_wait_overflows_or_lasts_longer_than_an_hour(
            events in prop::collection::vec(
                (0..3_u8, any::<u64>(), 0..1_000_000_000_u32, 0..100_000_u64), 1..40
            )
        ) {
            let mut pressure = BackPressure::default();
            let mut now = Instant::now();
            for (event, seconds, nanos, pause) in events {
                match event {
                    0 => pressure.wait(Duration::new(seconds, nanos), now),
                    1 => pressure.too_many(now),
                    _ => pressure.answered(),
                }
                prop_assert!(pressure.left(now).is_none_or(|left| left <= MAX_WAIT));
                now += Duration::from_millis(pause);
            }
            prop_assert_eq!(pressure.left(now + MAX_WAIT), None);
        }
    }
}
