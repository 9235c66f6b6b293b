//! The real UAA gives the tokens, to us and to a client that is not ours; its keys and
//! answers are none that we have made up. One test, for the start takes minutes.

use aiven_sim::{InstanceSpec, Role, ServiceSpec, Simulator};
use serde_json::{Value, json};
use testkit::{Config, Daemon, PROJECT, Program, aiven_with_cloud_foundry, integrate_all};

use crate::binary::{ask, problems, start};
use crate::uaa::{BLIND_CLIENT, CLIENT, Uaa, read_as};

const GRANTED: &str = "aiven_metrics_api_requests_total{operation=\"uaa_token\",code=\"200\"}";
const READ: &str =
    "aiven_metrics_api_requests_total{operation=\"list_service_instances\",code=\"200\"}";
const UNAUTHORIZED: &str =
    "aiven_metrics_api_requests_total{operation=\"list_service_instances\",code=\"401\"}";

/// Two instances in two spaces of two organizations, each with its Aiven service.
struct Platform {
    sim: Simulator,
    organization: String,
    space: String,
    instance: String,
}

async fn platform(uaa: &Uaa) -> Platform {
    let sim = aiven_with_cloud_foundry().await;
    sim.trust_uaa(&uaa.url);
    let provision = |name: &str, space: &str| {
        let service = ServiceSpec::new("", "opensearch");
        sim.provision(PROJECT, "prod-lon", InstanceSpec::new(name, space), service)
    };
    let other = sim.add_organization("payments");
    provision("orders", &sim.add_space(&other, "staging"));
    let organization = sim.add_organization("retail");
    let space = sim.add_space(&organization, "production");
    let instance = provision("search", &space);
    integrate_all(&sim);
    Platform {
        sim,
        organization,
        space,
        instance,
    }
}

impl Platform {
    fn config(&self, client: (&str, &str)) -> Config {
        Config::quick(&self.sim)
            .cloud_foundry(read_as(client, &self.sim))
            .with("cloud_foundry.poll_interval", "500ms")
    }

