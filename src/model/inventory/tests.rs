//! What a listing may and may not change.

use proptest::prelude::*;

use super::*;
use crate::model::detail::{Detail, DetailList};
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
        power: Power::On.into(),
        hosts: DetailList::whole([host(name, HostSource::Component)]),
        integrations: DetailList::whole([integration(true, true)]),
        tags: DetailList::whole([]),
        served_before: false,
        claim: Default::default(),
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

fn listing_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Listing {
    listing(names.into_iter().map(service))
}

fn names(inventory: &Inventory) -> Vec<&str> {
    inventory.iter().map(|known| &*known.service.name).collect()
}

#[test]
fn an_empty_listing_removes_nothing_however_often_it_comes() {
    let mut inventory = Inventory::default();
    inventory.merge(&listing_of(["a", "b"]), at(0));
    for minute in 1..600 {
        let merge = inventory.merge(&Listing::default(), at(minute * 60));
        assert_eq!(merge.distrust, Some(Distrust::Empty));
        assert_eq!(inventory.forget_departed(at(minute * 60), GRACE), []);
    }
    assert_eq!(names(&inventory), ["a", "b"]);
}

#[test]
fn a_service_is_forgotten_only_when_confirmed_and_after_the_grace() {
    let mut inventory = Inventory::default();
    inventory.merge(&listing_of(["a", "b"]), at(0));
    inventory.merge(&listing_of(["a"]), at(60));
    assert_eq!(inventory.next_to_ask(10, at(60)), ["b".into()]);
    assert_eq!(inventory.forget_departed(at(600), GRACE), []);
    inventory.note_answer("b", ByName::DoesNotExist, at(61));
    assert!(inventory.next_to_ask(10, at(61)).is_empty());
    assert_eq!(inventory.next_departure(GRACE), Some(at(180)));
    assert_eq!(inventory.forget_departed(at(179), GRACE), []);
    assert_eq!(inventory.forget_departed(at(180), GRACE), ["b".into()]);
    assert_eq!(names(&inventory), ["a"]);
}

#[test]
fn a_service_that_is_listed_again_starts_over() {
    let mut inventory = Inventory::default();
    inventory.merge(&listing_of(["a", "b"]), at(0));
    inventory.merge(&listing_of(["a"]), at(60));
    inventory.note_answer("b", ByName::DoesNotExist, at(61));
    assert!(inventory.merge(&listing_of(["a", "b"]), at(120)).changed);
    inventory.merge(&listing_of(["a"]), at(180));
    assert_eq!(inventory.forget_departed(at(181), GRACE), []);
    assert_eq!(inventory.next_to_ask(10, at(181)), ["b".into()]);
}

#[test]
fn an_answer_by_name_updates_the_service() {
    let mut inventory = Inventory::default();
    inventory.merge(&listing_of(["a", "b"]), at(0));
    inventory.merge(&listing_of(["a"]), at(60));
    let off = Service {
        power: Power::Off.into(),
        ..service("b")
    };
    inventory.note_answer("b", ByName::Exists(Arc::new(off)), at(61));
    let known = inventory.get("b").unwrap();
    assert!(known.service.is_off() && known.missing.is_none());
}

#[test]
fn the_least_recently_asked_are_asked_first_and_few_at_a_time() {
    let mut inventory = Inventory::default();
    inventory.merge(&listing_of(["a", "b", "c"]), at(0));
    inventory.merge(&Listing::default(), at(60));
    assert_eq!(inventory.next_to_ask(2, at(61)), ["a".into(), "b".into()]);
    assert_eq!(inventory.next_to_ask(2, at(62)), ["c".into(), "a".into()]);
    assert_eq!(inventory.next_to_ask(1, at(63)), ["b".into()]);
}

#[test]
fn a_suspicious_listing_is_distrusted_for_the_right_cause() {
    let known: Vec<String> = (0..20).map(|index| format!("s{index:02}")).collect();
    let all = || known.iter().map(String::as_str);
    let cases: [(Listing, Option<Distrust>); 6] = [
        (listing_of(all()), None),
        (listing_of(all().skip(5)), None),
        (listing_of(all().skip(6)), Some(Distrust::Shrunk)),
        (Listing::default(), Some(Distrust::Empty)),
        (
            Listing {
                at_limit: true,
                ..listing_of(all())
            },
            Some(Distrust::Truncated),
        ),
        (
            Listing {
                unreadable: 1,
                first_unreadable: None,
                ..listing_of(all())
            },
            Some(Distrust::Malformed),
        ),
    ];
    for (index, (listing, expected)) in cases.into_iter().enumerate() {
        let mut inventory = Inventory::default();
        inventory.merge(&listing_of(all()), at(0));
        let merge = inventory.merge(&listing, at(60));
        assert_eq!(merge.distrust, expected, "case {index}");
    }
}

