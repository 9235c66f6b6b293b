//! A real Prometheus, as a process: its configuration, and its own API.
//!
//! One scrape job serves all projects, by way of the daemon's scrape proxy,
//! and its configuration holds no secret.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use testkit::{Daemon, Process, Program};
use tokio::time::{Instant, sleep};

use crate::ports::ReservedPort;

/// How long Prometheus may take to be ready.
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// The label `job` of everything that is scraped from nodes.
pub const JOB: &str = "aiven";

/// Labels of a series or target.
pub type Labels = BTreeMap<String, String>;

/// The running Prometheus.
#[derive(Debug)]
pub struct Prometheus {
    process: Process,
    // Prometheus cannot choose a free port and say which.
    _port: ReservedPort,
    http: reqwest::Client,
    /// Where it serves its pages and API.
    pub address: SocketAddr,
}

/// One active target.
#[derive(Debug, Deserialize)]
pub struct Target {
    /// Its labels.
    pub labels: Labels,
    /// `up`, `down` or `unknown`.
    pub health: String,
    /// The cause of the last failure.
    #[serde(rename = "lastError")]
    pub last_error: String,
}

/// One series of an instant query's answer.
#[derive(Debug, Deserialize)]
pub struct Sample {
    /// Its labels.
    #[serde(rename = "metric")]
    pub labels: Labels,
    value: (f64, String),
}

impl Sample {
    /// The value; Prometheus writes numbers as text.
    pub fn value(&self) -> f64 {
        self.value.1.parse().unwrap_or(f64::NAN)
    }
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct ActiveTargets {
    #[serde(rename = "activeTargets")]
    active: Vec<Target>,
}

#[derive(Deserialize)]
struct LoadedConfig {
    yaml: String,
}

#[derive(Deserialize)]
struct Vector {
    result: Vec<Sample>,
}

impl Prometheus {
    /// Starts `program_file` beside `daemon`, with all its files in `folder`.
    ///
    /// # Errors
    /// When it does not start or does not become ready.
    pub async fn start(
        program_file: &Path,
        daemon: &Daemon,
        folder: &Path,
        http: reqwest::Client,
    ) -> anyhow::Result<Prometheus> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let port = ReservedPort::new(any).context("no free port")?;
        let address = port.address()?;
        let config = configuration(daemon).await?;
        let process = program(program_file, &config, folder, address)?.start()?;
        let mut prometheus = Prometheus {
            process,
            _port: port,
            http,
            address,
        };
        prometheus.ready().await?;
        Ok(prometheus)
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while self.page("-/ready").await.ok() != Some(StatusCode::OK) {
            self.process.check()?;
            ensure!(
                Instant::now() < deadline,
                "Prometheus is not ready after {START_TIMEOUT:?}\n{}",
                self.process.last_lines()
            );
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn page(&self, path: &str) -> anyhow::Result<StatusCode> {
        Ok(self.http.get(self.url(path)).send().await?.status())
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The page that lists the targets.
    pub fn targets_page(&self) -> String {
        self.url("targets")
    }

    /// The page that draws `expression`.
    pub fn graph_page(&self, expression: &str) -> String {
        self.url(&format!(
            "query?g0.expr={expression}&g0.tab=graph&g0.range_input=5m"
        ))
    }

    /// The targets that it scrapes from nodes now.
    ///
    /// # Errors
    /// When Prometheus has ended, or does not answer.
    pub async fn targets(&mut self) -> anyhow::Result<Vec<Target>> {
        self.process.check()?;
        let targets: ActiveTargets = self.get("api/v1/targets", &[("state", "active")]).await?;
        let of_nodes = |target: &Target| target.labels.get("job").is_some_and(|job| job == JOB);
        Ok(targets.active.into_iter().filter(of_nodes).collect())
    }

    /// The configuration as it has loaded it.
    ///
    /// # Errors
    /// When Prometheus does not answer.
    pub async fn loaded_configuration(&self) -> anyhow::Result<String> {
        let config: LoadedConfig = self.get("api/v1/status/config", &[]).await?;
        Ok(config.yaml)
    }

    /// An instant query.
    ///
    /// # Errors
    /// When Prometheus does not answer it.
    pub async fn query(&self, query: &str) -> anyhow::Result<Vec<Sample>> {
        let vector: Vector = self.get("api/v1/query", &[("query", query)]).await?;
        Ok(vector.result)
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> anyhow::Result<T> {
        let url = reqwest::Url::parse_with_params(&self.url(path), query)?;
        let answer = self.http.get(url).send().await?;
        ensure!(
            answer.status().is_success(),
            "Prometheus says: {}",
            answer.text().await?
        );
        let answer: Answer<T> = answer
            .json()
            .await
            .with_context(|| format!("/{path} cannot be read"))?;
        Ok(answer.data)
    }

    /// The end of its log.
    pub fn last_lines(&self) -> String {
        self.process.last_lines()
    }

    /// # Errors
    /// When it does not end in time.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.process.stop().await.map(drop)
    }
}

/// Prometheus with this configuration and all its files in `folder`.
///
/// # Errors
/// When the configuration cannot be written.
pub fn program(
    file: &Path,
    config: &Value,
    folder: &Path,
    address: SocketAddr,
) -> anyhow::Result<Program> {
    let config_file = folder.join("prometheus.yml");
    std::fs::write(&config_file, format!("{config:#}\n"))?;
    let data = folder.join("prometheus");
    Ok(Program::new(file)
        .named("Prometheus")
        .arg(format!("--config.file={}", config_file.display()))
        .arg(format!("--storage.tsdb.path={}", data.display()))
        .arg(format!("--web.listen-address={address}"))
        .log_file(folder.join("prometheus.log")))
}

/// Its configuration, in JSON, which is YAML.
///
/// # Errors
/// When the daemon has no scrape proxy.
pub async fn configuration(daemon: &Daemon) -> anyhow::Result<Value> {
    Ok(json!({
        "global": { "scrape_interval": "1s", "scrape_timeout": "1s" },
        "scrape_configs": [
            {
                "job_name": JOB,
                "proxy_url": format!("http://{}", daemon.scrape_proxy().await?),
                "file_sd_configs": [{ "files": [daemon.targets_file()] }],
            },
            {
                "job_name": "aiven-metrics",
                "static_configs": [{ "targets": [daemon.address] }],
            },
        ],
    }))
}

/// The address that a series or target came from.
pub fn instance(labels: &Labels) -> Option<SocketAddr> {
    labels.get("instance")?.parse().ok()
}

/// Addresses, sorted.
pub type Addresses = BTreeSet<SocketAddr>;
