//! Which nodes are believed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::node_access::{NodeAccess, Timing};
use aiven_sim::{ApiFault, Fault, Operation, ServiceSpec, Simulator, TokenSpec};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::json;

use super::rig::*;

/// Adds a service with one node that serves metrics.
fn add_service(sim: &Simulator, project: &str) {
    sim.add_service(project, ServiceSpec::new("os-1", "opensearch").nodes(1));
    let id = sim.add_endpoint(project, "by-hand", USER, "their-password");
    sim.add_integration(project, "os-1", &id);
}

/// Whether a node of the project is believed, or what is wrong with it.
async fn verified(node_access: &NodeAccess, sim: &Simulator, project: &str) -> Result<(), String> {
    let (trust, host) = (node_access.trust(PROJECT), sim.host(project, "os-1"));
    let address = sim.node(project, "os-1", 0).addr();
    let shaken = tokio::task::spawn_blocking(move || shake_hands(trust, host, address));
    shaken.await.unwrap()
}

fn shake_hands(trust: Arc<ClientConfig>, host: String, address: SocketAddr) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    let name = ServerName::try_from(host).unwrap();
    let connection = ClientConnection::new(trust, name).unwrap();
    let socket = TcpStream::connect_timeout(&address, Duration::from_secs(5)).map_err(said)?;
    let mut stream = StreamOwned::new(connection, socket);
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n")
        .map_err(said)?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).map_err(said)?;
    assert_eq!(&answer, b"HTTP/1.1 401");
    Ok(())
}