#[test]
fn one_deleted_service_of_two_is_not_suspicious() {
    let mut inventory = Inventory::default();
    inventory.merge(&listing_of(["a", "b"]), at(0));
    assert_eq!(inventory.merge(&listing_of(["a"]), at(60)).distrust, None);
}

#[test]
fn an_unchanged_listing_changes_nothing() {
    let mut inventory = Inventory::default();
    assert!(inventory.merge(&listing_of(["a", "b"]), at(0)).changed);
    assert!(!inventory.merge(&listing_of(["a", "b"]), at(60)).changed);
}

#[test]
fn an_unreadable_row_keeps_what_was_known() {
    let mut inventory = Inventory::default();
    inventory.merge(&listing_of(["a"]), at(0));
    let odd = Service {
        service_type: Detail::Unknown,
        plan: Detail::Unknown,
        cloud: Detail::Unknown,
        node_count: None,
        power: Detail::Unknown,
        hosts: DetailList::unknown(),
        integrations: DetailList::unknown(),
        tags: DetailList::unknown(),
        ..service("a")
    };
    let merge = inventory.merge(&listing([odd]), at(60));
    assert!(!merge.changed);
    assert_eq!(*inventory.get("a").unwrap().service, service("a"));
}

#[test]
fn hosts_survive_a_rebuild_that_leaves_them_out() {
    let rebuilt = |hosts: DetailList<ScrapeHost>, active| Service {
        hosts,
        integrations: DetailList::whole([integration(true, active)]),
        ..service("a")
    };
    let fallback = DetailList::whole([host("a", HostSource::Service)]);
    for incomplete in [
        rebuilt(DetailList::default(), false),
        rebuilt(fallback.clone(), false),
        rebuilt(fallback, true),
    ] {
        let mut inventory = Inventory::default();
        inventory.merge(&listing_of(["a"]), at(0));
        inventory.merge(&listing([incomplete.clone()]), at(60));
        let again = inventory.merge(&listing([incomplete]), at(120));
        let kept = &inventory.get("a").unwrap().service;
        assert_eq!(kept.hosts, service("a").hosts);
        assert!(kept.serves_metrics());
        assert!(!again.changed, "an incomplete answer is a change only once");
    }
}

#[test]
fn hosts_do_not_survive_a_deliberate_change() {
    let disabled = Service {
        hosts: DetailList::whole([]),
        integrations: DetailList::whole([integration(false, false)]),
        ..service("a")
    };
    let off = Service {
        hosts: DetailList::whole([]),
        power: Power::Off.into(),
        ..service("a")
    };
    for changed in [disabled, off] {
        let mut inventory = Inventory::default();
        inventory.merge(&listing_of(["a"]), at(0));
        inventory.merge(&listing([changed.clone()]), at(60));
        let answer = ByName::Exists(Arc::new(changed));
        assert!(inventory.note_answer("a", answer, at(61)).changed);
        assert!(inventory.get("a").unwrap().service.hosts.rows().is_empty());
    }
}

#[test]
fn listings_that_invent_names_do_not_fill_the_memory_and_lose_nothing() {
    let mut inventory = Inventory::default();
    inventory.merge(&listing_of(["real"]), at(0));
    let bare = |name: &str| Service {
        integrations: DetailList::default(),
        ..service(name)
    };
    for round in 0..4 {
        let invented = (0..MAX_SERVICES).map(|number| bare(&format!("x{round}-{number}")));
        let merge = inventory.merge(
            &listing(invented.chain([service("real")])),
            at(60 * (round + 1)),
        );
        assert!(merge.distrust.is_some());
        assert!(inventory.iter().len() <= MAX_SERVICES);
        let real = inventory.get("real").unwrap();
        assert!(real.missing.is_none() && real.service.is_served());
    }
    let new = ["real", "new"];
    inventory.merge(&listing_of(new), at(600));
    inventory.merge(&listing_of(new), at(660));
    assert!(
        inventory.get("new").is_some(),
        "a real new service finds room again"
    );
}

fn with(change: impl FnOnce(&mut Service)) -> Service {
    let mut changed = service("a");
    change(&mut changed);
    changed
}

