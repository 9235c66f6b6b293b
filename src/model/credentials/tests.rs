//! Which credentials are tried at nodes, and when ours are written to Aiven.

use std::collections::BTreeSet;

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;

const RESTORE: Duration = Duration::from_secs(900);

fn credentials(name: &str) -> Credentials {
    Credentials {
        username: name.to_owned(),
        password: SecretString::from(format!("password of {name}")),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn usernames<'a>(all: impl IntoIterator<Item = &'a Credentials>) -> Vec<&'a str> {
    all.into_iter()
        .map(|credentials| &*credentials.username)
        .collect()
}

/// Aiven and the configuration have the same credentials.
fn in_sync_with(name: &str) -> KnownCredentials {
    let mut known = KnownCredentials::default();
    known.note_remote(&credentials(name), Some(&credentials(name)), at(0));
    known
}

#[test]
fn the_same_name_with_another_password_is_not_equal() {
    let other = Credentials {
        password: SecretString::from("another password".to_owned()),
        ..credentials("old")
    };
    assert_ne!(credentials("old"), other);
    assert_eq!(credentials("old"), credentials("old"));
}

#[test]
fn a_changed_configuration_is_written_at_once_and_the_old_credentials_stay_candidates() {
    let mut known = in_sync_with("old");
    let new = credentials("new");
    known.note_remote(&credentials("old"), Some(&new), at(10));
    assert_eq!(
        known.next_step(&new, true, at(10), RESTORE),
        NextStep::Write
    );
    assert_eq!(usernames(known.candidates(Some(&new))), ["old", "new"]);
    known.note_remote(&new, Some(&new), at(11));
    assert_eq!(
        known.next_step(&new, true, at(11), RESTORE),
        NextStep::Nothing
    );
    assert_eq!(usernames(known.candidates(Some(&new))), ["new", "old"]);
    assert_eq!(known.changed_at, Some(at(11)));
}

#[test]
fn the_other_instances_new_credentials_are_used_and_not_overwritten_at_once() {
    let mut known = in_sync_with("old");
    let old = credentials("old");
    known.note_remote(&credentials("new"), Some(&old), at(10));
    let wait = NextStep::LookAgainIn(RESTORE);
    assert_eq!(known.next_step(&old, true, at(10), RESTORE), wait);
    assert_eq!(usernames(known.candidates(Some(&old))), ["new", "old"]);
    // Seeing them again does not restart the wait.
    known.note_remote(&credentials("new"), Some(&old), at(909));
    let wait = NextStep::LookAgainIn(Duration::from_secs(1));
    assert_eq!(known.next_step(&old, true, at(909), RESTORE), wait);
    assert_eq!(
        known.next_step(&old, true, at(910), RESTORE),
        NextStep::Write
    );
}

#[test]
fn a_configuration_that_catches_up_ends_the_difference_without_a_write() {
    let mut known = in_sync_with("old");
    known.note_remote(&credentials("new"), Some(&credentials("old")), at(10));
    known.note_remote(&credentials("new"), Some(&credentials("new")), at(20));
    assert_eq!(
        known.next_step(&credentials("new"), true, at(20), RESTORE),
        NextStep::Nothing
    );
    assert_eq!(
        (known.differs_since, known.written),
        (None, Some(credentials("new")))
    );
}

#[test]
fn third_credentials_restart_the_wait() {
    let mut known = in_sync_with("old");
    let old = credentials("old");
    known.note_remote(&credentials("new"), Some(&old), at(10));
    known.note_remote(&credentials("newer"), Some(&old), at(800));
    let wait = NextStep::LookAgainIn(RESTORE);
    assert_eq!(known.next_step(&old, true, at(800), RESTORE), wait);
    assert_eq!(
        usernames(known.candidates(Some(&old))),
        ["newer", "old", "new"]
    );
}

#[test]
fn hidden_secrets_are_written_once_for_each_change_of_the_configuration() {
    let mut known = KnownCredentials::default();
    let (old, new) = (credentials("old"), credentials("new"));
    assert_eq!(
        known.next_step(&old, false, at(0), RESTORE),
        NextStep::Write
    );
    assert_eq!(usernames(known.candidates(Some(&old))), ["old"]);
    known.note_remote(&old, Some(&old), at(1));
    assert_eq!(
        known.next_step(&old, false, at(2), RESTORE),
        NextStep::Nothing
    );
    assert_eq!(
        known.next_step(&new, false, at(3), RESTORE),
        NextStep::Write
    );
    known.note_remote(&new, Some(&new), at(4));
    assert_eq!(
        known.next_step(&new, false, at(5), RESTORE),
        NextStep::Nothing
    );
    assert_eq!(usernames(known.candidates(Some(&new))), ["new", "old"]);
}

#[test]
fn an_old_difference_alone_writes_nothing_while_aiven_hides_its_credentials() {
    let mut known = in_sync_with("old");
    known.note_remote(&credentials("new"), Some(&credentials("old")), at(10));
    assert_eq!(
        known.next_step(&credentials("old"), false, at(5_000), RESTORE),
        NextStep::Nothing
    );
}

#[test]
fn without_configured_credentials_aivens_are_used() {
    let mut known = KnownCredentials::default();
    assert!(known.candidates(None).is_empty());
    known.note_remote(&credentials("first"), None, at(0));
    known.note_remote(&credentials("second"), None, at(10));
    assert_eq!(usernames(known.candidates(None)), ["second", "first"]);
    assert_eq!(known.differs_since, None);
    assert!(known.forget_previous());
    assert_eq!(usernames(known.candidates(None)), ["second"]);
    assert!(!known.forget_previous());
}

#[test]
fn a_change_is_settled_only_when_every_reporting_node_accepted_the_current_credentials() {
    let minute = Duration::from_secs(60);
    let cases: [(&[u64], Duration, bool); 6] = [
        (&[], minute, false),
        (&[1], minute, true),
        (&[1, 1, 1], minute, true),
        (&[1, 2, 1], minute, false),
        (&[2], minute, false),
        (&[1, 1], minute / 2, false),
    ];
    for (accepted, reporting_for, settled) in cases {
        let answer = is_settled(1, accepted.iter().copied(), reporting_for, minute);
        assert_eq!(answer, settled, "{accepted:?} after {reporting_for:?}");
    }
}

proptest! {
    #[test]
    fn candidates_are_distinct_start_with_aivens_and_stay_few(
        seen in proptest::collection::vec((0_u8..6, 0_u8..3), 1..40)
    ) {
        let mut known = KnownCredentials::default();
        for (second, (number, configured)) in seen.iter().enumerate() {
            let configured = credentials(&configured.to_string());
            let aivens = credentials(&number.to_string());
            let before = known.remote.clone();
            known.note_remote(&aivens, Some(&configured), at(second as i64));
            let all = known.candidates(Some(&configured));
            prop_assert_eq!(all[0], &aivens);
            prop_assert!(all.contains(&&configured));
            prop_assert!(before.is_none_or(|before| all.contains(&&before)));
            prop_assert!(all.len() <= 3 + MAX_PREVIOUS);
            let distinct: BTreeSet<_> = all.iter().map(|credentials| &credentials.username).collect();
            prop_assert_eq!(distinct.len(), all.len());
        }
    }
}
