//! What a listing may and may not change.

use proptest::prelude::*;

use super::*;
use crate::model::hosts::{HostSource, ScrapeHost};
use crate::model::service::ServiceIntegration;

const GRACE: Duration = Duration::from_secs(120);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn service(name: &str) -> Service {
    Service {
        name: name.into(),
        service_type: "opensearch".into(),
        plan: "business-4".into(),
        cloud: "aws-eu-west-2".into(),
        node_count: Some(3),
        power: Power::On,
        hosts: Box::new([host(name, HostSource::Component)]),
        integrations: Box::new([integration(true, true)]),
        tags: Box::new([]),
        served_before: false,
        parse_problem: None,
    }
}

fn host(name: &str, source: HostSource) -> ScrapeHost {
    ScrapeHost {
        name: name.into(),
        port: 9273,
        source,
    }
}

fn integration(enabled: bool, active: bool) -> ServiceIntegration {
    ServiceIntegration {
        id: "i".into(),
        endpoint_id: "e".into(),
        enabled,
        active,
        failure: None,
    }
}

fn listing(services: impl IntoIterator<Item = Service>) -> Listing {
    Listing {
        services: services.into_iter().map(Arc::new).collect(),
        ..Listing::default()
    }
}

fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Listing {
    listing(names.into_iter().map(service))
}

fn names(inventory: &Inventory) -> Vec<&str> {
    inventory.iter().map(|known| &*known.service.name).collect()
}

#[test]
fn an_empty_listing_removes_nothing_however_often_it_comes() {
    let mut inventory = Inventory::default();
    inventory.merge(&named(["a", "b"]), at(0));
    for minute in 1..600 {
        let merge = inventory.merge(&Listing::default(), at(minute * 60));
        assert_eq!(merge.distrust, Some(Distrust::Empty));
        assert_eq!(inventory.depart(at(minute * 60), GRACE), []);
    }
    assert_eq!(names(&inventory), ["a", "b"]);
}

#[test]
fn a_service_goes_only_when_confirmed_and_after_the_grace() {
    let mut inventory = Inventory::default();
    inventory.merge(&named(["a", "b"]), at(0));
    inventory.merge(&named(["a"]), at(60));
    assert_eq!(inventory.next_to_ask(10, at(60)), ["b".into()]);
    assert_eq!(inventory.depart(at(600), GRACE), []);
    inventory.answer("b", ByName::DoesNotExist, at(61));
    assert!(inventory.next_to_ask(10, at(61)).is_empty());
    assert_eq!(inventory.next_departure(GRACE), Some(at(180)));
    assert_eq!(inventory.depart(at(179), GRACE), []);
    assert_eq!(inventory.depart(at(180), GRACE), ["b".into()]);
    assert_eq!(names(&inventory), ["a"]);
}

#[test]
fn a_service_that_is_listed_again_starts_over() {
    let mut inventory = Inventory::default();
    inventory.merge(&named(["a", "b"]), at(0));
    inventory.merge(&named(["a"]), at(60));
    inventory.answer("b", ByName::DoesNotExist, at(61));
    assert!(inventory.merge(&named(["a", "b"]), at(120)).changed);
    inventory.merge(&named(["a"]), at(180));
    assert_eq!(inventory.depart(at(181), GRACE), []);
    assert_eq!(inventory.next_to_ask(10, at(181)), ["b".into()]);
}

#[test]
fn an_answer_by_name_is_news_of_the_service() {
    let mut inventory = Inventory::default();
    inventory.merge(&named(["a", "b"]), at(0));
    inventory.merge(&named(["a"]), at(60));
    let off = Service {
        power: Power::Off,
        ..service("b")
    };
    inventory.answer("b", ByName::Exists(Arc::new(off)), at(61));
    let known = inventory.get("b").unwrap();
    assert_eq!((known.service.power, &known.missing), (Power::Off, &None));
}

#[test]
fn those_asked_longest_ago_are_asked_first_and_few_at_a_time() {
    let mut inventory = Inventory::default();
    inventory.merge(&named(["a", "b", "c"]), at(0));
    inventory.merge(&Listing::default(), at(60));
    assert_eq!(inventory.next_to_ask(2, at(61)), ["a".into(), "b".into()]);
    assert_eq!(inventory.next_to_ask(2, at(62)), ["c".into(), "a".into()]);
    assert_eq!(inventory.next_to_ask(1, at(63)), ["b".into()]);
}

