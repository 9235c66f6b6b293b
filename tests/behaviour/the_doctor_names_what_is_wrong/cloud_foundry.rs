//! Cloud Foundry, where labels come from there.

use aiven_sim::{
    ApiFault, ClientSpec, Fault, Operation, Server, ServerFault, ServiceSpec, Simulator,
};
use serde_json::Value;
use testkit::{Config, PROJECT, aiven_with_cloud_foundry, integrate_all};

use super::{Told, ask_alone, two_services};
use crate::tenants::Tenant;

mod faults;

const AREA: &str = "cloud_foundry";
const AUTHORITY: &str = "cloud_controller.global_auditor";

/// A service of a tenant, with the labels that Cloud Foundry has for it.
async fn platform() -> (Simulator, Config, Tenant) {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    let config = Config::quick(&sim).with_proxy().cloud_foundry(&sim);
    (sim, config, tenant)
}

fn all_is_well(told: &Told) {
    assert_eq!(told.code, Some(0), "{}", told.text);
    let lines = told.checks.iter().filter(|one| one["area"] == AREA);
    assert!(
        lines.clone().all(|one| one["result"] == "ok"),
        "{}",
        told.text
    );
    assert_eq!(lines.count(), 8, "{}", told.text);
}

fn list(sim: &Simulator, operation: Operation, fault: ApiFault) {
    sim.inject(Fault::new(operation), fault);
}

fn member(member: &str, value: impl Into<Option<Value>>) -> ApiFault {
    ApiFault::Member {
        member: member.to_owned(),
        value: value.into(),
    }
}

/// UAA knows the client in this way.
fn client(sim: &Simulator, made: fn(ClientSpec) -> ClientSpec) {
    let (id, secret) = sim.cf_client();
    sim.add_client(made(ClientSpec::new(id, secret)));
}

#[tokio::test]
async fn what_labels_need_is_told_line_by_line_and_nothing_is_changed() {
    let (sim, config, tenant) = platform().await;
    let before = sim.requests().len();
    let told = ask_alone(&config).await;
    all_is_well(&told);
    for words in [
        &[
            "TLS of Cloud Controller",
            " until ",
            ", by '",
            "Cloud Foundry CA of aiven-sim",
        ][..],
        &["TLS of UAA", " until ", "Cloud Foundry CA of aiven-sim"],
        &["Cloud Controller at", "names the UAA https://"],
        &["token of the client", "UAA gives one"],
        &["authority", AUTHORITY],
        &["\"spaces\"", "1, all that there are"],
        &["service instances", "1 of brokers, all that there are"],
        &["labels", "knows the instances of 1 of Aiven's 1 services"],
    ] {
        let ok = told.of(AREA, "ok");
        let says = |one: &&&Value| words.iter().all(|word| one.to_string().contains(word));
        assert_eq!(
            ok.iter().filter(says).count(),
            1,
            "{words:?}: {}",
            told.text
        );
    }
    let (_, secret) = sim.cf_client();
    assert!(
        !told.text.contains(&secret) && !told.text.contains("eyJ"),
        "{}",
        told.text
    );
    let asked = sim.requests().split_off(before);
    let of_cloud_foundry = asked
        .iter()
        .filter(|one| one.operation.server() != Server::Aiven);
    let mut asked: Vec<_> = of_cloud_foundry
        .map(|one| (one.operation, one.method.as_str(), one.uri.as_str()))
        .collect();
    asked.sort_unstable();
    let looks = format!("guids={}", tenant.instance);
    let is_bounded = |uri: &str| uri.contains("per_page=1&") || uri.ends_with("per_page=1");
    let [
        (Operation::ReadRoot, "GET", "/"),
        (Operation::ListSpaces, "GET", spaces),
        (Operation::ListServiceInstances, "GET", one),
        (Operation::ListServiceInstances, "GET", other),
        (Operation::IssueToken, "POST", "/oauth/token"),
    ] = asked[..]
    else {
        panic!("{asked:?}");
    };
    assert!(
        is_bounded(spaces) && is_bounded(one) && is_bounded(other),
        "{asked:?}"
    );
    assert!(one.contains(&looks) || other.contains(&looks), "{asked:?}");
}

