//! What is wrong now, the worst first, each with its cause, what to do, and since when.

use std::time::Duration;

use jiff::Timestamp;

use super::groups::service_problems;
use super::{Expiries, Facts, Room};
use crate::model::elapsed;
use crate::model::history::stage_in_words;
use crate::model::outside_text::cut;
use crate::model::resolution::Failing;
use crate::model::snapshot::Origin;

/// Prometheus asks more often than this, or it does not ask at all.
const SCRAPES_ARE_OVERDUE: Duration = Duration::from_secs(180);

/// How long the failure of a task is news.
const NEWS: Duration = Duration::from_secs(3600);

/// A certificate that ends within this time is a problem.
const ENDS_SOON: Duration = Duration::from_secs(7 * 24 * 3600);

/// The most characters of a cause.
const MAX_CAUSE: usize = 400;

/// The most problems that are listed.
const MAX_PROBLEMS: usize = 20;

/// How bad a problem is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The daemon itself cannot do its work.
    Daemon,
    /// What the daemon depends on fails: Aiven, Prometheus, Cloud Foundry.
    Source,
    /// Services that should be scraped are not.
    Service,
    /// Something is scraped, but not as it should be.
    Partly,
    /// Nothing is wrong yet.
    Soon,
    /// Worth knowing.
    Note,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub rank: Rank,
    /// What is wrong, in a few words.
    pub title: String,
    /// The first few services that it is about: the name and the page of each.
    pub services: Vec<(String, String)>,
    /// The list of all of them, if there are more.
    pub all: Option<String>,
    /// Why.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// Since when, if that is known.
    pub since: Option<Timestamp>,
}

/// What is wrong, the worst first, and how much there was no room for.
pub fn problems(facts: Facts<'_>, expiries: &Expiries) -> (Vec<Problem>, usize) {
    let mut all = nothing_known(facts);
    all.extend(restarted(facts));
    all.extend(stages(facts));
    all.extend(nobody_asks(facts));
    all.extend(saved_only(facts));
    all.extend(odd_rows(facts));
    all.extend(service_problems(facts));
    all.extend(ending(facts, expiries));
    all.sort_by_key(|problem| problem.rank);
    let found = all.len();
    let mut room = Room::PROBLEMS;
    let fitting = all.into_iter().take(MAX_PROBLEMS).map(shortened);
    let fitting: Vec<_> = fitting.take_while(|one| room.fits(one.texts())).collect();
    let more = found.saturating_sub(fitting.len());
    (fitting, more)
}

impl Problem {
    fn new(rank: Rank, title: String, cause: String, remedy: &str) -> Problem {
        Problem {
            rank,
            title,
            services: Vec::new(),
            all: None,
            cause,
            remedy: remedy.to_owned(),
            since: None,
        }
    }

    fn since(self, since: Timestamp) -> Problem {
        Problem {
            since: Some(since),
            ..self
        }
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let services = self.services.iter();
        let services = services.flat_map(|(name, link)| [&**name, &**link]);
        let own = [&*self.title, &*self.cause, &*self.remedy];
        own.into_iter().chain(services).chain(self.all.as_deref())
    }
}

fn shortened(problem: Problem) -> Problem {
    Problem {
        title: cut(&problem.title, MAX_CAUSE).into_owned(),
        cause: cut(&problem.cause, MAX_CAUSE).into_owned(),
        ..problem
    }
}

fn nothing_known(facts: Facts<'_>) -> Vec<Problem> {
    if facts.snapshot.is_ready() {
        return Vec::new();
    }
    let cause = "no listing has come yet in this run, and no state of an earlier run is there";
    let remedy = "wait for the first listing; if the stage list fails below, mend that";
    let title = "Nothing is published yet".to_owned();
    let problem = Problem::new(Rank::Daemon, title, cause.to_owned(), remedy);
    vec![problem.since(facts.started)]
}

