//! How the daemon asks: patient, bounded, one project's trouble its own.

use std::time::{Duration, Instant};

use aiven_sim::{ApiFault, Fault, Operation, Request, ServiceSpec, Simulator, TokenSpec};
use serde_json::json;
use testkit::{Config, PASSWORD, USERNAME, aiven_from};

use crate::binary::start;

mod waits;

const OTHER: &str = "other";
const SHOP: &str = "shop";

/// Two projects, each with one integrated service.
async fn two_projects() -> Simulator {
    let sim = aiven_from(Simulator::builder().project(SHOP).project(OTHER)).await;
    for project in [SHOP, OTHER] {
        let endpoint = sim.add_endpoint(project, "aiven-metrics", USERNAME, PASSWORD);
        sim.add_service(
            project,
            ServiceSpec::new(format!("{project}-logs"), "opensearch"),
        );
        sim.integrate_all(project, &endpoint);
    }
    sim
}

fn of(sim: &Simulator, operation: Operation, project: &str) -> Vec<Request> {
    let requests = sim.requests().into_iter().filter(|request| {
        request.operation == operation && request.project.as_deref() == Some(project)
    });
    requests.collect()
}

fn listings(sim: &Simulator, project: &str) -> usize {
    of(sim, Operation::ListServices, project).len()
}

#[tokio::test]
async fn a_wrong_token_is_said_once_and_asked_about_slowly() {
    let sim = two_projects().await;
    let config = Config::quick(&sim).with("aiven.api_token", "not-the-token");
    let daemon = start(&config).await;
    let line = daemon.log.line("rejects the token").await;
    assert_eq!(line["level"], "ERROR");
    assert!(
        line["kind"].as_str().unwrap().contains("aiven.api_token"),
        "{line}"
    );
    for project in [SHOP, OTHER] {
        sim.wait_until("it asks again", |sim| listings(sim, project) >= 6)
            .await;
        // The first rejections may be mishaps. After them three pauses of ten poll
        // intervals each are 6 s, of one each 0.6 s.
        let listings = of(&sim, Operation::ListServices, project);
        let asked_for = listings[5].at - listings[2].at;
        assert!(asked_for >= Duration::from_secs(3), "{listings:?}");
    }
    let said = daemon.log.lines();
    let said = said
        .iter()
        .filter(|line| line["level"] == "ERROR" || line["level"] == "WARN");
    assert_eq!(said.count(), 1, "{}", daemon.printed());
    let ready = daemon.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(
        ready.body.contains("does not accept the token"),
        "{}",
        ready.body
    );
    let metric = "aiven_metrics_api_requests_total{operation=\"list_services\",code=\"401\"}";
    assert!(daemon.metric(metric).await >= 8.0);
}

#[tokio::test]
async fn one_stray_rejection_slows_nothing_down() {
    let sim = two_projects().await;
    let interval = Duration::from_secs(2);
    let config = Config::quick(&sim).list_every(interval);
    for code in [401, 403] {
        let message = "Invalid token".to_owned();
        let stray = Fault::new(Operation::ListServices).project(SHOP).times(1);
        sim.inject(stray, ApiFault::Status { code, message });
    }
    let daemon = start(&config).await;
    let all = [SHOP, OTHER].map(|project| sim.serving_addresses(project));
    daemon.publishes(all.concat()).await;
    let listings = of(&sim, Operation::ListServices, SHOP);
    // Believed at once, each would have cost ten intervals.
    let took = listings[2].at - listings[0].at;
    assert!(took < 8 * interval, "{listings:?}");
    daemon.log.line("trouble with Aiven is over").await;
    assert_eq!(daemon.log.count("rejects the token"), 1);
}

#[tokio::test]
async fn a_token_that_is_good_again_is_noticed() {
    let sim = two_projects().await;
    let config = Config::quick(&sim);
    let fault = sim.inject(
        Fault::any(),
        ApiFault::Status {
            code: 401,
            message: "Invalid token".into(),
        },
    );
    let daemon = start(&config).await;
    daemon.log.line("rejects the token").await;
    sim.clear_fault(fault);
    let all = [SHOP, OTHER]
        .map(|project| sim.serving_addresses(project))
        .concat();
    daemon.publishes(all).await;
}