#[tokio::test]
async fn what_is_not_configured_is_not_tried() {
    let (_sim, config) = two_services().await;
    let told = ask_alone(&config).await;
    let skipped = told.of(AREA, "skipped");
    assert_eq!(skipped.len(), 1, "{}", told.text);
    assert!(
        skipped[0]
            .to_string()
            .contains("cloud_foundry.* is not set")
    );
    assert!(told.of(AREA, "ok").is_empty(), "{}", told.text);
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_no_other_line() {
    let (sim, config, _tenant) = platform().await;
    sim.server_fault(Server::Uaa, ServerFault::Hang);
    let told = ask_alone(&config).await;
    told.names(AREA, "failed", &["TLS of UAA", "timed out"]);
    told.names(
        AREA,
        "failed",
        &["token of the client", "no whole answer within 10s"],
    );
    assert_eq!(told.of(AREA, "ok").len(), 2, "{}", told.text);
    assert_eq!(told.of(AREA, "skipped").len(), 4, "{}", told.text);
    assert_eq!(told.of("node", "ok").len(), 1, "{}", told.text);
    assert!(told.of("api", "failed").is_empty(), "{}", told.text);
}

#[tokio::test]
async fn what_a_client_sees_that_does_not_see_all_is_no_measure() {
    let (sim, config, _tenant) = platform().await;
    client(&sim, |client| client.authorities(["cloud_controller.read"]));
    let told = ask_alone(&config).await;
    told.names(
        AREA,
        "warning",
        &["\"spaces\"", "none is shown", "of the client's roles"],
    );
    let (id, secret) = sim.cf_client();
    sim.add_client(ClientSpec::new(id, secret).authorities([AUTHORITY]));
    list(&sim, Operation::IssueToken, member("scope", None));
    let told = ask_alone(&config).await;
    told.names(
        AREA,
        "warning",
        &["authority", "does not tell the token's scopes"],
    );
    assert!(
        told.text.contains("1 of brokers, perhaps not all"),
        "{}",
        told.text
    );
    assert_eq!(told.code, Some(0), "{}", told.text);
}

#[tokio::test]
async fn services_that_get_no_label_are_named() {
    let (sim, config, tenant) = platform().await;
    let other = Tenant::new(&sim, "wholesale", "staging", "orders");
    sim.add_service(PROJECT, ServiceSpec::new("by-hand", "opensearch"));
    integrate_all(&sim);
    sim.delete(&other.instance);
    let told = ask_alone(&config).await;
    told.names(
        AREA,
        "warning",
        &[
            "of 1 of Aiven's 3 services; 1 name none",
            &format!("of 1 it does not (shop/{})", other.service),
            &format!("/v3/service_instances/{}`", other.instance),
        ],
    );
    // A broker that names services in another way tags them all the same.
    sim.set_tags(PROJECT, "by-hand", [("service_id", &*tenant.instance)]);
    let told = ask_alone(&config).await;
    told.names(
        AREA,
        "warning",
        &["of 2 of Aiven's 3 services; of 1 it does not"],
    );
    sim.delete(&tenant.instance);
    let told = ask_alone(&config).await;
    told.names(AREA, "failed", &["labels", "of 0 of Aiven's 3 services"]);
    sim.set_tags(PROJECT, "by-hand", [("team", "search")]);
    for service in [&tenant.service, &other.service] {
        sim.delete_service(PROJECT, service);
    }
    let told = ask_alone(&config).await;
    told.names(
        AREA,
        "failed",
        &["labels", "none of Aiven's 1 services names", "broker"],
    );
    sim.delete_service(PROJECT, "by-hand");
    let told = ask_alone(&config).await;
    assert!(
        told.text.contains("Aiven lists no service"),
        "{}",
        told.text
    );
    assert_eq!(told.code, Some(0), "{}", told.text);
}

#[tokio::test]
async fn without_an_answer_of_aiven_the_rest_is_told() {
    let (_sim, config, _tenant) = platform().await;
    let told = ask_alone(&config.with("aiven.api_token", "not-the-token")).await;
    assert_eq!(told.of(AREA, "ok").len(), 7, "{}", told.text);
    let skipped = told.of(AREA, "skipped");
    assert!(
        skipped[0]
            .to_string()
            .contains("see the lines about the API"),
        "{}",
        told.text
    );
}
