//! This machine's clock, held against the `Date` of Aiven's answers (RFC 9110, 6.6.1).
//!
//! A date has whole seconds, and an answer is made at some time between question and
//! arrival: one answer shows a range, and only what lies beyond it is certain.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{About, Trouble};
use crate::model::outage::Outage;

/// A difference of more is a trouble.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(30);

/// A date says a whole second: the answer was made in it.
const RESOLUTION: SignedDuration = SignedDuration::from_secs(1);

/// What to do where this machine's clock is wrong.
pub const SET_THE_CLOCK: &str = "compare date -u with another VM: if this one is wrong, mend its time (chronyc sources), since certificates are judged and samples are dated by it; if it is right, see what changes Date on the way to aiven.api_url";

/// One answer of Aiven's API, as far as clocks go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// When it came, by this machine's clock.
    pub at: Timestamp,
    /// How long after the question that was.
    pub took: Duration,
    /// Its `Date`.
    pub date: Timestamp,
}

/// What one answer shows for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// The clocks differ by less than is tolerated.
    Right,
    /// This machine's clock is ahead, or behind.
    Wrong { ahead: bool },
    /// Either may be: the answer took too long, or the difference is about the tolerated one.
    Nothing,
}

/// This machine's clock, which is known to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongClock {
    /// By how many seconds it is ahead of that of Aiven's API; negative: behind.
    pub ahead_seconds: i64,
    /// Since when answers have shown it, by the wrong clock itself.
    pub since: Timestamp,
}

/// What is known of this machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownClock {
    /// No answer has shown it.
    Unknown,
    /// It agrees with that of Aiven's API.
    Right,
    /// It does not.
    Wrong(WrongClock),
}

/// What successive answers have shown of this machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    /// The last answer that showed something.
    last: Option<Shows>,
    /// The difference that the last answer of all showed, about.
    difference: Option<SignedDuration>,
    wrong: Outage,
    /// The difference, about, when it last was too large.
    ahead: SignedDuration,
}

impl Sighting {
    /// The most by which this machine's clock can be ahead.
    fn most(self) -> SignedDuration {
        self.at.duration_since(self.date)
    }

    /// How much less that may be in truth.
    fn range(self) -> SignedDuration {
        let took = SignedDuration::try_from(self.took).unwrap_or(SignedDuration::MAX);
        took.saturating_add(RESOLUTION)
    }

    /// By how much this machine's clock is ahead, in the middle of what it can be.
    pub fn ahead(self) -> SignedDuration {
        let half = self.range().checked_div(2).unwrap_or_default();
        self.most().saturating_sub(half)
    }

    /// The clock as this answer alone shows it, if it shows that it is wrong.
    pub fn wrong(self) -> Option<WrongClock> {
        let is_wrong = matches!(self.shows(), Shows::Wrong { .. });
        is_wrong.then(|| WrongClock::by(self.ahead(), self.at))
    }

    fn shows(self) -> Shows {
        let most = self.most();
        let least = most.saturating_sub(self.range());
        let behind = TOLERANCE.saturating_mul(-1);
        if least > TOLERANCE {
            Shows::Wrong { ahead: true }
        } else if most < behind {
            Shows::Wrong { ahead: false }
        } else if least >= behind && most <= TOLERANCE {
            Shows::Right
        } else {
            Shows::Nothing
        }
    }
}

impl Clock {
    /// Takes an answer in. Two in succession that show the same count: one of many servers
    /// behind a name may be wrong itself.
    pub fn saw(&mut self, seen: Sighting) {
        self.difference = Some(seen.ahead());
        let shows = seen.shows();
        if shows == Shows::Nothing {
            return;
        }
        if self.last == Some(shows) {
            match shows {
                Shows::Right => drop(self.wrong.end(seen.at)),
                _ => {
                    self.wrong.begin(seen.at);
                    self.ahead = seen.ahead();
                }
            }
        }
        self.last = Some(shows);
    }

    /// The clock, if it is known to be wrong.
    pub fn wrong(&self) -> Option<WrongClock> {
        let since = self.wrong.since()?;
        Some(WrongClock::by(self.ahead, since))
    }

    /// The clock, as far as it is known: right where the last answer that shows something says so.
    pub fn known(&self) -> KnownClock {
        match (self.wrong(), self.last) {
            (Some(wrong), _) => KnownClock::Wrong(wrong),
            (None, Some(Shows::Right)) => KnownClock::Right,
            (None, _) => KnownClock::Unknown,
        }
    }

    /// By how much it was ahead at the last answer, right or wrong; none before the first.
    pub fn difference(&self) -> Option<SignedDuration> {
        self.difference
    }
}

impl WrongClock {
    fn by(ahead: SignedDuration, since: Timestamp) -> WrongClock {
        WrongClock {
            ahead_seconds: ahead.as_secs(),
            since,
        }
    }

    /// What the clock of Aiven's API shows when this one shows `at`.
    pub fn corrected(&self, at: Timestamp) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead_seconds);
        at.saturating_sub(ahead).unwrap_or(at)
    }

    /// `3h behind that of Aiven's API`
    pub fn difference(&self) -> String {
        let by = about(self.ahead_seconds.saturating_abs());
        let direction = match self.ahead_seconds >= 0 {
            true => "ahead of",
            false => "behind",
        };
        format!("{by} {direction} that of Aiven's API")
    }

    pub(super) fn trouble(&self) -> Trouble {
        Trouble {
            about: About::Clock,
            subject: "clock".to_owned(),
            what: self.to_string(),
            cause: format!(
                "successive answers of Aiven's API have a Date that differs by {} s from this machine's time",
                self.ahead_seconds.saturating_abs()
            ),
            remedy: SET_THE_CLOCK.to_owned(),
            since: Some(self.since),
        }
    }
}

/// So many seconds in the largest unit that tells enough, rounded: an hour less a second is an
/// hour, as where somebody took local time for UTC.
fn about(seconds: i64) -> String {
    let (unit, name) = match seconds {
        ..=119 => (1, "s"),
        120..=7169 => (60, "m"),
        7170..=171_899 => (3600, "h"),
        _ => (86_400, "d"),
    };
    format!("{}{name}", seconds.saturating_add(unit / 2) / unit)
}

impl fmt::Display for WrongClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this machine's clock is {}", self.difference())
    }
}

#[cfg(test)]
mod tests;
