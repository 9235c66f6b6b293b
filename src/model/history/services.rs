//! What changed of the services of one project.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::event::{Event, EventKind};
use crate::model::cloud_foundry::Ownership;
use crate::model::plan::{PlannedService, ProjectPlan};
use crate::model::verdict::Verdict;

/// How many addresses one sentence names.
const MAX_NAMED: usize = 5;

/// What changed from one plan to the next. Both are in order of names.
pub(super) fn services_between(
    before: &Arc<ProjectPlan>,
    after: &Arc<ProjectPlan>,
    at: Timestamp,
) -> Vec<Event> {
    let mut events = Vec::new();
    if Arc::ptr_eq(before, after) {
        return events;
    }
    let mut old = before.services.iter().peekable();
    for new in &after.services {
        while let Some(gone) = old.next_if(|old| old.service.name < new.service.name) {
            events.push(is_gone(gone, at));
        }
        match old.next_if(|old| old.service.name == new.service.name) {
            Some(old) if old == new => {}
            Some(old) => events.extend(changes(old, new, at)),
            None => events.push(appeared(new, at)),
        }
    }
    events.extend(old.map(|gone| is_gone(gone, at)));
    events
}

fn appeared(new: &PlannedService, at: Timestamp) -> Event {
    let service = &new.service;
    let what = format!(
        "the service appeared in Aiven's listing: {} {}, {}",
        service.service_type.text(),
        service.plan.text(),
        new.verdict
    );
    event(EventKind::ServiceAppeared, new, at, what).because(new.cause.as_deref())
}

fn is_gone(old: &PlannedService, at: Timestamp) -> Event {
    let confirmed = old.missing.as_ref().and_then(|missing| missing.confirmed);
    let cause = match confirmed {
        Some(_) => {
            "Aiven, asked by name, said that it does not exist, and the removal grace is over"
        }
        None => "it is no longer part of what is known",
    };
    let what = format!("the service is gone{}", and_its(&targets(old)));
    event(EventKind::ServiceGone, old, at, what).because(Some(cause))
}

fn changes(old: &PlannedService, new: &PlannedService, at: Timestamp) -> Vec<Event> {
    let targets = targets_between(old, new, at);
    let says_verdict = targets
        .as_ref()
        .is_some_and(|event| event.kind != EventKind::AddressesChanged);
    let verdict = verdict_between(old, new, at).filter(|_| !says_verdict);
    let mut events: Vec<_> = integration_between(old, new, at).into_iter().collect();
    events.extend(targets);
    events.extend(verdict);
    events.extend(hosts_between(old, new, at));
    events.extend(labels_between(old, new, at));
    events
}

fn verdict_between(old: &PlannedService, new: &PlannedService, at: Timestamp) -> Option<Event> {
    // Between the integration and the first lookup there is nothing to tell.
    let is_looked_up = new.verdict != Verdict::Unresolved || !new.failing.is_empty();
    if old.verdict == new.verdict || !is_looked_up {
        return None;
    }
    let kind = match new.verdict {
        Verdict::IntegrationFailed => EventKind::IntegrationRefused,
        _ => EventKind::VerdictChanged,
    };
    let what = format!("the verdict is {}, it was {}", new.verdict, old.verdict);
    Some(event(kind, new, at, what).because(new.cause.as_deref()))
}

fn integration_between(old: &PlannedService, new: &PlannedService, at: Timestamp) -> Option<Event> {
    let enabled = new.service.enabled_integrations().next();
    match (old.service.is_integrated(), enabled) {
        (false, Some(integration)) => {
            let what = format!(
                "the service is integrated with endpoint {} now",
                integration.endpoint_id
            );
            Some(event(EventKind::IntegrationMade, new, at, what))
        }
        (true, None) => {
            let what = "the service has no enabled Prometheus integration any more";
            let gone = event(EventKind::IntegrationEnded, new, at, what.to_owned());
            Some(gone.because(new.cause.as_deref()))
        }
        _ => None,
    }
}

fn targets_between(old: &PlannedService, new: &PlannedService, at: Timestamp) -> Option<Event> {
    let (before, now) = (targets(old), targets(new));
    if before == now {
        return None;
    }
    let came: BTreeSet<_> = now.difference(&before).copied().collect();
    let went: BTreeSet<_> = before.difference(&now).copied().collect();
    Some(if before.is_empty() {
        let what = format!("the service is published{}", and_its(&came));
        event(EventKind::TargetsAppeared, new, at, what)
    } else if now.is_empty() {
        let what = format!(
            "the service is published no more, {}{}",
            new.verdict,
            and_its(&went)
        );
        event(EventKind::TargetsGone, new, at, what).because(new.cause.as_deref())
    } else {
        let parts = [("came", came), ("went", went)].into_iter();
        let parts = parts.filter(|(_, addresses)| !addresses.is_empty());
        let parts: Vec<_> = parts
            .map(|(verb, addresses)| format!("{} {verb}", named(&addresses)))
            .collect();
        let what = format!("addresses changed: {}", parts.join("; "));
        event(EventKind::AddressesChanged, new, at, what)
    })
}

