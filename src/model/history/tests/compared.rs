//! Which events follow from two snapshots, and from scrapes.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use super::*;
use crate::model::detail::DetailList;
use crate::model::endpoint::EndpointFact;
use crate::model::fixtures::{HOST, planned, snapshot};
use crate::model::inventory::{Distrust, Missing};
use crate::model::plan::PlannedService;
use crate::model::resolution::Failing;
use crate::model::scrape::{Failure, Finding, NodeFacts, Scrapes, Target};
use crate::model::service::{Service, ServiceIntegration};
use crate::model::snapshot::{DistrustedListing, Origin};
use crate::model::task::{Restarted, Task};
use crate::model::verdict::Verdict;

/// `KIND SERVICE: WHAT (CAUSE)` of each.
fn lines(events: Vec<Event>) -> Vec<String> {
    let line = |event: Event| {
        let service = event.service.as_deref().unwrap_or("-");
        let cause = event
            .cause
            .map_or_else(String::new, |cause| format!(" ({cause})"));
        format!("{} {service}: {}{cause}", event.kind, event.what)
    };
    events.into_iter().map(line).collect()
}

fn changed(before: PlannedService, after: PlannedService) -> Vec<String> {
    lines(between(
        &snapshot(vec![before]),
        &snapshot(vec![after]),
        at(0),
    ))
}

#[test]
fn the_same_again_is_no_event() {
    let one = || snapshot(vec![planned("a", &["10.0.0.1"])]);
    assert_eq!(between(&one(), &one(), at(0)), []);
}

#[test]
fn services_that_come_and_go_are_told_with_the_cause() {
    let gone = PlannedService {
        missing: Some(Box::new(Missing {
            since: at(0),
            confirmed: Some(at(1)),
        })),
        ..planned("b", &["10.0.0.1", "10.0.0.2"])
    };
    let before = snapshot(vec![planned("a", &[]), gone]);
    let after = snapshot(vec![planned("a", &[]), planned("c", &["10.0.0.9"])]);
    assert_eq!(
        lines(between(&before, &after, at(0))),
        [
            "service_gone b: the service is gone, with its 2 targets 10.0.0.1:9273, 10.0.0.2:9273 (Aiven, asked by name, said that it does not exist, and the removal grace is over)",
            "service_appeared c: the service appeared in Aiven's listing: opensearch startup-4, published",
        ]
    );
}

#[test]
fn targets_that_come_go_and_change_are_told() {
    let off = PlannedService {
        verdict: Verdict::PoweredOff,
        cause: Some(Cow::from("POWEROFF")),
        ..planned("a", &[])
    };
    assert_eq!(
        changed(planned("a", &["10.0.0.1"]), off.clone()),
        [
            "targets_gone a: the service is published no more, powered_off, with its target 10.0.0.1:9273 (POWEROFF)"
        ]
    );
    assert_eq!(
        changed(off, planned("a", &["10.0.0.1"])),
        ["targets_appeared a: the service is published, with its target 10.0.0.1:9273"]
    );
    assert_eq!(
        changed(
            planned("a", &["10.0.0.1", "10.0.0.2"]),
            planned("a", &["10.0.0.2", "10.0.0.3"])
        ),
        ["addresses_changed a: addresses changed: 10.0.0.3:9273 came; 10.0.0.1:9273 went"]
    );
}

#[test]
fn integrations_and_verdicts_are_told() {
    let waiting = PlannedService {
        verdict: Verdict::AwaitingIntegration,
        ..planned("a", &[])
    };
    let refused = PlannedService {
        verdict: Verdict::IntegrationFailed,
        cause: Some(Cow::from("quota")),
        ..waiting.clone()
    };
    assert_eq!(
        changed(waiting.clone(), refused),
        [
            "integration_refused a: the verdict is integration_failed, it was awaiting_integration (quota)"
        ]
    );
    let leaving = PlannedService {
        verdict: Verdict::Leaving,
        cause: Some(Cow::from("missing")),
        ..planned("a", &["10.0.0.1"])
    };
    assert_eq!(
        changed(planned("a", &["10.0.0.1"]), leaving),
        ["verdict_changed a: the verdict is leaving, it was published (missing)"]
    );
    let integration = ServiceIntegration {
        id: "i".into(),
        endpoint_id: "e-1".into(),
        enabled: true,
        active: false,
        failure: None,
    };
    let mut integrated = waiting.clone();
    integrated.service = Arc::new(Service {
        integrations: DetailList::whole([integration]),
        ..(*waiting.service).clone()
    });
    assert_eq!(
        changed(waiting.clone(), integrated.clone()),
        ["integration_made a: the service is integrated with endpoint e-1 now"]
    );
    assert_eq!(
        changed(integrated, waiting),
        ["integration_ended a: the service has no enabled Prometheus integration any more"]
    );
}

#[test]
fn names_that_dns_stops_answering_for_are_told_until_it_answers() {
    let failing = Failing {
        since: at(0),
        cause: "SERVFAIL".into(),
        remedy: None,
    };
    let stale = PlannedService {
        failing: [(HOST.into(), failing)].into(),
        ..planned("a", &["10.0.0.1"])
    };
    assert_eq!(
        changed(planned("a", &["10.0.0.1"]), stale.clone()),
        ["host_unresolved a: logs.test does not resolve; the last known addresses stay (SERVFAIL)"]
    );
    assert_eq!(
        changed(stale, planned("a", &["10.0.0.1"])),
        ["host_resolved a: logs.test resolves again"]
    );
}

