//! Endpoints that are not ours to write: `integration.endpoint_id`, and those
//! that somebody's services were integrated with before.

use aiven_sim::{ApiFault, Fault, Operation, Permission, TokenSpec};
use serde_json::json;

use super::rig::*;

#[tokio::test]
async fn credentials_are_read_followed_and_there_again_after_a_restart_without_aiven() {
    let sim = simulator().await;
    let id = sim.add_endpoint(PROJECT, "theirs", USER, "first-password");
    let folder = tempfile::tempdir().unwrap();
    let config = config(&sim, folder.path(), ours("our-own-password"));
    let rig = Rig::start(&config, quick(), 0, want_other(&id));
    rig.until_pairs(&id, &["first-password"]).await;

    sim.change_endpoint(PROJECT, &id, USER, "second-password");
    rig.refuse(&sim, &id, 1).await;
    let both = ["second-password", "first-password"];
    rig.until_pairs(&id, &both).await;
    let saved = folder.path().join("secrets.json");
    let on_disk = || std::fs::read_to_string(&saved).unwrap().contains(both[0]);
    eventually("it is saved", on_disk).await;
    drop(rig);

    sim.inject(Fault::any(), ApiFault::Reset);
    let restarted = Rig::before_the_first_call(&config, want_other(&id));
    assert_eq!(restarted.pairs(&id), pairs(&both));
    assert_eq!(
        restarted
            .node_access
            .missing_credentials_cause(PROJECT, &id),
        None
    );
    assert_eq!(sim.count(Operation::UpdateEndpoint), 0);
}

#[tokio::test]
async fn a_configured_endpoint_id_is_only_read() {
    let sim = simulator().await;
    let id = sim.add_endpoint(PROJECT, "theirs", USER, "their-password");
    let folder = tempfile::tempdir().unwrap();
    let config = config(&sim, folder.path(), json!({"endpoint_id": id}));
    let rig = Rig::start(&config, quick(), 0, want_ours(&id));
    rig.until_pairs(&id, &["their-password"]).await;
    assert_eq!(sim.count(Operation::UpdateEndpoint), 0);
}

#[tokio::test]
async fn why_there_are_none_names_the_right_that_is_missing() {
    let sim = simulator().await;
    let id = sim.add_endpoint(PROJECT, "theirs", USER, "their-password");
    let rights = [Permission::ServicesRead, Permission::IntegrationsRead];
    let token = sim.add_token(TokenSpec::new().allow(PROJECT, rights));
    let folder = tempfile::tempdir().unwrap();
    let config = config_with(
        &sim,
        folder.path(),
        &token,
        ours("our-own-password"),
        json!({}),
    );
    let rig = Rig::start(&config, quick(), 0, want_other(&id));
    let why = || {
        rig.node_access
            .missing_credentials_cause(PROJECT, &id)
            .unwrap()
    };
    assert!(why().contains("not been asked"), "{}", why());
    eventually("the right is named", || {
        why().contains("project:integrations:write")
    })
    .await;
    assert!(rig.pairs(&id).is_empty());
    // Refusals do not make a question that was refused a frequent one.
    for _ in 0..1000 {
        rig.node_access.refused(PROJECT, &id);
        tokio::task::yield_now().await;
    }
    // The first are not believed: one alone may be a mishap.
    assert!(sim.count(Operation::GetEndpoint) <= 3);
}

#[tokio::test]
async fn an_endpoint_is_read_as_soon_as_it_is_wanted() {
    let sim = simulator().await;
    let id = sim.add_endpoint(PROJECT, "theirs", USER, "their-password");
    let folder = tempfile::tempdir().unwrap();
    let config = config(&sim, folder.path(), ours("our-own-password"));
    let rig = Rig::start(&config, quick(), 0, Default::default());
    sim.wait_until("the task runs", |sim| {
        sim.count(Operation::GetProjectCa) > 0
    })
    .await;
    assert_eq!(sim.count(Operation::GetEndpoint), 0);
    rig.needed.send_replace(want_other(&id));
    rig.until_pairs(&id, &["their-password"]).await;
}
