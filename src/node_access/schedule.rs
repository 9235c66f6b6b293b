//! When to ask Aiven about one thing again: regularly, and sooner when scrapes
//! fail, but less and less often while that brings nothing new.

use std::time::Duration;

use tokio::time::Instant;

use super::Timing;
use crate::model::backoff::{Caller, Doubt, Pauses, Trouble};
use crate::model::later::later;

/// When to ask about one thing.
#[derive(Debug)]
pub(super) struct Schedule {
    timing: Timing,
    /// A part of `refresh` that sets this schedule apart from others, so that
    /// not all projects ask in the same second of each hour.
    spread: Duration,
    /// When it is due though nothing happened.
    regular: Instant,
    /// When it may be asked at the earliest, if something happened.
    urgent: Instant,
    /// The pause after the next question that brings nothing new.
    pause: Duration,
    /// How far a refusal is believed.
    doubt: Doubt,
}

impl Schedule {
    /// Due at once. Equal `name`s spread alike.
    pub(super) fn new(name: &str, timing: Timing) -> Schedule {
        let now = Instant::now();
        let part = (xxhash_rust::xxh3::xxh3_64(name.as_bytes()) % 100) as u32;
        Schedule {
            timing,
            spread: timing.refresh / 1000 * part,
            regular: now,
            urgent: now,
            pause: timing.soon,
            doubt: Doubt::default(),
        }
    }

    /// When to ask, given whether something happened that makes it urgent.
    pub(super) fn due(&self, is_urgent: bool) -> Instant {
        if is_urgent {
            self.regular.min(self.urgent)
        } else {
            self.regular
        }
    }

    /// Aiven answered. A regular question without news says nothing about
    /// urgent ones.
    pub(super) fn answered(&mut self, now: Instant, was_urgent: bool, brought_news: bool) {
        self.doubt.answered();
        if brought_news || !was_urgent {
            self.pause = self.timing.soon;
        }
        self.urgent = later(now, self.lengthen());
        self.regular = self.next_regular(now);
    }

    /// Aiven could not be asked, or refused to answer.
    pub(super) fn failed(&mut self, now: Instant, trouble: Trouble) {
        let trouble = self.doubt.weigh(trouble);
        let Pauses { shortest, longest } = self.pauses(trouble);
        let pause = if shortest < longest {
            self.lengthen().clamp(shortest, longest)
        } else {
            longest
        };
        self.urgent = later(now, pause);
        self.regular = match trouble {
            Trouble::Permanent => self.next_regular(now),
            _ => self.urgent,
        };
    }

    fn next_regular(&self, now: Instant) -> Instant {
        later(now, self.timing.refresh.saturating_add(self.spread))
    }

    /// Looks at `at`, or before.
    pub(super) fn look_by(&mut self, at: Instant) {
        self.regular = self.regular.min(at);
    }

    fn lengthen(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(self.pauses(Trouble::Transient).longest);
        pause
    }

    fn pauses(&self, trouble: Trouble) -> Pauses {
        let Timing { refresh, soon, .. } = self.timing;
        Caller::NodeAccess { refresh, soon }.pauses(trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn schedule() -> Schedule {
        Schedule::new("project", Timing::default())
    }

    #[tokio::test(start_paused = true)]
    async fn questions_without_news_become_rare_and_news_makes_them_quick_again() {
        let mut schedule = schedule();
        let now = Instant::now();
        assert_eq!(schedule.due(false), now);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            schedule.answered(now, true, false);
            pauses.push((schedule.due(true) - now).as_secs());
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300, 300]);
        assert!(schedule.due(false) - now >= Timing::default().refresh);
        for (was_urgent, brought_news) in [(true, true), (false, false)] {
            schedule.answered(now, was_urgent, brought_news);
            assert_eq!(schedule.due(true) - now, 10 * SECOND);
            schedule.answered(now, true, false);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_tried_again_soon_and_what_lasts_later() {
        let now = Instant::now();
        let after = |trouble| {
            let mut schedule = schedule();
            for _ in 0..3 {
                schedule.pause = Timing::default().soon;
                schedule.failed(now, trouble);
            }
            let wait = |is_urgent| (schedule.due(is_urgent) - now).as_secs();
            (wait(false), wait(true))
        };
        assert_eq!(after(Trouble::Transient), (10, 10));
        assert_eq!(after(Trouble::Throttled(Some(28 * SECOND))), (28, 28));
        assert_eq!(after(Trouble::TokenRejected), (600, 600));
        let (regular, urgent) = after(Trouble::Permanent);
        assert!((3600..=3960).contains(&regular), "{regular}");
        assert_eq!(urgent, 300);
    }

    #[tokio::test(start_paused = true)]
    async fn one_refusal_alone_is_not_believed() {
        let now = Instant::now();
        for refusal in [Trouble::Permanent, Trouble::TokenRejected] {
            let mut schedule = schedule();
            let mut waits = Vec::new();
            for _ in 0..3 {
                schedule.failed(now, refusal);
                waits.push((schedule.due(false) - now).as_secs());
            }
            assert_eq!(waits[..2], [10, 20]);
            assert!(waits[2] >= 600, "{waits:?}");
        }
    }
}
