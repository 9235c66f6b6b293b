//! A simulated Aiven: the library in this process, or its program.

use std::net::SocketAddr;
use std::path::Path;

use aiven_sim::{Builder, Simulator};
use anyhow::Context;
use serde::Deserialize;

use crate::{Process, Program, TIMEOUT};

/// The project of tests that need only one.
pub const PROJECT: &str = "shop";

/// Basic auth of the integration endpoint.
pub const USERNAME: &str = "prometheus";
/// Basic auth of the integration endpoint.
pub const PASSWORD: &str = "correct-horse-battery-staple";

/// Where a simulated Aiven is, and what the daemon needs to use it.
#[derive(Debug, Clone)]
pub struct Access {
    /// `aiven.api_url`.
    pub api_url: String,
    /// `aiven.api_token`.
    pub token: String,
    /// `aiven.projects`.
    pub projects: Vec<String>,
    /// `dns.nameservers`.
    pub dns: SocketAddr,
}

impl From<&Simulator> for Access {
    fn from(sim: &Simulator) -> Access {
        Access {
            api_url: sim.api_url(),
            token: sim.token().to_owned(),
            projects: sim.projects(),
            dns: sim.dns_addr(),
        }
    }
}

/// Where a simulated Cloud Foundry is, and the client that reads labels from it.
#[derive(Debug, Clone, Deserialize)]
pub struct CloudFoundry {
    /// `cloud_foundry.api_url`.
    #[serde(rename = "api")]
    pub api_url: String,
    /// `cloud_foundry.client_id`.
    pub client_id: String,
    /// `cloud_foundry.client_secret`.
    pub client_secret: String,
    /// `cloud_foundry.ca_cert`.
    #[serde(rename = "ca")]
    pub ca_cert: String,
}

/// Of a simulator that was built with one.
impl From<&Simulator> for CloudFoundry {
    fn from(sim: &Simulator) -> CloudFoundry {
        let (client_id, client_secret) = sim.cf_client();
        CloudFoundry {
            api_url: sim.cf_url(),
            client_id,
            client_secret,
            ca_cert: sim.cf_ca_pem(),
        }
    }
}

/// Starts a simulated Aiven with the empty project [`PROJECT`], and a Cloud Foundry with nothing
/// in it but clients.
///
/// # Panics
/// As [`aiven_from`].
pub async fn aiven_with_cloud_foundry() -> Simulator {
    aiven_from(Simulator::builder().project(PROJECT).cloud_foundry()).await
}

/// Starts a simulated Aiven with the empty project [`PROJECT`].
///
/// # Panics
/// As [`aiven_from`].
pub async fn aiven() -> Simulator {
    aiven_from(Simulator::builder().project(PROJECT)).await
}

/// Starts a simulated Aiven as built, on a thread of its own.
///
/// # Panics
/// If it does not start.
pub async fn aiven_from(builder: Builder) -> Simulator {
    let builder = builder.own_threads(1).wait_deadline(TIMEOUT);
    let started = builder.start().await;
    started.unwrap_or_else(|error| panic!("the simulated Aiven does not start: {error}"))
}

/// Gives every eligible service of [`PROJECT`] the integration with the
/// endpoint that the daemon would make, so that nothing is left to write.
pub fn integrate_all(sim: &Simulator) {
    let endpoint = match sim.endpoints(PROJECT).first() {
        Some(endpoint) => endpoint.id.clone(),
        None => sim.add_endpoint(PROJECT, "aiven-metrics", USERNAME, PASSWORD),
    };
    sim.integrate_all(PROJECT, &endpoint);
}

/// The simulator as a process of its own, with the project `bulk` and no nodes.
#[derive(Debug)]
pub struct SimProcess {
    /// Where its control interface is, as a URL.
    pub control: String,
    /// The Cloud Foundry that its services belong to.
    pub cloud_foundry: CloudFoundry,
    access: Access,
    _process: Process,
}

/// The line that it prints.
#[derive(Deserialize)]
struct Listening {
    api: String,
    control: String,
    dns: SocketAddr,
    token: String,
    cloud_foundry: CloudFoundry,
}

impl SimProcess {
    /// Starts it with that many services of so many bytes in a listing.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn bulk(binary: &Path, services: usize, bytes: usize) -> anyhow::Result<SimProcess> {
        let process = Program::new(binary)
            .args(["bulk", "--without-nodes", "--cloud-foundry"])
            .args(["--services", &services.to_string()])
            .args(["--bytes", &bytes.to_string()])
            .start()?;
        let line = process.stdout.find(|line| Some(line.to_owned())).await?;
        let listening: Listening = serde_json::from_str(&line).context("its first line")?;
        Ok(SimProcess {
            control: listening.control,
            cloud_foundry: listening.cloud_foundry,
            access: Access {
                api_url: listening.api,
                token: listening.token,
                projects: vec!["bulk".into()],
                dns: listening.dns,
            },
            _process: process,
        })
    }

    /// What the daemon needs to use it.
    pub fn access(&self) -> Access {
        self.access.clone()
    }
}
