//! Tokens, endpoints, integrations and services in trouble.

use aiven_sim::{ApiFault, Fault, Operation, ServiceSpec, Simulator, TokenSpec};
use serde_json::json;
use testkit::{Config, PASSWORD, PROJECT, USERNAME, aiven, aiven_from};

use super::{is_a_problem, is_explained, one_scraped_service};
use crate::binary::{ask, start};
use crate::scraper::publishing;

#[tokio::test]
async fn a_wrong_token_from_the_start() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("aiven.api_token", "not-a-token");
    let daemon = start(&config).await;
    daemon
        .project_when(PROJECT, |one| !one["stages"]["list"]["failing"].is_null())
        .await;
    let told = ask(&daemon, "explain", &["logs"]).await;
    assert_eq!(told.code, Some(1), "{}", told.output());
    let mut lines = told.stderr.lines();
    let cause = lines.find(|line| line.starts_with("CAUSE")).unwrap_or("");
    assert!(
        cause.contains("does not accept the token"),
        "{}",
        told.output()
    );
    is_a_problem(&daemon, &["shop", "does not accept the token"]).await;
}

#[tokio::test]
async fn a_token_that_was_revoked() {
    let (sim, _config, daemon, _scraper) = one_scraped_service().await;
    sim.revoke_token(sim.token());
    daemon
        .project_when(PROJECT, |one| !one["stages"]["list"]["failing"].is_null())
        .await;
    // The service is scraped all the same, so no step fails.
    let told = ask(&daemon, "explain", &["logs"]).await;
    assert_eq!(told.code, Some(1), "{}", told.output());
    let mut lines = told.stdout.lines();
    let cause = lines.find(|line| line.starts_with("CAUSE")).unwrap_or("");
    assert!(
        cause.contains("does not accept the token"),
        "{}",
        told.stdout
    );
    is_a_problem(&daemon, &["shop", "does not accept the token"]).await;
}

#[tokio::test]
async fn a_token_without_rights_on_one_project() {
    let sim = aiven_from(Simulator::builder().project(PROJECT).project("bank")).await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_service("bank", ServiceSpec::new("ledger", "pg"));
    let token = sim.add_token(TokenSpec::new().smallest(PROJECT));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("aiven.api_token", token);
    let daemon = start(&config).await;
    daemon
        .project_when("bank", |one| !one["stages"]["list"]["failing"].is_null())
        .await;
    daemon.verdict("logs", "published").await;
    let told = ask(&daemon, "explain", &["bank/ledger"]).await;
    assert_eq!(told.code, Some(1), "{}", told.output());
    let mut lines = told.stderr.lines();
    let cause = lines.find(|line| line.starts_with("CAUSE")).unwrap_or("");
    assert!(
        cause.contains("bank") && cause.contains("lacks a right"),
        "{}",
        told.output()
    );
    is_a_problem(&daemon, &["bank", "lacks a right"]).await;
}

#[tokio::test]
async fn an_endpoint_that_was_deleted_by_hand() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("aiven.request_timeout", "1h");
    let (daemon, _scraper) = publishing(&sim, &config).await;
    // Its making hangs, so that there is time to ask.
    sim.inject(Fault::new(Operation::CreateEndpoint), ApiFault::Hang);
    let endpoint = sim.endpoints(PROJECT)[0].id.clone();
    sim.delete_endpoint(PROJECT, &endpoint);
    is_explained(
        &daemon,
        "logs",
        "integrated",
        &["no integration endpoint", "deleted by hand"],
    )
    .await;
}

#[tokio::test]
async fn an_endpoint_that_was_deleted_and_may_not_be_made() {
    let (sim, mut config, daemon, _scraper) = one_scraped_service().await;
    daemon.stop().await.unwrap();
    config.set(
        "integration",
        json!({"create": false, "username": USERNAME, "password": PASSWORD}),
    );
    let endpoint = sim.endpoints(PROJECT)[0].id.clone();
    sim.delete_endpoint(PROJECT, &endpoint);
    let daemon = start(&config).await;
    let words = ["no integration endpoint", "integration.create is false"];
    is_explained(&daemon, "logs", "integrated", &words).await;
}

#[tokio::test]
async fn an_integration_that_was_disabled_by_hand() {
    let (sim, _config, daemon, _scraper) = one_scraped_service().await;
    let integration = sim.integrations_of(PROJECT, "logs")[0].id.clone();
    sim.disable_integration(PROJECT, &integration);
    is_explained(
        &daemon,
        "logs",
        "integrated",
        &["is disabled", &integration],
    )
    .await;
}

#[tokio::test]
async fn an_integration_that_aiven_refuses() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.refuse_integration(PROJECT, "logs", 403, "Plan hobbyist has no integrations");
    let config = Config::quick(&sim).with_proxy();
    let daemon = start(&config).await;
    let words = ["Aiven refuses", "Plan hobbyist has no integrations"];
    is_explained(&daemon, "logs", "integrated", &words).await;
    is_a_problem(&daemon, &["shop/logs", "Plan hobbyist has no integrations"]).await;
}

#[tokio::test]
async fn a_type_that_is_not_supported() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("stream", "flink"));
    let config = Config::quick(&sim).with_proxy();
    let daemon = start(&config).await;
    is_explained(&daemon, "stream", "eligible", &["does not support flink"]).await;
}

#[tokio::test]
async fn a_service_that_a_tag_excludes() {
    let sim = aiven().await;
    sim.add_service(
        PROJECT,
        ServiceSpec::new("logs", "opensearch").tag("env", "test"),
    );
    let config = Config::quick(&sim)
        .with_proxy()
        .with("services.tags", json!({"env": "production"}));
    let daemon = start(&config).await;
    is_explained(
        &daemon,
        "logs",
        "selected",
        &["services.tags", "env=production"],
    )
    .await;
}

#[tokio::test]
async fn a_service_that_is_powered_off() {
    let (sim, _config, daemon, _scraper) = one_scraped_service().await;
    sim.power_off(PROJECT, "logs");
    is_explained(&daemon, "logs", "eligible", &["POWEROFF"]).await;
}
