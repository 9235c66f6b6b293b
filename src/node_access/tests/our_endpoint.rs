//! Our endpoint follows the configuration, and nobody else's is overruled.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use crate::model::write_window::WriteWindow;
use crate::node_access::Timing;
use aiven_sim::{ApiFault, Fault, Operation, Permission, Simulator, TokenSpec};
use serde_json::json;
use tempfile::TempDir;

use super::log;
use super::rig::*;

const OLD: &str = "old-password";
const NEW: &str = "new-password";

/// An instance that was in step with `OLD`, and the endpoint.
async fn in_step(sim: &Simulator) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let id = match sim.endpoints(PROJECT).first() {
        Some(endpoint) => endpoint.id.clone(),
        None => sim.add_endpoint(PROJECT, "aiven-metrics", USER, OLD),
    };
    let config = config(sim, folder.path(), ours(OLD));
    let saved = folder.path().join("secrets.json");
    let _rig = Rig::start(&config, quick(), 0, want_ours(&id));
    eventually("what was found is saved", || saved.exists()).await;
    assert_eq!(sim.count(Operation::UpdateEndpoint), 0);
    sim.forget_requests();
    (folder, id)
}

fn password_at_aiven(sim: &Simulator) -> String {
    sim.endpoints(PROJECT)[0].password.clone()
}

#[tokio::test]
async fn a_new_password_is_rolled_out_and_the_old_one_forgotten_when_all_nodes_took_the_new() {
    let sim = simulator().await;
    let (folder, id) = in_step(&sim).await;
    let config = config(&sim, folder.path(), ours(NEW));
    let restarted = Rig::before_the_first_call(&config, want_ours(&id));
    assert_eq!(restarted.pairs(&id), pairs(&[OLD, NEW]));
    assert_eq!(sim.requests().len(), 0);

    let rig = Rig::start(&config, quick(), 0, want_ours(&id));
    rig.until_pairs(&id, &[NEW, OLD]).await;
    assert_eq!(password_at_aiven(&sim), NEW);

    let by = rig.node_access.candidates(PROJECT, &id);
    let take = |port: u16, by| {
        let target = (Arc::from("os-1"), SocketAddr::from(([127, 0, 0, 1], port)));
        rig.node_access.accepted(PROJECT, &id, target, by);
    };
    take(1, &by[0]);
    take(2, &by[1]);
    // Several times as long as it takes to settle.
    rig.refuse(&sim, &id, 6).await;
    assert_eq!(rig.pairs(&id), pairs(&[NEW, OLD]));
    take(2, &by[0]);
    rig.until_pairs(&id, &[NEW]).await;

    let path = folder.path().join("secrets.json");
    eventually("the old password is off the disk", || {
        !fs::read_to_string(&path).unwrap().contains(OLD)
    })
    .await;
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(sim.count(Operation::UpdateEndpoint), 1);
}

/// At the first start the services may be known, with the endpoint that they are
/// integrated with, before it is known that this endpoint is the configured one.
#[tokio::test]
async fn an_endpoint_that_turns_out_to_be_ours_after_the_first_look_is_looked_at_again() {
    for (password, updates) in [(OLD, 0), (NEW, 1)] {
        let sim = simulator().await;
        let folder = tempfile::tempdir().unwrap();
        let id = sim.add_endpoint(PROJECT, "aiven-metrics", USER, OLD);
        let config = config(&sim, folder.path(), ours(password));
        let rig = Rig::start(&config, quick(), 0, want_other(&id));
        rig.until_pairs(&id, &[OLD]).await;
        rig.needed.send_replace(want_ours(&id));
        let saved = folder.path().join("secrets.json");
        let is_in_step = || {
            let text = fs::read_to_string(&saved).unwrap_or_default();
            text.contains("applied") && password_at_aiven(&sim) == password
        };
        eventually("our endpoint is in step", is_in_step).await;
        assert_eq!(sim.count(Operation::UpdateEndpoint), updates);
    }
}

