//! How many questions of one address family are asked at once. Those that are not
//! answered soon step aside, so that they do not hold up the others.

use std::time::Duration;

use tokio::time::Instant;

use crate::model::later::later;
use crate::net::descriptors::shares;

/// How many questions may be waited for.
const MAX_YOUNG: usize = 64;

/// How many may have stepped aside before no new ones are asked.
const MAX_OLD: usize = 64;

/// A family is taken to be silent if it has had no answer for so long while so many
/// questions are open.
const SILENCE: Duration = Duration::from_secs(1);

/// The open questions of one family.
#[derive(Debug)]
pub(super) struct Lane {
    young: usize,
    old: usize,
    last_answer: Instant,
}

/// Whether another question may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Yes.
    Free,
    /// When one of the others was answered.
    Later,
    /// Nobody answers: there is no use in waiting for it.
    Silent,
}

/// Each open question has a socket, so there are fewer where descriptors are few.
fn most(wanted: usize) -> usize {
    wanted.min(shares().questions)
}

impl Lane {
    pub(super) fn new(now: Instant) -> Lane {
        Lane {
            young: 0,
            old: 0,
            last_answer: now,
        }
    }

    pub(super) fn room(&self, now: Instant) -> Room {
        if self.old >= most(MAX_OLD) {
            let silence = now.saturating_duration_since(self.last_answer);
            return match silence >= SILENCE {
                true => Room::Silent,
                false => Room::Later,
            };
        }
        match self.young < most(MAX_YOUNG) {
            true => Room::Free,
            false => Room::Later,
        }
    }

    /// When room that is now [`Room::Later`] may become [`Room::Silent`].
    pub(super) fn silent_at(&self) -> Option<Instant> {
        (self.old >= most(MAX_OLD)).then(|| later(self.last_answer, SILENCE))
    }

    pub(super) fn begin(&mut self) {
        self.young += 1;
    }

    /// An open question steps aside.
    pub(super) fn grow_old(&mut self) {
        self.young = self.young.saturating_sub(1);
        self.old += 1;
    }

    /// A question was answered, or given up if `is_answer` is false.
    pub(super) fn end(&mut self, was_old: bool, is_answer: bool, now: Instant) {
        let count = match was_old {
            true => &mut self.old,
            false => &mut self.young,
        };
        *count = count.saturating_sub(1);
        if is_answer {
            self.last_answer = now;
        }
    }
}
