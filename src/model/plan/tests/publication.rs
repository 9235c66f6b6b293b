//! Which addresses of a service are published.

use std::net::IpAddr;

use super::*;

#[test]
fn a_failing_name_keeps_its_targets_and_shows_its_cause() {
    let mut scenario = Scenario::with([integrated("a")]);
    let known = scenario.addresses.table().get_mut("a.example").unwrap();
    known.failing = Some(Box::new(failing("SERVFAIL")));
    let plan = scenario.plan();
    assert_eq!(plan.services[0].verdict, Verdict::Published);
    assert_eq!(plan.services[0].failing[0].1.cause, "SERVFAIL".into());
    scenario
        .addresses
        .table()
        .get_mut("a.example")
        .unwrap()
        .addresses = Arc::default();
    let plan = scenario.plan();
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
        hosts: DetailList::whole([
            host("a.example", HostSource::Component),
            host("replica-a.example", HostSource::Component),
        ]),
        ..integrated("a")
    };
    let mut scenario = Scenario::with([service]);
    let (one, two) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
    scenario
        .addresses
        .table()
        .insert("a.example".into(), resolved([one]));
    scenario
        .addresses
        .table()
        .insert("replica-a.example".into(), resolved([one, two]));
    let plan = scenario.plan();
    let addresses: Vec<_> = plan.services[0]
        .hosts
        .iter()
        .map(|host| &*host.addresses)
        .collect();
    assert_eq!(addresses, [[one.into()], [two.into()]]);
}

#[test]
fn a_name_made_up_here_may_not_exist() {
    let derived = "replica-a.example";
    let service = Service {
        hosts: DetailList::whole([
            host("a.example", HostSource::Component),
            host(derived, HostSource::Derived),
        ]),
        ..integrated("a")
    };
    let mut scenario = Scenario::with([service]);
    let nothing = Resolution {
        addresses: Arc::default(),
        failing: Some(Box::new(failing("NXDOMAIN"))),
        is_answered: false,
    };
    scenario.addresses.table().insert(derived.into(), nothing);
    let plan = scenario.plan();
    assert_eq!(plan.services[0].verdict, Verdict::Published);
    assert!(plan.services[0].failing.is_empty());
}
