//! Watches the surroundings: asks what only asking shows, and says once when a trouble begins
//! and once when it ends, in the log and in the history.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

use crate::log;
use crate::model::history::turned;
use crate::model::surroundings::{About, Surroundings, Turn};
use crate::publish::history::HistoryBoard;
use crate::publish::surroundings::SurroundingsBoard;

/// How often is looked: what comes and goes in between has not been.
const INTERVAL: Duration = Duration::from_secs(1);

/// The watch on the surroundings.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    pub(super) board: SurroundingsBoard,
    pub(super) history: HistoryBoard,
}

impl Watch {
    /// Never returns.
    pub(super) async fn run(self) {
        let mut seen = (Surroundings::default(), Timestamp::now());
        let mut look = interval(INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            self.board.note_log(log::lost_lines());
            let now = Timestamp::now();
            let found = self.board.load(now);
            let turns = found.turns(now, &seen.0, seen.1);
            turns.iter().for_each(say);
            let events = turns.iter().map(|turn| turned(turn, now));
            self.history.record(events.collect());
            seen = (found, now);
        }
    }
}

fn say(turn: &Turn) {
    match turn {
        // What cannot be written need not be tried; what was lost the log says itself.
        Turn::Begins(trouble) | Turn::Ends(trouble) if trouble.about == About::Log => {}
        Turn::Begins(trouble) => {
            let (cause, remedy) = (&trouble.cause, &trouble.remedy);
            tracing::warn!(cause, remedy, "{}", trouble.what);
        }
        Turn::Ends(trouble) => tracing::info!("it is over: {}", trouble.what),
    }
}
