//! Credentials come by themselves: from the configuration, or from Aiven, and a
//! change of them costs no scrape.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aiven_sim::{Operation, Pace, Permission, ServiceSpec, Simulator, TokenSpec};
use serde_json::json;
use testkit::{Config, Daemon, PASSWORD, PROJECT, USERNAME, aiven, aiven_from};

use crate::binary::start;
use crate::scraper::{Scraper, publishing};

const NEW_USERNAME: &str = "prometheus-2";
const NEW_PASSWORD: &str = "battery-horse-correct-staple";

/// Scrapes every node again and again until told to stop; any failure is kept.
struct Load {
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicUsize>,
    scraping: tokio::task::JoinHandle<Vec<String>>,
}

impl Load {
    fn on(sim: &Simulator, scraper: Scraper, services: &[&str]) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let rounds = Arc::new(AtomicUsize::new(0));
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&rounds));
        let targets: Vec<_> = services
            .iter()
            .flat_map(|service| {
                let addresses = sim.addresses(PROJECT, service);
                addresses
                    .into_iter()
                    .map(|address| ((*service).to_owned(), address))
            })
            .collect();
        let scraping = tokio::spawn(async move {
            let mut failures = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                for (service, address) in &targets {
                    match scraper.try_get(service, *address, &[]).await {
                        Ok(page) if page.status == 200 => {}
                        Ok(page) => failures.push(format!("{service} {address}: {}", page.text())),
                        Err(error) => failures.push(format!("{service} {address}: {error:?}")),
                    }
                }
                counted.fetch_add(1, Ordering::Relaxed);
            }
            failures
        });
        Load {
            stop,
            rounds,
            scraping,
        }
    }

    /// Returns after each node was scraped twice more.
    async fn goes_on(&self, daemon: &Daemon) {
        let before = self.rounds.load(Ordering::Relaxed);
        daemon
            .until("scraping goes on", async || {
                (self.rounds.load(Ordering::Relaxed) > before + 2).then_some(())
            })
            .await;
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let failures = self.scraping.await.unwrap();
        assert!(failures.is_empty(), "failed scrapes: {failures:#?}");
    }
}

/// Whether a pair was used at a node.
fn was_used(sim: &Simulator, service: &str, node: usize, pair: &str) -> bool {
    use base64::Engine;
    let header = format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair));
    let record = sim.node(PROJECT, service, node).record();
    record.authorizations.contains(&header)
}

#[tokio::test]
async fn a_change_of_the_configured_credentials_costs_no_scrape() {
    let builder = Simulator::builder()
        .project(PROJECT)
        .rollout_delay(Pace::ByHand);
    let sim = aiven_from(builder).await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    sim.add_service(PROJECT, ServiceSpec::new("a-pg", "pg").nodes(2));
    let services = ["logs", "a-pg"];
    let mut config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &services).await;
    daemon
        .until("the present pair is saved", async || {
            let text = std::fs::read_to_string(config.state_dir().join("secrets.json")).ok()?;
            text.contains("applied").then_some(())
        })
        .await;
    daemon.stop().await.unwrap();

    config.set("integration.username", NEW_USERNAME);
    config.set("integration.password", NEW_PASSWORD);
    let daemon = start(&config).await;
    let scraper = Scraper::of(&daemon).await;
    let load = Load::on(&sim, scraper, &services);
    load.goes_on(&daemon).await;
    sim.wait_until("the endpoint is updated", |sim| {
        sim.count(Operation::UpdateEndpoint) >= 1
    })
    .await;
    load.goes_on(&daemon).await;
    // Nodes follow one after the other, as Aiven does it.
    for service in services {
        for node in 0..sim.nodes(PROJECT, service).len() {
            sim.roll_out(PROJECT, service, node);
            load.goes_on(&daemon).await;
            let pair = format!("{NEW_USERNAME}:{NEW_PASSWORD}");
            assert!(was_used(&sim, service, node, &pair), "{service} {node}");
        }
    }
    load.end().await;
    let unauthorised = "aiven_metrics_scrape_proxy_requests_total{outcome=\"unauthorised\"}";
    assert_eq!(daemon.metric(unauthorised).await, 0.0);
    assert_eq!(sim.count(Operation::UpdateEndpoint), 1);
}

#[tokio::test]
async fn credentials_of_a_foreign_endpoint_are_read_and_followed() {
    let sim = aiven().await;
    let foreign = sim.add_endpoint(PROJECT, "somebody-elses", "somebody", "something-secret");
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_integration(PROJECT, "logs", &foreign);
    let config = Config::quick(&sim).with_proxy();
    let daemon = start(&config).await;
    let scraper = Scraper::of(&daemon).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    assert!(was_used(&sim, "logs", 0, "somebody:something-secret"));
    assert_eq!(sim.count(Operation::UpdateEndpoint), 0, "it is not ours");
    // Changed by its owner: refusals lead to a fresh look.
    sim.change_endpoint(PROJECT, &foreign, "somebody", "something-else-secret");
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    assert!(was_used(&sim, "logs", 0, "somebody:something-else-secret"));
    let configured = format!("{}:{}", USERNAME, PASSWORD);
    assert!(
        !was_used(&sim, "logs", 0, &configured),
        "our pair went to somebody else's endpoint"
    );
}

#[tokio::test]
async fn credentials_of_a_given_endpoint_are_read() {
    let sim = aiven().await;
    let given = sim.add_endpoint(PROJECT, "given", "somebody", "something-secret");
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(2));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("integration", json!({"endpoint_id": given}));
    let daemon = start(&config).await;
    let scraper = Scraper::of(&daemon).await;
    daemon.verdict("logs", "published").await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    assert!(was_used(&sim, "logs", 1, "somebody:something-secret"));
}

#[tokio::test]
async fn a_token_that_may_not_write_still_scrapes_with_the_configured_pair() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let rights = [
        Permission::ServicesRead,
        Permission::IntegrationsRead,
        Permission::ProjectsWrite,
    ];
    let token = sim.add_token(TokenSpec::new().allow(PROJECT, rights));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("aiven.api_token", token);
    let (daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    daemon.verdict("logs", "scraped").await;
}

#[tokio::test]
async fn a_token_that_may_not_read_a_foreign_pair_is_said() {
    let sim = aiven().await;
    let foreign = sim.add_endpoint(PROJECT, "somebody-elses", "somebody", "something-secret");
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_integration(PROJECT, "logs", &foreign);
    let rights = [
        Permission::ServicesRead,
        Permission::IntegrationsRead,
        Permission::ProjectsWrite,
    ];
    let token = sim.add_token(TokenSpec::new().allow(PROJECT, rights));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("aiven.api_token", token);
    let daemon = start(&config).await;
    let scraper = Scraper::of(&daemon).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    let said = daemon.until("the missing right is named", async || {
        let page = scraper.get("logs", address).await;
        assert_eq!(page.status, 502);
        page.text()
            .contains("project:integrations:write")
            .then_some(())
    });
    said.await;
    let logs = daemon.verdict("logs", "unauthorised").await;
    let cause = logs["cause"].as_str().unwrap();
    assert!(cause.contains("project:integrations:write"), "{cause}");
    assert_eq!(sim.node(PROJECT, "logs", 0).record().connections, 0);
}