    /// A label of the instance `search`; null while there is none.
    fn label(&self, config: &Config, name: &str) -> Value {
        let groups = config.groups();
        let mut labels = groups.iter().map(|group| &group["labels"]);
        let ours = labels.find(|labels| labels["service_instance_guid"] == *self.instance);
        ours.map(|labels| labels[name].clone()).unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes, and needs UAA: scripts/test-uaa runs it"]
async fn labels_come_by_the_tokens_of_the_real_uaa() {
    let mut uaa = Uaa::start().await;
    let platform = platform(&uaa).await;
    a_user_sees_the_same_by_a_client_that_is_not_ours(&uaa, &platform).await;
    a_client_without_the_authority_is_named(&platform).await;

    let config = platform.config(CLIENT);
    let daemon = start(&config).await;
    names_and_guids_are_published(&platform, &config, &daemon).await;
    let published = config.targets_text();
    a_token_is_renewed_before_it_ends(&daemon).await;
    a_secret_changed_in_uaa_is_named(&uaa, &daemon, &config, &published).await;
    a_uaa_that_has_stopped_costs_no_label(&mut uaa, &daemon, &config, &published).await;
    daemon.stop().await.unwrap();
}

async fn a_user_sees_the_same_by_a_client_that_is_not_ours(uaa: &Uaa, platform: &Platform) {
    let Platform {
        sim,
        organization,
        space,
        instance,
    } = platform;
    let alice = uaa.add_user("alice", "alices-password").await;
    sim.grant_role(&alice, Role::OrganizationUser, organization);
    sim.grant_role(&alice, Role::SpaceDeveloper, space);
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, sim.cf_ca_pem()).unwrap();
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/spec/cloud_foundry/judge.py");
    let judged = Program::new("python-with-cf-client")
        .args([judge, &sim.cf_url(), "alice", "alices-password"])
        .arg(&ca)
        .run()
        .await
        .unwrap();
    assert_eq!(judged.code, Some(0), "{}", judged.stderr);
    let seen: Value = serde_json::from_str(&judged.stdout).unwrap();
    assert_eq!(
        seen,
        json!({
            "organizations": [{"guid": organization, "name": "retail"}],
            "spaces": [{"guid": space, "name": "production", "organization": organization}],
            "service_instances": [
                {"guid": instance, "name": "search", "type": "managed", "space": space},
            ],
        })
    );
}

/// From its start it knows what Aiven's tags tell, and nobody's names.
async fn a_client_without_the_authority_is_named(platform: &Platform) {
    let config = platform.config(BLIND_CLIENT);
    let daemon = start(&config).await;
    let addresses = platform.sim.serving_addresses(PROJECT);
    daemon.publishes(addresses).await;
    problem(&daemon, "cloud_controller.global_auditor").await;
    assert_eq!(platform.label(&config, "space_guid"), *platform.space);
    assert_eq!(platform.label(&config, "space_name"), Value::Null);
    daemon.stop().await.unwrap();
}

async fn names_and_guids_are_published(platform: &Platform, config: &Config, daemon: &Daemon) {
    let expected = json!({
        "service_instance_guid": platform.instance, "service_instance_name": "search",
        "space_guid": platform.space, "space_name": "production",
        "organization_guid": platform.organization, "organization_name": "retail",
    });
    let expected = expected.as_object().unwrap();
    daemon
        .until("both instances have their labels", async || {
            let all = expected
                .iter()
                .all(|(name, value)| platform.label(config, name) == *value);
            (all && config.targets_text().contains("\"payments\"")).then_some(())
        })
        .await;
    daemon
        .publishes(platform.sim.serving_addresses(PROJECT))
        .await;
}

async fn a_token_is_renewed_before_it_ends(daemon: &Daemon) {
    daemon.metric_reaches(GRANTED, 2.0).await;
    reads_go_on(daemon).await;
    assert_eq!(daemon.metric(UNAUTHORIZED).await, 0.0);
    no_problem(daemon).await;
}

async fn a_secret_changed_in_uaa_is_named(
    uaa: &Uaa,
    daemon: &Daemon,
    config: &Config,
    published: &str,
) {
    let (client, secret) = CLIENT;
    uaa.set_secret(client, "another-secret").await;
    problem(daemon, "UAA does not accept the client").await;
    assert_eq!(config.targets_text(), published);
    uaa.set_secret(client, secret).await;
    no_problem(daemon).await;
    assert_eq!(config.targets_text(), published);
}

async fn a_uaa_that_has_stopped_costs_no_label(
    uaa: &mut Uaa,
    daemon: &Daemon,
    config: &Config,
    published: &str,
) {
    // Its life is before it.
    let granted = daemon.metric(GRANTED).await;
    daemon.metric_reaches(GRANTED, granted + 1.0).await;
    uaa.kill().await;
    reads_go_on(daemon).await;
    let told = problem(daemon, "uaa_token at 127.0.0.1").await;
    assert!(told.contains("see that api, uaa and router run"), "{told}");
    assert_eq!(config.targets_text(), published);
}

/// Cloud Controller has answered twice more; so the later of the two was asked from now on.
async fn reads_go_on(daemon: &Daemon) {
    let read = daemon.metric(READ).await;
    daemon.metric_reaches(READ, read + 2.0).await;
}

/// Waits until `aiven-metrics status` names this problem of the labels; returns what it prints.
async fn problem(daemon: &Daemon, words: &str) -> String {
    daemon
        .until(&format!("a problem: {words}"), async || {
            let status = ask(daemon, "status", &[]).await;
            let is_it = |one: &&str| one.contains("(cloud_foundry) fails") && one.contains(words);
            let is_told = problems(&status).iter().any(is_it);
            (status.code == Some(1) && is_told).then_some(status.stdout)
        })
        .await
}

async fn no_problem(daemon: &Daemon) {
    daemon
        .until("no problem", async || {
            (ask(daemon, "status", &[]).await.code == Some(0)).then_some(())
        })
        .await;
}
