//! Stages that fail: what fails for the same cause is one problem.

use super::{Problem, Rank, Situation};
use crate::model::explain::remedy;
use crate::model::history::stage_in_words;
use crate::model::resolution::Failing;

/// How many projects a title names.
const MAX_NAMED: usize = 3;

/// Stages that fail for the same cause.
struct Group<'a> {
    projects: Vec<&'a str>,
    /// In the order in which they follow each other.
    stages: Vec<&'static str>,
    failing: &'a Failing,
}

/// The failing stages of all projects.
pub(super) fn problems(situation: Situation<'_>) -> impl Iterator<Item = Problem> {
    let groups = groups(situation);
    let is_ready = situation.snapshot.is_ready();
    groups.into_iter().map(move |group| group.problem(is_ready))
}

fn groups(situation: Situation<'_>) -> Vec<Group<'_>> {
    let projects = situation.snapshot.projects.iter();
    let of_projects = projects.flat_map(|project| {
        let stages = project.stages.named().into_iter();
        stages.map(|(stage, state)| (&*project.name, stage, state))
    });
    let shared = situation.snapshot.cloud_foundry.iter();
    let shared = shared.map(|state| ("all projects", "cloud_foundry", state));
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (project, stage, state) in of_projects.chain(shared) {
        let Some(failing) = &state.failing else {
            continue;
        };
        let mut known = groups.iter_mut();
        match known.find(|group| is_same(&group.failing.cause, &failing.cause)) {
            Some(group) => group.add(project, stage, failing),
            None => groups.push(Group {
                projects: vec![project],
                stages: vec![stage],
                failing,
            }),
        }
    }
    groups
}

/// Whether two causes are one: a stage may say before it what it could not do for it.
fn is_same(cause: &str, other: &str) -> bool {
    cause.ends_with(other) || other.ends_with(cause)
}

impl<'a> Group<'a> {
    fn add(&mut self, project: &'a str, stage: &'static str, failing: &'a Failing) {
        if !self.projects.contains(&project) {
            self.projects.push(project);
        }
        if !self.stages.contains(&stage) {
            self.stages.push(stage);
        }
        let length = |failing: &Failing| failing.cause.len();
        if (length(failing), failing.since) < (length(self.failing), self.failing.since) {
            self.failing = failing;
        }
    }

    fn problem(&self, is_ready: bool) -> Problem {
        let rated = self.stages.iter().map(|stage| rated(stage, is_ready));
        let worst = rated.min_by_key(|(rank, _)| *rank);
        let (rank, remedy) = worst.unwrap_or((Rank::Note, ""));
        let cause = self.failing.cause.to_string();
        Problem::new(rank, self.title(), cause, remedy).since(self.failing.since)
    }

    fn title(&self) -> String {
        let named = self.projects.iter().take(MAX_NAMED).copied();
        let named = named.collect::<Vec<_>>().join(", ");
        let more = match self.projects.len().saturating_sub(MAX_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let verb = if self.stages.len() == 1 {
            "fails"
        } else {
            "fail"
        };
        let stages: Vec<_> = self.stages.iter().map(|one| stage_in_words(one)).collect();
        format!("{named}{more}: {} {verb}", stages.join(" and "))
    }
}

/// How bad it is when a stage fails, and what to do.
fn rated(stage: &str, is_ready: bool) -> (Rank, &'static str) {
    match stage {
        "publish" => (Rank::Daemon, remedy::UNWRITTEN),
        "list" if is_ready => (
            Rank::Source,
            "mend what the cause names; targets stay as they were, so nothing is lost before a service changes",
        ),
        "list" => (
            Rank::Daemon,
            "mend what the cause names; nothing is published before that, for no state of an earlier run is there",
        ),
        "resolve" => (
            Rank::Source,
            "look a name up on this machine (dig NAME), and mend DNS or dns.nameservers; addresses stay as they were",
        ),
        "cloud_foundry" => (
            Rank::Partly,
            "mend what the cause names; labels stay as they were, and targets do not depend on it",
        ),
        _ => (
            Rank::Partly,
            "mend what the cause names before new services come; those that are integrated are scraped all the same",
        ),
    }
}
