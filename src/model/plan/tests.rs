//! One verdict for every service, and no write without a reason.

use std::net::IpAddr;

use jiff::Timestamp;

use super::*;
use crate::model::detail::{Detail, DetailList};
use crate::model::hosts::HostSource;
use crate::model::inventory::{ByName, Listing};
use crate::model::resolution::Resolution;
use crate::model::service::{Power, ServiceIntegration};

mod properties;
mod publication;
mod verdicts;

/// The endpoint that is ours in these tests.
const OURS: &str = "ours";

fn selection() -> Selection {
    Selection {
        types: BTreeSet::new(),
        clouds: BTreeSet::new(),
        tags: BTreeMap::new(),
        exclude: globset::GlobSet::empty(),
    }
}

fn excluding(glob: &str) -> globset::GlobSet {
    let glob = globset::Glob::new(glob).unwrap();
    globset::GlobSetBuilder::new().add(glob).build().unwrap()
}

fn unintegrated(name: &str) -> Service {
    Service {
        name: name.into(),
        service_type: "opensearch".into(),
        plan: "business-4".into(),
        cloud: "aws-eu-west-2".into(),
        node_count: Some(3),
        power: Power::On.into(),
        hosts: DetailList::whole([host(&format!("{name}.example"), HostSource::Service)]),
        integrations: DetailList::default(),
        tags: DetailList::default(),
        served_before: false,
        claim: Default::default(),
    }
}

fn host(name: &str, source: HostSource) -> ScrapeHost {
    let (name, port) = (name.into(), 9273);
    ScrapeHost { name, port, source }
}

fn integration_with(endpoint: &str, enabled: bool, active: bool) -> ServiceIntegration {
    ServiceIntegration {
        id: format!("i-{endpoint}").into(),
        endpoint_id: endpoint.into(),
        enabled,
        active,
        failure: None,
    }
}

fn integrated(name: &str) -> Service {
    Service {
        integrations: DetailList::whole([integration_with(OURS, true, true)]),
        ..unintegrated(name)
    }
}

/// The facts of a project, each of which a test may change.
#[derive(Debug)]
struct Scenario {
    services: Vec<Service>,
    absent: Vec<&'static str>,
    supported: Option<SupportedTypes>,
    endpoint: EndpointFact,
    attempts: Attempts,
    addresses: Addresses,
    selection: Selection,
    create: bool,
}

impl Scenario {
    fn with(services: impl IntoIterator<Item = Service>) -> Scenario {
        let services: Vec<_> = services.into_iter().collect();
        let hosts = services.iter().flat_map(|service| &service.hosts);
        let addresses = hosts.enumerate().map(|(index, host)| {
            let ip = IpAddr::from([192, 0, 2, index as u8 + 1]);
            (Arc::clone(&host.name), resolved([ip]))
        });
        Scenario {
            addresses: addresses.collect(),
            services,
            absent: vec![],
            supported: Some(["opensearch", "pg"].map(Arc::from).into()),
            endpoint: EndpointFact::Present(OURS.into()),
            attempts: Attempts::new(),
            selection: selection(),
            create: true,
        }
    }

    fn plan(&self) -> ProjectPlan {
        let now = Timestamp::UNIX_EPOCH;
        let listing = |with_absent: bool| {
            let listed = self
                .services
                .iter()
                .filter(|service| with_absent || !self.absent.contains(&&*service.name));
            Listing {
                services: listed.cloned().map(Arc::new).collect(),
                ..Listing::default()
            }
        };
        let mut inventory = Inventory::default();
        inventory.merge(&listing(true), now);
        inventory.merge(&listing(false), now);
        let facts = Facts {
            inventory: &inventory,
            supported: self.supported.as_ref(),
            endpoint: &self.endpoint,
            attempts: &self.attempts,
            addresses: &self.addresses,
            foundation: None,
            identities: &Identities::new(),
        };
        let (selection, create) = (&self.selection, self.create);
        plan(facts, Rules { selection, create })
    }
}

fn resolved(addresses: impl IntoIterator<Item = IpAddr>) -> Resolution {
    Resolution {
        addresses: addresses.into_iter().map(Into::into).collect(),
        failing: None,
        is_answered: true,
    }
}

