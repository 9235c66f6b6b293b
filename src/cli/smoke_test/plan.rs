//! What the errand checks: derived from its configuration file, in which the
//! job aiven-metrics-smoke-tests writes down what the Director knows of the deployment.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::{RequestBuilder, Url};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

mod file;
#[cfg(test)]
mod tests;

use self::file::{Daemons, File, Instance, PrometheusServers, Route};
use crate::config::Withheld;
use crate::net::tls;

/// What the errand checks, and how long it waits.
#[derive(Debug)]
pub(in crate::cli) struct Plan {
    /// For what is not right yet, all checks together.
    pub(super) patience: Duration,
    /// For a scrape to be seen, even if patience is over.
    pub(super) scrape_wait: Duration,
    /// For one answer.
    pub(super) answer_timeout: Duration,
    /// In the order of the instances' indexes.
    pub(super) daemons: Vec<DaemonPlan>,
    /// Likewise; empty where the deployment has no link to Prometheus.
    pub(super) prometheus_servers: Vec<PrometheusPlan>,
    /// Unset where the route is not to be tested.
    pub(super) route: Option<RoutePlan>,
}

/// A daemon to check.
#[derive(Debug, PartialEq)]
pub(super) struct DaemonPlan {
    /// `GROUP/ID`, as `bosh ssh` takes it.
    pub(super) instance: String,
    /// Without a path; unset if it cannot be reached from here.
    pub(super) url: Option<String>,
    /// Whether Prometheus scrapes through it.
    pub(super) relays_scrapes: bool,
}

/// A Prometheus to check.
#[derive(Debug, PartialEq)]
pub(super) struct PrometheusPlan {
    /// `GROUP/ID`, as `bosh ssh` takes it.
    pub(super) instance: String,
    /// With the path of its external URL, without a `/` at the end.
    pub(super) url: String,
    /// Whether it is on this VM.
    pub(super) is_here: bool,
}

/// The route to check.
#[derive(Debug)]
pub(super) struct RoutePlan {
    /// `https://HOST`, without a path.
    pub(super) url: String,
    /// How many instances answer there.
    pub(super) instances: usize,
    username: String,
    password: SecretString,
    ca_cert: Vec<CertificateDer<'static>>,
}

impl Plan {
    /// The plan of the configuration file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or a value in it cannot be used.
    pub(super) fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Plan::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let document: Value = serde_json::from_str(text)?;
        // An error quotes values, which may be a password in a wrong place.
        let withheld = Withheld::of(&document);
        let file: File = serde_json::from_value(document)
            .map_err(|error| anyhow::anyhow!(withheld.taken_out(&error.to_string())))?;
        let here = file.here.as_str();
        Ok(Plan {
            patience: Duration::from_secs(file.patience),
            scrape_wait: file.scrape_wait,
            answer_timeout: file.answer_timeout,
            daemons: daemons(file.daemons, here),
            prometheus_servers: match file.prometheus {
                Some(servers) => prometheus_servers(servers, here)?,
                None => vec![],
            },
            route: file.route.map(RoutePlan::of).transpose()?,
        })
    }
}

fn daemons(daemons: Daemons, here: &str) -> Vec<DaemonPlan> {
    let listen = daemons.web_listen;
    let plan = |instance: Instance| DaemonPlan {
        url: daemon_url(listen, &instance, here),
        instance: instance.slug(),
        relays_scrapes: !daemons.scrape_proxy_listen.is_empty(),
    };
    in_order(daemons.instances).map(plan).collect()
}

fn daemon_url(listen: SocketAddr, instance: &Instance, here: &str) -> Option<String> {
    let ip = listen.ip();
    let host = match instance.id == here {
        false if ip.is_loopback() => return None,
        true if ip.is_loopback() => ip.to_string(),
        true if ip.is_unspecified() => loopback_of(ip).to_string(),
        _ => instance.address.clone(),
    };
    Some(format!("http://{}:{}", in_url(&host), listen.port()))
}

fn loopback_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

fn prometheus_servers(
    servers: PrometheusServers,
    here: &str,
) -> anyhow::Result<Vec<PrometheusPlan>> {
    let external = servers.external_url.unwrap_or_default();
    let path = match external.as_str() {
        "" => String::new(),
        // Prometheus takes a path alone, too.
        path if path.starts_with('/') => path.to_owned(),
        url => Url::parse(url)
            .context("prometheus.external_url")?
            .path()
            .to_owned(),
    };
    let (port, path) = (servers.port, path.trim_end_matches('/'));
    let plan = |instance: Instance| {
        let is_here = instance.id == here;
        // Ours listens on loopback only, and one that listens everywhere does so, too.
        let host = if is_here {
            "127.0.0.1"
        } else {
            &instance.address
        };
        PrometheusPlan {
            url: format!("http://{}:{port}{path}", in_url(host)),
            instance: instance.slug(),
            is_here,
        }
    };
    Ok(in_order(servers.instances).map(plan).collect())
}

fn in_order(mut instances: Vec<Instance>) -> impl Iterator<Item = Instance> {
    instances.sort_by_key(|instance| instance.index);
    instances.into_iter()
}

/// An address or a name as it stands in a URL.
fn in_url(host: &str) -> String {
    match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    }
}

impl RoutePlan {
    fn of(route: Route) -> anyhow::Result<Self> {
        let url = Url::parse(&route.url).context("route.url")?;
        let is_origin = url.scheme() == "https"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        // Not shown: it may hold a password.
        ensure!(is_origin, "route.url: is not https://HOST");
        let name_is_usable = is_printable(&route.username) && !route.username.contains(':');
        ensure!(
            name_is_usable,
            "route.username: must be printable ASCII characters without a colon"
        );
        ensure!(
            is_printable(route.password.expose_secret()),
            "route.password: must be printable ASCII characters"
        );
        let ca_cert: Vec<_> = CertificateDer::pem_slice_iter(route.ca_cert.as_bytes())
            .collect::<Result<_, _>>()
            .context("route.ca_cert: is not PEM")?;
        ensure!(
            !ca_cert.is_empty() || route.ca_cert.trim().is_empty(),
            "route.ca_cert: has no PEM certificate"
        );
        Ok(RoutePlan {
            url: url.as_str().trim_end_matches('/').to_owned(),
            instances: route.instances,
            username: route.username,
            password: route.password,
            ca_cert,
        })
    }

    /// The certificates that may vouch for the route: the VM's own and `route.ca_cert`.
    ///
    /// # Errors
    /// When `route.ca_cert` has a certificate that is no trust anchor.
    pub(super) fn roots(&self) -> anyhow::Result<RootCertStore> {
        let mut roots = tls::machine_roots();
        for certificate in &self.ca_cert {
            roots
                .add(certificate.clone())
                .context("route.ca_cert: not usable as a trust anchor")?;
        }
        Ok(roots)
    }

    /// Adds the user's credentials to a request.
    pub(super) fn authorise(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.username, Some(self.password.expose_secret()))
    }
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
