//! One verdict for every service, and no write without a reason.

use jiff::Timestamp;

use super::*;
use crate::model::hosts::HostSource;
use crate::model::inventory::{ByName, Listing};
use crate::model::resolution::Resolution;
use crate::model::service::ServiceIntegration;

mod properties;

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
fn each_state_of_a_service_has_its_verdict() {
    use Verdict::*;
    let service = |change: fn(&mut Service)| {
        let mut service = integrated("a");
        change(&mut service);
        World::of([service])
    };
    let lacking = |change: fn(&mut World)| {
        let mut world = World::of([bare("a")]);
        change(&mut world);
        world
    };
    let cases: Vec<(&str, World, (Verdict, bool, bool))> = vec![
        ("works", service(|_| ()), (Published, true, false)),
        (
            "another state",
            service(|one| one.plan = "x".into()),
            (Published, true, false),
        ),
        (
            "off",
            service(|one| one.power = Power::Off),
            (PoweredOff, false, false),
        ),
        (
            "not active",
            service(|one| one.integrations = Box::new([with(OURS, true, false)])),
            (AwaitingIntegration, false, false),
        ),
        (
            "listed though not active",
            service(|one| {
                one.integrations = Box::new([with(OURS, true, false)]);
                one.hosts = Box::new([host("a.example", HostSource::Component)]);
            }),
            (Published, true, false),
        ),
        (
            "disabled by hand",
            service(|one| one.integrations = Box::new([with(OURS, false, false)])),
            (AwaitingIntegration, false, false),
        ),
        (
            "failed",
            service(|one| {
                one.integrations = Box::new([ServiceIntegration {
                    failure: Some("no".into()),
                    ..with(OURS, true, false)
                }]);
            }),
            (IntegrationFailed, false, false),
        ),
        (
            "adopted",
            service(|one| one.integrations = Box::new([with("theirs", true, true)])),
            (Published, true, false),
        ),
        (
            "theirs, disabled",
            service(|one| one.integrations = Box::new([with("theirs", false, false)])),
            (AwaitingIntegration, false, false),
        ),
        (
            "no host",
            service(|one| one.hosts = Box::default()),
            (Unresolved, false, false),
        ),
        ("bare", lacking(|_| ()), (AwaitingIntegration, false, true)),
        (
            "bare and off",
            lacking(|world| world.services[0].power = Power::Off),
            (PoweredOff, false, false),
        ),
        (
            "hands off",
            lacking(|world| world.create = false),
            (AwaitingIntegration, false, false),
        ),
        (
            "types unknown",
            lacking(|world| world.supported = None),
            (AwaitingIntegration, false, false),
        ),
        (
            "unsupported",
            lacking(|world| world.services[0].service_type = "grafana".into()),
            (Ineligible, false, false),
        ),
        (
            "endpoint unknown",
            lacking(|world| world.endpoint = EndpointFact::Unknown),
            (AwaitingIntegration, false, false),
        ),
        (
            "endpoint missing",
            lacking(|world| world.endpoint = EndpointFact::Missing { cause: None }),
            (AwaitingIntegration, false, true),
        ),
        (
            "endpoint refused",
            lacking(|world| {
                world.endpoint = EndpointFact::Missing {
                    cause: Some("no".into()),
                }
            }),
            (IntegrationFailed, false, true),
        ),
        (
            "endpoint unusable",
            lacking(|world| world.endpoint = EndpointFact::Unusable("no".into())),
            (IntegrationFailed, false, false),
        ),
        (
            "refused",
            lacking(|world| {
                drop(
                    world
                        .attempts
                        .insert("a".into(), Attempt::Refused("no".into())),
                )
            }),
            (IntegrationFailed, false, true),
        ),
        (
            "put off",
            lacking(|world| {
                drop(
                    world
                        .attempts
                        .insert("a".into(), Attempt::Postponed("later".into())),
                )
            }),
            (AwaitingIntegration, false, true),
        ),
        (
            "requested",
            lacking(|world| drop(world.attempts.insert("a".into(), Attempt::Requested))),
            (AwaitingIntegration, false, true),
        ),
        (
            "odd",
            lacking(|world| world.services[0].parse_problem = Some("a number".into())),
            (AwaitingIntegration, false, false),
        ),
    ];
    for (name, world, expected) in cases {
        assert_eq!(outcome(&world), expected, "{name}");
    }
}

#[test]
fn everything_that_is_not_published_names_a_cause() {
    let worlds = [
        World {
            absent: vec!["a"],
            ..World::of([integrated("a")])
        },
        World {
            addresses: Addresses::default(),
            ..World::of([integrated("a")])
        },
        World {
            create: false,
            ..World::of([bare("a")])
        },
        World {
            supported: None,
            ..World::of([bare("a")])
        },
        World::of([Service {
            power: Power::Off,
            ..bare("a")
        }]),
    ];
    for world in worlds {
        let plan = world.plan();
        assert!(
            plan.services[0].cause.is_some(),
            "{:?}",
            plan.services[0].verdict
        );
    }
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
fn a_failing_name_keeps_its_targets_and_shows_its_cause() {
    let mut world = World::of([integrated("a")]);
    let known = world.addresses.table().get_mut("a.example").unwrap();
    known.failing = Some(Box::new(failing("SERVFAIL")));
    let plan = world.plan();
    assert_eq!(plan.services[0].verdict, Verdict::Published);
    assert_eq!(plan.services[0].failing[0].1.cause, "SERVFAIL".into());
    world
        .addresses
        .table()
        .get_mut("a.example")
        .unwrap()
        .addresses = Arc::default();
    let plan = world.plan();
    assert_eq!(plan.services[0].verdict, Verdict::Unresolved);
    assert!(
        plan.services[0]
            .cause
            .as_deref()
            .unwrap()
            .contains("SERVFAIL")
    );
}

#[test]
fn an_address_under_two_names_is_scraped_once() {
    let service = Service {
        hosts: Box::new([
            host("a.example", HostSource::Component),
            host("replica-a.example", HostSource::Component),
        ]),
        ..integrated("a")
    };
    let mut world = World::of([service]);
    let (one, two) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
    world
        .addresses
        .table()
        .insert("a.example".into(), resolved([one]));
    world
        .addresses
        .table()
        .insert("replica-a.example".into(), resolved([one, two]));
    let plan = world.plan();
    let addresses: Vec<_> = plan.services[0]
        .hosts
        .iter()
        .map(|host| &*host.addresses)
        .collect();
    assert_eq!(addresses, [[one], [two]]);
}

#[test]
fn a_name_made_up_here_may_not_exist() {
    let derived = "replica-a.example";
    let service = Service {
        hosts: Box::new([
            host("a.example", HostSource::Component),
            host(derived, HostSource::Derived),
        ]),
        ..integrated("a")
    };
    let mut world = World::of([service]);
    let nothing = Resolution {
        addresses: Arc::default(),
        failing: Some(Box::new(failing("NXDOMAIN"))),
    };
    world.addresses.table().insert(derived.into(), nothing);
    let plan = world.plan();
    assert_eq!(plan.services[0].verdict, Verdict::Published);
    assert!(plan.services[0].failing.is_empty());
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
