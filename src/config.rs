//! The daemon's configuration: one JSON file, checked once, then typed.
//!
//! Every key of the file is a field here, under the same name as the BOSH
//! job's property. Its default, its bounds and the sentence about a wrong value
//! stand once, in `keys`; what BOSH checks is printed from there. Reading
//! collects *all* that is wrong instead of stopping at the first fault, and a
//! [`Config`] need not be checked again. `null` counts as absent, since that is how a
//! BOSH template renders a property that nobody set; unknown and repeated keys
//! are errors. Nothing here contacts a network or looks at another file, and
//! neither a message nor `Debug` ever shows a secret.
//!
//! Durations carry their unit: `"500ms"`, `"30s"`, `"1h30m"`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use rustls::pki_types::CertificateDer;
use secrecy::SecretString;
use tracing::level_filters::LevelFilter;

use crate::model::address::{AddressRules, Families};
use crate::model::endpoint::EndpointChoice;
use crate::model::selection::Selection;
use crate::net::tls::ServerTls;

mod cannot_work;
mod document;
mod doubts;
mod http_proxy;
mod integration;
mod invalid;
mod keys;
mod own_certificates;
mod reader;
mod report;
mod rules;
mod schema;
mod sections;
#[cfg(test)]
mod tests;
mod values;
mod web_tls;
mod withheld;

pub use http_proxy::HttpProxy;
pub use invalid::{Invalid, Problem};
pub use schema::{properties_schema, refusals_template};
pub(crate) use values::is_loopback;
pub(crate) use withheld::Withheld;

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `aiven.*`: the API and the projects.
    pub aiven: Aiven,
    /// `services.*`: which services of the projects are meant.
    pub services: Selection,
    /// `integration.*`: what is created at Aiven.
    pub integration: Integration,
    /// `dns.*`: how node addresses are looked up.
    pub dns: Dns,
    /// `targets.*`: the file for Prometheus.
    pub targets: Targets,
    /// `scrape_proxy.*`: the loopback proxy for Prometheus.
    pub scrape_proxy: ScrapeProxy,
    /// `web.*`: the daemon's own HTTP server.
    pub web: Web,
    /// `state_dir`: absolute; where the last snapshot lives. Default
    /// `/var/vcap/store/aiven-metrics`, the job's persistent disk under BOSH.
    pub state_dir: PathBuf,
    /// `instance_index`: default 0; sets instances of one group apart, so that
    /// their writes do not race.
    pub instance_index: u32,
    /// `cloud_foundry.*`: `None` unless one of its keys is set.
    pub cloud_foundry: Option<CloudFoundry>,
    /// `log.*`: what is logged.
    pub log: Log,
    /// What is wrong in the file, but was read as it was meant, so that a restart does
    /// not fail for it. `check-config` refuses it all the same.
    pub corrected: Vec<Problem>,
}

/// The Aiven API and the projects to watch.
#[derive(Debug, Clone)]
pub struct Aiven {
    /// `aiven.api_url`: default `https://api.aiven.io`. The path ends with `/`,
    /// so `join("v1/project")` appends to it. `http` only for a loopback
    /// address or `localhost`; never with user, password, query or fragment.
    pub api_url: Url,
    /// `aiven.api_token`: required; without white space.
    pub api_token: SecretString,
    /// `aiven.ca_cert`: default none; trusted for the API in addition to the
    /// built-in roots. Each is a certificate; see [`Config::doubts`].
    pub ca_cert: Vec<CertificateDer<'static>>,
    /// `aiven.projects`: required; at least one, none twice, in the order of
    /// the file.
    pub projects: Vec<String>,
    /// `aiven.poll_interval`: how often services are listed; default 60 s,
    /// 100 ms to 24 h.
    pub poll_interval: Duration,
    /// `aiven.request_timeout`: for one request; default 30 s, 100 ms to 1 h.
    pub request_timeout: Duration,
    /// `aiven.http_proxy`: default none; the API alone is reached through it.
    pub http_proxy: Option<HttpProxy>,
}

/// What the daemon may create at Aiven.
#[derive(Debug, Clone)]
pub struct Integration {
    /// `integration.create`: default true; false changes nothing at Aiven.
    pub create: bool,
    /// `integration.endpoint_name`, `.endpoint_id`, `.username`, `.password`.
    pub endpoint: EndpointChoice,
    /// `integration.creates_per_minute`: the most new integrations in a
    /// minute; default 30, 1 to 1000.
    pub creates_per_minute: u32,
}

