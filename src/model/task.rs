//! The parts of the daemon that run as tasks of their own, and what is known of
//! those that had to be started again.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::outside_text::visible_line;

/// The longest cause of a failure that is kept, in characters.
const MAX_CAUSE: usize = 300;

/// The pause before a task is started again, and the longest of the pauses that
/// it doubles to while the task fails again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));

/// A task that ran for so long had recovered: its next failure is a first one.
const CALM: Duration = Duration::from_secs(300);

/// A task of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Lists a project's services.
    List,
    /// Asks for services by name.
    AskByName,
    /// Keeps known which service types can have the integration.
    Types,
    /// Keeps a project's integration endpoint known.
    Endpoint,
    /// Carries a project's pending writes out.
    Integrate,
    /// Keeps a project's trust and credentials current.
    NodeAccess,
    /// Looks host names up.
    Resolve,
    /// Reads Cloud Controller.
    CloudFoundry,
    /// Takes reports in, plans and publishes.
    Coordinate,
    /// Serves `/metrics`, `/status` and the rest.
    Web,
    /// Relays scrapes.
    ScrapeProxy,
    /// Forgets connections and results of targets that are gone.
    ScrapeUpkeep,
    /// Keeps the history of what changed.
    History,
    /// Watches the log and what ends, and says what is wrong around the daemon.
    Surroundings,
}

/// A task that had to be started again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restarted {
    /// The task.
    pub task: Task,
    /// The project that it is for, unless it is for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// How often since the daemon started.
    pub restarts: u64,
    /// The last time.
    pub last: Timestamp,
    /// Why it failed the last time.
    pub cause: String,
}

/// The pauses before one task is started again.
#[derive(Debug)]
pub struct RestartPause(Duration);

impl Task {
    /// All of them.
    pub const ALL: [Task; 14] = [
        Task::List,
        Task::AskByName,
        Task::Types,
        Task::Endpoint,
        Task::Integrate,
        Task::NodeAccess,
        Task::Resolve,
        Task::CloudFoundry,
        Task::Coordinate,
        Task::Web,
        Task::ScrapeProxy,
        Task::ScrapeUpkeep,
        Task::History,
        Task::Surroundings,
    ];

    /// As in metrics and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Task::List => "list",
            Task::AskByName => "ask_by_name",
            Task::Types => "types",
            Task::Endpoint => "endpoint",
            Task::Integrate => "integrate",
            Task::NodeAccess => "node_access",
            Task::Resolve => "resolve",
            Task::CloudFoundry => "cloud_foundry",
            Task::Coordinate => "coordinate",
            Task::Web => "web",
            Task::ScrapeProxy => "scrape_proxy",
            Task::ScrapeUpkeep => "scrape_upkeep",
            Task::History => "history",
            Task::Surroundings => "surroundings",
        }
    }
}

impl Default for RestartPause {
    fn default() -> Self {
        RestartPause(PAUSES.0)
    }
}

impl RestartPause {
    /// The pause after a failure of a task that `ran` before it.
    pub fn after(&mut self, ran: Duration) -> Duration {
        if ran >= CALM {
            *self = RestartPause::default();
        }
        let pause = self.0;
        self.0 = pause.saturating_mul(2).min(PAUSES.1);
        pause
    }
}

/// A panic's message in one line of bounded length: it may quote what came from outside.
pub fn cause_of_panic(message: Option<&str>) -> String {
    let line = visible_line(message.unwrap_or("a panic without a message"));
    line.chars().take(MAX_CAUSE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_are_short_again_after_a_calm() {
        let mut pause = RestartPause::default();
        let mut all: Vec<_> = (0..12).map(|_| pause.after(Duration::ZERO)).collect();
        assert_eq!(all.remove(0), Duration::from_millis(100));
        assert!(all.windows(2).all(|two| two[0] <= two[1]), "{all:?}");
        assert_eq!(all.last(), Some(&Duration::from_secs(60)));
        assert_eq!(pause.after(CALM), Duration::from_millis(100));
    }

    #[test]
    fn a_cause_is_one_bounded_line() {
        let cause = cause_of_panic(Some(&"a\nb\u{1b}[2J".repeat(1000)));
        assert!(cause.chars().count() <= MAX_CAUSE);
        assert!(!cause.contains(['\n', '\u{1b}']), "{cause}");
    }

    #[test]
    fn each_task_is_named_in_json_as_in_metrics() {
        for task in Task::ALL {
            let json = serde_json::to_string(&task).unwrap();
            assert_eq!(json, format!("\"{}\"", task.as_str()));
        }
    }
}
