//! What holds of every plan, whatever the world.

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
                power: if off { Power::Off } else { Power::On },
                hosts: hosts
                    .map(|(row, source)| host(&format!("{name}-{row}.example"), source))
                    .collect(),
                integrations: integrations
                    .into_iter()
                    .map(|(to, on, works)| with(to, on, works))
                    .collect(),
                parse_problem: odd.then(|| "odd".into()),
                ..bare(&name)
            }
        })
}

fn any_world() -> impl Strategy<Value = World> {
    let services = (0..6_usize).map(any_service).collect::<Vec<_>>();
    let endpoint = prop_oneof![
        Just(EndpointFact::Unknown),
        Just(EndpointFact::Missing { cause: None }),
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
            let mut world = World::of(services);
            world.endpoint = endpoint;
            world.create = create;
            if !known {
                world.supported = None;
            }
            if one_cloud {
                world.selection.clouds = ["aws-eu-west-1".to_owned()].into();
            }
            if exclude {
                world.selection.exclude = excluding("s[0-2]");
            }
            world
        })
}

/// What Aiven shows after it took all the actions.
fn carry_out(world: &mut World, actions: &[Action]) {
    for action in actions {
        match action {
            Action::EnsureEndpoint => world.endpoint = EndpointFact::Present(OURS.into()),
            Action::Integrate(name) => {
                let mut services = world.services.iter_mut();
                let service = services.find(|service| service.name == *name).unwrap();
                service.integrations = Box::new([with(OURS, true, false)]);
            }
        }
    }
}

proptest! {
    #[test]
    fn every_service_gets_exactly_one_verdict(world in any_world()) {
        let plan = world.plan();
        let planned: Vec<_> = plan.services.iter().map(|one| &*one.service.name).collect();
        let known: Vec<_> = world.services.iter().map(|one| &*one.name).collect();
        prop_assert_eq!(planned, known);
    }

    #[test]
    fn planning_twice_changes_nothing(mut world in any_world()) {
        let first = world.plan();
        prop_assert_eq!(&first, &world.plan());
        carry_out(&mut world, &first.actions);
        prop_assert_eq!(world.plan().actions, vec![]);
    }

    #[test]
    fn nothing_outside_the_selection_is_touched(world in any_world()) {
        let plan = world.plan();
        for one in plan.services.iter().filter(|one| one.verdict == Verdict::NotSelected) {
            prop_assert!(one.hosts.is_empty());
            prop_assert!(!plan.actions.contains(&Action::Integrate(Arc::clone(&one.service.name))));
        }
        prop_assert!(world.create || plan.actions.is_empty());
        for one in &plan.services {
            let excluded = world.selection.exclude.is_match(&*one.service.name);
            let elsewhere = !world.selection.clouds.is_empty()
                && !world.selection.clouds.contains(&*one.service.cloud);
            prop_assert_eq!(excluded || elsewhere, one.verdict == Verdict::NotSelected);
        }
    }

    #[test]
    fn no_integrated_service_is_integrated_again(world in any_world()) {
        for action in world.plan().actions {
            let Action::Integrate(name) = action else { continue };
            let service = world.services.iter().find(|one| one.name == name).unwrap();
            prop_assert!(service.integrations.is_empty() && service.power == Power::On);
        }
    }

    #[test]
    fn what_is_published_has_an_address_and_the_reverse(world in any_world()) {
        for one in world.plan().services {
            let published = matches!(one.verdict, Verdict::Published | Verdict::Leaving);
            prop_assert_eq!(published, !one.hosts.is_empty());
            prop_assert!(one.hosts.iter().all(|host| !host.addresses.is_empty()));
        }
    }
}