fn restarted(facts: Facts<'_>) -> impl Iterator<Item = Problem> {
    let news = facts.restarts.iter();
    let news = news.filter(move |row| elapsed(row.last, facts.at) < NEWS);
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

/// Projects whose stage fails for the same cause are one problem.
fn stages(facts: Facts<'_>) -> Vec<Problem> {
    let projects = facts.snapshot.projects.iter();
    let of_projects = projects.flat_map(|project| {
        let stages = project.stages.named().into_iter();
        stages.map(|(stage, state)| (&*project.name, stage, state))
    });
    let shared = facts.snapshot.cloud_foundry.iter();
    let shared = shared.map(|state| ("all projects", "cloud_foundry", state));
    let mut found: Vec<(Vec<&str>, &'static str, &Failing)> = Vec::new();
    for (project, stage, state) in of_projects.chain(shared) {
        let Some(failing) = &state.failing else {
            continue;
        };
        let mut alike = found.iter_mut();
        match alike.find(|(_, other, why)| *other == stage && why.cause == failing.cause) {
            Some((projects, ..)) => projects.push(project),
            None => found.push((vec![project], stage, failing)),
        }
    }
    found
        .into_iter()
        .map(|(projects, stage, failing)| stage_problem(&projects, stage, failing))
        .collect()
}

fn stage_problem(projects: &[&str], stage: &'static str, failing: &Failing) -> Problem {
    let (rank, remedy) = match stage {
        "publish" => (
            Rank::Daemon,
            "free space or mend permissions; the old list stays in use, and /sd is current",
        ),
        "list" => (
            Rank::Source,
            "targets stay as they were: nothing is lost before a service changes; mend what the cause names",
        ),
        "resolve" => (
            Rank::Source,
            "addresses stay as they were; look a name up on this machine (dig NAME), and mend DNS or dns.nameservers",
        ),
        "cloud_foundry" => (
            Rank::Partly,
            "labels stay as they were, and targets do not depend on it; mend what the cause names",
        ),
        _ => (
            Rank::Partly,
            "services that are integrated are scraped all the same; mend what the cause names before new ones come",
        ),
    };
    let named: Vec<_> = projects.iter().take(3).copied().collect();
    let more = match projects.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let title = format!(
        "{}{more}: {} fails",
        named.join(", "),
        stage_in_words(stage)
    );
    Problem::new(rank, title, failing.cause.to_string(), remedy).since(failing.since)
}

/// Whether Prometheus has asked for nothing for too long, where it asks us at all.
pub(super) fn scrapes_are_overdue(facts: Facts<'_>) -> bool {
    let last = facts.scrapes.last_request.unwrap_or(facts.started);
    facts.snapshot.through_proxy && elapsed(last, facts.at) >= SCRAPES_ARE_OVERDUE
}

/// Prometheus is meant to scrape through the proxy, and does not.
fn nobody_asks(facts: Facts<'_>) -> Option<Problem> {
    let has_targets = facts.snapshot.target_groups().next().is_some();
    let remedy = "check that Prometheus runs, that its file_sd_configs name our targets.json, and that its proxy_url is scrape_proxy.listen";
    if !has_targets || !scrapes_are_overdue(facts) {
        return None;
    }
    let last = facts.scrapes.last_request;
    let (title, cause) = match last {
        Some(_) => (
            "Prometheus scrapes nothing any more",
            "it has stopped asking the scrape proxy",
        ),
        None => (
            "Prometheus scrapes nothing",
            "it has not asked the scrape proxy for anything since the daemon started",
        ),
    };
    let problem = Problem::new(Rank::Source, title.to_owned(), cause.to_owned(), remedy);
    Some(problem.since(last.unwrap_or(facts.started)))
}

/// Where listing fails that is said already.
fn saved_only(facts: Facts<'_>) -> impl Iterator<Item = Problem> {
    facts.snapshot.projects.iter().filter_map(|project| {
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

fn odd_rows(facts: Facts<'_>) -> impl Iterator<Item = Problem> {
    let projects = facts.snapshot.projects.iter();
    let rows = projects.flat_map(|project| {
        let rows = project.odd_rows.iter().flat_map(|odd| odd.rows());
        rows.map(move |row| (&project.name, row))
    });
    rows.map(|(project, row)| {
        let (rank, remedy) = match row.hinders {
            true => (Rank::Partly, "what was known before is kept, and nothing is created; report this line, with the row as Aiven's API gives it"),
            false => (Rank::Note, "nothing: the other rows are used"),
        };
        let title = format!("{project}: Aiven's {} has a row that cannot be read", row.list.as_str());
        Problem::new(rank, title, row.to_string(), remedy)
    })
}

fn ending(facts: Facts<'_>, expiries: &Expiries) -> Option<Problem> {
    let first = expiries.rows.first()?;
    let limit = facts.at.checked_add(ENDS_SOON).ok()?;
    if first.ends > limit || first.ends < facts.at {
        return None;
    }
    let title = "A node's certificate ends within seven days".to_owned();
    let cause = format!("the one of {} ends at {}", first.target, first.ends);
    let remedy = "apply the service's maintenance updates, with which Aiven renews certificates";
    let problem = Problem::new(Rank::Soon, title, cause, remedy);
    Some(Problem {
        services: vec![(first.name.clone(), first.link.clone())],
        ..problem
    })
}
