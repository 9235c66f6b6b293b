//! What began and ended around the daemon.

use jiff::Timestamp;

use super::event::{Event, EventKind};
use crate::model::surroundings::{Trouble, Turn};

/// The event that a trouble began, or ended, at `at`.
pub fn turned(turn: &Turn, at: Timestamp) -> Event {
    let event = |kind, trouble: &Trouble, what: String, cause: String| {
        let about = Event::new(kind, at, what).about(trouble.subject.as_str());
        about.because(Some(cause))
    };
    match turn {
        Turn::Begins(trouble) => event(
            EventKind::SurroundingsFailing,
            trouble,
            trouble.what.clone(),
            trouble.cause.clone(),
        ),
        Turn::Ends(trouble) => event(
            EventKind::SurroundingsRecovered,
            trouble,
            format!("it is over: {}", trouble.what),
            match trouble.since {
                Some(since) => format!("it had been so since {since:.0}: {}", trouble.cause),
                None => trouble.cause.clone(),
            },
        ),
    }
}
