//! What a write left behind at Aiven counts, and not the code of its answer.

use std::time::Duration;

use aiven_sim::{ApiFault, Fault, Operation, ServiceSpec, Simulator};
use testkit::{Config, PROJECT, aiven, integrate_all};

use crate::binary::start;

/// Two turns of writing and more, at the intervals of [`Config::quick`].
const LISTINGS: usize = 120;

async fn with_one_service() -> Simulator {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim
}

/// A success without a result.
fn nothing_done() -> ApiFault {
    ApiFault::Answer {
        code: 200,
        content_type: "application/json".into(),
        body: r#"{"message": "created"}"#.into(),
    }
}

async fn goes_on(sim: &Simulator) {
    let listed = sim.count(Operation::ListServices);
    sim.wait_until("the daemon goes on", |sim| {
        sim.count(Operation::ListServices) > listed + LISTINGS
    })
    .await;
}

#[tokio::test]
async fn a_conflict_with_another_reason_is_a_refusal_in_aivens_words() {
    for code in [400, 409, 422] {
        let sim = with_one_service().await;
        let message = "Only 1 integration(s) of this type allowed; it already exists".to_owned();
        let refusal = ApiFault::Status { code, message };
        sim.inject(Fault::new(Operation::CreateIntegration), refusal);
        let config = Config::quick(&sim);
        let daemon = start(&config).await;
        let logs = daemon.verdict("logs", "integration_failed").await;
        let cause = logs["cause"].as_str().unwrap();
        assert!(cause.contains("Only 1 integration(s)"), "{cause}");
        // It is tried again later, and taken up when Aiven allows it.
        assert_eq!(sim.count(Operation::CreateIntegration), 1);
    }
}

#[tokio::test]
async fn whatever_the_refusal_what_exists_is_a_success() {
    for code in [400, 403, 409, 422] {
        let sim = with_one_service().await;
        for operation in [Operation::CreateEndpoint, Operation::CreateIntegration] {
            let fault = Fault::new(operation).after_effect();
            let message = "No, for a reason of my own".to_owned();
            sim.inject(fault, ApiFault::Status { code, message });
        }
        let config = Config::quick(&sim);
        let daemon = start(&config).await;
        daemon.verdict("logs", "published").await;
        assert_eq!(sim.count(Operation::CreateEndpoint), 1, "{code}");
        assert_eq!(sim.count(Operation::CreateIntegration), 1, "{code}");
    }
}

#[tokio::test]
async fn a_success_that_leaves_no_integration_is_not_repeated_at_once() {
    let sim = with_one_service().await;
    integrate_all(&sim);
    sim.add_service(PROJECT, ServiceSpec::new("new", "opensearch"));
    sim.inject(Fault::new(Operation::CreateIntegration), nothing_done());
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let requested = |one: &serde_json::Value| {
        let cause = one["cause"].as_str();
        cause.is_some_and(|cause| cause.contains("does not show it yet"))
    };
    daemon.service_when("new", requested).await;
    goes_on(&sim).await;
    assert_eq!(sim.count(Operation::CreateIntegration), 1);
}

#[tokio::test]
async fn a_success_that_leaves_no_endpoint_is_said_and_not_repeated_at_once() {
    let sim = with_one_service().await;
    sim.inject(Fault::new(Operation::CreateEndpoint), nothing_done());
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let logs = daemon.verdict("logs", "integration_failed").await;
    let cause = logs["cause"].as_str().unwrap();
    assert!(cause.contains("does not list it"), "{cause}");
    goes_on(&sim).await;
    assert_eq!(sim.count(Operation::CreateEndpoint), 1);
    assert_eq!(daemon.log.count("endpoint could not be created"), 1);
}

#[tokio::test]
async fn a_stray_rejection_of_a_write_is_no_refusal_of_the_service() {
    let sim = with_one_service().await;
    let message = "Invalid token".to_owned();
    let stray = Fault::new(Operation::CreateIntegration).times(1);
    sim.inject(stray, ApiFault::Status { code: 401, message });
    let page = Fault::new(Operation::CreateIntegration).times(1);
    sim.inject(page, ApiFault::Html(403));
    let config = Config::quick(&sim).request_timeout(Duration::from_secs(10));
    let daemon = start(&config).await;
    daemon.verdict("logs", "published").await;
    assert_eq!(sim.integrations(PROJECT).len(), 1);
}
