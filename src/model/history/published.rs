//! What changed between two snapshots.

use std::sync::Arc;

use jiff::Timestamp;

use super::event::{Event, EventKind};
use super::services::services_between;
use crate::model::counted::counted;
use crate::model::endpoint::EndpointFact;
use crate::model::snapshot::{DistrustedListing, Origin, ProjectSnapshot, Snapshot};
use crate::model::stage::Stage;
use crate::model::task::Restarted;

/// What changed from `before` to `after`, which was published at about `at`.
pub fn between(before: &Snapshot, after: &Snapshot, at: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    for project in &after.projects {
        let mut known = before.projects.iter();
        if let Some(known) = known.find(|known| known.name == project.name) {
            events.extend(project_between(known, project, at));
        }
    }
    let labels = (before.cloud_foundry.as_ref(), after.cloud_foundry.as_ref());
    if let (Some(before), Some(after)) = labels {
        events.extend(stage_between("cloud_foundry", before, after, at));
    }
    events
}

/// The first event: the daemon started, and knows this.
pub fn started(first: &Snapshot, at: Timestamp) -> Event {
    let projects = first.projects.iter();
    let known = projects.map(|project| {
        let services = project.plan.services.len();
        match project.origin {
            Origin::Saved(saved) => {
                format!(
                    "{}: {services} services as saved at {saved:.0}",
                    project.name
                )
            }
            Origin::Nothing | Origin::Api => format!("{}: nothing known yet", project.name),
        }
    });
    let known: Vec<_> = known.collect();
    let what = format!("the daemon started; {}", known.join(", "));
    Event::new(EventKind::DaemonStarted, at, what)
}

/// Which tasks were started again between two looks at the board.
pub fn restarted(before: &[Restarted], after: &[Restarted]) -> Vec<Event> {
    let is_new = |row: &&Restarted| !before.contains(row);
    let events = after.iter().filter(is_new).map(|row| {
        let task = row.task.as_str();
        let what =
            format!("the daemon's task {task} failed and was started again; please report it");
        Event {
            project: row.project.as_deref().map(Arc::from),
            ..Event::new(EventKind::TaskRestarted, row.last, what)
                .about(task)
                .because(Some(row.cause.as_str()))
        }
    });
    events.collect()
}

fn project_between(
    before: &ProjectSnapshot,
    after: &ProjectSnapshot,
    at: Timestamp,
) -> impl Iterator<Item = Event> {
    let stages = before.stages.named().into_iter().zip(after.stages.named());
    let stages =
        stages.flat_map(move |((name, before), (_, after))| stage_between(name, before, after, at));
    let distrusted = match after.distrusted == before.distrusted {
        true => None,
        false => after.distrusted.clone(),
    };
    let endpoint = endpoint_between(&before.endpoint, &after.endpoint, at);
    let events = stages
        .chain(distrusted.map(distrust))
        .chain(endpoint)
        .chain(services(before, after, at));
    events.map(|event| event.in_project(&after.name))
}

/// Before the first listing nothing is known, and after it all is new: that is one event.
fn services(before: &ProjectSnapshot, after: &ProjectSnapshot, at: Timestamp) -> Vec<Event> {
    if before.origin != Origin::Nothing {
        return services_between(&before.plan, &after.plan, at);
    }
    if after.origin == Origin::Nothing {
        return Vec::new();
    }
    let services = &after.plan.services;
    let targets: usize = services.iter().map(|one| one.targets().count()).sum();
    let what = format!(
        "the project was listed for the first time: {}, {}",
        counted(services.len(), "service"),
        counted(targets, "target")
    );
    vec![Event::new(EventKind::ServicesKnown, at, what)]
}

/// A stage that still fails for another cause fails once more.
fn stage_between(
    name: &'static str,
    before: &Stage,
    after: &Stage,
    at: Timestamp,
) -> Option<Event> {
    let event = match (&before.failing, &after.failing) {
        (before, Some(now)) if before.as_ref().is_none_or(|old| old.cause != now.cause) => {
            Event::new(
                EventKind::StageFailing,
                at,
                format!("{} fails", stage_in_words(name)),
            )
            .because(Some(Arc::clone(&now.cause)))
        }
        (Some(failed), None) => {
            let what = format!("{} works again", stage_in_words(name));
            let cause = format!("it had failed since {:.0}: {}", failed.since, failed.cause);
            Event::new(EventKind::StageRecovered, at, what).because(Some(cause))
        }
        _ => return None,
    };
    Some(event.about(name))
}

/// A stage as people call it.
pub fn stage_in_words(stage: &str) -> &str {
    match stage {
        "list" => "listing services (list)",
        "integrate" => "integrating services (integrate)",
        "resolve" => "looking host names up (resolve)",
        "publish" => "writing the target list (publish)",
        "cloud_foundry" => "reading Cloud Foundry (cloud_foundry)",
        other => other,
    }
}

fn distrust(listing: DistrustedListing) -> Event {
    let DistrustedListing {
        at, reason, why, ..
    } = listing;
    let what = format!(
        "a listing is not trusted ({}); targets stay",
        reason.as_str()
    );
    Event::new(EventKind::ListingDistrusted, at, what)
        .about(reason.as_str())
        .because(Some(why))
}

/// That the endpoint becomes known after the start is no change.
fn endpoint_between(before: &EndpointFact, after: &EndpointFact, at: Timestamp) -> Option<Event> {
    if before == after {
        return None;
    }
    let (what, cause) = match (before, after) {
        (EndpointFact::Unknown, EndpointFact::Present(_))
        | (_, EndpointFact::Unknown | EndpointFact::Missing { why: None })
            if !matches!(before, EndpointFact::Present(_)) =>
        {
            return None;
        }
        (_, EndpointFact::Present(id)) => (format!("the integration endpoint is {id} now"), None),
        (_, EndpointFact::Missing { why: None } | EndpointFact::Unknown) => {
            ("the integration endpoint is gone".to_owned(), None)
        }
        (_, EndpointFact::Missing { why: Some(why) }) => (
            "the integration endpoint is missing and cannot be created".to_owned(),
            Some(Arc::clone(&why.cause)),
        ),
        (_, EndpointFact::Unusable(why)) => (
            "the integration endpoint cannot be used".to_owned(),
            Some(Arc::clone(&why.cause)),
        ),
    };
    Some(Event::new(EventKind::EndpointChanged, at, what).because(cause))
}
