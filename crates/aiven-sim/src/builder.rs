//! What is chosen before a simulator starts.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};

use crate::account::{Account, Project};
use crate::api;
use crate::authority::Authority;
use crate::cloud_foundry::{CloudFoundry, UaaRelease};
use crate::dns::DnsSockets;
use crate::service_type::TYPES;
use crate::shared::{Pace, Settings, Shared};
use crate::simulator::Simulator;
use crate::token::{Token, TokenSpec};

/// Builds a [`Simulator`]; see [`Simulator::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    projects: Vec<String>,
    settings: Settings,
    cloud_foundry: Option<UaaRelease>,
    own_threads: Option<usize>,
}

impl Simulator {
    /// Starts with nothing in it; see [`Builder`].
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Default for Builder {
    fn default() -> Self {
        let settings = Settings {
            domain: "a.aivencloud.test".into(),
            dns_ttl: 5,
            activation: Pace::Immediately,
            rollout: Pace::Immediately,
            with_nodes: true,
            unique_endpoint_names: false,
            duplicate_integrations: false,
            secrets_in_listings: false,
            listing_cap: None,
            wait_deadline: Duration::from_secs(30),
        };
        Self {
            projects: Vec::new(),
            settings,
            cloud_foundry: None,
            own_threads: None,
        }
    }
}

impl Builder {
    /// Adds an empty project.
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.projects.push(name.into());
        self
    }

    /// Adds a Cloud Foundry: a Cloud Controller and a UAA, with nothing in them but the client of
    /// [`Simulator::cf_client`] and that of the `cf` command.
    pub fn cloud_foundry(self) -> Self {
        self.cloud_foundry_with(UaaRelease::default())
    }

    /// The same, with a UAA of this release.
    pub fn cloud_foundry_with(mut self, release: UaaRelease) -> Self {
        self.cloud_foundry = Some(release);
        self
    }

    /// When a created integration becomes active, which opens the Prometheus
    /// port and lists its component. A `Duration` is a delay; zero means at once.
    /// By hand: [`Simulator::activate`].
    pub fn integration_delay(mut self, pace: impl Into<Pace>) -> Self {
        self.settings.activation = pace.into();
        self
    }

    /// When changed endpoint credentials reach the nodes: with a delay, the n-th
    /// node of a service follows after n delays. By hand: [`Simulator::roll_out`].
    pub fn rollout_delay(mut self, pace: impl Into<Pace>) -> Self {
        self.settings.rollout = pace.into();
        self
    }

    /// TTL of every DNS record, in seconds (default 5).
    pub fn dns_ttl(mut self, seconds: u32) -> Self {
        self.settings.dns_ttl = seconds;
        self
    }

    /// No node servers: addresses are only DNS records. For benches of discovery
    /// with tens of thousands of nodes.
    pub fn without_nodes(mut self) -> Self {
        self.settings.with_nodes = false;
        self
    }

    /// A second endpoint of the same name is refused with 409. Aiven's contract
    /// does not say that it is (?), so by default it isn't.
    pub fn unique_endpoint_names(mut self) -> Self {
        self.settings.unique_endpoint_names = true;
        self
    }

    /// A second integration of a service with the same endpoint is made instead
    /// of refused with 409: Aiven's contract promises no refusal (?).
    pub fn duplicate_integrations(mut self) -> Self {
        self.settings.duplicate_integrations = true;
        self
    }

    /// Listings show services' passwords and URIs, as some accounts' do.
    pub fn secrets_in_listings(mut self) -> Self {
        self.settings.secrets_in_listings = true;
        self
    }

    /// No listing of services has more rows than this, whatever `limit` asks.
    pub fn listing_cap(mut self, rows: usize) -> Self {
        self.settings.listing_cap = Some(rows);
        self
    }

    /// Longest wait of [`Simulator::wait_until`] (default 30 s). Raise it under
    /// tokio's paused clock, which jumps from timer to timer.
    pub fn wait_deadline(mut self, deadline: Duration) -> Self {
        self.settings.wait_deadline = deadline;
        self
    }

    /// Runs on threads of its own instead of the caller's runtime: for tests that
    /// block their thread, and benches that must not share it. Not together
    /// with a paused clock.
    pub fn own_threads(mut self, threads: usize) -> Self {
        self.own_threads = Some(threads.max(1));
        self
    }

    /// Starts listening; when this returns the simulator answers.
    ///
    /// # Errors
    ///
    /// When no port can be had, or no thread.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn start(self) -> io::Result<Simulator> {
        let runtime = self.own_threads.map(own_runtime).transpose()?;
        let handle = runtime
            .as_ref()
            .map_or_else(Handle::current, |runtime| runtime.handle().clone());
        let (dns, listener) = handle.spawn(bind()).await.map_err(io::Error::other)??;
        let (dns_addr, api_addr) = (dns.addr()?, listener.local_addr()?);
        let mut projects = BTreeMap::new();
        for name in &self.projects {
            projects.insert(name.clone(), Project::new(name).map_err(io::Error::other)?);
        }
        let token = Token::new(TokenSpec::all());
        let secret = token.secret.clone();
        let account = Account {
            projects,
            tokens: vec![token],
            prometheus_types: TYPES
                .iter()
                .filter(|facts| facts.prometheus)
                .map(|facts| facts.name.into())
                .collect(),
            public_authority: Arc::new(
                Authority::new("Public CA of aiven-sim").map_err(io::Error::other)?,
            ),
            fillers: HashMap::new(),
        };
        let cloud_foundry = self.cloud_foundry.map(CloudFoundry::new).transpose()?;
        let shared = Shared::new(self.settings, account, cloud_foundry, handle);
        if let Some(cloud_foundry) = &shared.cloud_foundry {
            cloud_foundry.serve(&shared);
        }
        dns.serve(&shared);
        api::serve(&shared, listener);
        Ok(Simulator::new(shared, api_addr, dns_addr, secret, runtime))
    }
}

fn own_runtime(threads: usize) -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("aiven-sim")
        .enable_all()
        .build()
}

async fn bind() -> io::Result<(DnsSockets, TcpListener)> {
    Ok((
        DnsSockets::bind().await?,
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
    ))
}
