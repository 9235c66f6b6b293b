//! `explain`: one service, step by step.

use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;

use super::ago::{ago, moment};
use super::ask::Daemon;
use super::events;
use super::output::{self, Rows};
use crate::model::explain::{Explanation, MatchedBy, Node, Trouble, Unknown, explain};
use crate::model::history::Event;

/// Of so many services at once the steps are printed; more are listed.
const MAX_EXPLAINED: usize = 3;

/// Most services that are listed.
const MAX_LISTED: usize = 50;

/// Most changes that are shown of each.
const MAX_EVENTS: usize = 5;

/// Prints the explanation. Exits 0 only when all steps are done and nothing
/// stands behind them. JSON has all services that are meant.
pub(super) async fn run(daemon: &Daemon, text: &str, json: bool) -> anyhow::Result<ExitCode> {
    let (_, status) = daemon.status().await?;
    let explanations = match explain(&status, text) {
        Ok(explanations) => explanations,
        Err(unknown) => {
            let unknown = unknown.remembering(&events::all(daemon).await, text);
            if json {
                output::json("[]");
            }
            say_unknown(text, &unknown);
            if !json {
                print_remembered(&unknown.remembered, status.at);
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    if json {
        output::json(&serde_json::to_string_pretty(&explanations)?);
    } else if explanations.len() > MAX_EXPLAINED {
        list(text, &explanations);
        return Ok(ExitCode::FAILURE);
    } else {
        if explanations.len() > 1 {
            let count = explanations.len();
            output::note(format_args!("{text} can mean any of {count} services:"));
        }
        for (index, explanation) in explanations.iter().enumerate() {
            if index > 0 {
                output::line("");
            }
            let events = events::of(daemon, &explanation.project, &explanation.service).await;
            print(text, explanation, &events, status.at);
        }
    }
    let is_well = explanations.iter().all(|one| one.trouble.is_none());
    Ok(super::exit_code(is_well))
}

fn print(text: &str, explanation: &Explanation, events: &[Arc<Event>], now: Timestamp) {
    let found = found_by(text, explanation.matched_by);
    output::line(format_args!(
        "{}/{}: {}{found}",
        explanation.project, explanation.service, explanation.verdict
    ));
    output::line("");
    let mut steps = Rows::new(["step", "done", "seen", "evidence"]);
    for step in &explanation.steps {
        let mark = if step.ok { "ok" } else { "FAILED" };
        let when = step
            .at
            .map_or_else(String::new, |at| format!("{} ago", ago(at, now)));
        steps.add([step.name, mark, &when, &step.evidence]);
    }
    steps.print();
    print_nodes(&explanation.nodes, now);
    print_events(events, now);
    if let Some(ownership) = &explanation.ownership {
        output::line("");
        output::labelled("WHOSE", ownership);
    }
    if let Some(trouble) = &explanation.trouble {
        output::line("");
        print_trouble(trouble, now);
    }
}

/// What of it was asked for, unless that was its name.
fn found_by(text: &str, matched_by: MatchedBy) -> String {
    let what = match matched_by {
        MatchedBy::Service => return String::new(),
        MatchedBy::Host => "a host name of it",
        MatchedBy::Address => "an address of it",
        MatchedBy::InstanceGuid => "the GUID of its service instance",
        MatchedBy::InstanceName => "the name of its service instance",
        MatchedBy::Project => "its project",
    };
    format!(" ({text} is {what})")
}

/// What happened last at each node, and when.
fn print_nodes(nodes: &[Node], now: Timestamp) {
    if nodes.is_empty() {
        return;
    }
    let since = |at: Option<Timestamp>| match at {
        Some(at) => format!("{} ago", ago(at, now)),
        None => "never".to_owned(),
    };
    output::line("");
    let mut rows = Rows::new(["node", "tried", "succeeded", "failing for", "why"]);
    for node in nodes {
        let tried = match node.seconds {
            Some(seconds) => format!("{}, took {seconds:.3} s", since(node.last_scrape)),
            None => since(node.last_scrape),
        };
        rows.add([
            node.target.to_string(),
            tried,
            since(node.last_success),
            node.failing_since
                .map_or_else(String::new, |at| ago(at, now)),
            node.cause.clone().unwrap_or_default(),
        ]);
    }
    rows.print();
}

/// What changed last.
fn print_events(events: &[Arc<Event>], now: Timestamp) {
    if events.is_empty() {
        return;
    }
    output::line("");
    let mut rows = Rows::new(["changed", "what", "why"]);
    for event in events.iter().take(MAX_EVENTS) {
        let why = event.cause.as_deref().unwrap_or_default();
        rows.add([&*moment(event.at, now), &*event.what, why]);
    }
    rows.print();
    let more = events.len().saturating_sub(MAX_EVENTS);
    if more > 0 {
        output::line(format_args!("and {more} more: aiven-metrics events"));
    }
}

/// What is remembered of somebody who is not known any more, with whose it was.
fn print_remembered(events: &[Arc<Event>], now: Timestamp) {
    if events.is_empty() {
        return;
    }
    let mut rows = Rows::new(["changed", "service", "what", "why"]);
    for event in events {
        let why = event.cause.as_deref().unwrap_or_default();
        let whose = events::whose(event);
        rows.add([&*moment(event.at, now), &*whose, &*event.what, why]);
    }
    rows.print();
}

fn print_trouble(trouble: &Trouble, now: Timestamp) {
    output::labelled("CAUSE", &trouble.cause);
    if let Some(since) = trouble.since {
        output::labelled("SINCE", moment(since, now));
    }
    output::labelled("DO", &trouble.remedy);
}

/// Those in trouble come first.
fn list(text: &str, explanations: &[Explanation]) {
    let mut rows = Rows::new(["service", "verdict", "cause"]);
    let (ill, well): (Vec<_>, Vec<_>) = explanations.iter().partition(|one| one.trouble.is_some());
    for one in ill.into_iter().chain(well).take(MAX_LISTED) {
        let cause = one.trouble.as_ref().map(|trouble| &*trouble.cause);
        rows.add([
            format!("{}/{}", one.project, one.service),
            one.verdict.to_string(),
            cause.unwrap_or_default().to_owned(),
        ]);
    }
    rows.print();
    let more = explanations.len().saturating_sub(MAX_LISTED);
    if more > 0 {
        output::line(format_args!("and {more} more"));
    }
    let count = explanations.len();
    output::note(format_args!(
        "aiven-metrics: {text} can mean any of {count} services; ask for one of them as PROJECT/SERVICE"
    ));
}

/// In what nobody is known by now. What was known once is gone, and no typing mistake.
fn say_unknown(text: &str, unknown: &Unknown) {
    let what = match (unknown.remembered.is_empty(), unknown.is_address) {
        (true, true) => format!(
            "no service has a node at {text} now; aiven-metrics targets lists all that have"
        ),
        (true, false) => format!("no service {text} is known"),
        (false, true) => format!("no service has a node at {text} any more; what was before:"),
        (false, false) => format!("no service {text} is known any more; what was before:"),
    };
    output::note(format_args!("aiven-metrics: {what}"));
    if !unknown.near.is_empty() {
        let near = unknown.near.join(" or ");
        output::note(format_args!("did you mean {near}?"));
    }
    for project in &unknown.unlisted {
        output::note(format_args!(
            "CAUSE  it may be in a project that cannot be listed: {project}"
        ));
    }
}
