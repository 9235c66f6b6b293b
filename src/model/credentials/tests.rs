use std::collections::BTreeSet;

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;

const RESTORE: Duration = Duration::from_secs(900);

fn pair(name: &str) -> Credentials {
    Credentials {
        username: name.to_owned(),
        password: SecretString::from(format!("password of {name}")),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn names<'a>(pairs: impl IntoIterator<Item = &'a Credentials>) -> Vec<&'a str> {
    pairs.into_iter().map(|pair| &*pair.username).collect()
}

/// In step with the configuration `old`.
fn settled_on(name: &str) -> KnownCredentials {
    let mut held = KnownCredentials::default();
    held.saw(&pair(name), Some(&pair(name)), at(0));
    held
}

#[test]
fn equal_names_with_other_passwords_are_other_pairs() {
    let other = Credentials {
        password: SecretString::from("another password".to_owned()),
        ..pair("old")
    };
    assert_ne!(pair("old"), other);
    assert_eq!(pair("old"), pair("old"));
}

#[test]
fn a_changed_configuration_is_written_at_once_and_the_old_pair_stays_a_candidate() {
    let mut held = settled_on("old");
    let new = pair("new");
    held.saw(&pair("old"), Some(&new), at(10));
    assert_eq!(held.step(&new, true, at(10), RESTORE), Step::Write);
    assert_eq!(names(held.candidates(Some(&new))), ["old", "new"]);
    held.saw(&new, Some(&new), at(11));
    assert_eq!(held.step(&new, true, at(11), RESTORE), Step::Nothing);
    assert_eq!(names(held.candidates(Some(&new))), ["new", "old"]);
    assert_eq!(held.changed_at, Some(at(11)));
}

#[test]
fn the_other_instances_new_pair_is_used_and_not_written_over_at_once() {
    let mut held = settled_on("old");
    let old = pair("old");
    held.saw(&pair("new"), Some(&old), at(10));
    let wait = Step::LookAgainIn(RESTORE);
    assert_eq!(held.step(&old, true, at(10), RESTORE), wait);
    assert_eq!(names(held.candidates(Some(&old))), ["new", "old"]);
    // Seeing it again does not start the wait anew.
    held.saw(&pair("new"), Some(&old), at(909));
    let wait = Step::LookAgainIn(Duration::from_secs(1));
    assert_eq!(held.step(&old, true, at(909), RESTORE), wait);
    assert_eq!(held.step(&old, true, at(910), RESTORE), Step::Write);
}

#[test]
fn getting_the_new_configuration_too_ends_the_difference_without_a_write() {
    let mut held = settled_on("old");
    held.saw(&pair("new"), Some(&pair("old")), at(10));
    held.saw(&pair("new"), Some(&pair("new")), at(20));
    assert_eq!(
        held.step(&pair("new"), true, at(20), RESTORE),
        Step::Nothing
    );
    assert_eq!(
        (held.differs_since, held.written),
        (None, Some(pair("new")))
    );
}

#[test]
fn a_third_pair_starts_the_wait_anew() {
    let mut held = settled_on("old");
    let old = pair("old");
    held.saw(&pair("new"), Some(&old), at(10));
    held.saw(&pair("newer"), Some(&old), at(800));
    let wait = Step::LookAgainIn(RESTORE);
    assert_eq!(held.step(&old, true, at(800), RESTORE), wait);
    assert_eq!(names(held.candidates(Some(&old))), ["newer", "old", "new"]);
}

#[test]
fn hidden_secrets_are_written_once_for_each_change_of_the_configuration() {
    let mut held = KnownCredentials::default();
    let (old, new) = (pair("old"), pair("new"));
    assert_eq!(held.step(&old, false, at(0), RESTORE), Step::Write);
    assert_eq!(names(held.candidates(Some(&old))), ["old"]);
    held.saw(&old, Some(&old), at(1));
    assert_eq!(held.step(&old, false, at(2), RESTORE), Step::Nothing);
    assert_eq!(held.step(&new, false, at(3), RESTORE), Step::Write);
    held.saw(&new, Some(&new), at(4));
    assert_eq!(held.step(&new, false, at(5), RESTORE), Step::Nothing);
    assert_eq!(names(held.candidates(Some(&new))), ["new", "old"]);
}

#[test]
fn an_old_difference_is_no_reason_to_write_what_cannot_be_compared() {
    let mut held = settled_on("old");
    held.saw(&pair("new"), Some(&pair("old")), at(10));
    assert_eq!(
        held.step(&pair("old"), false, at(5_000), RESTORE),
        Step::Nothing
    );
}

#[test]
fn without_a_configured_pair_aivens_is_followed() {
    let mut held = KnownCredentials::default();
    assert!(held.candidates(None).is_empty());
    held.saw(&pair("first"), None, at(0));
    held.saw(&pair("second"), None, at(10));
    assert_eq!(names(held.candidates(None)), ["second", "first"]);
    assert_eq!(held.differs_since, None);
    assert!(held.forget_previous());
    assert_eq!(names(held.candidates(None)), ["second"]);
    assert!(!held.forget_previous());
}

#[test]
fn the_previous_pairs_are_settled_only_when_every_reporting_node_took_the_present_one() {
    let minute = Duration::from_secs(60);
    let cases: [(&[u64], Duration, bool); 6] = [
        (&[], minute, false),
        (&[1], minute, true),
        (&[1, 1, 1], minute, true),
        (&[1, 2, 1], minute, false),
        (&[2], minute, false),
        (&[1, 1], minute / 2, false),
    ];
    for (taken, reporting_for, settled) in cases {
        let answer = is_settled(1, taken.iter().copied(), reporting_for, minute);
        assert_eq!(answer, settled, "{taken:?} after {reporting_for:?}");
    }
}

proptest! {
    #[test]
    fn candidates_are_distinct_begin_with_aivens_and_stay_few(
        seen in proptest::collection::vec((0_u8..6, 0_u8..3), 1..40)
    ) {
        let mut held = KnownCredentials::default();
        for (second, (pair_number, configured)) in seen.iter().enumerate() {
            let configured = pair(&configured.to_string());
            let aivens = pair(&pair_number.to_string());
            let before = held.remote.clone();
            held.saw(&aivens, Some(&configured), at(second as i64));
            let all = held.candidates(Some(&configured));
            prop_assert_eq!(all[0], &aivens);
            prop_assert!(all.contains(&&configured));
            prop_assert!(before.is_none_or(|before| all.contains(&&before)));
            prop_assert!(all.len() <= 3 + KEPT);
            let distinct: BTreeSet<_> = all.iter().map(|pair| &pair.username).collect();
            prop_assert_eq!(distinct.len(), all.len());
        }
    }
}
