//! Large answers: one huge service, and very many.

use aiven_sim::{Operation, ServiceSpec, Simulator};
use testkit::{Config, PASSWORD, PROJECT, USERNAME, aiven, aiven_from, integrate_all};

use crate::binary::start;

#[tokio::test]
async fn a_service_of_several_megabytes_is_listed_like_any_other() {
    let sim = aiven().await;
    let huge = ServiceSpec::new("huge", "kafka").nodes(3).topics(20_000);
    sim.add_service(PROJECT, huge);
    sim.add_service(PROJECT, ServiceSpec::new("small", "opensearch"));
    integrate_all(&sim);
    let config = Config::quick(&sim).with("aiven.request_timeout", "30s");
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert_eq!(daemon.targets().len(), 4);
    // Also when it has to be asked for by name.
    let without = aiven_sim::ApiFault::Without(vec!["huge".into()]);
    sim.inject(aiven_sim::Fault::new(Operation::ListServices), without);
    sim.wait_until("it is asked for by name", |sim| {
        sim.count(Operation::GetService) >= 2
    })
    .await;
    sim.clear_faults();
    daemon.verdict("huge", "published").await;
    assert_eq!(daemon.targets().len(), 4);
}

#[tokio::test]
async fn two_thousand_services_are_published_and_followed() {
    let sim = aiven_from(Simulator::builder().project(PROJECT).without_nodes()).await;
    sim.add_bulk(PROJECT, 2000, 9000);
    let endpoint = sim.add_endpoint(PROJECT, "aiven-metrics", USERNAME, PASSWORD);
    sim.integrate_all(PROJECT, &endpoint);
    let config = Config::quick(&sim)
        .with("aiven.poll_interval", "2s")
        .with("aiven.request_timeout", "30s")
        .with("dns.poll_interval", "2s")
        .with("dns.timeout", "20s");
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert!(daemon.targets().len() >= 1500, "{}", daemon.targets().len());
    sim.add_service(PROJECT, ServiceSpec::new("one-more", "opensearch"));
    sim.integrate_all(PROJECT, &endpoint);
    daemon.verdict("one-more", "published").await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    assert_eq!(daemon.log.count("not trusted"), 0);
}
