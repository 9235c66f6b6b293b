//! `events`: what changed in the last hours, and why.
//!
//! In a wide terminal a table; in a narrow one an event takes a few short lines; in
//! a pipe each event is one line, which begins with its time.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use jiff::Timestamp;

use super::ago::moment;
use super::ask::Daemon;
use super::output::{self, Rows};
use crate::model::explain::{self, MatchedBy};
use crate::model::history::{Event, EventFilter, Events, Since};
use crate::model::status::Status;

/// A table of events needs so many columns to be read.
const WIDE: usize = 100;

/// Which events to print.
pub(super) struct Asked {
    /// The earliest.
    pub(super) since: Option<Since>,
    /// Whose, as for `explain`, or of which project; all without it.
    pub(super) whose: Option<String>,
    /// Whether to print JSON.
    pub(super) json: bool,
}

/// How to print them.
#[derive(Debug, PartialEq, Eq)]
enum Layout {
    Table,
    Blocks,
    Lines,
}

/// What the daemon remembers of one service and of its whole project, the newest first;
/// nothing if it keeps no history.
pub(super) async fn of(daemon: &Daemon, project: &str, service: &str) -> Vec<Arc<Event>> {
    let filter = EventFilter::default().of_service(&format!("{project}/{service}"));
    filter.of_events(all(daemon).await)
}

/// All that the daemon remembers, the newest first; nothing if it keeps no history.
pub(super) async fn all(daemon: &Daemon) -> Vec<Arc<Event>> {
    let answer = daemon.read::<Events>("/events").await.ok();
    answer.map_or_else(Vec::new, |(_, events)| events.events)
}

/// Prints the events that are asked for, the newest first.
///
/// # Errors
/// When the daemon does not tell them, or nobody is meant and nothing of it is remembered.
pub(super) async fn run(daemon: &Daemon, asked: &Asked) -> anyhow::Result<ExitCode> {
    let (body, told) = daemon.read::<Events>("/events").await?;
    let Events { at, events } = told;
    let begins = events.last().map(|event| event.since);
    let events = match &asked.whose {
        Some(text) => about(&daemon.status().await?.1, events, text)?,
        None => events,
    };
    let since = asked.since.map(|since| since.before(at));
    let filter = EventFilter {
        since,
        ..EventFilter::default()
    };
    let events = Events {
        at,
        events: filter.of_events(events),
    };
    let is_all = asked.whose.is_none() && since.is_none();
    if asked.json && is_all {
        output::json(&body);
    } else if asked.json {
        output::json(&serde_json::to_string(&events)?);
    } else if events.events.is_empty() {
        output::line(nothing(since, begins));
    } else {
        print(&events, &Layout::of(output::terminal_width()));
    }
    Ok(ExitCode::SUCCESS)
}

/// The events that matter to who is meant: of a service those about it and about its whole
/// project, of a project all of them, and of what is gone those that name it.
fn about(status: &Status, events: Vec<Arc<Event>>, text: &str) -> anyhow::Result<Vec<Arc<Event>>> {
    let told = explain::told_of(&events, text);
    let meant = explain::find(status, text);
    if meant.is_empty() {
        let unknown = explain::unknown(status, text);
        return match (told.is_empty(), unknown.near.is_empty()) {
            (false, _) => Ok(told),
            (true, true) => bail!("no service {text} is known, and no event names it"),
            (true, false) => bail!(
                "no service {text} is known, and no event names it; did you mean {}?",
                unknown.near.join(" or ")
            ),
        };
    }
    let matters = |event: &Arc<Event>| {
        let mut meant = meant.iter();
        meant.any(|(one, by)| match (by, &event.project) {
            (MatchedBy::Project, Some(project)) => **project == *one.project,
            _ => event.concerns(Some(&one.project), &one.service),
        })
    };
    let events = events.into_iter();
    // An address may have been another service's before.
    Ok(events
        .filter(|event| matters(event) || told.contains(event))
        .collect())
}

