//! Each state of a service has its verdict, and each verdict its cause.

use super::*;

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
