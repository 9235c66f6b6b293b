//! The log, while lines of it are lost: its disk is full, or nobody reads it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{About, Trouble};
use crate::model::outage::Outage;
use crate::model::outside_text::cut;

/// The most characters of an error's words.
const MAX_CAUSE: usize = 200;

/// Lines that are lost now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostLines {
    /// Since when.
    pub since: Timestamp,
    /// How many since then.
    pub lines: u64,
    /// The error's words about the last.
    pub cause: String,
}

/// What became of log lines.
#[derive(Debug, Clone, Default)]
pub struct LogLoss {
    losing: Outage,
    lines: u64,
    cause: String,
}

impl LogLoss {
    /// A line was lost.
    pub fn lost(&mut self, cause: &str, now: Timestamp) {
        self.losing.begin(now);
        self.lines = self.lines.saturating_add(1);
        if self.cause != cause {
            self.cause = cut(cause, MAX_CAUSE).into_owned();
        }
    }

    /// What is waiting is written again.
    pub fn written(&mut self) {
        *self = LogLoss::default();
    }

    /// What is lost now.
    pub fn lost_lines(&self) -> Option<LostLines> {
        Some(LostLines {
            since: self.losing.since()?,
            lines: self.lines,
            cause: self.cause.clone(),
        })
    }
}

impl LostLines {
    pub(super) fn trouble(&self) -> Trouble {
        let lines = match self.lines {
            1 => "one log line is lost".to_owned(),
            lines => format!("{lines} log lines are lost"),
        };
        Trouble {
            about: About::Log,
            subject: "log".to_owned(),
            what: "the daemon's log cannot be written".to_owned(),
            cause: format!("{lines}: {}", self.cause),
            remedy: "free space on the log's disk (df -h /var/vcap/sys/log); if it has space, restart the job, whose standard output nobody reads any more; work goes on, and aiven-metrics events has what changed meanwhile".to_owned(),
            since: Some(self.since),
        }
    }
}
