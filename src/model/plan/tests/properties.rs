//! What is true of every plan in any scenario.

use proptest::prelude::*;

use super::*;

fn any_service(index: usize) -> impl Strategy<Value = Service> {
    let source = prop_oneof![Just(HostSource::Component), Just(HostSource::Service)];
    let integration = (
        prop_oneof![Just(OURS), Just("theirs")],
        any::<bool>(),
        any::<bool>(),
    );
    let kind = prop_oneof![
        Just("opensearch"),
        Just("pg"),
        Just("grafana"),
        Just("brand_new")
    ];
    let cloud = prop_oneof![Just("aws-eu-west-1"), Just("aws-eu-west-2")];
    (
        kind,
        cloud,
        any::<bool>(),
        prop::collection::vec(source, 0..3),
        prop::collection::vec(integration, 0..3),
        any::<bool>(),
    )
        .prop_map(move |(kind, cloud, off, hosts, integrations, odd)| {
            let name = format!("s{index}");
            let hosts = hosts.into_iter().enumerate();
            Service {
                service_type: kind.into(),
                cloud: cloud.into(),
                power: if off { Power::Off } else { Power::On }.into(),
                hosts: hosts
                    .map(|(row, source)| host(&format!("{name}-{row}.example"), source))
                    .collect(),
                integrations: match odd && integrations.is_empty() {
                    true => DetailList::unknown(),
                    false => integrations
                        .into_iter()
                        .map(|(to, on, works)| integration_with(to, on, works))
                        .collect(),
                },
                ..unintegrated(&name)
            }
        })
}

fn any_scenario() -> impl Strategy<Value = Scenario> {
    let services = (0..6_usize).map(any_service).collect::<Vec<_>>();
    let endpoint = prop_oneof![
        Just(EndpointFact::Unknown),
        Just(EndpointFact::Missing { why: None }),
        Just(EndpointFact::Unusable("no".into())),
        Just(EndpointFact::Present(OURS.into())),
    ];
    (
        services,
        endpoint,
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(services, endpoint, create, known, one_cloud, exclude)| {
            let mut scenario = Scenario::with(services);
            scenario.endpoint = endpoint;
            scenario.create = create;
            if !known {
                scenario.supported = None;
            }
            if one_cloud {
                scenario.selection.clouds = ["aws-eu-west-1".to_owned()].into();
            }
            if exclude {
                scenario.selection.exclude = excluding("s[0-2]");
            }
            scenario
        })
}

/// Changes the scenario to what Aiven shows after all actions.
fn carry_out(scenario: &mut Scenario, actions: &[Action]) {
    for action in actions {
        match action {
            Action::EnsureEndpoint => scenario.endpoint = EndpointFact::Present(OURS.into()),
            Action::Integrate(name) => {
                let mut services = scenario.services.iter_mut();
                let service = services.find(|service| service.name == *name).unwrap();
                service.integrations = DetailList::whole([integration_with(OURS, true, false)]);
            }
        }
    }
}

proptest! {
    #[test]
    fn every_service_gets_exactly_one_verdict(scenario in any_scenario()) {
        let plan = scenario.plan();
        let planned: Vec<_> = plan.services.iter().map(|planned| &*planned.service.name).collect();
        let known: Vec<_> = scenario.services.iter().map(|service| &*service.name).collect();
        prop_assert_eq!(planned, known);
    }

    #[test]
    fn planning_twice_changes_nothing(mut scenario in any_scenario()) {
        let first = scenario.plan();
        prop_assert_eq!(&first, &scenario.plan());
        carry_out(&mut scenario, &first.actions);
        prop_assert_eq!(scenario.plan().actions, vec![]);
    }

    #[test]
    fn nothing_outside_the_selection_is_touched(scenario in any_scenario()) {
        let plan = scenario.plan();
        for planned in plan.services.iter().filter(|planned| planned.verdict == Verdict::NotSelected) {
            prop_assert!(planned.hosts.is_empty());
            prop_assert!(!plan.actions.contains(&Action::Integrate(Arc::clone(&planned.service.name))));
        }
        prop_assert!(scenario.create || plan.actions.is_empty());
        for planned in &plan.services {
            let excluded = scenario.selection.exclude.is_match(&*planned.service.name);
            let elsewhere = !scenario.selection.clouds.is_empty()
                && !scenario.selection.clouds.contains(planned.service.cloud.text());
            prop_assert_eq!(excluded || elsewhere, planned.verdict == Verdict::NotSelected);
        }
    }

    #[test]
    fn no_integrated_service_is_integrated_again(scenario in any_scenario()) {
        for action in scenario.plan().actions {
            let Action::Integrate(name) = action else { continue };
            let service = scenario.services.iter().find(|service| service.name == name).unwrap();
            prop_assert!(service.integrations.is_none() && !service.is_off());
        }
    }

    #[test]
    fn a_service_is_published_if_and_only_if_it_has_an_address(scenario in any_scenario()) {
        for planned in scenario.plan().services {
            let published = matches!(planned.verdict, Verdict::Published | Verdict::Leaving);
            prop_assert_eq!(published, !planned.hosts.is_empty());
            prop_assert!(planned.hosts.iter().all(|host| !host.addresses.is_empty()));
        }
    }
}
