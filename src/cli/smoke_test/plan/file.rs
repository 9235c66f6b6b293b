//! The configuration file of the errand, key by key.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as friendly;
use secrecy::SecretString;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::cli::ask::ANSWER_TIMEOUT;

/// Seconds, as in the job's schema.
const MAX_PATIENCE: u64 = 3600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// Whole seconds, as the job's property.
    #[serde(deserialize_with = "patience")]
    pub(super) patience: u64,
    /// The id of the instance that the errand runs on.
    pub(super) here: String,
    pub(super) daemons: Daemons,
    pub(super) prometheus: Option<PrometheusServers>,
    pub(super) route: Option<Route>,
    /// Longer than the scrape intervals in use.
    #[serde(default = "scrape_wait", with = "friendly")]
    pub(super) scrape_wait: Duration,
    #[serde(default = "answer_timeout", with = "friendly")]
    pub(super) answer_timeout: Duration,
}

fn scrape_wait() -> Duration {
    Duration::from_secs(90)
}

fn answer_timeout() -> Duration {
    ANSWER_TIMEOUT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Daemons {
    /// `web.listen` of all of them.
    pub(super) web_listen: SocketAddr,
    /// `scrape_proxy.listen` of all of them; empty for no proxy.
    pub(super) scrape_proxy_listen: String,
    pub(super) instances: Vec<Instance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrometheusServers {
    /// `prometheus.web.port`: the Prometheus release has it as a string.
    #[serde(deserialize_with = "port")]
    pub(super) port: u16,
    /// `prometheus.web.external_url`.
    pub(super) external_url: Option<String>,
    pub(super) instances: Vec<Instance>,
}

/// An instance as a link tells of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Instance {
    /// Of its group.
    pub(super) name: String,
    pub(super) id: String,
    pub(super) index: u32,
    /// An IP address or a name.
    pub(super) address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) url: String,
    pub(super) username: String,
    #[serde(deserialize_with = "secret")]
    pub(super) password: SecretString,
    pub(super) ca_cert: String,
    /// How many instances of prometheus-failover there are.
    pub(super) instances: usize,
}

impl Instance {
    /// As `bosh ssh` takes it.
    pub(super) fn slug(&self) -> String {
        format!("{}/{}", self.name, self.id)
    }
}

/// A Director that does not check the schema lets any value through.
fn patience<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let value = Value::deserialize(from)?;
    let seconds = value.as_u64().filter(|seconds| *seconds <= MAX_PATIENCE);
    seconds.ok_or_else(|| {
        D::Error::custom(format!(
            "patience: found {value}, want a whole number of seconds from 0 to {MAX_PATIENCE}"
        ))
    })
}

/// Without the value in an error, where serde would have it.
fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    match Value::deserialize(from)? {
        Value::String(text) => Ok(text.into()),
        _ => Err(D::Error::custom("route.password: is not a string")),
    }
}

fn port<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let value = Value::deserialize(from)?;
    let port = match &value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|port| u16::try_from(port).ok()),
    };
    port.ok_or_else(|| D::Error::custom(format!("prometheus.port: {value} is not a port")))
}
