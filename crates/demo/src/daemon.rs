//! The real daemon, as a process: its configuration, and its status.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use aiven_sim::Simulator;
use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::child::{Child, Place};

/// How long the daemon may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// Where a daemon listens, and which of several it is.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// `web.listen`.
    pub web: SocketAddr,
    /// `scrape_proxy.listen`.
    pub scrape_proxy: SocketAddr,
    /// `instance_index`.
    pub instance_index: usize,
}

impl Addresses {
    /// Ports of the system's choice, for a daemon that is alone.
    pub fn any() -> Addresses {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Addresses {
            web: any,
            scrape_proxy: any,
            instance_index: 0,
        }
    }
}

/// The running daemon.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    http: reqwest::Client,
    /// Where it serves `/status` and the rest.
    pub address: SocketAddr,
    /// Where it relays scrapes.
    pub scrape_proxy: SocketAddr,
    /// Its `targets.json`.
    pub targets: PathBuf,
}

/// The part of `/status` that the demo looks at.
#[derive(Debug, Deserialize)]
pub struct Status {
    /// Every service that the daemon knows.
    pub services: Vec<Service>,
}

/// One service, as the daemon sees it.
#[derive(Debug, Deserialize)]
pub struct Service {
    /// Its project.
    pub project: String,
    /// Its name.
    pub service: String,
    /// Its type.
    pub service_type: String,
    /// Why it is, or is not, scraped.
    pub verdict: String,
    /// Its hosts that are published.
    pub hosts: Vec<Host>,
}

/// One host name.
#[derive(Debug, Deserialize)]
pub struct Host {
    /// Its addresses.
    pub targets: BTreeSet<SocketAddr>,
}

impl Daemon {
    /// Starts `program` against `sim`, with all its files in `folder`.
    ///
    /// # Errors
    /// When it does not start, or does not say where it listens.
    pub async fn start(
        program: &Path,
        sim: &Simulator,
        folder: &Path,
        addresses: Addresses,
        http: reqwest::Client,
    ) -> anyhow::Result<Daemon> {
        let state = folder.join("state");
        std::fs::create_dir_all(&state)?;
        let config = folder.join("aiven-metrics.json");
        std::fs::write(
            &config,
            format!("{:#}\n", configuration(sim, &state, addresses)),
        )?;
        let arguments = [Path::new("run"), Path::new("--config"), &config];
        let log = folder.join("aiven-metrics.log");
        let mut child = Child::start("the daemon", program, arguments, log, Place::default())?;
        let address = listening(&mut child, "web.listen").await?;
        let scrape_proxy = listening(&mut child, "scrape_proxy.listen").await?;
        let targets = state.join("targets/targets.json");
        Ok(Daemon {
            child,
            http,
            address,
            scrape_proxy,
            targets,
        })
    }

    /// What `/status` says now.
    ///
    /// # Errors
    /// When the daemon has ended, or does not answer.
    pub async fn status(&mut self) -> anyhow::Result<Status> {
        self.child.check()?;
        let url = format!("http://{}/status", self.address);
        let answer = self.http.get(url).send().await?.error_for_status()?;
        answer.json().await.context("/status cannot be read")
    }

    /// The end of its log.
    pub fn last_lines(&self) -> String {
        self.child.last_lines()
    }

    /// The process alone.
    pub fn into_child(self) -> Child {
        self.child
    }

    /// # Errors
    /// When it does not end in time, or not well.
    pub async fn stop(self) -> anyhow::Result<()> {
        let status: ExitStatus = self.child.stop().await?;
        ensure!(
            status.success(),
            "the daemon was told to stop and ended with {status}"
        );
        Ok(())
    }
}

/// The password that the nodes ask for. Only the daemon has it.
pub const PASSWORD: &str = "guards-nothing-but-this-demo";

/// Short intervals, so that there is something to watch.
fn configuration(sim: &Simulator, state: &Path, addresses: Addresses) -> Value {
    json!({
        "aiven": {
            "api_url": sim.api_url(),
            "api_token": sim.token(),
            "projects": sim.projects(),
            "poll_interval": "1s",
        },
        "integration": {
            "username": "tenant-metrics",
            "password": PASSWORD,
            "creates_per_minute": 120,
        },
        "dns": { "nameservers": [sim.dns_addr()], "poll_interval": "1s", "timeout": "2s" },
        "targets": { "removal_grace": "3s" },
        "scrape_proxy": { "listen": addresses.scrape_proxy },
        "web": { "listen": addresses.web },
        "state_dir": state,
        "instance_index": addresses.instance_index,
    })
}

/// The address that the daemon logs for `key` once it listens; the system chose the port.
async fn listening(child: &mut Child, key: &str) -> anyhow::Result<SocketAddr> {
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        child.check()?;
        if let Some(address) = child
            .printed()
            .lines()
            .find_map(|line| listening_line(line, key))
        {
            return Ok(address);
        }
        ensure!(
            Instant::now() < deadline,
            "the daemon does not listen after {START_TIMEOUT:?}\n{}",
            child.last_lines()
        );
        sleep(Duration::from_millis(20)).await;
    }
}

fn listening_line(line: &str, key: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    (line["message"] == "listening" && line["key"] == key).then_some(())?;
    line["address"].as_str()?.parse().ok()
}
