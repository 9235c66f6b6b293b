//! Services that have the same trouble, together: of a thousand that fail alike one
//! sentence is enough.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Problem, Rank, Situation};
use crate::model::explain::{explain, remedy};
use crate::model::history::EventKind;
use crate::model::plan::PlannedService;
use crate::model::scrape::{Finding, Target};
use crate::model::situation::Judged;
use crate::model::verdict::Verdict;

/// How many services one problem names.
const MAX_NAMED: usize = 3;

/// What services are put together by: the verdict, and what the scrape found.
type Kind = (Rank, Trouble, String);

/// The trouble of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    /// It should be scraped and is not.
    Verdict(Verdict),
    /// It is not integrated, and nobody will do that by itself.
    Stuck,
    /// It is scraped, but not every node.
    Nodes,
    /// It is published with addresses that DNS does not confirm.
    Stale,
    /// Aiven says otherwise than what is published of whose it is.
    Labels,
}

/// Services with the same trouble.
struct Group<'a> {
    services: Vec<&'a Judged<'a>>,
    count: usize,
}

/// The problems of services.
pub(super) fn problems(situation: Situation<'_>) -> Vec<Problem> {
    let mut groups: BTreeMap<Kind, Group<'_>> = BTreeMap::new();
    for one in situation.services {
        let Some(kind) = kind(situation, one) else {
            continue;
        };
        let group = groups.entry(kind).or_insert_with(|| Group {
            services: Vec::new(),
            count: 0,
        });
        group.count += 1;
        if group.services.len() < MAX_NAMED {
            group.services.push(one);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|((rank, ..), group)| (*rank, std::cmp::Reverse(group.count)));
    let problems = groups.into_iter();
    let problems = problems
        .filter_map(|((rank, trouble, _), group)| problem(situation, rank, trouble, &group));
    problems.collect()
}

fn kind(situation: Situation<'_>, one: &Judged<'_>) -> Option<Kind> {
    let (verdict, planned) = (one.verdict, one.planned);
    let word = |finding: Finding| format!("{finding:?}");
    // Where no name of the project resolves, that is the problem.
    let is_explained = one.project.stages.resolve.failing.is_some();
    if verdict == Verdict::Unresolved && is_explained {
        return None;
    }
    if verdict.is_problem() {
        let found = one
            .failure
            .map_or_else(String::new, |failure| word(failure.finding));
        return Some((Rank::Service, Trouble::Verdict(verdict), found));
    }
    if planned.stuck {
        return Some((Rank::Service, Trouble::Stuck, String::new()));
    }
    if matches!(verdict, Verdict::AwaitingIntegration | Verdict::Leaving) {
        return Some((Rank::Note, Trouble::Verdict(verdict), String::new()));
    }
    if let Some(finding) = failing_node(situation, one) {
        return Some((Rank::Partly, Trouble::Nodes, word(finding)));
    }
    if !planned.failing.is_empty() && !is_explained {
        return Some((Rank::Partly, Trouble::Stale, String::new()));
    }
    let ownership = planned.ownership.as_ref()?;
    let disagrees = !ownership.disagreements.is_empty();
    disagrees.then_some((Rank::Note, Trouble::Labels, String::new()))
}

fn failing_node(situation: Situation<'_>, one: &Judged<'_>) -> Option<Finding> {
    let mut targets = one.planned.targets();
    targets.find_map(|address| {
        let target = Target {
            project: one.project.name.clone(),
            service: one.planned.service.name.clone(),
            address,
        };
        let known = situation.scrapes.targets.get(&target)?;
        Some(known.failure.as_ref()?.finding)
    })
}

fn problem(
    situation: Situation<'_>,
    rank: Rank,
    trouble: Trouble,
    group: &Group<'_>,
) -> Option<Problem> {
    let first = group.services.first()?;
    let (cause, remedy) = match trouble {
        Trouble::Labels => labels(first.planned),
        Trouble::Stale => stale(first.planned),
        Trouble::Verdict(_) | Trouble::Stuck | Trouble::Nodes => explained(situation, first)?,
    };
    let named = group.services.iter().map(|one| {
        let (project, service) = one.names();
        format!("{project}/{service}")
    });
    Some(Problem {
        rank,
        title: format!("{} {}", subject(group.count), told(trouble, group.count)),
        services: named.collect(),
        count: group.count,
        verdict: match trouble {
            Trouble::Verdict(_) | Trouble::Stuck => Some(first.verdict),
            _ => None,
        },
        cause,
        remedy,
        since: since(situation, first, trouble),
    })
}

fn subject(count: usize) -> String {
    match count {
        1 => "One service".to_owned(),
        count => format!("{count} services"),
    }
}

fn told(trouble: Trouble, count: usize) -> &'static str {
    let is_one = count == 1;
    match trouble {
        Trouble::Verdict(Verdict::IntegrationFailed) => "cannot be integrated (integration_failed)",
        Trouble::Verdict(Verdict::Unresolved) if is_one => "has no known address (unresolved)",
        Trouble::Verdict(Verdict::Unresolved) => "have no known address (unresolved)",
        Trouble::Verdict(Verdict::TlsFailed) => "cannot be verified (tls_failed)",
        Trouble::Verdict(Verdict::Unauthorised) if is_one => {
            "has no credentials that its nodes take (unauthorised)"
        }
        Trouble::Verdict(Verdict::Unauthorised) => {
            "have no credentials that their nodes take (unauthorised)"
        }
        Trouble::Verdict(Verdict::AwaitingIntegration) if is_one => {
            "waits for its integration (awaiting_integration)"
        }
        Trouble::Verdict(Verdict::AwaitingIntegration) => {
            "wait for their integration (awaiting_integration)"
        }
        Trouble::Verdict(Verdict::Leaving) if is_one => "is missing from Aiven's listing (leaving)",
        Trouble::Verdict(Verdict::Leaving) => "are missing from Aiven's listing (leaving)",
        Trouble::Verdict(_) => "cannot be scraped (unreachable)",
        Trouble::Stuck if is_one => "will not be integrated by itself (awaiting_integration)",
        Trouble::Stuck => "will not be integrated by themselves (awaiting_integration)",
        Trouble::Nodes if is_one => "is scraped without some of its nodes",
        Trouble::Nodes => "are scraped without some of their nodes",
        Trouble::Stale if is_one => "is scraped at its last known addresses",
        Trouble::Stale => "are scraped at their last known addresses",
        Trouble::Labels if is_one => "has tags that disagree with its labels",
        Trouble::Labels => "have tags that disagree with their labels",
    }
}