#[tokio::test]
async fn a_project_that_the_token_may_not_read_leaves_the_other_alone() {
    let sim = two_projects().await;
    let token = sim.add_token(TokenSpec::new().smallest(SHOP));
    let config = Config::quick(&sim).with("aiven.api_token", token);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(SHOP)).await;
    let other = daemon
        .project_when(OTHER, |one| !one["stages"]["list"]["failing"].is_null())
        .await;
    let cause = other["stages"]["list"]["failing"]["cause"]
        .as_str()
        .unwrap();
    assert!(cause.contains("Not a project member"), "{cause}");
    let shop = daemon.project_when(SHOP, |_| true).await;
    assert!(shop["stages"]["list"]["failing"].is_null());
    // A new service of the good project is still integrated and published.
    sim.add_service(SHOP, ServiceSpec::new("new", "opensearch"));
    daemon.verdict("new", "published").await;
}

#[tokio::test]
async fn a_failing_project_does_not_touch_the_other() {
    let sim = two_projects().await;
    let config = Config::quick(&sim).request_timeout(Duration::from_secs(8));
    let daemon = start(&config).await;
    let all = [SHOP, OTHER]
        .map(|project| sim.serving_addresses(project))
        .concat();
    daemon.publishes(all).await;
    // The hang last: it costs a timeout.
    for fault in [ApiFault::status(500), ApiFault::Malformed, ApiFault::Hang] {
        sim.inject(Fault::any().project(OTHER), fault);
        sim.fail_over(SHOP, "shop-logs");
        let all = [SHOP, OTHER]
            .map(|project| sim.serving_addresses(project))
            .concat();
        daemon.publishes(all).await;
        let before = listings(&sim, SHOP);
        sim.wait_until("the other goes on", |sim| listings(sim, SHOP) > before + 5)
            .await;
        daemon
            .project_when(OTHER, |one| !one["stages"]["list"]["failing"].is_null())
            .await;
        let shop = daemon.project_when(SHOP, |_| true).await;
        assert!(shop["stages"]["list"]["failing"].is_null(), "{shop}");
        sim.clear_faults();
    }
}

#[tokio::test]
async fn listing_goes_on_after_a_hang() {
    let sim = two_projects().await;
    let config = Config::quick(&sim).request_timeout(Duration::from_secs(1));
    let hang = Fault::new(Operation::ListServices).project(SHOP).times(4);
    sim.inject(hang, ApiFault::Hang);
    let daemon = start(&config).await;
    let all = [SHOP, OTHER]
        .map(|project| sim.serving_addresses(project))
        .concat();
    daemon.publishes(all).await;
    let code = "aiven_metrics_api_requests_total{operation=\"list_services\",code=\"timeout\"}";
    daemon.metric_reaches(code, 4.0).await;
}

#[tokio::test]
async fn a_body_that_trickles_is_read_to_its_end() {
    let sim = two_projects().await;
    let timeout = Duration::from_secs(3);
    let config = Config::quick(&sim).request_timeout(timeout);
    let slow = ApiFault::Trickle {
        bytes: 200,
        every: Duration::from_millis(100),
    };
    let begin = Instant::now();
    sim.inject(Fault::new(Operation::ListServices), slow);
    let daemon = start(&config).await;
    let all = [SHOP, OTHER]
        .map(|project| sim.serving_addresses(project))
        .concat();
    daemon.publishes(all).await;
    assert!(
        begin.elapsed() > timeout,
        "the body did not take long enough"
    );
}

