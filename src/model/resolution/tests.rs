//! Which known addresses a lookup may change.

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn found(addresses: &[&str]) -> Answer {
    Answer::Addresses(addresses.iter().map(|one| ip(one)).collect())
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
        addresses: addresses.iter().map(|one| ip(one)).collect(),
        failing: None,
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