#[test]
fn distrust_names_its_reason() {
    let known: Vec<String> = (0..20).map(|index| format!("s{index:02}")).collect();
    let all = || known.iter().map(String::as_str);
    let cases: [(Listing, Option<Distrust>); 6] = [
        (named(all()), None),
        (named(all().skip(5)), None),
        (named(all().skip(6)), Some(Distrust::Shrunk)),
        (Listing::default(), Some(Distrust::Empty)),
        (
            Listing {
                at_limit: true,
                ..named(all())
            },
            Some(Distrust::Truncated),
        ),
        (
            Listing {
                unreadable: 1,
                ..named(all())
            },
            Some(Distrust::Malformed),
        ),
    ];
    for (index, (listing, expected)) in cases.into_iter().enumerate() {
        let mut inventory = Inventory::default();
        inventory.merge(&named(all()), at(0));
        let merge = inventory.merge(&listing, at(60));
        assert_eq!(merge.distrust, expected, "case {index}");
    }
}

#[test]
fn one_deleted_service_of_two_is_no_scandal() {
    let mut inventory = Inventory::default();
    inventory.merge(&named(["a", "b"]), at(0));
    assert_eq!(inventory.merge(&named(["a"]), at(60)).distrust, None);
}

#[test]
fn an_unchanged_listing_changes_nothing() {
    let mut inventory = Inventory::default();
    assert!(inventory.merge(&named(["a", "b"]), at(0)).changed);
    assert!(!inventory.merge(&named(["a", "b"]), at(60)).changed);
}

#[test]
fn an_unreadable_row_keeps_what_was_known() {
    let mut inventory = Inventory::default();
    inventory.merge(&named(["a"]), at(0));
    let odd = Service {
        parse_problem: Some("service_type is a number".into()),
        hosts: Box::new([]),
        ..service("a")
    };
    let merge = inventory.merge(&listing([odd]), at(60));
    assert!(!merge.changed);
    assert_eq!(*inventory.get("a").unwrap().service, service("a"));
}

#[test]
fn hosts_survive_a_rebuild_that_forgets_them() {
    let rebuilt = |hosts: Box<[ScrapeHost]>, active| Service {
        hosts,
        integrations: Box::new([integration(true, active)]),
        ..service("a")
    };
    let fallback: Box<[ScrapeHost]> = Box::new([host("a", HostSource::Service)]);
    for forgetful in [
        rebuilt(Box::new([]), false),
        rebuilt(fallback.clone(), false),
        rebuilt(fallback, true),
    ] {
        let mut inventory = Inventory::default();
        inventory.merge(&named(["a"]), at(0));
        inventory.merge(&listing([forgetful.clone()]), at(60));
        let again = inventory.merge(&listing([forgetful]), at(120));
        let kept = &inventory.get("a").unwrap().service;
        assert_eq!(kept.hosts, service("a").hosts);
        assert!(kept.serves_metrics());
        assert!(!again.changed, "a forgetful answer is news only once");
    }
}

#[test]
fn hosts_do_not_survive_what_somebody_meant() {
    let disabled = Service {
        hosts: Box::new([]),
        integrations: Box::new([integration(false, false)]),
        ..service("a")
    };
    let off = Service {
        hosts: Box::new([]),
        power: Power::Off,
        ..service("a")
    };
    for meant in [disabled, off] {
        let mut inventory = Inventory::default();
        inventory.merge(&named(["a"]), at(0));
        inventory.merge(&listing([meant]), at(60));
        assert!(inventory.get("a").unwrap().service.hosts.is_empty());
    }
}

proptest! {
    /// However listings lie, a service once seen is known until Aiven denies it by name.
    #[test]
    fn no_sequence_of_listings_removes_a_service(
        listings in prop::collection::vec(prop::collection::vec(0..8_usize, 0..8), 1..20)
    ) {
        let mut inventory = Inventory::default();
        let mut seen = std::collections::BTreeSet::new();
        for (index, rows) in listings.iter().enumerate() {
            let rows: Vec<String> = rows.iter().map(|row| format!("s{row}")).collect();
            let now = at(index as i64 * 3600);
            inventory.merge(&named(rows.iter().map(String::as_str)), now);
            seen.extend(rows);
            prop_assert_eq!(inventory.depart(now, GRACE), []);
            prop_assert_eq!(names(&inventory), seen.iter().collect::<Vec<_>>());
        }
    }

    /// Merging the same listing twice is merging it once.
    #[test]
    fn merging_twice_changes_nothing(rows in prop::collection::btree_set(0..50_usize, 0..50)) {
        let rows: Vec<String> = rows.iter().map(|row| format!("s{row}")).collect();
        let mut inventory = Inventory::default();
        inventory.merge(&named(rows.iter().map(String::as_str)), at(0));
        let again = inventory.merge(&named(rows.iter().map(String::as_str)), at(60));
        prop_assert!(!again.changed);
        prop_assert_eq!(again.missing, 0);
    }
}
