//! `events`: what changed in the last hours, and why.
//!
//! In a wide terminal a table; in a narrow one an event takes a few short lines; in
//! a pipe each event is one line, which begins with its time.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use reqwest::StatusCode;

use super::ago::ago;
use super::ask::Daemon;
use super::output::{self, Rows};
use crate::model::history::{Event, Events};

/// A table of events needs so many columns to be read.
const WIDE: usize = 100;

/// Which events to print.
pub(super) struct Asked {
    /// How long ago at most.
    pub(super) since: Option<Duration>,
    /// `SERVICE` or `PROJECT/SERVICE`.
    pub(super) service: Option<String>,
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
    let asked = Asked {
        since: None,
        service: Some(format!("{project}/{service}")),
        json: false,
    };
    let answer = daemon.get(&path(&asked)).await.ok();
    let answer = answer.filter(|answer| answer.status == StatusCode::OK);
    let events = answer.and_then(|answer| serde_json::from_str::<Events>(&answer.body).ok());
    events.map_or_else(Vec::new, |events| events.events)
}

/// Prints the events that are asked for, the newest first.
pub(super) async fn run(daemon: &Daemon, asked: &Asked) -> anyhow::Result<ExitCode> {
    let answer = daemon.get(&path(asked)).await?;
    match answer.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => {
            anyhow::bail!("the daemon keeps no history: it is of another version than this command")
        }
        _ => anyhow::bail!("{}", answer.body.trim()),
    }
    let events: Events = serde_json::from_str(&answer.body)
        .context("the daemon's /events is of another version than this command")?;
    if asked.json {
        output::json(&answer.body);
    } else {
        print(&events, &Layout::of(output::terminal_width()));
    }
    Ok(ExitCode::SUCCESS)
}

fn path(asked: &Asked) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(since) = asked.since {
        query.append_pair("since", &format!("{}s", since.as_secs()));
    }
    if let Some(service) = &asked.service {
        query.append_pair("service", service);
    }
    format!("/events?{}", query.finish())
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
    if events.is_empty() {
        return output::line("nothing changed that is still remembered");
    }
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
                let when = format!("{} ago", ago(event.at, *at));
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
        format!("{} ago  {}", ago(event.at, now), whose(event)),
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

/// `PROJECT/SERVICE`, as far as it is about one.
fn whose(event: &Event) -> String {
    match (&event.project, &event.service) {
        (Some(project), Some(service)) => format!("{project}/{service}"),
        (Some(project), None) => project.to_string(),
        (None, _) => "-".to_owned(),
    }
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
                "119s ago  shop/logs",
                "  10.0.0.1:9273 cannot be scraped (connect)",
                "  CAUSE refused",
                "  7 times since 2026-01-02T03:00:00Z",
            ]
        );
    }

    #[test]
    fn names_are_escaped_in_the_question() {
        let asked = Asked {
            since: Some(Duration::from_secs(9000)),
            service: Some("shop/a&kind=b".to_owned()),
            json: false,
        };
        assert_eq!(
            path(&asked),
            "/events?since=9000s&service=shop%2Fa%26kind%3Db"
        );
    }
}
