//! When an instance may write at Aiven.
//!
//! Aiven does not promise to notice when two clients create the same thing at
//! once, so instances take turns by the clock. In every ten seconds, instances
//! with an even index write during the first three, those with an odd index
//! during the sixth to eighth. The two seconds after each window let the last
//! writes become visible and allow for clocks that differ. Before each write an
//! instance looks again, in the same window, and then sees what the other
//! instance wrote in its own.

use std::time::Duration;

use jiff::Timestamp;

/// From the start of one window of an instance to the start of its next.
const PERIOD: Duration = Duration::from_secs(10);
/// The length of a window.
const LENGTH: Duration = Duration::from_secs(3);

/// The write windows of one instance.
#[derive(Debug, Clone, Copy)]
pub struct WriteWindow {
    offset: Duration,
}

impl WriteWindow {
    /// The windows of the instance with this `instance_index`.
    pub fn of_instance(index: u32) -> Self {
        WriteWindow {
            offset: if index.is_multiple_of(2) {
                Duration::ZERO
            } else {
                PERIOD / 2
            },
        }
    }

    /// Whether this instance may write.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.opens_in(now).is_zero()
    }

    /// How long from `now` until this instance may write; zero if it may now.
    pub fn opens_in(&self, now: Timestamp) -> Duration {
        let into_period = millis_into_period(now, self.offset);
        if into_period < LENGTH.as_millis() as u64 {
            Duration::ZERO
        } else {
            Duration::from_millis(PERIOD.as_millis() as u64 - into_period)
        }
    }
}

fn millis_into_period(now: Timestamp, offset: Duration) -> u64 {
    let period = PERIOD.as_millis() as i64;
    let since_offset = now.as_millisecond() - offset.as_millis() as i64;
    since_offset.rem_euclid(period) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    #[test]
    fn the_window_opens_once_a_period() {
        let even = WriteWindow::of_instance(0);
        assert_eq!(even.opens_in(at(0)), Duration::ZERO);
        assert_eq!(even.opens_in(at(2_999)), Duration::ZERO);
        assert_eq!(even.opens_in(at(3_000)), Duration::from_secs(7));
        let odd = WriteWindow::of_instance(1);
        assert_eq!(odd.opens_in(at(0)), Duration::from_secs(5));
        assert_eq!(odd.opens_in(at(5_000)), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn two_instances_may_never_write_at_once_even_if_their_clocks_differ(
            millis in 0_i64..1_000_000, skew in -1_999_i64..2_000
        ) {
            let even = WriteWindow::of_instance(0).opens_in(at(millis));
            let odd = WriteWindow::of_instance(1).opens_in(at(millis + skew));
            prop_assert!(!(even.is_zero() && odd.is_zero()));
        }

        #[test]
        fn waiting_leads_to_the_window(millis in 0_i64..1_000_000, index in 0_u32..4) {
            let window = WriteWindow::of_instance(index);
            let wait = window.opens_in(at(millis)).as_millis() as i64;
            prop_assert!(window.opens_in(at(millis + wait)).is_zero());
        }
    }
}
