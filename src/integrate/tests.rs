//! What is tried again when.

use std::time::Duration;

use super::*;

fn pending_writes(services: &[&str]) -> PendingWrites {
    PendingWrites {
        endpoint_missing: false,
        endpoint_id: Some("e".into()),
        services: services.iter().map(|name| Arc::from(*name)).collect(),
    }
}

fn later() -> crate::model::backoff::Pauses {
    Caller::Integrate.pauses(Trouble::Permanent)
}

fn refused() -> Attempt {
    Attempt::Refused("no".into())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_pauses_that_service_alone() {
    let mut pauses = Backoffs::default();
    let work = pending_writes(&["a", "b"]);
    pauses.note(&"a".into(), &refused());
    let now = Instant::now();
    assert!(!pauses.is_due(&"a".into(), now));
    assert!(pauses.is_due(&"b".into(), now));
    assert!(pauses.next_due(&work).unwrap() <= now);
    pauses.note(&"b".into(), &refused());
    assert!(pauses.next_due(&work).unwrap() >= now + later().shortest);
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_up_to_their_limit() {
    let mut pauses = Backoffs::default();
    let name: Arc<str> = "a".into();
    let mut last = Duration::ZERO;
    for _ in 0..20 {
        let now = Instant::now();
        pauses.note(&name, &refused());
        last = pauses.services[&name].until - now;
        tokio::time::advance(last).await;
    }
    assert!(
        last >= later().longest && last <= 2 * later().longest,
        "{last:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_no_longer_pending_starts_over() {
    let mut pauses = Backoffs::default();
    pauses.note(&"a".into(), &refused());
    pauses.forget_settled(&pending_writes(&[]));
    assert!(pauses.is_due(&"a".into(), Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_due_without_an_endpoint_or_with_a_spent_budget() {
    let pauses = Backoffs::default();
    let work = PendingWrites {
        endpoint_id: None,
        ..pending_writes(&["a"])
    };
    assert_eq!(pauses.next_due(&work), None);
    let spent = Instant::now() + Duration::from_secs(30);
    let pauses = Backoffs {
        all: Some(spent),
        ..Backoffs::default()
    };
    assert_eq!(pauses.next_due(&pending_writes(&["a"])), Some(spent));
    assert!(!pauses.is_due(&"a".into(), Instant::now()));
}
