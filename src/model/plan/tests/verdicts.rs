//! Each state of a service has its verdict, and each verdict its cause.

use super::*;

#[test]
fn each_state_of_a_service_has_its_verdict() {
    use Verdict::*;
    let service = |change: fn(&mut Service)| {
        let mut service = integrated("a");
        change(&mut service);
        Scenario::with([service])
    };
    let lacking = |change: fn(&mut Scenario)| {
        let mut scenario = Scenario::with([unintegrated("a")]);
        change(&mut scenario);
        scenario
    };
    let cases: Vec<(&str, Scenario, (Verdict, bool, bool))> = vec![
        ("works", service(|_| ()), (Published, true, false)),
        (
            "another state",
            service(|service| service.plan = "x".into()),
            (Published, true, false),
        ),
        (
            "off",
            service(|service| service.power = Power::Off.into()),
            (PoweredOff, false, false),
        ),
        (
            "not active",
            service(|service| {
                service.integrations = DetailList::whole([integration_with(OURS, true, false)])
            }),
            (AwaitingIntegration, false, false),
        ),
        (
            "listed though not active",
            service(|service| {
                service.integrations = DetailList::whole([integration_with(OURS, true, false)]);
                service.hosts = DetailList::whole([host("a.example", HostSource::Component)]);
            }),
            (Published, true, false),
        ),
        (
            "disabled by hand",
            service(|service| {
                service.integrations = DetailList::whole([integration_with(OURS, false, false)])
            }),
            (AwaitingIntegration, false, false),
        ),
        (
            "failed",
            service(|service| {
                service.integrations = DetailList::whole([ServiceIntegration {
                    failure: Some("no".into()),
                    ..integration_with(OURS, true, false)
                }]);
            }),
            (IntegrationFailed, false, false),
        ),
        (
            "adopted",
            service(|service| {
                service.integrations = DetailList::whole([integration_with("theirs", true, true)])
            }),
            (Published, true, false),
        ),
        (
            "theirs, disabled",
            service(|service| {
                service.integrations = DetailList::whole([integration_with("theirs", false, false)])
            }),
            (AwaitingIntegration, false, false),
        ),
        (
            "no host",
            service(|service| service.hosts = DetailList::default()),
            (Unresolved, false, false),
        ),
        ("bare", lacking(|_| ()), (AwaitingIntegration, false, true)),
        (
            "bare and off",
            lacking(|scenario| scenario.services[0].power = Power::Off.into()),
            (PoweredOff, false, false),
        ),
        (
            "hands off",
            lacking(|scenario| scenario.create = false),
            (AwaitingIntegration, false, false),
        ),
        (
            "types unknown",
            lacking(|scenario| scenario.supported = None),
            (AwaitingIntegration, false, false),
        ),
        (
            "unsupported",
            lacking(|scenario| scenario.services[0].service_type = "grafana".into()),
            (Ineligible, false, false),
        ),
        (
            "endpoint unknown",
            lacking(|scenario| scenario.endpoint = EndpointFact::Unknown),
            (AwaitingIntegration, false, false),
        ),
        (
            "endpoint missing",
            lacking(|scenario| scenario.endpoint = EndpointFact::Missing { why: None }),
            (AwaitingIntegration, false, true),
        ),
        (
            "endpoint refused",
            lacking(|scenario| {
                scenario.endpoint = EndpointFact::Missing {
                    why: Some("no".into()),
                }
            }),
            (IntegrationFailed, false, true),
        ),
        (
            "endpoint unusable",
            lacking(|scenario| scenario.endpoint = EndpointFact::Unusable("no".into())),
            (IntegrationFailed, false, false),
        ),
        (
            "refused",
            lacking(|scenario| {
                drop(
                    scenario
                        .attempts
                        .insert("a".into(), Attempt::Refused("no".into())),
                )
            }),
            (IntegrationFailed, false, true),
        ),
        (
            "put off",
            lacking(|scenario| {
                drop(
                    scenario
                        .attempts
                        .insert("a".into(), Attempt::Postponed("later".into())),
                )
            }),
            (AwaitingIntegration, false, true),
        ),
        (
            "requested",
            lacking(|scenario| drop(scenario.attempts.insert("a".into(), Attempt::Requested))),
            (AwaitingIntegration, false, true),
        ),
        (
            "odd",
            lacking(|scenario| scenario.services[0].power = Detail::Unknown),
            (AwaitingIntegration, false, false),
        ),
        (
            "integrations unknown",
            lacking(|scenario| scenario.services[0].integrations = DetailList::unknown()),
            (AwaitingIntegration, false, false),
        ),
        (
            "type unknown",
            lacking(|scenario| scenario.services[0].service_type = Detail::Unknown),
            (AwaitingIntegration, false, false),
        ),
    ];
    for (name, scenario, expected) in cases {
        assert_eq!(outcome(&scenario), expected, "{name}");
    }
}

#[test]
fn everything_that_is_not_published_names_a_cause() {
    let worlds = [
        Scenario {
            absent: vec!["a"],
            ..Scenario::with([integrated("a")])
        },
        Scenario {
            addresses: Addresses::default(),
            ..Scenario::with([integrated("a")])
        },
        Scenario {
            create: false,
            ..Scenario::with([unintegrated("a")])
        },
        Scenario {
            supported: None,
            ..Scenario::with([unintegrated("a")])
        },
        Scenario::with([Service {
            power: Power::Off.into(),
            ..unintegrated("a")
        }]),
    ];
    for scenario in worlds {
        let plan = scenario.plan();
        assert!(
            plan.services[0].cause.is_some(),
            "{:?}",
            plan.services[0].verdict
        );
    }
}
