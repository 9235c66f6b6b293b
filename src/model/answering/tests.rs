//! Resting connections are given up in time, and slow nodes are not asked twice.

use proptest::prelude::*;

use super::*;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A node that always takes that long, seen once.
fn usually(took: Duration, now: Instant) -> Answering {
    Answering::default().after(Over::New, took, now)
}

#[test]
fn a_fifth_of_the_patience_is_waited_within_bounds() {
    let now = Instant::now();
    let quick = usually(millis(20), now);
    for (patience, wait) in [
        (9500, 1900),
        (2850, 570),
        (60_000, 2000),
        (950, 200),
        (300, 150),
        (0, 60),
    ] {
        let expected = (patience > 0).then(|| millis(wait));
        assert_eq!(quick.wait_on_resting(millis(patience), now), expected);
    }
}

#[test]
fn a_slow_node_is_waited_for_three_times_as_long_as_it_takes() {
    let now = Instant::now();
    let slow = usually(millis(1500), now);
    let wait = slow.wait_on_resting(millis(9500), now);
    assert_eq!(wait, Some(millis(4500)));
    // There would be no time left for a new connection.
    assert_eq!(slow.wait_on_resting(millis(8000), now), None);
}

#[test]
fn two_silences_in_a_row_end_the_use_of_resting_connections_for_a_while() {
    let now = Instant::now();
    let patience = millis(9500);
    let once = Answering::default().after(Over::NewAfterSilence, millis(5), now);
    assert!(once.wait_on_resting(patience, now).is_some());
    let fine = once.after(Over::Resting, millis(5), now);
    let fine = fine.after(Over::NewAfterSilence, millis(5), now);
    assert!(fine.wait_on_resting(patience, now).is_some());
    let twice = once.after(Over::NewAfterSilence, millis(5), now);
    assert_eq!(twice.wait_on_resting(patience, now), None);
    // Then it is tried again, and one silence is enough.
    let later = now + FRESH_FOR;
    assert!(twice.wait_on_resting(patience, later).is_some());
    let again = twice.after(Over::NewAfterSilence, millis(5), later);
    assert_eq!(again.wait_on_resting(patience, later), None);
    let well = twice.after(Over::Resting, millis(5), later);
    let well = well.after(Over::NewAfterSilence, millis(5), later);
    assert!(well.wait_on_resting(patience, later).is_some());
}

/// How a node behaves in a generated history: how long it takes each time.
fn history() -> impl Strategy<Value = Vec<Duration>> {
    prop::collection::vec((0..60_000_u64).prop_map(millis), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Whatever a node did before, at least half of the patience is left for a new connection.
    #[test]
    fn half_of_the_patience_is_left(times in history(), patience in 0..u64::MAX / 2) {
        let now = Instant::now();
        let patience = Duration::from_nanos(patience);
        let mut known = Answering::default();
        for took in times {
            known = known.after(Over::New, took, now);
            if let Some(wait) = known.wait_on_resting(patience, now) {
                prop_assert!(wait <= patience / 2);
            }
        }
    }

    /// A node whose times vary by less than a third up and down is never asked twice,
    /// however slow it is: its load does not double.
    #[test]
    fn a_steadily_slow_node_is_asked_once(
        usual in 1..20_000_u64,
        swings in prop::collection::vec(0.67..1.33_f64, 2..60),
        patience in 200..60_000_u64,
    ) {
        let now = Instant::now();
        let mut known = Answering::default();
        for swing in swings {
            let took = millis(usual).mul_f64(swing);
            let over = match known.wait_on_resting(millis(patience), now) {
                Some(wait) if known != Answering::default() => {
                    prop_assert!(took <= wait, "{took:?} is not waited for: {wait:?}");
                    Over::Resting
                }
                _ => Over::New,
            };
            known = known.after(over, took, now);
        }
    }

    /// Whatever is behind it, a connection that always dies at rest costs little: of any
    /// thousand scrapes in a row only few wait in vain, and each of them is answered.
    #[test]
    fn a_path_that_drops_resting_connections_costs_few_waits(
        took in 0..500_u64,
        interval in 1..120_u64,
        patience in 1_100..60_000_u64,
    ) {
        let start = Instant::now();
        let mut known = usually(millis(took), start);
        let mut waits = 0_u64;
        for scrape in 1..=1000 {
            let now = start + Duration::from_secs(interval) * scrape;
            let over = match known.wait_on_resting(millis(patience), now) {
                Some(wait) => {
                    prop_assert!(wait + millis(took) <= millis(patience));
                    waits += 1;
                    Over::NewAfterSilence
                }
                None => Over::New,
            };
            known = known.after(over, millis(took), now);
        }
        let whiles = 1000 * interval / FRESH_FOR.as_secs() + 1;
        prop_assert!(waits <= u64::from(MAX_SILENCES) + whiles, "{waits}");
    }

    /// Times from outside cannot overflow anything.
    #[test]
    fn no_time_overflows(took: u64, silent: bool, patience: u64) {
        let now = Instant::now();
        let over = if silent { Over::NewAfterSilence } else { Over::New };
        let mut known = Answering::default();
        for _ in 0..4 {
            known = known.after(over, Duration::from_secs(took), now);
            let _ = known.wait_on_resting(Duration::from_secs(patience), now);
        }
    }
}
