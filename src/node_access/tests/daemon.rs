//! The whole daemon: what it needs of node access, and what it leaves on disk.

use std::fs;

use crate::daemon;
use aiven_sim::{Operation, ServiceSpec};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::rig::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_a_new_password_brings_the_endpoint_in_step_and_keeps_secrets_to_one_file() {
    let sim = simulator().await;
    sim.add_service(PROJECT, ServiceSpec::new("os-1", "opensearch").nodes(1));
    sim.add_service(PROJECT, ServiceSpec::new("adopted", "opensearch").nodes(1));
    let theirs = sim.add_endpoint(PROJECT, "theirs", USER, "their-password");
    sim.add_integration(PROJECT, "adopted", &theirs);
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets.json");
    let any_port = json!({"listen": "127.0.0.1:0"});
    for password in ["first-password", "second-password"] {
        let integration = json!({"username": USER, "password": password, "endpoint_name": "ours"});
        let config = config_with(
            &sim,
            folder.path(),
            sim.token(),
            integration,
            any_port.clone(),
        );
        let stop = CancellationToken::new();
        let daemon = tokio::spawn(daemon::run(config, stop.clone()));
        sim.wait_until("the endpoint is in step", |sim| {
            let endpoints = sim.endpoints(PROJECT);
            endpoints
                .iter()
                .any(|endpoint| endpoint.name == "ours" && endpoint.password == password)
        })
        .await;
        eventually("both credentials are saved", || {
            let text = fs::read_to_string(&secrets).unwrap_or_default();
            text.contains(password) && text.contains("their-password")
        })
        .await;
        stop.cancel();
        daemon.await.unwrap().unwrap();
    }
    assert_eq!(sim.count(Operation::UpdateEndpoint), 1);
    for name in ["state.json", "certificates.json"] {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(!text.contains("-password"), "{name}: {text}");
    }
}
