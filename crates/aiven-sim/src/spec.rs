//! What a test says about a service before it exists: [`ServiceSpec`].
//!
//! Only data; the running service is in `account`.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};

/// The `state` of a service, as Aiven's API names it.
///
/// Aiven adds values over the years; [`ServiceState::Other`] lets a test play one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceState {
    /// Serving.
    #[serde(rename = "RUNNING")]
    Running,
    /// Nodes are being built or replaced; metrics are served all the same.
    #[serde(rename = "REBUILDING")]
    Rebuilding,
    /// Data moves between nodes; metrics are served all the same.
    #[serde(rename = "REBALANCING")]
    Rebalancing,
    /// No nodes, no addresses, nothing served.
    #[serde(rename = "POWEROFF")]
    PowerOff,
    /// A value that today's clients have never seen.
    #[serde(untagged)]
    Other(String),
}

/// A service to be added with [`crate::Simulator::add_service`].
///
/// Starts as a running single-node service on `aws-eu-west-2` with plan
/// `startup-4`; every method changes one thing.
#[derive(Clone, Debug, Deserialize)]
pub struct ServiceSpec {
    /// The broker chooses it for what it makes.
    #[serde(default)]
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) service_type: String,
    #[serde(default = "one")]
    pub(crate) nodes: usize,
    #[serde(default = "default_plan")]
    pub(crate) plan: String,
    #[serde(default = "default_cloud")]
    pub(crate) cloud: String,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(default = "running")]
    pub(crate) state: ServiceState,
    #[serde(default)]
    pub(crate) listed_bytes: Option<usize>,
    #[serde(default)]
    pub(crate) topics: Option<usize>,
    #[serde(default)]
    pub(crate) vpc: bool,
    #[serde(default)]
    pub(crate) aaaa: Vec<Ipv6Addr>,
    #[serde(default)]
    pub(crate) public_ca: bool,
    #[serde(default)]
    pub(crate) certificate_names: Option<Vec<String>>,
    #[serde(default = "default_port")]
    pub(crate) port: u16,
    #[serde(default)]
    pub(crate) port_as_string: bool,
    #[serde(default)]
    pub(crate) without_uri_host: bool,
    #[serde(default)]
    pub(crate) series: Option<usize>,
    #[serde(default)]
    pub(crate) page_bytes: Option<u64>,
    #[serde(default)]
    pub(crate) counts_scrapes: bool,
    #[serde(default)]
    pub(crate) kafka_colons: bool,
    #[serde(default)]
    pub(crate) valkey_names: bool,
    #[serde(default)]
    pub(crate) creation_lag: u32,
}

fn one() -> usize {
    1
}

fn default_plan() -> String {
    "startup-4".into()
}

fn default_cloud() -> String {
    "aws-eu-west-2".into()
}

fn running() -> ServiceState {
    ServiceState::Running
}

fn default_port() -> u16 {
    9273
}

impl ServiceSpec {
    /// A service of Aiven's type `service_type` (`opensearch`, `kafka`, `pg`, …;
    /// any other word is a type that nobody knows yet).
    pub fn new(name: impl Into<String>, service_type: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            service_type: service_type.into(),
            nodes: 1,
            plan: default_plan(),
            cloud: default_cloud(),
            tags: BTreeMap::new(),
            state: ServiceState::Running,
            listed_bytes: None,
            topics: None,
            vpc: false,
            aaaa: Vec::new(),
            public_ca: false,
            certificate_names: None,
            port: default_port(),
            port_as_string: false,
            without_uri_host: false,
            series: None,
            page_bytes: None,
            counts_scrapes: false,
            kafka_colons: false,
            valkey_names: false,
            creation_lag: 0,
        }
    }

    /// Number of nodes, each with its own address.
    pub fn nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// Plan, such as `business-4`.
    pub fn plan(mut self, plan: impl Into<String>) -> Self {
        self.plan = plan.into();
        self
    }

    /// Cloud, such as `aws-eu-west-2`.
    pub fn cloud(mut self, cloud: impl Into<String>) -> Self {
        self.cloud = cloud.into();
        self
    }

    /// Adds one tag.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// The state it is added in.
    pub fn state(mut self, state: ServiceState) -> Self {
        self.state = state;
        self
    }

    /// Bytes of JSON that the service takes in a listing, met within about
    /// 200 bytes. Unset: between 6 and 20 KB, fixed for each name.
    pub fn listed_bytes(mut self, bytes: usize) -> Self {
        self.listed_bytes = Some(bytes);
        self
    }

    /// Number of Kafka topics in the listing (Kafka only; default 40). They
    /// come on top of [`Self::listed_bytes`].
    pub fn topics(mut self, topics: usize) -> Self {
        self.topics = Some(topics);
        self
    }

    /// Inside a VPC with public access to Prometheus: each component is listed
    /// twice, `dynamic` and, under `public-HOST`, `public`.
    pub fn vpc(mut self) -> Self {
        self.vpc = true;
        self
    }

    /// AAAA records of the service's main name. Records only: no node listens there.
    pub fn aaaa(mut self, addresses: impl IntoIterator<Item = Ipv6Addr>) -> Self {
        self.aaaa = addresses.into_iter().collect();
        self
    }

    /// Certificates come from a public CA ([`crate::Simulator::public_ca_pem`])
    /// instead of the project's, as on many newer Aiven services.
    pub fn public_ca(mut self) -> Self {
        self.public_ca = true;
        self
    }

    /// Names in the node certificates instead of all of the service's host names.
    pub fn certificate_names(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.certificate_names = Some(names.into_iter().collect());
        self
    }

    /// Port of the Prometheus component (default 9273).
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Lists component ports as JSON strings, as `service_uri_params` does.
    pub fn port_as_string(mut self) -> Self {
        self.port_as_string = true;
        self
    }

    /// Leaves `host` out of `service_uri_params`, as some types do.
    pub fn without_uri_host(mut self) -> Self {
        self.without_uri_host = true;
        self
    }

    /// Number of series on each node's page. Unset: what the type naturally has.
    pub fn series(mut self, series: usize) -> Self {
        self.series = Some(series);
        self
    }

    /// Each node answers with a streamed page of this many bytes, never
    /// compressed, instead of its metrics.
    pub fn page_bytes(mut self, bytes: u64) -> Self {
        self.page_bytes = Some(bytes);
        self
    }

    /// One more series on each node's page, [`crate::SCRAPES_SERVED`]: scrapes of the node so
    /// far. Two scrapers of one node then never hold equal samples, however close together
    /// they scrape.
    pub fn counts_scrapes(mut self) -> Self {
        self.counts_scrapes = true;
        self
    }

    /// Kafka's families are `kafka_server:ReplicaManager_…`, as Telegraf 1.37 writes them, instead
    /// of `kafka_server_ReplicaManager_…`. No source says which of the two a node has.
    pub fn kafka_colons(mut self) -> Self {
        self.kafka_colons = true;
        self
    }

    /// Valkey's and Redis' families are `valkey_…` instead of `redis_…`. Both have been seen.
    pub fn valkey_names(mut self) -> Self {
        self.valkey_names = true;
        self
    }

    /// The first `tries` requests that create an integration for it are answered
    /// `404 Service X does not exist`, though it is listed: Aiven's creation lag.
    pub fn creation_lag(mut self, tries: u32) -> Self {
        self.creation_lag = tries;
        self
    }
}