#[test]
fn the_first_listing_is_one_event() {
    let mut nothing = snapshot(vec![]);
    nothing.projects[0].origin = Origin::Nothing;
    let mut awaited = snapshot(
        (0..500)
            .map(|n| planned(&format!("s-{n}"), &["10.0.0.1"]))
            .collect(),
    );
    awaited.projects[0].origin = Origin::Nothing;
    assert_eq!(between(&nothing, &awaited, at(0)), []);
    let mut known = awaited.clone();
    known.projects[0].origin = Origin::Api;
    assert_eq!(
        lines(between(&awaited, &known, at(0))),
        ["services_known -: the project was listed for the first time: 500 services, 500 targets"]
    );
    let first = lines(vec![started(&nothing, at(0))]);
    assert_eq!(
        first,
        ["daemon_started -: the daemon started; shop: nothing known yet"]
    );
}

#[test]
fn stages_that_fail_and_recover_and_distrusted_listings_are_told() {
    let well = snapshot(vec![]);
    let mut bad = well.clone();
    bad.projects[0].stages.list.failed(at(1), "token rejected");
    bad.projects[0].distrusted = Some(DistrustedListing {
        at: at(1),
        reason: Distrust::Shrunk,
        why: "it lacks 3 known services".into(),
        missing: Some(3),
        doubtful: 0,
    });
    assert_eq!(
        lines(between(&well, &bad, at(1))),
        [
            "stage_failing -: listing services (list) fails (token rejected)",
            "listing_distrusted -: a listing is not trusted (shrunk); targets stay (it lacks 3 known services)",
        ]
    );
    let mut worse = bad.clone();
    worse.projects[0].stages.list.failed(at(2), "timeout");
    assert_eq!(
        lines(between(&bad, &worse, at(2))),
        ["stage_failing -: listing services (list) fails (timeout)"]
    );
    let mut good = worse.clone();
    good.projects[0].stages.list.succeeded(at(3));
    let recovered = lines(between(&worse, &good, at(3)));
    assert_eq!(recovered.len(), 1);
    assert!(recovered[0].starts_with("stage_recovered -: listing services (list) works again"));
}

#[test]
fn another_endpoint_is_told_and_the_first_one_is_not() {
    let with = |endpoint: EndpointFact| {
        let mut snapshot = snapshot(vec![]);
        snapshot.projects[0].endpoint = endpoint;
        snapshot
    };
    let present = |id: &str| EndpointFact::Present(id.into());
    let missing = EndpointFact::Missing { why: None };
    let told = |before: &EndpointFact, after: &EndpointFact| {
        lines(between(&with(before.clone()), &with(after.clone()), at(0)))
    };
    assert_eq!(told(&EndpointFact::Unknown, &present("e-1")), [""; 0]);
    assert_eq!(told(&EndpointFact::Unknown, &missing), [""; 0]);
    assert_eq!(
        told(&missing, &present("e-1")),
        ["endpoint_changed -: the integration endpoint is e-1 now"]
    );
    assert_eq!(
        told(&present("e-1"), &missing),
        ["endpoint_changed -: the integration endpoint is gone"]
    );
    assert_eq!(
        told(&present("e-1"), &EndpointFact::Unusable("no right".into())),
        ["endpoint_changed -: the integration endpoint cannot be used (no right)"]
    );
}

#[test]
fn only_a_turn_of_a_targets_scrapes_is_told() {
    let target = Target {
        project: "shop".into(),
        service: "logs".into(),
        address: "10.0.0.1:9273".parse::<SocketAddr>().unwrap(),
    };
    let (mut scrapes, mut turns) = (Scrapes::default(), ScrapeTurns::default());
    let mut scraped = |second, failure: Option<Finding>, taken: bool| {
        let failure = failure.map(|finding| Failure::new(finding, "the cause"));
        let before = scrapes.targets.get(&target).cloned();
        turns.note(&target, before.as_deref(), failure.as_ref());
        let took = Duration::from_millis(1);
        scrapes.note(&target, at(second), took, failure, NodeFacts::default());
        match taken {
            true => lines(turns.take(&scrapes)),
            false => Vec::new(),
        }
    };
    assert_eq!(scraped(0, None, true), [""; 0], "the first one goes well");
    assert_eq!(
        scraped(1, Some(Finding::Refused), true),
        ["scrape_failing logs: 10.0.0.1:9273 cannot be scraped (connect) (the cause)"]
    );
    assert_eq!(
        scraped(2, Some(Finding::NoRoute), true),
        [""; 0],
        "the same class"
    );
    assert_eq!(
        scraped(3, Some(Finding::Expired), true),
        ["scrape_failing logs: 10.0.0.1:9273 cannot be scraped (tls) (the cause)"]
    );
    assert_eq!(scraped(4, None, false), [""; 0]);
    assert_eq!(
        scraped(5, Some(Finding::Expired), true),
        [""; 0],
        "as it was before"
    );
    assert_eq!(
        scraped(6, None, true),
        ["scrape_recovered logs: 10.0.0.1:9273 is scraped again"]
    );
}

#[test]
fn each_restart_of_a_task_is_told() {
    let row = |restarts| Restarted {
        task: Task::List,
        project: Some("shop".to_owned()),
        restarts,
        last: at(restarts as i64),
        cause: "a panic".to_owned(),
    };
    assert_eq!(restarted(&[row(1)], &[row(1)]), []);
    let events = restarted(&[row(1)], &[row(2)]);
    assert_eq!(events[0].project.as_deref(), Some("shop"));
    assert_eq!(
        lines(events),
        [
            "task_restarted -: the daemon's task list failed and was started again; please report it (a panic)"
        ]
    );
}
