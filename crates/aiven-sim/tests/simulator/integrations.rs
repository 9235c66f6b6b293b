//! Integrations that end, and those of other kinds.

use aiven_sim::{ServiceSpec, Simulator};
use serde_json::json;

use crate::lifecycle::start;

#[tokio::test]
async fn disabling_an_integration_or_deleting_its_endpoint_closes_the_port() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.add_service("proj", ServiceSpec::new("pg-1", "pg"));
    let endpoint = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    let integration = sim.add_integration("proj", "pg-1", &endpoint);
    sim.disable_integration("proj", &integration);
    let listed = api
        .get("/project/proj/service/pg-1/integration")
        .await
        .json()["service_integrations"][0]
        .clone();
    assert_eq!(
        (&listed["enabled"], &listed["active"]),
        (&json!(false), &json!(false))
    );
    assert!(!sim.node("proj", "pg-1", 0).is_running());
    sim.enable_integration("proj", &integration);
    assert!(sim.node("proj", "pg-1", 0).is_running());
    sim.delete_endpoint("proj", &endpoint);
    assert!(!sim.node("proj", "pg-1", 0).is_running());
    assert!(sim.integrations("proj").is_empty());
}

#[tokio::test]
async fn integrations_of_other_kinds_are_listed_with_both_services_and_open_no_port() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.add_service("proj", ServiceSpec::new("kafka-1", "kafka"));
    sim.add_service("proj", ServiceSpec::new("os-1", "opensearch"));
    sim.link_services("proj", "logs", "kafka-1", "os-1");
    for service in ["kafka-1", "os-1"] {
        let row = api
            .get(&format!("/project/proj/service/{service}"))
            .await
            .json();
        assert_eq!(
            row["service"]["service_integrations"][0]["source_service"],
            "kafka-1"
        );
        assert!(!sim.node("proj", service, 0).is_running());
    }
    assert_eq!(sim.integrations("proj").len(), 1);
}
