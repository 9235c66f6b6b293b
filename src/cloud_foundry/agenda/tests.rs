use proptest::prelude::*;

use super::*;
use crate::cloud_foundry::tests::foundation::guid;

const MINUTE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_secs(300);

fn of(numbers: impl IntoIterator<Item = u64>) -> BTreeSet<Guid> {
    numbers.into_iter().map(guid).collect()
}

#[test]
fn a_new_instance_is_looked_for_at_once_and_only_once() {
    let now = Instant::now();
    let mut agenda = Agenda::new(INTERVAL, now);
    assert_eq!(agenda.next(&of([1]), now), Next::Pass);
    agenda.passed(&of([1]), now, now);
    assert_eq!(agenda.next(&of([1]), now), Next::Wait(now + INTERVAL));
    assert_eq!(agenda.next(&of([1, 2]), now), Next::Look(vec![guid(2)]));
    assert_eq!(agenda.next(&of([1, 2]), now), Next::Wait(now + INTERVAL));
    // The next one waits for its turn.
    let turn = now + BETWEEN_LOOKS;
    assert_eq!(agenda.next(&of([1, 2, 3]), now), Next::Wait(turn));
    assert_eq!(agenda.next(&of([1, 2, 3]), turn), Next::Look(vec![guid(3)]));
    assert_eq!(agenda.next(&of([1, 2, 3]), now + INTERVAL), Next::Pass);
}

#[test]
fn where_many_are_new_a_pass_is_cheaper_but_no_more_frequent() {
    let now = Instant::now();
    let mut agenda = Agenda::new(INTERVAL, now);
    agenda.passed(&of([]), now, now);
    let many = of(0..=MAX_LOOKED_FOR as u64);
    assert_eq!(agenda.next(&many, now), Next::Pass);
    assert_eq!(agenda.next(&many, now), Next::Wait(now + BETWEEN_LOOKS));
    agenda.passed(&many, now, now);
    assert_eq!(agenda.next(&many, now), Next::Wait(now + INTERVAL));
}

#[test]
fn pauses_after_failures_grow_to_the_interval_and_end_with_a_success() {
    let mut now = Instant::now();
    let mut agenda = Agenda::new(INTERVAL, now);
    let mut fail = |trouble, now: &mut Instant| {
        agenda.failed(trouble, Duration::ZERO, *now);
        let Next::Wait(until) = agenda.next(&of([1]), *now) else {
            panic!("no pause");
        };
        let pause = until - *now;
        *now = until;
        assert_eq!(agenda.next(&of([1]), *now), Next::Pass);
        pause.as_secs()
    };
    let mut pauses = |trouble, times| {
        let pauses = (0..times).map(|_| fail(trouble, &mut now));
        pauses.collect::<Vec<_>>()
    };
    assert_eq!(pauses(Trouble::Transient, 6), [30, 60, 120, 240, 300, 300]);
    let wait = Some(20 * MINUTE);
    assert_eq!(pauses(Trouble::Throttled(wait), 1), [1200]);
    agenda.passed(&of([1]), now, now);
    agenda.failed(Trouble::TokenRejected, Duration::ZERO, now);
    assert_eq!(agenda.next(&of([1]), now), Next::Wait(now + MINUTE / 2));
}

#[test]
fn a_rejected_client_asks_only_at_the_interval() {
    let now = Instant::now();
    let mut agenda = Agenda::new(INTERVAL, now);
    let mut pauses = Vec::new();
    for _ in 0..4 {
        agenda.failed(Trouble::TokenRejected, Duration::ZERO, now);
        let Next::Wait(until) = agenda.next(&of([]), now) else {
            panic!("no pause");
        };
        pauses.push((until - now).as_secs());
    }
    // One mishap is not believed.
    assert_eq!(pauses, [30, 60, 300, 300]);
}

#[test]
fn everybody_gets_a_turn() {
    let mut turns = Turns::default();
    let found = of(0..120);
    let mut asked = BTreeSet::new();
    for _ in 0..3 {
        let due = turns.due(&found);
        assert!(due.len() <= MAX_SHARED_ASKED);
        for guid in due {
            turns.asked(guid);
            asked.insert(guid);
        }
    }
    assert_eq!(asked, found);
    // 100 to 119 had their turn last but 30 others; a new one comes first.
    let mut more = found.clone();
    more.insert(guid(500));
    assert_eq!(turns.due(&more)[0], guid(500));
    turns.due(&of([1]));
    assert!(turns.asked.len() <= 1);
}

proptest! {
    #[test]
    fn nobody_is_asked_for_twice_between_passes_and_looks_are_rare(
        steps in prop::collection::vec((0_u64..40, prop::collection::btree_set(0_u64..200, 0..80)), 1..60)
    ) {
        let mut now = Instant::now();
        let mut agenda = Agenda::new(INTERVAL, now);
        let mut asked: BTreeSet<Guid> = BTreeSet::new();
        let mut last_early: Option<Instant> = None;
        let mut due = now;
        for (seconds, numbers) in steps {
            now += Duration::from_secs(seconds);
            let needed = of(numbers);
            match agenda.next(&needed, now) {
                Next::Pass => {
                    if now < due {
                        prop_assert!(needed.difference(&asked).count() > MAX_LOOKED_FOR);
                        prop_assert!(last_early.is_none_or(|last| now - last >= BETWEEN_LOOKS));
                        last_early = Some(now);
                    }
                    agenda.passed(&needed, now, now);
                    due = now + INTERVAL;
                    asked = needed;
                }
                Next::Look(guids) => {
                    prop_assert!((1..=MAX_LOOKED_FOR).contains(&guids.len()));
                    prop_assert!(last_early.is_none_or(|last| now - last >= BETWEEN_LOOKS));
                    last_early = Some(now);
                    for guid in guids {
                        prop_assert!(needed.contains(&guid) && asked.insert(guid));
                    }
                }
                Next::Wait(until) => prop_assert!(until > now && until <= due),
            }
        }
    }
}