async fn until_verified(node_access: &NodeAccess, sim: &Simulator, project: &str) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while let Err(cause) = verified(node_access, sim, project).await {
        assert!(tokio::time::Instant::now() < deadline, "{cause}");
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

#[tokio::test]
async fn the_projects_ca_is_read_and_trusted_again_before_a_restarted_daemons_first_call() {
    let sim = simulator().await;
    add_service(&sim, PROJECT);
    let folder = tempfile::tempdir().unwrap();
    let config = config(&sim, folder.path(), ours("our-own-password"));
    let rig = Rig::before_the_first_call(&config, Default::default());
    let cause = verified(&rig.node_access, &sim, PROJECT).await.unwrap_err();
    assert!(cause.contains("UnknownIssuer"), "{cause}");

    let rig = Rig::start(&config, quick(), 0, Default::default());
    until_verified(&rig.node_access, &sim, PROJECT).await;
    let saved = folder.path().join("certificates.json");
    eventually("it is saved", || saved.exists()).await;
    drop(rig);
    sim.forget_requests();
    let restarted = Rig::before_the_first_call(&config, Default::default());
    verified(&restarted.node_access, &sim, PROJECT)
        .await
        .unwrap();
    assert_eq!(sim.requests().len(), 0);
}

#[tokio::test]
async fn a_new_ca_is_fetched_when_met_and_the_old_one_trusted_for_the_overlap_only() {
    let sim = simulator().await;
    add_service(&sim, PROJECT);
    add_service(&sim, "dublin");
    // Dublin's CA stands in for London's former one: its nodes still run.
    let former = ApiFault::Answer {
        code: 200,
        content_type: "application/json".into(),
        body: json!({"certificate": sim.ca_pem("dublin")}).to_string(),
    };
    sim.inject(Fault::new(Operation::GetProjectCa), former);
    let folder = tempfile::tempdir().unwrap();
    let config = config(&sim, folder.path(), ours("our-own-password"));
    let rig = Rig::start(&config, quick(), 0, Default::default());
    until_verified(&rig.node_access, &sim, "dublin").await;
    assert!(verified(&rig.node_access, &sim, PROJECT).await.is_err());
    let before = rig.node_access.trust(PROJECT);
    rig.node_access.unknown_issuer(PROJECT);
    sim.wait_until("it asks again", |sim| {
        sim.count(Operation::GetProjectCa) > 1
    })
    .await;
    assert!(
        Arc::ptr_eq(&before, &rig.node_access.trust(PROJECT)),
        "an unchanged CA keeps the sessions"
    );

    sim.clear_faults();
    rig.node_access.unknown_issuer(PROJECT);
    until_verified(&rig.node_access, &sim, PROJECT).await;
    verified(&rig.node_access, &sim, "dublin").await.unwrap();
    let saved = folder.path().join("certificates.json");
    let both =
        || std::fs::read_to_string(&saved).is_ok_and(|text| text.matches("BEGIN").count() == 2);
    eventually("both are saved", both).await;
    drop(rig);

    let timing = Timing {
        overlap: Duration::ZERO,
        ..quick()
    };
    let rig = Rig::start(&config, timing, 0, Default::default());
    let one =
        || std::fs::read_to_string(&saved).is_ok_and(|text| text.matches("BEGIN").count() == 1);
    eventually("the former one is forgotten", one).await;
    assert!(verified(&rig.node_access, &sim, "dublin").await.is_err());
    verified(&rig.node_access, &sim, PROJECT).await.unwrap();
}

#[tokio::test]
async fn a_token_without_the_right_is_no_reason_to_stop_or_to_keep_asking() {
    let sim = simulator().await;
    add_service(&sim, PROJECT);
    let token = sim.add_token(TokenSpec::new().smallest(PROJECT));
    let folder = tempfile::tempdir().unwrap();
    let scrape_proxy = json!({"ca_cert": sim.ca_pem(PROJECT)});
    let config = config_with(
        &sim,
        folder.path(),
        &token,
        ours("our-own-password"),
        scrape_proxy,
    );
    let rig = Rig::start(&config, quick(), 0, Default::default());
    sim.wait_until("it was refused", |sim| {
        sim.requests().iter().any(|request| {
            request.operation == Operation::GetProjectCa && request.status == Some(403)
        })
    })
    .await;
    verified(&rig.node_access, &sim, PROJECT).await.unwrap();
    for _ in 0..1000 {
        rig.node_access.unknown_issuer(PROJECT);
        tokio::task::yield_now().await;
    }
    verified(&rig.node_access, &sim, PROJECT).await.unwrap();
    // The first are not believed: one alone may be a mishap.
    assert!(sim.count(Operation::GetProjectCa) <= 3);
}

#[tokio::test]
async fn an_answer_without_a_certificate_changes_nothing() {
    let sim = simulator().await;
    add_service(&sim, PROJECT);
    let folder = tempfile::tempdir().unwrap();
    let config = config(&sim, folder.path(), ours("our-own-password"));
    let timing = Timing {
        refresh: Duration::from_millis(60),
        ..quick()
    };
    let rig = Rig::start(&config, timing, 0, Default::default());
    until_verified(&rig.node_access, &sim, PROJECT).await;
    for body in [
        r#"{"certificate": ""}"#,
        r#"{"certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}"#,
        "{}",
    ] {
        let answer = ApiFault::Answer {
            code: 200,
            content_type: "application/json".into(),
            body: body.into(),
        };
        sim.inject(Fault::new(Operation::GetProjectCa), answer);
        let before = sim.count(Operation::GetProjectCa);
        sim.wait_until("it is asked twice", |sim| {
            sim.count(Operation::GetProjectCa) > before + 1
        })
        .await;
        verified(&rig.node_access, &sim, PROJECT).await.unwrap();
        sim.clear_faults();
    }
}

#[tokio::test]
async fn when_the_projects_ca_ends_is_noted_before_the_first_call_and_of_a_new_one() {
    let sim = simulator().await;
    add_service(&sim, PROJECT);
    let folder = tempfile::tempdir().unwrap();
    let config = config(&sim, folder.path(), ours("our-own-password"));
    let ends = |rig: &Rig| rig.surroundings.load(Timestamp::MAX).certificates;
    let rig = Rig::before_the_first_call(&config, Default::default());
    assert_eq!(ends(&rig), []);
    let rig = Rig::start(&config, quick(), 0, Default::default());
    eventually("the CA is noted", || ends(&rig).len() == 1).await;
    let first = ends(&rig);
    assert_eq!(first[0].place(), format!("the CA of project {PROJECT}"));
    let saved = folder.path().join("certificates.json");
    eventually("the CA is saved", || saved.exists()).await;
    drop(rig);
    let restarted = Rig::before_the_first_call(&config, Default::default());
    assert_eq!(ends(&restarted), first);
}