#[tokio::test]
async fn two_instances_with_the_new_configuration_write_it_once() {
    let sim = simulator().await;
    let (first, id) = in_step(&sim).await;
    let (second, _) = in_step(&sim).await;
    let rigs: Vec<_> = [first.path(), second.path()]
        .iter()
        .zip(0..)
        .map(|(folder, instance)| {
            let config = config(&sim, folder, ours(NEW));
            Rig::start(&config, quick(), instance, want_ours(&id))
        })
        .collect();
    for rig in &rigs {
        rig.until_pairs(&id, &[NEW, OLD]).await;
    }
    assert_eq!(sim.count(Operation::UpdateEndpoint), 1);
}

#[tokio::test]
async fn an_instance_with_the_old_configuration_follows_and_does_not_write_it_back() {
    let sim = simulator().await;
    let (folder, id) = in_step(&sim).await;
    // In its turn a wrong write would come at once.
    tokio::time::sleep(WriteWindow::of_instance(0).opens_in(jiff::Timestamp::now())).await;
    let config = config(&sim, folder.path(), ours(OLD));
    let rig = Rig::start(&config, quick(), 0, want_ours(&id));
    sim.wait_until("it looked", |sim| sim.count(Operation::GetEndpoint) > 0)
        .await;
    sim.change_endpoint(PROJECT, &id, USER, NEW);
    rig.refuse(&sim, &id, 1).await;
    rig.until_pairs(&id, &[NEW, OLD]).await;
    rig.refuse(&sim, &id, 4).await;
    // A restart is no change of the configuration either.
    drop(rig);
    let rig = Rig::start(&config, quick(), 0, want_ours(&id));
    assert_eq!(rig.pairs(&id), pairs(&[NEW, OLD]));
    rig.refuse(&sim, &id, 4).await;
    assert_eq!(sim.count(Operation::UpdateEndpoint), 0);
    assert_eq!(password_at_aiven(&sim), NEW);
}

#[tokio::test]
async fn a_difference_that_lasts_is_ended_by_restoring_the_configured_pair() {
    let sim = simulator().await;
    let (folder, id) = in_step(&sim).await;
    sim.change_endpoint(PROJECT, &id, USER, "by-hand-at-night");
    let timing = Timing {
        restore_after: Duration::from_millis(200),
        ..quick()
    };
    let config = config(&sim, folder.path(), ours(OLD));
    let rig = Rig::start(&config, timing, 0, want_ours(&id));
    sim.wait_until("it is restored", |sim| password_at_aiven(sim) == OLD)
        .await;
    rig.until_pairs(&id, &[OLD, "by-hand-at-night"]).await;
    assert_eq!(sim.count(Operation::UpdateEndpoint), 1);
}

#[tokio::test]
async fn where_the_password_is_hidden_each_configuration_is_written_once() {
    let sim = simulator().await;
    let id = sim.add_endpoint(PROJECT, "aiven-metrics", USER, "unknown-password");
    let masked = json!({"service_integration_endpoint": {
        "endpoint_id": id, "user_config": {"basic_auth_username": USER, "basic_auth_password": "********"}}});
    let masked = ApiFault::Answer {
        code: 200,
        content_type: "application/json".into(),
        body: masked.to_string(),
    };
    sim.inject(Fault::new(Operation::GetEndpoint), masked);
    let folder = tempfile::tempdir().unwrap();
    for (password, expected) in [
        (OLD, vec![OLD]),
        (NEW, vec![NEW, OLD]),
        (NEW, vec![NEW, OLD]),
    ] {
        let config = config(&sim, folder.path(), ours(password));
        let rig = Rig::start(&config, quick(), 0, want_ours(&id));
        sim.wait_until("it is written", |sim| password_at_aiven(sim) == password)
            .await;
        rig.until_pairs(&id, &expected).await;
        rig.refuse(&sim, &id, 3).await;
        let saved = folder.path().join("secrets.json");
        eventually("it is saved", || {
            fs::read_to_string(&saved).is_ok_and(|text| text.contains(password))
        })
        .await;
    }
    assert_eq!(sim.count(Operation::UpdateEndpoint), 2);
}

