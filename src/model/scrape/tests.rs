//! From single scrapes to a service's verdict.

use std::collections::HashMap;

use super::*;
use crate::model::detail::DetailList;
use crate::model::hosts::{HostSource, ScrapeHost};
use crate::model::plan::PublishedHost;
use crate::model::service::{Power, Service};

fn planned(verdict: Verdict, nodes: u8) -> PlannedService {
    let host = ScrapeHost {
        name: "a.example".into(),
        port: 9273,
        source: HostSource::Component,
    };
    PlannedService {
        service: Arc::new(Service {
            name: "a".into(),
            service_type: "pg".into(),
            plan: "".into(),
            cloud: "".into(),
            node_count: None,
            power: Power::On.into(),
            hosts: DetailList::whole([host.clone()]),
            integrations: DetailList::default(),
            tags: DetailList::default(),
            served_before: false,
            claim: Default::default(),
        }),
        verdict,
        cause: None,
        remedy: None,
        stuck: false,
        hosts: Box::new([PublishedHost {
            host,
            addresses: (1..=nodes).map(|node| [192, 0, 2, node].into()).collect(),
        }]),
        failing: Box::default(),
        missing: None,
        ownership: None,
    }
}

fn health(class: Option<FailureKind>) -> TargetHealth {
    TargetHealth {
        at: Timestamp::UNIX_EPOCH,
        seconds: 0.0,
        failure: class.map(|class| Failure {
            class,
            finding: Finding::Unknown,
            cause: class.as_str().to_owned(),
        }),
        last_success: None,
        failing_since: None,
        certificate_expires: None,
        verified_name: None,
        accepted: None,
        answering: Answering::default(),
    }
}

/// The verdict on a published service, given the outcome at each node: `None`
/// was not tried, `Some(None)` succeeded.
fn verdict_of(outcomes: &[Option<Option<FailureKind>>]) -> (Verdict, Option<FailureKind>) {
    let planned = planned(Verdict::Published, outcomes.len() as u8);
    let known: HashMap<SocketAddr, TargetHealth> = planned
        .targets()
        .zip(outcomes)
        .filter_map(|(address, outcome)| Some((address, health((*outcome)?))))
        .collect();
    let (verdict, failure) = verdict(&planned, |address| known.get(&address));
    (verdict, failure.map(|failure| failure.class))
}

#[test]
fn one_scraped_node_makes_the_service_scraped() {
    assert_eq!(verdict_of(&[Some(None)]), (Verdict::Scraped, None));
    let mixed = [Some(Some(FailureKind::Tls)), Some(None), None];
    assert_eq!(verdict_of(&mixed), (Verdict::Scraped, None));
}

#[test]
fn if_every_node_fails_the_verdict_names_the_kind() {
    use FailureKind::*;
    let cases = [
        (Connect, Verdict::Unreachable),
        (Timeout, Verdict::Unreachable),
        (Status, Verdict::Unreachable),
        (Aborted, Verdict::Unreachable),
        (Tls, Verdict::TlsFailed),
        (Unauthorised, Verdict::Unauthorised),
    ];
    for (class, expected) in cases {
        let verdict = verdict_of(&[Some(Some(class)), Some(Some(class))]);
        assert_eq!(verdict, (expected, Some(class)));
        let mixed = verdict_of(&[Some(Some(Connect)), Some(Some(class))]).0;
        assert_eq!(mixed, expected);
    }
}

#[test]
fn untried_nodes_leave_the_service_published() {
    assert_eq!(verdict_of(&[None, None]), (Verdict::Published, None));
    let half = [Some(Some(FailureKind::Connect)), None];
    assert_eq!(verdict_of(&half), (Verdict::Published, None));
}

#[test]
fn scraping_does_not_overrule_the_plan() {
    for before in [Verdict::Leaving, Verdict::NotSelected, Verdict::PoweredOff] {
        let known = health(None);
        let (verdict, _) = verdict(&planned(before, 1), |_| Some(&known));
        assert_eq!(verdict, before);
    }
}

#[test]
fn the_first_failure_after_a_success_is_remembered_until_the_next_success() {
    let mut scrapes = Scrapes::default();
    let target = Target {
        project: "shop".into(),
        service: "a".into(),
        address: ([192, 0, 2, 1], 9273).into(),
    };
    let failure = || Some(Failure::new(Finding::Refused, "refused"));
    let mut seen = Vec::new();
    let outcomes = [failure(), failure(), None, failure(), failure(), None];
    for (second, failure) in (1..).zip(outcomes) {
        let at = Timestamp::from_second(second).unwrap();
        scrapes.note(&target, at, Duration::ZERO, failure, NodeFacts::default());
        let since = scrapes.targets[&target].failing_since;
        seen.push(since.map(Timestamp::as_second));
    }
    assert_eq!(seen, [Some(1), Some(1), None, Some(4), Some(4), None]);
}
