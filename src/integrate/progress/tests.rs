//! When each pending write is tried again.

use super::*;

fn pending_writes(services: &[&str]) -> PendingWrites {
    PendingWrites {
        endpoint_missing: false,
        endpoint_id: Some("e".into()),
        services: services.iter().map(|name| Arc::from(*name)).collect(),
    }
}

fn pauses_after_a_refusal() -> crate::model::backoff::Pauses {
    Caller::Integrate.pauses(Trouble::Permanent)
}

const REFUSED: Retry = Retry::After(Trouble::Permanent);

#[tokio::test(start_paused = true)]
async fn a_refusal_pauses_only_that_service() {
    let mut progress = Progress::default();
    let work = pending_writes(&["a", "b"]);
    progress.of(&"a".into()).pause(REFUSED);
    let now = Instant::now();
    assert!(!progress.is_due(&"a".into(), now));
    assert!(progress.is_due(&"b".into(), now));
    assert!(progress.next_due(&work).unwrap() <= now);
    progress.of(&"b".into()).pause(REFUSED);
    assert!(progress.next_due(&work).unwrap() >= now + pauses_after_a_refusal().shortest);
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_up_to_their_limit() {
    let mut progress = Progress::default();
    let name: Arc<str> = "a".into();
    let mut last = Duration::ZERO;
    for _ in 0..20 {
        let now = Instant::now();
        progress.of(&name).pause(REFUSED);
        last = progress.of(&name).due(now) - now;
        tokio::time::advance(last).await;
    }
    assert!(
        last >= pauses_after_a_refusal().longest && last <= 2 * pauses_after_a_refusal().longest,
        "{last:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_no_longer_pending_starts_over() {
    let mut progress = Progress::default();
    progress.of(&"a".into()).pause(REFUSED);
    progress.forget_done(&pending_writes(&[]));
    assert!(progress.is_due(&"a".into(), Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_due_without_an_endpoint_or_with_a_spent_budget() {
    let progress = Progress::default();
    let work = PendingWrites {
        endpoint_id: None,
        ..pending_writes(&["a"])
    };
    assert_eq!(progress.next_due(&work), None);
    let spent = Instant::now() + Duration::from_secs(30);
    let progress = Progress {
        budget_spent_until: Some(spent),
        ..Progress::default()
    };
    assert_eq!(progress.next_due(&pending_writes(&["a"])), Some(spent));
    assert!(!progress.is_due(&"a".into(), Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn an_accepted_write_is_repeated_after_an_hour_at_the_earliest() {
    let mut write = PendingWrite::default();
    let begin = Instant::now();
    write.accepted(begin);
    write.pause(REFUSED);
    let mut looks = 0;
    while write.is_accepted(Instant::now()) {
        let now = Instant::now();
        tokio::time::advance(write.due(now) - now).await;
        write.pause(REFUSED);
        looks += 1;
    }
    assert!(begin.elapsed() >= REPEAT_ACCEPTED_AFTER);
    assert!((4..=8).contains(&looks), "{looks} looks");
}

#[test]
fn a_cause_is_logged_once_while_it_stays_the_same() {
    let mut write = PendingWrite::default();
    let said = ["no", "no", "no plan", "no plan", "no"].map(|cause| write.is_news(&cause.into()));
    assert_eq!(said, [true, false, true, false, true]);
}