fn failing(cause: &str) -> Failing {
    Failing {
        since: Timestamp::UNIX_EPOCH,
        cause: cause.into(),
        remedy: None,
    }
}

/// The only service's verdict, whether it is published, and whether a write is pending.
fn outcome(scenario: &Scenario) -> (Verdict, bool, bool) {
    let plan = scenario.plan();
    assert_eq!(plan.services.len(), 1);
    let planned = &plan.services[0];
    (
        planned.verdict,
        !planned.hosts.is_empty(),
        !plan.actions.is_empty(),
    )
}

#[test]
fn a_missing_service_keeps_its_targets_and_is_not_written_to() {
    let scenario = Scenario {
        absent: vec!["a"],
        ..Scenario::with([integrated("a")])
    };
    assert_eq!(outcome(&scenario), (Verdict::Leaving, true, false));
    let scenario = Scenario {
        absent: vec!["a"],
        ..Scenario::with([unintegrated("a")])
    };
    assert_eq!(outcome(&scenario), (Verdict::Leaving, false, false));
}

#[test]
fn selection_leaves_everything_else_alone() {
    let selections = [
        Selection {
            types: ["pg".to_owned()].into(),
            ..selection()
        },
        Selection {
            clouds: ["aws-eu-west-1".to_owned()].into(),
            ..selection()
        },
        Selection {
            tags: [("env".to_owned(), "prod".to_owned())].into(),
            ..selection()
        },
        Selection {
            exclude: excluding("a*"),
            ..selection()
        },
    ];
    for selection in selections {
        for service in [unintegrated("a1"), integrated("a1")] {
            let scenario = Scenario {
                selection: selection.clone(),
                ..Scenario::with([service])
            };
            assert_eq!(outcome(&scenario), (Verdict::NotSelected, false, false));
        }
    }
    let tagged = Service {
        tags: DetailList::whole([("env".into(), "prod".into())]),
        ..integrated("b")
    };
    let scenario = Scenario {
        selection: Selection {
            types: ["opensearch".to_owned()].into(),
            clouds: ["aws-eu-west-2".to_owned()].into(),
            tags: [("env".to_owned(), "prod".to_owned())].into(),
            exclude: excluding("a*"),
        },
        ..Scenario::with([tagged])
    };
    assert_eq!(outcome(&scenario), (Verdict::Published, true, false));
}

#[test]
fn the_choice_among_integrations_is_the_same_everywhere() {
    let choose = |rows: Vec<ServiceIntegration>| {
        let service = Service {
            integrations: rows.into(),
            ..unintegrated("a")
        };
        service
            .integration(Some(OURS))
            .map(|chosen| chosen.endpoint_id.to_string())
    };
    assert_eq!(
        choose(vec![
            integration_with("b", true, true),
            integration_with(OURS, true, false)
        ])
        .unwrap(),
        OURS
    );
    assert_eq!(
        choose(vec![
            integration_with(OURS, false, false),
            integration_with("b", true, true)
        ])
        .unwrap(),
        "b"
    );
    assert_eq!(
        choose(vec![
            integration_with("c", true, true),
            integration_with("b", true, true)
        ])
        .unwrap(),
        "b"
    );
    assert_eq!(choose(vec![]), None);
}

#[test]
fn a_service_that_aiven_denies_by_name_leaves_nothing_to_plan() {
    let now = Timestamp::UNIX_EPOCH;
    let scenario = Scenario::with([integrated("a")]);
    let mut inventory = Inventory::default();
    inventory.merge(
        &Listing {
            services: vec![Arc::new(integrated("a"))],
            ..Listing::default()
        },
        now,
    );
    inventory.merge(&Listing::default(), now);
    inventory.note_answer("a", ByName::DoesNotExist, now);
    inventory.forget_departed(now, std::time::Duration::ZERO);
    let facts = Facts {
        inventory: &inventory,
        supported: scenario.supported.as_ref(),
        endpoint: &scenario.endpoint,
        attempts: &scenario.attempts,
        addresses: &scenario.addresses,
        foundation: None,
        identities: &Identities::new(),
    };
    let rules = Rules {
        selection: &scenario.selection,
        create: true,
    };
    assert_eq!(plan(facts, rules), ProjectPlan::default());
}