/// That there is no such event, which tells little where the history is young.
fn nothing(since: Option<Timestamp>, begins: Option<Timestamp>) -> String {
    let since = since.map_or_else(String::new, |at| format!(" since {at:.0}"));
    match begins {
        Some(begins) => format!(
            "nothing of that is remembered{since}; the history begins at {begins:.0} (before that, see the daemon's log)"
        ),
        None => format!("nothing is remembered{since}"),
    }
}

impl Layout {
    fn of(terminal_width: Option<usize>) -> Layout {
        match terminal_width {
            None => Layout::Lines,
            Some(width) if width < WIDE => Layout::Blocks,
            Some(_) => Layout::Table,
        }
    }
}

fn print(Events { at, events }: &Events, layout: &Layout) {
    match layout {
        Layout::Lines => events
            .iter()
            .for_each(|event| output::line(one_line(event))),
        Layout::Blocks => {
            for line in events.iter().flat_map(|event| block(event, *at)) {
                output::line(line);
            }
        }
        Layout::Table => {
            let mut rows = Rows::new(["when", "times", "service", "what", "cause"]);
            for event in events {
                let when = moment(event.at, *at);
                let cause = event.cause.as_deref().unwrap_or_default();
                rows.add([
                    &*when,
                    &*event.times.to_string(),
                    &*whose(event),
                    &*event.what,
                    cause,
                ]);
            }
            rows.print();
        }
    }
}

/// For `grep` and the like.
fn one_line(event: &Event) -> String {
    let times = repeated(event).map_or_else(String::new, |times| format!(" ({times})"));
    let cause = event.cause.as_ref();
    let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
    let seconds = event.at.strftime("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "{seconds} {} {} {}{times}{cause}",
        event.kind,
        whose(event),
        event.what
    )
}

/// For a telephone.
fn block(event: &Event, now: Timestamp) -> Vec<String> {
    let mut lines = vec![
        format!("{}  {}", moment(event.at, now), whose(event)),
        format!("  {}", event.what),
    ];
    lines.extend(event.cause.iter().map(|cause| format!("  CAUSE {cause}")));
    lines.extend(repeated(event).map(|times| format!("  {times}")));
    lines
}

fn repeated(event: &Event) -> Option<String> {
    let since = event.since.strftime("%Y-%m-%dT%H:%M:%SZ");
    (event.since != event.at).then(|| format!("{} times since {since}", event.times))
}

pub(super) fn whose(event: &Event) -> String {
    event.whose().unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        let event = serde_json::json!({
            "at": "2026-01-02T03:04:05.9Z", "since": "2026-01-02T03:00:00Z", "times": 7,
            "kind": "scrape_failing", "project": "shop", "service": "logs",
            "what": "10.0.0.1:9273 cannot be scraped (connect)", "cause": "refused",
        });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn a_pipe_gets_lines_and_a_narrow_terminal_short_ones() {
        assert_eq!(Layout::of(None), Layout::Lines);
        assert_eq!(Layout::of(Some(40)), Layout::Blocks);
        assert_eq!(Layout::of(Some(120)), Layout::Table);
    }

    #[test]
    fn a_line_tells_all() {
        assert_eq!(
            one_line(&event()),
            "2026-01-02T03:04:05Z scrape_failing shop/logs 10.0.0.1:9273 cannot be scraped (connect) (7 times since 2026-01-02T03:00:00Z): refused"
        );
    }

    #[test]
    fn a_block_begins_with_when_and_whose() {
        let now = "2026-01-02T03:06:05Z".parse().unwrap();
        assert_eq!(
            block(&event(), now),
            [
                "2026-01-02T03:04:05Z (119s ago)  shop/logs",
                "  10.0.0.1:9273 cannot be scraped (connect)",
                "  CAUSE refused",
                "  7 times since 2026-01-02T03:00:00Z",
            ]
        );
    }
}
