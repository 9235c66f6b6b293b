//! Stages that fail: what fails for the same cause is one problem.

use super::{Problem, Rank, Situation};
use crate::model::explain::remedy;
use crate::model::history::stage_in_words;
use crate::model::resolution::Failing;
use crate::model::snapshot::Origin;

/// How many projects a title names.
const MAX_NAMED: usize = 3;

/// Stages that fail for the same cause.
struct Group<'a> {
    /// Whether something is known that holds meanwhile.
    is_known: bool,
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
        stages.map(|(stage, state)| {
            let is_known = match stage {
                "resolve" => project
                    .plan
                    .services
                    .iter()
                    .any(|one| !one.hosts.is_empty()),
                _ => project.origin != Origin::Nothing,
            };
            (&*project.name, stage, state, is_known)
        })
    });
    let shared = situation.snapshot.cloud_foundry.iter();
    let shared = shared.map(|state| {
        let is_known = state.last_success.is_some();
        ("all projects", "cloud_foundry", state, is_known)
    });
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (project, stage, state, is_known) in of_projects.chain(shared) {
        let Some(failing) = &state.failing else {
            continue;
        };
        let mut known = groups.iter_mut();
        match known.find(|group| is_same(&group.failing.cause, &failing.cause)) {
            Some(group) => group.add(project, stage, failing, is_known),
            None => groups.push(Group {
                is_known,
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
    fn add(&mut self, project: &'a str, stage: &'static str, failing: &'a Failing, is_known: bool) {
        self.is_known |= is_known;
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
        let stages = self.stages.iter();
        let all = stages.map(|stage| rated(stage, is_ready, self.is_known));
        let worst = all.min_by_key(|one| one.rank);
        let (rank, remedy) = worst.map_or((Rank::Note, String::new()), |one| {
            (one.rank, one.remedy(self.failing.remedy.as_deref()))
        });
        let cause = self.failing.cause.to_string();
        Problem::new(rank, self.title(), cause, &remedy).since(self.failing.since)
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

/// How bad it is when a stage fails.
struct Rated {
    rank: Rank,
    /// What to do if the cause does not tell.
    otherwise: &'static str,
    /// What becomes of the services meanwhile; empty if `otherwise` says it.
    meanwhile: &'static str,
}

impl Rated {
    fn remedy(&self, of_the_cause: Option<&str>) -> String {
        let remedy = of_the_cause.unwrap_or(self.otherwise);
        match self.meanwhile {
            "" => remedy.to_owned(),
            meanwhile => format!("{remedy}; {meanwhile}"),
        }
    }
}

fn rated(stage: &str, is_ready: bool, is_known: bool) -> Rated {
    let otherwise = "do what the cause says";
    let (rank, otherwise, meanwhile) = match stage {
        "publish" => (Rank::Daemon, remedy::UNWRITTEN, ""),
        "list" => {
            let rank = if is_ready { Rank::Source } else { Rank::Daemon };
            let meanwhile = match is_known {
                true => "targets that are known stay meanwhile",
                false => "until then nothing is published, as it was never listed",
            };
            (rank, otherwise, meanwhile)
        }
        "resolve" => {
            let meanwhile = match is_known {
                true => "addresses that are known stay in use meanwhile",
                false => "until then nothing is scraped, as no address is known",
            };
            (Rank::Source, otherwise, meanwhile)
        }
        "cloud_foundry" => {
            let meanwhile = match is_known {
                true => "labels stay as they were, and targets do not depend on it",
                false => {
                    "until then targets have no names of Cloud Foundry, and are scraped all the same"
                }
            };
            (Rank::Partly, otherwise, meanwhile)
        }
        _ => (
            Rank::Partly,
            otherwise,
            "new services wait for it, those that are integrated are scraped all the same",
        ),
    };
    Rated {
        rank,
        otherwise,
        meanwhile,
    }
}
