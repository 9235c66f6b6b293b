//! Who a node is comes before what it is told: no credentials, and no sample,
//! unless its certificate is the service's.

use aiven_sim::{DnsFault, NodeFault, ServiceSpec, Simulator};
use serde_json::Value;
use testkit::{Config, Daemon, PROJECT, aiven};

use crate::binary::start;
use crate::node_faults::inject;
use crate::scraper::{Scraper, publishing};

async fn logs_and_queue() -> (Simulator, Config, Daemon, Scraper) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka"));
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &["queue"]).await;
    (sim, config, daemon, scraper)
}

/// One scrape's failure in `/status`.
async fn failure(daemon: &Daemon, service: &str, address: std::net::SocketAddr) -> Value {
    let service = daemon.service(service).await;
    service["scrapes"][address.to_string()]["failure"].clone()
}

/// A node with such a certificate gets nothing, and everybody is told why.
async fn is_sent_nothing(fault: NodeFault, cause: &str) {
    let (sim, _config, daemon, scraper) = logs_and_queue().await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    inject(&sim, "logs", fault).await;
    let before = sim.node(PROJECT, "logs", 0).record();
    // Scrapes before the CA was known may have failed, too.
    let failed = "aiven_metrics_scrape_proxy_requests_total{outcome=\"tls\"}";
    let failed_before = daemon.metric(failed).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    for _ in 0..3 {
        let page = scraper.get("logs", address).await;
        assert_eq!(page.status, 502);
        assert!(page.text().contains(cause), "{}", page.text());
        assert_eq!(page.text().lines().count(), 1, "{}", page.text());
    }
    let logs = daemon.verdict("logs", "tls_failed").await;
    assert!(logs["cause"].as_str().unwrap().contains(cause), "{logs}");
    let failure = failure(&daemon, "logs", address).await;
    assert_eq!(failure["class"], "tls");
    assert!(failure["cause"].as_str().unwrap().contains(cause));
    daemon.metric_reaches(failed, failed_before + 3.0).await;
    assert_eq!(daemon.metric(failed).await, failed_before + 3.0);

    let record = sim.node(PROJECT, "logs", 0).record();
    assert!(record.connections >= before.connections + 3);
    assert_eq!(record.requests, before.requests, "{record:?}");
    assert_eq!(record.authorizations, before.authorizations);
    daemon.verdict("queue", "scraped").await;

    sim.clear_node_fault(PROJECT, "logs", 0);
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    daemon.verdict("logs", "scraped").await;
}

#[tokio::test]
async fn a_node_with_the_certificate_of_another_name_is_sent_nothing() {
    is_sent_nothing(NodeFault::OtherName, "not for logs").await;
}

#[tokio::test]
async fn a_node_with_an_expired_certificate_is_sent_nothing() {
    is_sent_nothing(NodeFault::Expired, "has expired").await;
}

#[tokio::test]
async fn a_node_with_a_certificate_of_another_ca_is_sent_nothing() {
    is_sent_nothing(NodeFault::OtherCa, "is of another CA").await;
}

#[tokio::test]
async fn a_node_with_the_name_in_its_subject_alone_is_sent_nothing() {
    is_sent_nothing(NodeFault::NameInSubject, "only in its subject (CN)").await;
}

#[tokio::test]
async fn a_kept_connection_does_not_outlive_a_certificate_that_went_bad() {
    let (sim, _config, daemon, scraper) = logs_and_queue().await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    let before = sim.node(PROJECT, "logs", 0).record();
    inject(&sim, "logs", NodeFault::OtherName).await;
    assert_eq!(scraper.get("logs", address).await.status, 502);
    let after = sim.node(PROJECT, "logs", 0).record();
    assert_eq!(after.authorizations, before.authorizations);
}

#[tokio::test]
async fn a_name_that_leads_to_another_services_node_never_mixes_the_two_up() {
    let (sim, _config, daemon, scraper) = logs_and_queue().await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    let [logs, queue] = ["logs", "queue"].map(|name| sim.addresses(PROJECT, name)[0]);
    let before = sim.node(PROJECT, "queue", 0).record();
    sim.dns_fault(
        &sim.host(PROJECT, "logs"),
        DnsFault::Answer(vec![queue.ip()]),
    );
    daemon
        .service_when("logs", |one| {
            one["hosts"][0]["targets"][0] == queue.to_string()
        })
        .await;

    // The address is published for both, so it is asked who it is.
    let page = scraper.get("logs", queue).await;
    assert_eq!(page.status, 502);
    assert!(page.text().contains("not for logs"), "{}", page.text());
    let after = sim.node(PROJECT, "queue", 0).record();
    assert_eq!(after.requests, before.requests, "nothing was sent to it");
    daemon.verdict("logs", "tls_failed").await;
    // The one whose address it is, is scraped there as ever.
    assert_eq!(scraper.get("queue", queue).await.status, 200);
    daemon.verdict("queue", "scraped").await;
    // The old address is nobody's now.
    assert_eq!(scraper.get("logs", logs).await.status, 403);

    sim.clear_dns_fault(&sim.host(PROJECT, "logs"));
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    assert_eq!(scraper.get("logs", queue).await.status, 403);
}

#[tokio::test]
async fn a_reissued_ca_is_fetched_and_scrapes_go_on() {
    let (sim, config, daemon, scraper) = logs_and_queue().await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    sim.reissue_ca(PROJECT);
    // Nodes show the new certificates to new connections.
    for node in [sim.node(PROJECT, "logs", 0), sim.node(PROJECT, "queue", 0)] {
        assert!(node.record().requests > 0);
    }
    sim.fail_over(PROJECT, "logs");
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    scraper.get_all(&daemon, &sim, &["logs", "queue"]).await;
    daemon.verdict("logs", "scraped").await;
    // And after a restart that cannot ask anybody.
    daemon.stop().await.unwrap();
    sim.inject(aiven_sim::Fault::any(), aiven_sim::ApiFault::Hang);
    let daemon = start(&config).await;
    let scraper = Scraper::of(&daemon).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    assert_eq!(scraper.get("logs", address).await.status, 200);
}

#[tokio::test]
async fn a_token_that_may_not_read_the_ca_is_said_and_a_given_ca_helps() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let token = sim.add_token(aiven_sim::TokenSpec::new().smallest(PROJECT));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("aiven.api_token", token);
    let (daemon, scraper) = publishing(&sim, &config).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    let page = scraper.get("logs", address).await;
    assert_eq!(page.status, 502);
    assert!(page.text().contains("is of another CA"), "{}", page.text());
    let record = sim.node(PROJECT, "logs", 0).record();
    assert_eq!(record.authorizations, Vec::<String>::new());
    daemon.stop().await.unwrap();

    let config = config.with("scrape_proxy.ca_cert", sim.ca_pem(PROJECT));
    let daemon = start(&config).await;
    let scraper = Scraper::of(&daemon).await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
}
