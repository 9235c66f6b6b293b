//! Whether to ask a node over a connection that has rested since an earlier scrape, and how long
//! to wait there before a new one is tried. Pure.
//!
//! A firewall or a NAT may have dropped such a connection without a word to either side. Then
//! nothing ever comes back on it, and the whole scrape would be lost to the deadline. Nodes that
//! are only slow must not be asked twice for that: the wait follows how slow they were.

use std::time::{Duration, Instant};

/// The share of the patience that is spent on a resting connection: one part in so many.
const SHARE: u32 = 5;

/// The least that is waited on a resting connection, if there is time for twice as much.
const MIN_WAIT: Duration = Duration::from_millis(200);

/// The most that is waited on a resting connection to a node that was quick so far.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// How many times its usual time a node is waited for.
const LENIENCY: u32 = 3;

/// Silent resting connections in a row after which none are used for a while.
const MAX_SILENCES: u8 = 2;

/// How long none are used then. One that is silent again starts another such time.
const FRESH_FOR: Duration = Duration::from_secs(600);

/// How a node answered so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answering {
    /// From the request to the first byte of the answer: the slowest of late.
    usual: Duration,
    /// Resting connections that were silent, in a row.
    silences: u8,
    /// Until then only new connections are used.
    fresh_until: Option<Instant>,
}

/// Over what kind of connection an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// One that had rested.
    Resting,
    /// One that was made for this scrape.
    New,
    /// The same, after a resting one was silent.
    NewAfterSilence,
}

impl Answering {
    /// How long to wait for an answer on a resting connection before a new one is tried, if
    /// `patience` is left for all of it; `None`: use a new one at once.
    pub fn wait_on_resting(&self, patience: Duration, now: Instant) -> Option<Duration> {
        if self.fresh_until.is_some_and(|until| now < until) {
            return None;
        }
        // A new connection needs as much time again.
        let most = patience / 2;
        let wait = (patience / SHARE).clamp(MIN_WAIT, MAX_WAIT).min(most);
        let wait = wait.max(self.usual.saturating_mul(LENIENCY));
        (wait <= most).then_some(wait)
    }

    /// What is known after an answer whose first byte came `took` after the request.
    #[must_use]
    pub fn after(self, over: Over, took: Duration, now: Instant) -> Answering {
        // A slow answer counts at once and is forgotten by and by.
        let usual = took.max((self.usual / 4).saturating_mul(3));
        let silences = match over {
            Over::Resting => 0,
            Over::New => self.silences,
            Over::NewAfterSilence => self.silences.saturating_add(1).min(MAX_SILENCES),
        };
        let is_habit = over == Over::NewAfterSilence && silences == MAX_SILENCES;
        let fresh_until = if is_habit {
            now.checked_add(FRESH_FOR)
        } else {
            self.fresh_until
        };
        Answering {
            usual,
            silences,
            fresh_until,
        }
    }
}

#[cfg(test)]
mod tests;
