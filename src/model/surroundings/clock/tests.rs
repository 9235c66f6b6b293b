//! Clocks that are right, wrong, and seen through answers that tell little.

use proptest::prelude::*;

use super::*;
use crate::model::fixtures::at;

const DAY: i64 = 86_400;

/// An answer that was made `into` the time that the question took, in milliseconds, by a
/// clock that is right, and came to a machine whose clock is `ahead`.
fn seen(ahead: i64, took: i64, into: i64, made: i64) -> Sighting {
    let millis = SignedDuration::from_millis;
    let made_at = at(0) + millis(made);
    let arrived = made_at + millis(took - into);
    Sighting {
        at: arrived + millis(ahead),
        took: Duration::from_millis(took as u64),
        date: Timestamp::from_second(made_at.as_second()).unwrap(),
    }
}

/// How an answer came about: how long the question took, when within that it was answered,
/// and when that was.
fn answers() -> impl Strategy<Value = (i64, i64, i64)> {
    let took = prop_oneof![0..1_000_i64, 0..120_000_i64, Just(0)];
    (took, 0.0..=1.0_f64, 0..100_000_i64)
        .prop_map(|(took, part, made)| (took, (took as f64 * part) as i64, made))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn a_clock_within_the_tolerance_never_alarms_however_long_answers_take(
        ahead in -30_000..=30_000_i64,
        answers in prop::collection::vec(answers(), 1..8),
    ) {
        let mut clock = Clock::default();
        for (took, into, made) in answers {
            let seen = seen(ahead, took, into, made);
            prop_assert_eq!(seen.wrong(), None);
            clock.saw(seen);
            prop_assert_eq!(clock.wrong(), None);
        }
    }

    #[test]
    fn a_clock_beyond_it_always_does_after_two_answers_and_not_after_one(
        beyond in 1_i64..1_000_000_000_000,
        is_ahead in any::<bool>(),
        first in answers(),
        second in answers(),
    ) {
        // What an answer cannot tell: when within its way it was made, and the part of a second.
        let unknown = first.0.max(second.0) + 1000;
        let size = 30_000 + unknown + beyond;
        let ahead = if is_ahead { size } else { -size };
        let mut clock = Clock::default();
        clock.saw(seen(ahead, first.0, first.1, first.2));
        prop_assert_eq!(clock.wrong(), None);
        clock.saw(seen(ahead, second.0, second.1, second.2));
        let wrong = clock.wrong().expect("it is wrong");
        prop_assert_eq!(wrong.ahead_seconds > 0, is_ahead);
        let off = (wrong.ahead_seconds - ahead / 1000).abs();
        prop_assert!(off <= unknown / 1000 + 1, "told {}, is {ahead} ms", wrong.ahead_seconds);
        // The time that Aiven's clock shows, as far as that can be told.
        let api = wrong.corrected(at(0) + SignedDuration::from_millis(ahead));
        prop_assert!(api.duration_since(at(0)).as_secs().abs() <= unknown / 1000 + 1);
    }

    #[test]
    fn no_dates_and_times_make_it_panic(
        when in any::<i64>(), date in any::<i64>(), took in any::<u64>(),
    ) {
        let any = |seconds: i64| {
            let (least, most) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
            Timestamp::from_second(seconds.clamp(least, most)).unwrap()
        };
        let seen = Sighting { at: any(when), took: Duration::from_secs(took), date: any(date) };
        let mut clock = Clock::default();
        clock.saw(seen);
        clock.saw(seen);
        if let Some(wrong) = clock.wrong() {
            prop_assert!(!wrong.trouble().what.is_empty());
            wrong.corrected(any(when));
        }
    }
}

/// An answer that came at once.
fn now(ahead_seconds: i64) -> Sighting {
    seen(ahead_seconds * 1000, 100, 50, 5_000)
}

#[test]
fn one_of_many_servers_that_is_wrong_alarms_nobody_and_ends_nothing() {
    let mut clock = Clock::default();
    for ahead in [0, 3600, 0, -3600, 3600, 0] {
        clock.saw(now(ahead));
        assert_eq!(clock.wrong(), None);
    }
    clock.saw(now(-3600));
    clock.saw(now(-3600));
    let wrong = clock.wrong().unwrap();
    clock.saw(now(0));
    assert_eq!(clock.wrong(), Some(wrong), "one answer is none");
    clock.saw(now(-3600));
    clock.saw(now(0));
    assert_eq!(clock.wrong(), Some(wrong));
    clock.saw(now(0));
    assert_eq!(clock.wrong(), None);
}

#[test]
fn the_clock_is_known_to_be_right_only_while_the_last_answer_shows_it() {
    let mut clock = Clock::default();
    assert_eq!(clock.known(), KnownClock::Unknown);
    clock.saw(now(0));
    assert_eq!(clock.known(), KnownClock::Right);
    clock.saw(now(-3600));
    assert_eq!(clock.known(), KnownClock::Unknown);
    clock.saw(now(-3600));
    assert!(matches!(clock.known(), KnownClock::Wrong(_)));
    clock.saw(now(0));
    assert!(matches!(clock.known(), KnownClock::Wrong(_)));
    clock.saw(now(0));
    assert_eq!(clock.known(), KnownClock::Right);
}

#[test]
fn an_answer_that_tells_nothing_changes_nothing() {
    let mut clock = Clock::default();
    let vague = seen(3_600_000, 4_000_000, 4_000_000, 0);
    clock.saw(now(7200));
    clock.saw(vague);
    assert_eq!(clock.wrong(), None);
    clock.saw(now(7200));
    clock.saw(vague);
    clock.saw(vague);
    assert!(clock.wrong().is_some());
}

#[test]
fn the_clock_is_told_with_direction_and_size_and_nobody_is_sent_to_aiven() {
    let told = |ahead_seconds| {
        let since = at(0);
        WrongClock {
            ahead_seconds,
            since,
        }
        .trouble()
    };
    assert_eq!(
        told(-3 * 3600).what,
        "this machine's clock is 3h behind that of Aiven's API"
    );
    assert_eq!(
        told(45).what,
        "this machine's clock is 45s ahead of that of Aiven's API"
    );
    for (seconds, words) in [
        (-10_799, "3h behind"),
        (3599, "60m ahead"),
        (7170, "2h ahead"),
        (172_799, "2d ahead"),
        (-365 * DAY, "365d behind"),
    ] {
        assert!(told(seconds).what.contains(words), "{}", told(seconds).what);
    }
    assert!(
        told(45)
            .remedy
            .starts_with("compare date -u with another VM")
    );
    assert!(!told(45).remedy.contains("support"));
}