#[test]
fn a_change_that_ends_targets_is_asked_for_and_counts_once_aiven_says_the_same() {
    let changes: [fn(&mut Service); 6] = [
        |one| one.integrations = DetailList::default(),
        |one| one.integrations = [integration(false, true)].into(),
        |one| one.hosts = [host("elsewhere", HostSource::Component)].into(),
        |one| one.service_type = "pg".into(),
        |one| one.cloud = "aws-eu-west-1".into(),
        |one| one.power = Power::Off.into(),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut inventory = Inventory::default();
        inventory.merge(&listing_of(["a"]), at(0));
        let merge = inventory.merge(&listing([with(change)]), at(60));
        assert_eq!((merge.doubtful, merge.distrust), (1, None), "case {index}");
        assert_eq!(
            *inventory.get("a").unwrap().service,
            service("a"),
            "case {index}"
        );
        assert_eq!(inventory.next_to_ask(10, at(60)), ["a".into()]);
        let mut lied = inventory.clone();
        let noted = lied.note_answer("a", ByName::Exists(Arc::new(service("a"))), at(61));
        assert_eq!(noted.contradiction, Some(Distrust::Shrunk), "case {index}");
        assert_eq!(
            *lied.get("a").unwrap().service,
            service("a"),
            "case {index}"
        );
        let answer = ByName::Exists(Arc::new(with(change)));
        let noted = inventory.note_answer("a", answer, at(61));
        assert_eq!(
            (noted.changed, noted.contradiction),
            (true, None),
            "case {index}"
        );
        assert_eq!(
            *inventory.get("a").unwrap().service,
            with(change),
            "case {index}"
        );
        assert!(inventory.get("a").unwrap().doubt.is_none());
    }
}

#[test]
fn a_service_that_is_plainly_off_does_not_wait_for_an_answer_that_fails() {
    let mut inventory = Inventory::default();
    inventory.merge(&listing_of(["a", "b"]), at(0));
    let off = || with(|one| one.power = Power::Off.into());
    inventory.merge(&listing([off(), service("b")]), at(60));
    assert!(inventory.note_answer("a", ByName::Unknown, at(61)).changed);
    assert!(inventory.get("a").unwrap().service.is_off());
    // Not so if another row of the listing denies it.
    for rows in [[off(), service("a")], [service("a"), off()]] {
        let mut inventory = Inventory::default();
        inventory.merge(&listing_of(["a", "b"]), at(0));
        let rows = rows.into_iter().chain([service("b")]);
        let merge = inventory.merge(&listing(rows), at(60));
        assert_eq!(merge.distrust, Some(Distrust::Malformed));
        assert_eq!(inventory.next_to_ask(10, at(60)), ["a".into()]);
        inventory.note_answer("a", ByName::Unknown, at(61));
        assert!(!inventory.get("a").unwrap().service.is_off());
    }
}

#[test]
fn many_rows_that_share_a_loss_are_distrusted_at_once() {
    let names: Vec<String> = (0..20).map(|number| format!("s{number:02}")).collect();
    let bare = |name: &String| Service {
        integrations: DetailList::default(),
        ..service(name)
    };
    let lacking = |name: &String| Service {
        integrations: DetailList::unknown(),
        ..service(name)
    };
    let all = || listing_of(names.iter().map(String::as_str));
    let mut inventory = Inventory::default();
    inventory.merge(&all(), at(0));
    let merge = inventory.merge(&listing(names.iter().map(bare)), at(60));
    assert_eq!(
        (merge.distrust, merge.doubtful),
        (Some(Distrust::Shrunk), 20)
    );
    assert!(!inventory.merge(&all(), at(120)).changed);
    let merge = inventory.merge(&listing(names.iter().map(lacking)), at(180));
    assert_eq!(
        (merge.distrust, merge.doubtful),
        (Some(Distrust::Malformed), 20)
    );
    assert!(inventory.iter().all(|known| known.service.is_served()));
}

proptest! {
    /// Whatever listings say, a service once seen is known until Aiven denies it by name.
    #[test]
    fn no_sequence_of_listings_removes_a_service(
        listings in prop::collection::vec(prop::collection::vec(0..8_usize, 0..8), 1..20)
    ) {
        let mut inventory = Inventory::default();
        let mut seen = std::collections::BTreeSet::new();
        for (index, rows) in listings.iter().enumerate() {
            let rows: Vec<String> = rows.iter().map(|row| format!("s{row}")).collect();
            let now = at(index as i64 * 3600);
            inventory.merge(&listing_of(rows.iter().map(String::as_str)), now);
            seen.extend(rows);
            prop_assert_eq!(inventory.forget_departed(now, GRACE), []);
            prop_assert_eq!(names(&inventory), seen.iter().collect::<Vec<_>>());
        }
    }

    /// Merging the same listing twice has the same effect as merging it once.
    #[test]
    fn merging_twice_changes_nothing(rows in prop::collection::btree_set(0..50_usize, 0..50)) {
        let rows: Vec<String> = rows.iter().map(|row| format!("s{row}")).collect();
        let mut inventory = Inventory::default();
        inventory.merge(&listing_of(rows.iter().map(String::as_str)), at(0));
        let again = inventory.merge(&listing_of(rows.iter().map(String::as_str)), at(60));
        prop_assert!(!again.changed);
        prop_assert_eq!(again.missing, 0);
    }
}
