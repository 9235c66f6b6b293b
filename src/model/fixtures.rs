//! A published service, a snapshot and its scrapes, for tests.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::detail::{Detail, DetailList};
use super::hosts::{DEFAULT_PORT, HostSource, ScrapeHost};
use super::plan::{PlannedService, ProjectPlan, PublishedHost};
use super::scrape::{Failure, Finding, NodeFacts, Scrapes, Target};
use super::service::{Power, Service};
use super::situation::{Situation, judged};
use super::snapshot::{Origin, ProjectSnapshot, Snapshot, Stages};
use super::verdict::Verdict;

/// The host name of each service.
pub const HOST: &str = "logs.test";

/// A service that is published with these addresses; without any it has no host.
pub fn planned(name: &str, addresses: &[&str]) -> PlannedService {
    let host = ScrapeHost {
        name: HOST.into(),
        port: DEFAULT_PORT,
        source: HostSource::Component,
    };
    let published = PublishedHost {
        host: host.clone(),
        addresses: addresses.iter().map(|one| one.parse().unwrap()).collect(),
    };
    PlannedService {
        service: Arc::new(Service {
            name: name.into(),
            service_type: Detail::Known("opensearch".into()),
            plan: Detail::Known("startup-4".into()),
            cloud: Detail::Known("aws".into()),
            node_count: None,
            power: Detail::Known(Power::On),
            hosts: DetailList::whole([host]),
            integrations: DetailList::whole([]),
            tags: DetailList::whole([]),
            claim: Detail::Unknown,
            served_before: false,
        }),
        verdict: Verdict::Published,
        cause: None,
        remedy: None,
        stuck: false,
        hosts: [published]
            .into_iter()
            .filter(|_| !addresses.is_empty())
            .collect(),
        failing: [].into(),
        missing: None,
        ownership: None,
    }
}

/// The project `shop` with these services, as Aiven listed them.
pub fn snapshot(services: Vec<PlannedService>) -> Snapshot {
    Snapshot {
        projects: vec![ProjectSnapshot {
            name: "shop".into(),
            origin: Origin::Api,
            plan: Arc::new(ProjectPlan {
                services,
                ..ProjectPlan::default()
            }),
            endpoint: Default::default(),
            stages: Stages::default(),
            odd_rows: Default::default(),
            distrusted: None,
        }],
        through_proxy: true,
        ..Snapshot::default()
    }
}

/// A moment.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// Notes a scrape of a service's first node.
pub fn scraped(scrapes: &mut Scrapes, service: &str, address: &str, failure: Option<Finding>) {
    let target = Target {
        project: "shop".into(),
        service: service.into(),
        address: address.parse().unwrap(),
    };
    let failure = failure.map(|finding| Failure::new(finding, format!("{address}: refused")));
    let learnt = NodeFacts {
        certificate_expires: Some(at(20 * 24 * 3600)),
        ..NodeFacts::default()
    };
    scrapes.note(&target, at(0), Duration::from_millis(20), failure, learnt);
    scrapes.last_request = Some(at(0));
}

/// Ten seconds after the start.
pub fn situation<'a>(snapshot: &'a Snapshot, scrapes: &'a Scrapes) -> Situation<'a> {
    Situation {
        snapshot,
        scrapes,
        services: judged(snapshot, scrapes).leak(),
        restarts: &[],
        surroundings: Box::leak(Box::default()),
        events: &[],
        started: at(0),
        at: at(10),
    }
}
