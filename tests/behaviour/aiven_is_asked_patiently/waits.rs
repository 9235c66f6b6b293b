//! An answer that asks to wait, in whatever way, is obeyed.

use super::*;

/// After the one answer with this status no request comes before the wait is over.
async fn the_wait_is_honoured(status: u16, fault: ApiFault, wait: Duration) {
    let sim = two_projects().await;
    let config = Config::quick(&sim).list_every(Duration::from_secs(1));
    let daemon = start(&config).await;
    let all = [SHOP, OTHER]
        .map(|project| sim.serving_addresses(project))
        .concat();
    daemon.publishes(all).await;
    sim.inject(
        Fault::new(Operation::ListServices).project(SHOP).times(1),
        fault,
    );
    sim.wait_until("one listing is throttled", |sim| {
        sim.requests()
            .iter()
            .any(|request| request.status == Some(status))
    })
    .await;
    let is_throttled = |request: &Request| request.status == Some(status);
    let throttled = sim.requests().into_iter().find(is_throttled).unwrap();
    sim.wait_until("listing goes on", |sim| {
        of(sim, Operation::ListServices, SHOP)
            .iter()
            .any(|one| one.at > throttled.at)
    })
    .await;
    // Of each of the four loops (two projects, services and the endpoint) one
    // or two requests may have been under way before the answer was read; nothing
    // else is asked, of no project, since Aiven counts the requests of a user.
    let early: Vec<_> = sim
        .requests()
        .into_iter()
        .filter(|one| one.at > throttled.at && one.at < throttled.at + wait)
        .collect();
    assert!(early.len() <= 8, "asked while told to wait: {early:?}");
    daemon
        .publishes(
            sim.projects()
                .iter()
                .flat_map(|one| sim.serving_addresses(one)),
        )
        .await;
}

#[tokio::test]
async fn the_retry_after_header_is_honoured() {
    let fault = ApiFault::RateLimited {
        seconds: 0,
        retry_after: Some("12".into()),
    };
    the_wait_is_honoured(429, fault, Duration::from_secs(12)).await;
}

#[tokio::test]
async fn the_wait_in_aivens_message_is_honoured() {
    let fault = ApiFault::RateLimited {
        seconds: 12,
        retry_after: None,
    };
    the_wait_is_honoured(429, fault, Duration::from_secs(12)).await;
}

#[tokio::test]
async fn the_wait_is_honoured_whatever_the_status() {
    let fault = ApiFault::WithHeaders {
        code: 503,
        headers: vec![("retry-after".into(), "12".into())],
        message: "maintenance".into(),
    };
    the_wait_is_honoured(503, fault, Duration::from_secs(12)).await;
}

#[tokio::test]
async fn an_enormous_wait_ends_nothing_and_is_said() {
    let sim = two_projects().await;
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let all = [SHOP, OTHER].map(|project| sim.serving_addresses(project));
    daemon.publishes(all.concat()).await;
    let fault = ApiFault::RateLimited {
        seconds: u32::MAX,
        retry_after: Some(u64::MAX.to_string()),
    };
    sim.inject(Fault::new(Operation::ListServices).project(SHOP), fault);
    for project in [SHOP, OTHER] {
        let failing = |one: &serde_json::Value| !one["stages"]["list"]["failing"].is_null();
        let project = daemon.project_when(project, failing).await;
        assert!(project.to_string().contains("Rate limit"), "{project}");
    }
    daemon.publishes(all.concat()).await;
    assert_eq!(daemon.get("/readyz").await.status, 200);
}