/// A host name that is no longer asked for is neither.
fn hosts_between(
    old: &PlannedService,
    new: &PlannedService,
    at: Timestamp,
) -> impl Iterator<Item = Event> {
    let fails = |in_plan: &PlannedService, host: &Arc<str>| {
        in_plan.failing.iter().any(|(name, _)| name == host)
    };
    let failing = new
        .failing
        .iter()
        .filter(move |(host, _)| !fails(old, host));
    let failing = failing.map(move |(host, failing)| {
        let then = match new.hosts.is_empty() {
            true => "no address is known",
            false => "the last known addresses stay",
        };
        let what = format!("{host} does not resolve; {then}");
        event(EventKind::HostUnresolved, new, at, what)
            .about(Arc::clone(host))
            .because(Some(Arc::clone(&failing.cause)))
    });
    let is_published = |host: &Arc<str>| new.hosts.iter().any(|one| one.host.name == *host);
    let resolved = old.failing.iter().map(|(host, _)| host);
    let resolved = resolved.filter(move |host| !fails(new, host) && is_published(host));
    let resolved = resolved.map(move |host| {
        let what = format!("{host} resolves again");
        event(EventKind::HostResolved, new, at, what).about(Arc::clone(host))
    });
    failing.chain(resolved)
}

fn labels_between(
    old: &PlannedService,
    new: &PlannedService,
    at: Timestamp,
) -> impl Iterator<Item = Event> {
    let (before, now) = (old.ownership.as_deref(), new.ownership.as_deref());
    let renamed = renamed(before, now).map(|what| event(EventKind::LabelsChanged, new, at, what));
    let known = before.map_or(&[][..], |one| &one.disagreements);
    let said = now.map_or(&[][..], |one| &one.disagreements);
    let disagree = said
        .iter()
        .filter(|one| !known.contains(one))
        .map(move |one| {
            event(EventKind::LabelsDisagree, new, at, one.to_string())
                .because(Some("tags at Aiven were edited, or say what was true once"))
        });
    let agree = (!known.is_empty() && said.is_empty()).then(|| {
        let what = "Aiven's tags agree again with the labels";
        event(EventKind::LabelsAgree, new, at, what.to_owned())
    });
    renamed.into_iter().chain(disagree).chain(agree)
}

/// Which labels are other ones than before.
fn renamed(before: Option<&Ownership>, now: Option<&Ownership>) -> Option<String> {
    let labels = |one: Option<&Ownership>| -> Vec<_> {
        one.into_iter()
            .flat_map(|one| one.identity.labels())
            .collect()
    };
    let (before, now) = (labels(before), labels(now));
    let value = |of: &[(&'static str, String)], label: &str| {
        let mut labels = of.iter();
        let found = labels.find(|(name, _)| *name == label);
        found.map_or("unset".to_owned(), |(_, value)| value.clone())
    };
    let names: BTreeSet<_> = before.iter().chain(&now).map(|(name, _)| *name).collect();
    let differing = names.into_iter().filter_map(|name| {
        let (old, new) = (value(&before, name), value(&now, name));
        (old != new).then(|| format!("{name} is {new}, it was {old}"))
    });
    let differing: Vec<_> = differing.collect();
    (!differing.is_empty()).then(|| differing.join("; "))
}

fn event(kind: EventKind, planned: &PlannedService, at: Timestamp, what: String) -> Event {
    Event::new(kind, at, what).of_service(&planned.service.name)
}

fn targets(planned: &PlannedService) -> BTreeSet<SocketAddr> {
    planned.targets().collect()
}

fn and_its(addresses: &BTreeSet<SocketAddr>) -> String {
    match addresses.len() {
        0 => String::new(),
        1 => format!(", with its target {}", named(addresses)),
        count => format!(", with its {count} targets {}", named(addresses)),
    }
}

fn named(addresses: &BTreeSet<SocketAddr>) -> String {
    let named: Vec<_> = addresses
        .iter()
        .take(MAX_NAMED)
        .map(ToString::to_string)
        .collect();
    match addresses.len().saturating_sub(MAX_NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
