//! What must be so: derived from what the simulated Aiven has, never from
//! what the daemon says.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use aiven_sim::Simulator;
use anyhow::Context;
use serde::Deserialize;

/// The service types in the demo, and how the names of their own series begin.
/// Types that the integration does not support are absent.
const SUPPORTED: [(&str, &str); 8] = [
    ("clickhouse", "clickhouse_"),
    ("elasticsearch", "elasticsearch_"),
    ("influxdb", "influxdb_"),
    ("kafka", "kafka_"),
    ("mysql", "mysql_"),
    ("opensearch", "opensearch_"),
    ("pg", "postgresql_"),
    ("valkey", "redis_"),
];

/// Project and name.
pub type Key = (String, String);

/// Everything that must be so.
#[derive(Debug)]
pub struct Expected {
    /// Each address that must be scraped, and whose it is.
    pub nodes: BTreeMap<SocketAddr, Key>,
    /// Every service.
    pub services: BTreeMap<Key, Service>,
}

/// One service, as Aiven has it.
#[derive(Debug)]
pub struct Service {
    /// Its type.
    pub service_type: String,
    /// The verdict that the daemon must reach.
    pub verdict: &'static str,
    /// How the names of its nodes' own series begin, if it is to be scraped.
    pub series: Option<&'static str>,
    /// Its Prometheus integrations.
    pub integrations: usize,
}

#[derive(Deserialize)]
struct Listing {
    services: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    service_name: String,
    service_type: String,
    state: String,
}

impl Expected {
    /// What follows from the simulator's state now.
    ///
    /// # Errors
    /// When its API does not answer.
    pub async fn of(sim: &Simulator, http: &reqwest::Client) -> anyhow::Result<Expected> {
        let mut expected = Expected {
            nodes: BTreeMap::new(),
            services: BTreeMap::new(),
        };
        for project in sim.projects() {
            for listed in list(sim, http, &project).await? {
                expected.add(sim, &project, listed);
            }
        }
        Ok(expected)
    }

    fn add(&mut self, sim: &Simulator, project: &str, listed: Listed) {
        let key = (project.to_owned(), listed.service_name);
        let prefix = SUPPORTED
            .iter()
            .find(|(known, _)| *known == listed.service_type);
        let (verdict, series) = match (prefix, listed.state.as_str()) {
            (None, _) => ("ineligible", None),
            (_, "POWEROFF") => ("powered_off", None),
            (Some((_, prefix)), _) => ("scraped", Some(*prefix)),
        };
        if series.is_some() {
            let addresses = sim.addresses(project, &key.1).into_iter();
            self.nodes
                .extend(addresses.map(|address| (address, key.clone())));
        }
        let of_prometheus = sim.integrations_of(project, &key.1);
        let integrations = of_prometheus
            .iter()
            .filter(|one| one.integration_type == "prometheus")
            .count();
        let service = Service {
            service_type: listed.service_type,
            verdict,
            series,
            integrations,
        };
        self.services.insert(key, service);
    }

    /// Services that must be scraped.
    pub fn scraped(&self) -> impl Iterator<Item = (&Key, &Service)> {
        self.services
            .iter()
            .filter(|(_, service)| service.series.is_some())
    }
}

async fn list(
    sim: &Simulator,
    http: &reqwest::Client,
    project: &str,
) -> anyhow::Result<Vec<Listed>> {
    let url = format!("{}/v1/project/{project}/service", sim.api_url());
    let token = format!("aivenv1 {}", sim.token());
    let answer = http
        .get(url)
        .header("Authorization", token)
        .send()
        .await?
        .error_for_status()?;
    let listing: Listing = answer
        .json()
        .await
        .context("the simulator's listing cannot be read")?;
    Ok(listing.services)
}
