//! One stage of the daemon's work: when it last succeeded, and since when it fails.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::reason::Reason;
use super::resolution::Failing;

/// How one stage is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// When it last succeeded.
    pub last_success: Option<Timestamp>,
    /// Set from the first failure until the next success.
    pub failing: Option<Failing>,
}

impl Stage {
    /// Notes a success.
    pub fn succeeded(&mut self, at: Timestamp) {
        *self = Stage {
            last_success: Some(at),
            failing: None,
        };
    }

    /// Notes a failure. Consecutive failures keep the time of the first and the reason
    /// of the last.
    pub fn failed(&mut self, at: Timestamp, reason: impl Into<Reason>) {
        let since = self.failing.as_ref().map_or(at, |failing| failing.since);
        let Reason { cause, remedy } = reason.into();
        self.failing = Some(Failing {
            since,
            cause,
            remedy,
        });
    }
}
