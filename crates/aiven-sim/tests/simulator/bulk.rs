//! Size and cost of large listings.

use aiven_sim::{ServiceSpec, Simulator};
use serde_json::Value;

use crate::client::Api;

#[tokio::test]
async fn services_are_as_large_as_asked_and_listed_whole() {
    for bytes in [6_000, 9_000, 25_000] {
        let sim = Simulator::builder()
            .project("proj")
            .without_nodes()
            .start()
            .await
            .unwrap();
        sim.add_bulk("proj", 200, bytes);
        let endpoint = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
        assert_eq!(sim.integrate_all("proj", &endpoint), 200);
        let got = Api::new(&sim).get("/project/proj/service?limit=1000").await;
        let mean = got.text.len() / 200;
        assert!(mean.abs_diff(bytes) < bytes / 10, "{mean} for {bytes}");
        let listing = got.json();
        let services = listing["services"].as_array().unwrap();
        assert_eq!(services.len(), 200);
        assert!(
            services
                .iter()
                .all(|service| service["service_integrations"][0]["active"] == true)
        );
        let names: Vec<&str> = services
            .iter()
            .map(|service| service["service_name"].as_str().unwrap())
            .collect();
        assert!(names.is_sorted() && names[0].len() > 36);
    }
}

#[tokio::test]
async fn kafka_lists_as_many_topics_as_asked() {
    let sim = Simulator::builder()
        .project("proj")
        .without_nodes()
        .start()
        .await
        .unwrap();
    sim.add_service("proj", ServiceSpec::new("kafka-1", "kafka").topics(3_000));
    let service = Api::new(&sim).get("/project/proj/service/kafka-1").await;
    assert_eq!(
        service.json()["service"]["topics"]
            .as_array()
            .unwrap()
            .len(),
        3_000
    );
    assert!(service.text.len() > 700_000);
}

#[tokio::test]
async fn every_field_name_appears_once_and_in_order() {
    let sim = Simulator::builder()
        .project("proj")
        .without_nodes()
        .start()
        .await
        .unwrap();
    sim.add_service("proj", ServiceSpec::new("pg-1", "pg"));
    let text = Api::new(&sim).get("/project/proj/service/pg-1").await.text;
    let value: Value = serde_json::from_str(&text).unwrap();
    let fields: Vec<&String> = value["service"].as_object().unwrap().keys().collect();
    let mut last = 0;
    for field in fields {
        let needle = format!("\"{field}\":");
        let at = last
            + text[last..]
                .find(&needle)
                .unwrap_or_else(|| panic!("{field} is out of order"));
        last = at;
    }
}

#[tokio::test]
async fn host_names_fit_dns_whatever_the_names() {
    let project = "p".repeat(63);
    let sim = Simulator::builder()
        .project(&project)
        .without_nodes()
        .start()
        .await
        .unwrap();
    let names = ["s".repeat(64), format!("{}x", "s".repeat(63))];
    for name in &names {
        sim.add_service(&project, ServiceSpec::new(name, "pg"));
        let longest = format!("public-replica-{}", sim.host(&project, name));
        assert!(longest.split('.').all(|label| label.len() <= 63));
    }
    assert_ne!(sim.host(&project, &names[0]), sim.host(&project, &names[1]));
}