#[tokio::test]
async fn without_the_right_the_configured_pair_is_used() {
    let sim = simulator().await;
    let id = sim.add_endpoint(PROJECT, "aiven-metrics", USER, NEW);
    let rights = [Permission::ServicesRead, Permission::IntegrationsRead];
    let token = sim.add_token(TokenSpec::new().allow(PROJECT, rights));
    let folder = tempfile::tempdir().unwrap();
    let config = config_with(&sim, folder.path(), &token, ours(OLD), json!({}));
    let rig = Rig::start(&config, quick(), 0, want_ours(&id));
    assert_eq!(rig.pairs(&id), pairs(&[OLD]));
    sim.wait_until("writing was tried", |sim| {
        sim.count(Operation::UpdateEndpoint) == 1
    })
    .await;
    assert_eq!(rig.pairs(&id), pairs(&[OLD]));
    assert_eq!(
        rig.node_access.missing_credentials_cause(PROJECT, &id),
        None
    );
    assert_eq!(password_at_aiven(&sim), NEW);
}

#[tokio::test]
async fn nothing_is_written_where_nothing_may_be_created() {
    let sim = simulator().await;
    let id = sim.add_endpoint(PROJECT, "aiven-metrics", USER, NEW);
    let folder = tempfile::tempdir().unwrap();
    let integration = json!({"username": USER, "password": OLD, "create": false});
    let config = config(&sim, folder.path(), integration);
    tokio::time::sleep(WriteWindow::of_instance(0).opens_in(jiff::Timestamp::now())).await;
    let timing = Timing {
        restore_after: Duration::ZERO,
        ..quick()
    };
    let rig = Rig::start(&config, timing, 0, want_ours(&id));
    rig.until_pairs(&id, &[NEW, OLD]).await;
    rig.refuse(&sim, &id, 4).await;
    assert_eq!(sim.count(Operation::UpdateEndpoint), 0);
}

#[tokio::test]
async fn a_failed_read_of_the_endpoint_is_no_reason_to_write() {
    let sim = simulator().await;
    let (folder, id) = in_step(&sim).await;
    let config = config(&sim, folder.path(), ours(NEW));
    tokio::time::sleep(WriteWindow::of_instance(0).opens_in(jiff::Timestamp::now())).await;
    sim.inject(Fault::new(Operation::GetEndpoint), ApiFault::status(404));
    let rig = Rig::start(
        &config,
        Timing {
            refresh: Duration::from_millis(60),
            ..quick()
        },
        0,
        want_ours(&id),
    );
    rig.refuse(&sim, &id, 4).await;
    assert_eq!(rig.pairs(&id), pairs(&[OLD, NEW]));
    assert_eq!(sim.count(Operation::UpdateEndpoint), 0);
    // Once it can be read, all is as if nothing had been.
    sim.clear_faults();
    rig.until_pairs(&id, &[NEW, OLD]).await;
}

#[tokio::test]
async fn an_update_whose_answer_is_lost_is_not_repeated_blindly() {
    let sim = simulator().await;
    let (folder, id) = in_step(&sim).await;
    let lost = Fault::new(Operation::UpdateEndpoint)
        .times(1)
        .after_effect();
    sim.inject(lost, ApiFault::CutConnection);
    let config = config(&sim, folder.path(), ours(NEW));
    let rig = Rig::start(&config, quick(), 0, want_ours(&id));
    rig.until_pairs(&id, &[NEW, OLD]).await;
    rig.refuse(&sim, &id, 2).await;
    assert_eq!(sim.count(Operation::UpdateEndpoint), 1);
}

#[tokio::test]
async fn no_password_reaches_the_log_even_if_aiven_quotes_it() {
    let log = log::all();
    let sim = simulator().await;
    let (folder, id) = in_step(&sim).await;
    let quoting = ApiFault::Status {
        code: 400,
        message: format!("Invalid input for user_config: '{NEW}' is too weak"),
    };
    sim.inject(Fault::new(Operation::UpdateEndpoint), quoting);
    let config = config(&sim, folder.path(), ours(NEW));
    let rig = Rig::start(&config, quick(), 0, want_ours(&id));
    sim.wait_until("it was tried", |sim| {
        sim.count(Operation::UpdateEndpoint) == 1
    })
    .await;
    eventually("the refusal is said", || log.text().contains("is too weak")).await;
    drop(rig);
    for secret in [NEW, OLD] {
        assert!(!log.text().contains(secret), "{}", log.text());
    }
}