#[tokio::test]
async fn a_standing_refusal_is_said_once_and_its_end_once() {
    let sim = two_projects().await;
    let refused = sim.inject(
        Fault::new(Operation::ListEndpoints).project(SHOP),
        ApiFault::status(403),
    );
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    sim.wait_until("it is refused again and again", |sim| {
        of(sim, Operation::ListEndpoints, SHOP).len() > 8
    })
    .await;
    let line = daemon.log.line("asking Aiven failed").await;
    assert_eq!(line["operation"], "list_endpoints");
    assert_eq!(daemon.log.count("asking Aiven failed"), 1);
    assert_eq!(daemon.log.count("trouble with Aiven is over"), 0);
    let failing = |one: &serde_json::Value| one["stages"]["integrate"]["failing"].clone();
    let shop = daemon
        .project_when(SHOP, |one| !failing(one).is_null())
        .await;
    let cause = failing(&shop)["cause"].as_str().unwrap().to_owned();
    assert!(
        cause.starts_with("service_integration_endpoints cannot be read"),
        "{cause}"
    );
    sim.clear_fault(refused);
    daemon.log.line("trouble with Aiven is over").await;
    daemon
        .project_when(SHOP, |one| failing(one).is_null())
        .await;
    assert_eq!(daemon.log.count("trouble with Aiven is over"), 1);
}

#[tokio::test]
async fn what_answers_in_aivens_place_is_named_and_not_believed() {
    let sim = two_projects().await;
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let all = [SHOP, OTHER].map(|project| sim.serving_addresses(project));
    daemon.publishes(all.concat()).await;
    let redirect = ApiFault::WithHeaders {
        code: 302,
        headers: vec![("location".into(), "https://portal.example/login?a=b".into())],
        message: String::new(),
    };
    for (fault, words) in [
        (ApiFault::Html(200), "answered 200"),
        (ApiFault::Html(401), "answered 401"),
        (ApiFault::Html(403), "answered 403"),
        (ApiFault::Html(404), "answered 404"),
        (redirect, "a redirect to https://portal.example, "),
    ] {
        let fault = sim.inject(Fault::any(), fault);
        let named = |one: &serde_json::Value| {
            let cause = one["stages"]["list"]["failing"]["cause"].as_str();
            cause.is_some_and(|cause| {
                cause.contains("something between this machine and Aiven") && cause.contains(words)
            })
        };
        let project = daemon.project_when(SHOP, named).await;
        assert!(!project.to_string().contains("token"), "{project}");
        daemon.publishes(all.concat()).await;
        sim.clear_fault(fault);
    }
    assert_eq!(daemon.log.count("rejects the token"), 0);
}

#[tokio::test]
async fn failures_carry_aivens_message() {
    let sim = two_projects().await;
    let message = "Backend unavailable, incident 4711";
    let failing = ApiFault::Status {
        code: 503,
        message: message.into(),
    };
    sim.inject(Fault::new(Operation::ListServices).project(SHOP), failing);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let line = daemon.log.line("asking Aiven failed").await;
    assert!(line["error"].as_str().unwrap().contains(message), "{line}");
    assert_eq!(line["project"], SHOP);
    let shop = daemon
        .project_when(SHOP, |one| !one["stages"]["list"]["failing"].is_null())
        .await;
    assert!(shop.to_string().contains(message), "{shop}");
    // Said when it begins and when it ends, not with every attempt.
    let before = listings(&sim, SHOP);
    sim.wait_until("it fails on", |sim| listings(sim, SHOP) > before + 6)
        .await;
    assert_eq!(daemon.log.count("asking Aiven failed"), 1);
    sim.clear_faults();
    daemon.log.line("trouble with Aiven is over").await;
}

#[tokio::test]
async fn unknown_projects_are_said() {
    let sim = two_projects().await;
    let config = Config::quick(&sim).with("aiven.projects", json!([SHOP, "no-such-project"]));
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(SHOP)).await;
    let failing = |one: &serde_json::Value| !one["stages"]["list"]["failing"].is_null();
    let project = daemon.project_when("no-such-project", failing).await;
    assert!(
        project
            .to_string()
            .contains("Project no-such-project does not exist"),
        "{project}"
    );
}
