//! The daemon itself, and what it depends on: Aiven, DNS, the disk, Prometheus, Cloud Foundry.

use std::time::Duration;

use super::{Problem, Rank, Situation};
use crate::model::elapsed;
use crate::model::explain::remedy;
use crate::model::snapshot::Origin;

/// Prometheus asks more often than this, or it does not ask at all.
const SCRAPES_ARE_OVERDUE: Duration = Duration::from_secs(180);

/// How long the failure of a task is news.
const NEWS: Duration = Duration::from_secs(3600);

/// The problems that no single service has.
pub(super) fn problems(situation: Situation<'_>) -> Vec<Problem> {
    let mut all = nothing_known(situation);
    all.extend(restarted(situation));
    all.extend(nobody_asks(situation));
    all.extend(saved_only(situation));
    all.extend(odd_rows(situation));
    all
}

fn nothing_known(situation: Situation<'_>) -> Vec<Problem> {
    let projects = situation.snapshot.projects.iter();
    let mut lists = projects.map(|project| &project.stages.list);
    // Then that is the problem.
    let is_explained = lists.any(|list| list.failing.is_some());
    if situation.snapshot.is_ready() || is_explained {
        return Vec::new();
    }
    let cause = "no listing has come yet in this run, and no state of an earlier run is there";
    let remedy = "wait for the first listing; if it does not come, run aiven-metrics doctor";
    let title = "Nothing is published yet".to_owned();
    let problem = Problem::new(Rank::Daemon, title, cause.to_owned(), remedy);
    vec![problem.since(situation.started)]
}

fn restarted(situation: Situation<'_>) -> impl Iterator<Item = Problem> {
    let news = situation.restarts.iter();
    let news = news.filter(move |row| elapsed(row.last, situation.at) < NEWS);
    news.map(|row| {
        let of = row.project.as_ref();
        let of = of.map_or_else(String::new, |project| format!(" of {project}"));
        let title = format!(
            "The daemon's task {}{of} failed {} times and was started again",
            row.task.as_str(),
            row.restarts
        );
        let remedy = "a defect in the daemon, all else goes on: please report it with this line";
        Problem::new(Rank::Daemon, title, row.cause.clone(), remedy).since(row.last)
    })
}

/// Whether Prometheus has asked for nothing for too long, where it asks us at all.
pub(super) fn scrapes_are_overdue(situation: Situation<'_>) -> bool {
    let last = situation.scrapes.last_request.unwrap_or(situation.started);
    situation.snapshot.through_proxy && elapsed(last, situation.at) >= SCRAPES_ARE_OVERDUE
}

/// Prometheus is meant to scrape through the proxy, and does not.
fn nobody_asks(situation: Situation<'_>) -> Option<Problem> {
    let has_targets = situation.snapshot.target_groups().next().is_some();
    if !has_targets || !scrapes_are_overdue(situation) {
        return None;
    }
    let last = situation.scrapes.last_request;
    let (title, cause) = match last {
        Some(_) => (
            "No scrape comes through the proxy any more",
            "Prometheus has stopped asking the scrape proxy",
        ),
        None => (
            "No scrape comes through the proxy",
            "Prometheus has not asked the scrape proxy for anything since the daemon started",
        ),
    };
    let problem = Problem::new(
        Rank::Source,
        title.to_owned(),
        cause.to_owned(),
        remedy::NOBODY_ASKS,
    );
    Some(problem.since(last.unwrap_or(situation.started)))
}

/// Where listing fails that is said already.
fn saved_only(situation: Situation<'_>) -> impl Iterator<Item = Problem> {
    situation.snapshot.projects.iter().filter_map(|project| {
        let Origin::Saved(at) = project.origin else {
            return None;
        };
        if project.stages.list.failing.is_some() {
            return None;
        }
        let title = format!("{}: targets are those of an earlier run", project.name);
        let cause = "Aiven has not been heard since the daemon started".to_owned();
        let remedy = "wait for the first listing; the services are scraped meanwhile";
        Some(Problem::new(Rank::Note, title, cause, remedy).since(at))
    })
}

fn odd_rows(situation: Situation<'_>) -> impl Iterator<Item = Problem> {
    let projects = situation.snapshot.projects.iter();
    let rows = projects.flat_map(|project| {
        let rows = project.odd_rows.iter().flat_map(|odd| odd.rows());
        rows.map(move |row| (&project.name, row))
    });
    rows.map(|(project, row)| {
        let (rank, remedy) = match row.hinders {
            true => (Rank::Partly, "what was known before is kept, and nothing is created; report this line to who maintains this release, with the row as Aiven's API gives it"),
            false => (Rank::Note, "nothing: the other rows are used"),
        };
        let title = format!("{project}: Aiven's {} has a row that cannot be read", row.list.as_str());
        Problem::new(rank, title, row.to_string(), remedy)
    })
}
