//! One verdict for every service, and no write without a reason.

use jiff::Timestamp;

use super::*;
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

fn bare(name: &str) -> Service {
    Service {
        name: name.into(),
        service_type: "opensearch".into(),
        plan: "business-4".into(),
        cloud: "aws-eu-west-2".into(),
        node_count: Some(3),
        power: Power::On,
        hosts: Box::new([host(&format!("{name}.example"), HostSource::Service)]),
        integrations: Box::default(),
        tags: Box::default(),
        served_before: false,
        parse_problem: None,
    }
}

fn host(name: &str, source: HostSource) -> ScrapeHost {
    let (name, port) = (name.into(), 9273);
    ScrapeHost { name, port, source }
}

fn with(endpoint: &str, enabled: bool, active: bool) -> ServiceIntegration {
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
        integrations: Box::new([with(OURS, true, true)]),
        ..bare(name)
    }
}

/// The facts of a project, each of which a test may change.
#[derive(Debug)]
struct World {
    services: Vec<Service>,
    absent: Vec<&'static str>,
    supported: Option<SupportedTypes>,
    endpoint: EndpointFact,
    attempts: Attempts,
    addresses: Addresses,
    selection: Selection,
    create: bool,
}

impl World {
    fn of(services: impl IntoIterator<Item = Service>) -> World {
        let services: Vec<_> = services.into_iter().collect();
        let hosts = services.iter().flat_map(|service| &service.hosts);
        let addresses = hosts.enumerate().map(|(index, host)| {
            let ip = IpAddr::from([192, 0, 2, index as u8 + 1]);
            (Arc::clone(&host.name), resolved([ip]))
        });
        World {
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
        };
        let (selection, create) = (&self.selection, self.create);
        plan(facts, Rules { selection, create })
    }
}

fn resolved(addresses: impl IntoIterator<Item = IpAddr>) -> Resolution {
    Resolution {
        addresses: addresses.into_iter().collect(),
        failing: None,
    }
}

fn failing(cause: &str) -> Failing {
    Failing {
        since: Timestamp::UNIX_EPOCH,
        cause: cause.into(),
    }
}

/// The one service's verdict, whether it is published, and whether a write is pending.
fn outcome(world: &World) -> (Verdict, bool, bool) {
    let plan = world.plan();
    assert_eq!(plan.services.len(), 1);
    let one = &plan.services[0];
    (one.verdict, !one.hosts.is_empty(), !plan.actions.is_empty())
}

#[test]
fn a_missing_service_keeps_its_targets_and_is_not_written_to() {
    let world = World {
        absent: vec!["a"],
        ..World::of([integrated("a")])
    };
    assert_eq!(outcome(&world), (Verdict::Leaving, true, false));
    let world = World {
        absent: vec!["a"],
        ..World::of([bare("a")])
    };
    assert_eq!(outcome(&world), (Verdict::Leaving, false, false));
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
        for service in [bare("a1"), integrated("a1")] {
            let world = World {
                selection: selection.clone(),
                ..World::of([service])
            };
            assert_eq!(outcome(&world), (Verdict::NotSelected, false, false));
        }
    }
    let tagged = Service {
        tags: Box::new([("env".into(), "prod".into())]),
        ..integrated("b")
    };
    let world = World {
        selection: Selection {
            types: ["opensearch".to_owned()].into(),
            clouds: ["aws-eu-west-2".to_owned()].into(),
            tags: [("env".to_owned(), "prod".to_owned())].into(),
            exclude: excluding("a*"),
        },
        ..World::of([tagged])
    };
    assert_eq!(outcome(&world), (Verdict::Published, true, false));
}

#[test]
fn the_choice_among_integrations_is_the_same_everywhere() {
    let choose = |rows: Vec<ServiceIntegration>| {
        let service = Service {
            integrations: rows.into(),
            ..bare("a")
        };
        service
            .integration(Some(OURS))
            .map(|chosen| chosen.endpoint_id.to_string())
    };
    assert_eq!(
        choose(vec![with("b", true, true), with(OURS, true, false)]).unwrap(),
        OURS
    );
    assert_eq!(
        choose(vec![with(OURS, false, false), with("b", true, true)]).unwrap(),
        "b"
    );
    assert_eq!(
        choose(vec![with("c", true, true), with("b", true, true)]).unwrap(),
        "b"
    );
    assert_eq!(choose(vec![]), None);
}

#[test]
fn an_answer_by_name_that_denies_the_service_ends_in_nothing() {
    let now = Timestamp::UNIX_EPOCH;
    let world = World::of([integrated("a")]);
    let mut inventory = Inventory::default();
    inventory.merge(
        &Listing {
            services: vec![Arc::new(integrated("a"))],
            ..Listing::default()
        },
        now,
    );
    inventory.merge(&Listing::default(), now);
    inventory.answer("a", ByName::DoesNotExist, now);
    inventory.depart(now, std::time::Duration::ZERO);
    let facts = Facts {
        inventory: &inventory,
        supported: world.supported.as_ref(),
        endpoint: &world.endpoint,
        attempts: &world.attempts,
        addresses: &world.addresses,
    };
    let rules = Rules {
        selection: &world.selection,
        create: true,
    };
    assert_eq!(plan(facts, rules), ProjectPlan::default());
}
