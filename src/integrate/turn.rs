//! Whose turn it is to write.
//!
//! Aiven does not promise to notice that two clients make the same thing at
//! once, so instances take turns by the clock: within every ten seconds the
//! even ones write in the first three, the odd ones in the sixth to eighth. The
//! two seconds after each are left for writes under way to become visible, and
//! for clocks that differ. Every write is preceded by a fresh look in the same
//! turn, which then shows what the other instance wrote in its own.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

/// From one turn of an instance to its next.
const PERIOD: Duration = Duration::from_secs(10);
/// The length of a turn.
const TURN: Duration = Duration::from_secs(3);

/// The turns of one instance.
#[derive(Debug, Clone, Copy)]
pub struct WriteWindow {
    offset: Duration,
}

impl WriteWindow {
    /// The turns of the instance with this `instance_index`.
    pub fn of_instance(index: u32) -> Self {
        WriteWindow {
            offset: if index.is_multiple_of(2) {
                Duration::ZERO
            } else {
                PERIOD / 2
            },
        }
    }

    /// Waits for the next moment of this instance's turn.
    pub async fn come(&self) {
        sleep(self.wait(Timestamp::now())).await;
    }

    /// Whether it is this instance's turn.
    pub fn is_now(&self) -> bool {
        self.wait(Timestamp::now()).is_zero()
    }

    /// How long after `now` the turn begins; zero while it lasts.
    fn wait(&self, now: Timestamp) -> Duration {
        let into_period = millis_into_period(now, self.offset);
        if into_period < TURN.as_millis() as u64 {
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
    fn the_turn_comes_once_a_period() {
        let even = WriteWindow::of_instance(0);
        assert_eq!(even.wait(at(0)), Duration::ZERO);
        assert_eq!(even.wait(at(2_999)), Duration::ZERO);
        assert_eq!(even.wait(at(3_000)), Duration::from_secs(7));
        let odd = WriteWindow::of_instance(1);
        assert_eq!(odd.wait(at(0)), Duration::from_secs(5));
        assert_eq!(odd.wait(at(5_000)), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn two_instances_never_have_the_turn_at_once_nor_shortly_after(
            millis in 0_i64..1_000_000, skew in -1_999_i64..2_000
        ) {
            let even = WriteWindow::of_instance(0).wait(at(millis));
            let odd = WriteWindow::of_instance(1).wait(at(millis + skew));
            prop_assert!(!(even.is_zero() && odd.is_zero()));
        }

        #[test]
        fn waiting_leads_to_the_turn(millis in 0_i64..1_000_000, index in 0_u32..4) {
            let turn = WriteWindow::of_instance(index);
            let wait = turn.wait(at(millis)).as_millis() as i64;
            prop_assert!(turn.wait(at(millis + wait)).is_zero());
        }
    }
}
