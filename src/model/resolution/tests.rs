//! Which known addresses a lookup may change.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::model::address::Families;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn found(addresses: &[&str]) -> Answer {
    Answer::Addresses(addresses.iter().map(|one| ip(one).into()).collect())
}

fn lookup(v4: Answer, v6: Answer) -> Lookup {
    Lookup { v4, v6 }
}

fn failed() -> Answer {
    Answer::Failed("SERVFAIL".to_owned())
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn known(addresses: &[&str]) -> Resolution {
    Resolution {
        addresses: addresses.iter().map(|one| ip(one).into()).collect(),
        failing: None,
        is_answered: true,
    }
}

#[test]
fn a_complete_answer_replaces_the_known_addresses() {
    let before = known(&["192.0.2.1", "192.0.2.2"]);
    let next = next_resolution(
        Some(&before),
        lookup(found(&["192.0.2.3"]), found(&[])),
        at(1),
    );
    assert_eq!(next, known(&["192.0.2.3"]));
}

#[test]
fn no_failure_ever_loses_an_address() {
    let before = known(&["192.0.2.1", "2001:db8::1"]);
    let failures = [
        lookup(failed(), failed()),
        lookup(Answer::NoSuchName, Answer::NoSuchName),
        lookup(found(&[]), found(&[])),
        lookup(failed(), found(&["2001:db8::1"])),
        lookup(found(&["192.0.2.1"]), failed()),
        lookup(found(&[]), failed()),
        lookup(Answer::NoSuchName, found(&[])),
    ];
    for failure in failures {
        let shown = format!("{failure:?}");
        let next = next_resolution(Some(&before), failure, at(1));
        assert_eq!(next.addresses, before.addresses, "{shown}");
        assert!(next.failing.is_some(), "{shown}");
    }
}

#[test]
fn a_failing_family_does_not_delay_the_other() {
    let before = known(&["192.0.2.1", "2001:db8::1"]);
    let next = next_resolution(
        Some(&before),
        lookup(found(&["192.0.2.9"]), failed()),
        at(1),
    );
    assert_eq!(
        next.addresses,
        known(&["192.0.2.9", "2001:db8::1"]).addresses
    );
}

#[test]
fn a_repeated_failure_keeps_the_time_of_the_first() {
    let first = next_resolution(
        Some(&known(&["192.0.2.1"])),
        lookup(failed(), failed()),
        at(10),
    );
    let later = next_resolution(Some(&first), lookup(Answer::NoSuchName, failed()), at(50));
    assert_eq!(later.failing.as_ref().unwrap().since, at(10));
    let healed = next_resolution(
        Some(&later),
        lookup(found(&["192.0.2.1"]), found(&[])),
        at(60),
    );
    assert_eq!(healed.failing, None);
}

#[test]
fn a_name_never_resolved_has_no_addresses_and_a_cause() {
    let next = next_resolution(None, lookup(Answer::NoSuchName, Answer::NoSuchName), at(1));
    assert!(next.addresses.is_empty());
    assert!(next.failing.unwrap().cause.contains("NXDOMAIN"));
}

#[test]
fn addresses_are_sorted_and_unique() {
    let answer = found(&["192.0.2.9", "192.0.2.1", "192.0.2.9"]);
    let next = next_resolution(None, lookup(answer, found(&["2001:db8::1"])), at(1));
    assert_eq!(next, known(&["192.0.2.1", "192.0.2.9", "2001:db8::1"]));
}

#[test]
fn an_equal_answer_is_not_a_change() {
    let mut addresses = Addresses::default();
    let mut absorb = |lookup, second| addresses.absorb("a.example".into(), lookup, at(second));
    let answer = || lookup(found(&["192.0.2.1"]), found(&[]));
    assert!(absorb(answer(), 1));
    assert!(!absorb(answer(), 2));
    assert!(absorb(lookup(failed(), failed()), 3));
    assert!(!absorb(lookup(failed(), failed()), 4));
}

#[test]
fn a_family_that_is_still_asked_for_keeps_its_addresses_and_says_nothing() {
    let before = known(&["192.0.2.1", "2001:db8::1"]);
    let next = next_resolution(
        Some(&before),
        lookup(found(&["192.0.2.9"]), Answer::Pending),
        at(1),
    );
    assert_eq!(next, known(&["192.0.2.9", "2001:db8::1"]));
    let empty = lookup(found(&[]), Answer::Pending);
    assert_eq!(next_resolution(Some(&before), empty, at(1)), before);
    let failed = next_resolution(Some(&before), lookup(failed(), failed()), at(1));
    let pending = lookup(found(&["192.0.2.1"]), Answer::Pending);
    let next = next_resolution(Some(&failed), pending, at(2));
    assert_eq!(next.failing, failed.failing);
    assert!(!failed.is_answered && next.is_answered);
}

#[test]
fn a_family_ends_when_the_other_is_answered_and_it_is_denied() {
    let before = known(&["192.0.2.1", "2001:db8::1"]);
    let moved = lookup(found(&[]), found(&["2001:db8::2"]));
    let next = next_resolution(Some(&before), moved, at(1));
    assert_eq!(next, known(&["2001:db8::2"]));
}

#[test]
fn a_part_of_an_answer_adds_addresses_and_ends_none() {
    let before = known(&["192.0.2.1"]);
    let part = Answer::Part(vec![ip("192.0.2.2").into()], "TCP failed".to_owned());
    let next = next_resolution(Some(&before), lookup(part, found(&[])), at(1));
    assert_eq!(next.addresses, known(&["192.0.2.1", "192.0.2.2"]).addresses);
    assert!(next.failing.unwrap().cause.contains("TCP failed"));
}

#[test]
fn a_family_that_is_left_out_has_no_addresses_and_is_no_failure() {
    let before = known(&["192.0.2.1", "2001:db8::1"]);
    let only_v4 = lookup(found(&["192.0.2.1"]), Answer::LeftOut);
    let next = next_resolution(Some(&before), only_v4, at(1));
    assert_eq!(next, known(&["192.0.2.1"]));
    let nothing = lookup(found(&[]), Answer::LeftOut);
    let next = next_resolution(Some(&known(&["192.0.2.1"])), nothing, at(1));
    assert_eq!(next.addresses, known(&["192.0.2.1"]).addresses);
    assert!(next.failing.is_some());
}

#[test]
fn one_node_under_several_addresses_is_one_target() {
    let twins = [
        "64:ff9b::192.0.2.1",
        "::ffff:192.0.2.1",
        "64:ff9b:1::192.0.2.1",
        "2001:db8:122:344::192.0.2.1",
        "2001:db8::7",
    ];
    let answer = lookup(found(&["192.0.2.1"]), found(&twins));
    let next = next_resolution(None, answer, at(1));
    assert_eq!(next, known(&["192.0.2.1", "2001:db8::7"]));
}

#[test]
fn a_translated_address_stays_where_there_is_no_ipv4() {
    let answer = lookup(Answer::LeftOut, found(&["64:ff9b::192.0.2.1"]));
    let next = next_resolution(None, answer, at(1));
    assert_eq!(next, known(&["64:ff9b::192.0.2.1"]));
}

#[test]
fn what_an_earlier_run_saved_is_judged_as_an_answer_is() {
    let rules = AddressRules {
        families: Families::Only(Family::V4),
        loopback: false,
    };
    let restored = |name: &str, addresses: &[&str]| {
        let addresses = addresses.iter().map(|one| ip(one));
        (Arc::from(name), Resolution::restored(addresses, None))
    };
    let saved = ["192.0.2.1", "169.254.169.254", "2001:db8::1", "0.0.0.0"];
    let rows = [restored("a", &saved), restored("b", &["127.0.0.1"])];
    let mut addresses: Addresses = rows.into_iter().collect();
    addresses.restrict(rules);
    assert_eq!(addresses.get("a"), Some(&known(&["192.0.2.1"])));
    assert_eq!(addresses.get("b"), None);
}

/// Every answer of one family that DNS may give.
fn answer(family: Family) -> impl Strategy<Value = Answer> {
    let address = move |last: u8| match family {
        Family::V4 => IpAddr::from([192, 0, 2, last]).into(),
        Family::V6 => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last)]).into(),
    };
    let addresses = vec((1_u8..6).prop_map(address), 0..4);
    prop_oneof![
        addresses.clone().prop_map(Answer::Addresses),
        addresses.prop_map(|part| Answer::Part(part, "cut".to_owned())),
        Just(Answer::NoSuchName),
        Just(failed()),
        Just(Answer::Pending),
        Just(Answer::LeftOut),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// After any lookups: an address is gone only if its family was answered with
    /// others, or denied in a whole answer, or left out by configuration.
    #[test]
    fn only_an_answer_ends_an_address(
        lookups in vec((answer(Family::V4), answer(Family::V6)), 1..12),
    ) {
        let mut before: Option<Resolution> = None;
        for (v4, v6) in lookups {
            let lookup = lookup(v4, v6);
            let next = next_resolution(before.as_ref(), lookup.clone(), at(1));
            let known = before.map_or_else(Default::default, |before| before.addresses);
            for gone in known.iter().filter(|one| !next.addresses.contains(one)) {
                let (own, other) = match gone.family() {
                    Family::V4 => (&lookup.v4, &lookup.v6),
                    Family::V6 => (&lookup.v6, &lookup.v4),
                };
                let is_ended = match own {
                    Answer::Addresses(found) if found.is_empty() => {
                        matches!(other, Answer::Addresses(found) if !found.is_empty())
                    }
                    Answer::Addresses(_) | Answer::LeftOut => true,
                    _ => false,
                };
                prop_assert!(is_ended, "{gone:?} after {lookup:?}");
            }
            let sorted = next.addresses.windows(2).all(|pair| pair[0] < pair[1]);
            prop_assert!(sorted);
            before = Some(next);
        }
    }
}