/// The same words as those of the command `explain`.
fn explained(situation: Situation<'_>, one: &Judged<'_>) -> Option<(String, String)> {
    let (project, service) = one.names();
    let status = situation.status_of(project, service);
    let explanations = explain(&status, &format!("{project}/{service}")).ok()?;
    let trouble = explanations.into_iter().next()?.trouble?;
    Some((trouble.cause, trouble.remedy))
}

fn stale(planned: &PlannedService) -> (String, String) {
    let failing = planned.failing.first();
    let cause = failing.map_or_else(String::new, |(host, failing)| {
        format!("{host}: {}", failing.cause)
    });
    (cause, remedy::STALE.to_owned())
}

fn labels(planned: &PlannedService) -> (String, String) {
    let ownership = planned.ownership.iter();
    let said = ownership.flat_map(|one| &one.disagreements);
    let said: Vec<_> = said.map(ToString::to_string).collect();
    let remedy = "what Cloud Controller says is published, so nothing is lost: set the tag back at Aiven, and see who edited it";
    (said.join("; "), remedy.to_owned())
}

/// Since when: the last success or the event, whichever tells.
fn since(situation: Situation<'_>, one: &Judged<'_>, trouble: Trouble) -> Option<Timestamp> {
    if trouble == Trouble::Stale {
        return one
            .planned
            .failing
            .first()
            .map(|(_, failing)| failing.since);
    }
    let is_the_cause = |kind: EventKind| match trouble {
        Trouble::Labels => kind == EventKind::LabelsDisagree,
        Trouble::Nodes => kind == EventKind::ScrapeFailing,
        _ => matches!(
            kind,
            EventKind::ScrapeFailing
                | EventKind::VerdictChanged
                | EventKind::IntegrationRefused
                | EventKind::TargetsGone
                | EventKind::ServiceAppeared
        ),
    };
    let mut events = situation
        .events
        .iter()
        .filter(|event| is_the_cause(event.kind));
    let event = events.find(|event| {
        event.project.as_ref() == Some(&one.project.name)
            && event.service.as_ref() == Some(&one.planned.service.name)
    });
    event.map(|event| event.since)
}
