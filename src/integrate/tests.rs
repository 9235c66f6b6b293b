//! When each pending write is tried again.

use std::time::Duration;

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

fn refused() -> Attempt {
    Attempt::Refused("no".into())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_pauses_only_that_service() {
    let mut backoffs = Backoffs::default();
    let work = pending_writes(&["a", "b"]);
    backoffs.note(&"a".into(), &refused());
    let now = Instant::now();
    assert!(!backoffs.is_due(&"a".into(), now));
    assert!(backoffs.is_due(&"b".into(), now));
    assert!(backoffs.next_due(&work).unwrap() <= now);
    backoffs.note(&"b".into(), &refused());
    assert!(backoffs.next_due(&work).unwrap() >= now + pauses_after_a_refusal().shortest);
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_up_to_their_limit() {
    let mut backoffs = Backoffs::default();
    let name: Arc<str> = "a".into();
    let mut last = Duration::ZERO;
    for _ in 0..20 {
        let now = Instant::now();
        backoffs.note(&name, &refused());
        last = backoffs.services[&name].until - now;
        tokio::time::advance(last).await;
    }
    assert!(
        last >= pauses_after_a_refusal().longest && last <= 2 * pauses_after_a_refusal().longest,
        "{last:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_no_longer_pending_starts_over() {
    let mut backoffs = Backoffs::default();
    backoffs.note(&"a".into(), &refused());
    backoffs.forget_done(&pending_writes(&[]));
    assert!(backoffs.is_due(&"a".into(), Instant::now()));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_due_without_an_endpoint_or_with_a_spent_budget() {
    let backoffs = Backoffs::default();
    let work = PendingWrites {
        endpoint_id: None,
        ..pending_writes(&["a"])
    };
    assert_eq!(backoffs.next_due(&work), None);
    let spent = Instant::now() + Duration::from_secs(30);
    let backoffs = Backoffs {
        budget_spent_until: Some(spent),
        ..Backoffs::default()
    };
    assert_eq!(backoffs.next_due(&pending_writes(&["a"])), Some(spent));
    assert!(!backoffs.is_due(&"a".into(), Instant::now()));
}