/// How host names become addresses.
#[derive(Debug, Clone)]
pub struct Dns {
    /// `dns.nameservers`: empty for the system's.
    pub nameservers: Vec<SocketAddr>,
    /// `dns.families`: the families in which names are looked up and nodes published;
    /// `both` (default), `ipv4` or `ipv6`.
    pub families: Families,
    /// `dns.poll_interval`: default 30 s, 100 ms to 1 h.
    pub poll_interval: Duration,
    /// `dns.timeout`: for one lookup; default 5 s, 100 ms to 1 min.
    pub timeout: Duration,
}

/// The target file.
#[derive(Debug, Clone)]
pub struct Targets {
    /// `targets.path`: absolute or, as the default `targets/targets.json` is,
    /// taken from [`Config::state_dir`] (and joined to it here). Ends with
    /// `.json` and is not directly in `state_dir`: Prometheus re-reads on every
    /// event in the file's folder.
    pub path: PathBuf,
    /// `targets.removal_grace`: the least time that a missing service keeps its
    /// targets; default 2 min, 0 s to 24 h.
    pub removal_grace: Duration,
}

/// The proxy that Prometheus scrapes through.
#[derive(Debug, Clone)]
pub struct ScrapeProxy {
    /// `scrape_proxy.listen`: default `127.0.0.1:9275`, always a loopback
    /// address; `""` in the file means no proxy, here `None`.
    pub listen: Option<SocketAddr>,
    /// `scrape_proxy.timeout`: for one scrape; default 30 s, 100 ms to 1 h.
    pub timeout: Duration,
    /// `scrape_proxy.ca_cert`: default none; trusted for nodes in addition to
    /// the project's CA and the built-in roots.
    pub ca_cert: Vec<CertificateDer<'static>>,
}

/// The daemon's own HTTP server.
#[derive(Debug, Clone)]
pub struct Web {
    /// `web.listen`: default `127.0.0.1:9274`.
    pub listen: SocketAddr,
    /// `web.expose_status`: default false; true lets other machines read
    /// `/sd`, `/status` and `/` too.
    pub expose_status: bool,
    /// `web.tls.*`: `None` for plain HTTP.
    pub tls: Option<ServerTls>,
}

/// Where names of Cloud Foundry service instances come from.
#[derive(Debug, Clone)]
pub struct CloudFoundry {
    /// `cloud_foundry.api_url`: same rules as [`Aiven::api_url`], no default.
    pub api_url: Url,
    /// `cloud_foundry.client_id`: of a UAA client.
    pub client_id: String,
    /// `cloud_foundry.client_secret`: of that client; without white space.
    pub client_secret: SecretString,
    /// `cloud_foundry.ca_cert`: default none; trusted in addition to the
    /// built-in roots.
    pub ca_cert: Vec<CertificateDer<'static>>,
    /// `cloud_foundry.poll_interval`: how often all service instances are read;
    /// default 5 min, 100 ms to 24 h.
    pub poll_interval: Duration,
}

/// What is logged.
#[derive(Debug, Clone, Copy)]
pub struct Log {
    /// `log.level`: `error`, `warn`, `info` (default), `debug` or `trace`.
    pub level: LevelFilter,
}

// === impl Config ===

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with all that is wrong. Where that is the file or its syntax
    /// the problem's path is the file's.
    pub fn load(path: &Path) -> Result<Self, Invalid> {
        let text = document::read(path)?;
        Self::parse(&text).map_err(|mut invalid| {
            for problem in &mut invalid.problems {
                if problem.path.is_empty() {
                    problem.path = document::shown(path);
                }
            }
            invalid
        })
    }

    /// Which addresses can be those of nodes. A loopback address can only where Aiven's
    /// API has one.
    pub fn address_rules(&self) -> AddressRules {
        AddressRules {
            families: self.dns.families,
            loopback: values::is_loopback(&self.aiven.api_url),
        }
    }

    /// Checks a configuration that has been read already.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with all that is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let (document, repeated) = document::parse(text)?;
        let report = report::Report::with(repeated, Withheld::of(&document));
        let mut config = sections::config(&report, &reader::Section::top(&report, &document));
        config.corrected = report.corrected();
        report.conclude(config)
    }
}
