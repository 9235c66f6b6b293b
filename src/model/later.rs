//! The moment after a wait, however long the wait is: `Instant + Duration` panics where
//! the sum is out of range, and waits come from operators and from others' answers.

use std::time::{Duration, Instant};

/// Nothing waits longer: ten years, which every clock can still add.
const MAX_WAIT: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The moment `wait` after `now`, on whichever clock.
pub fn later<Moment>(now: Moment, wait: Duration) -> Moment
where
    Moment: Into<Instant> + From<Instant>,
{
    let now = now.into();
    now.checked_add(wait.min(MAX_WAIT)).unwrap_or(now).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_wait_has_an_end(seconds: u64, nanos in 0..1_000_000_000_u32) {
            let wait = Duration::new(seconds, nanos);
            let now = Instant::now();
            prop_assert_eq!(later(now, wait), now + wait.min(MAX_WAIT));
            let now = tokio::time::Instant::now();
            prop_assert_eq!(later(now, wait), now + wait.min(MAX_WAIT));
        }
    }

    #[test]
    fn waits_after_waits_never_panic() {
        let mut at = Instant::now();
        for _ in 0..1000 {
            at = later(at, Duration::MAX);
        }
    }
}
