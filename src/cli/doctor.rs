//! `doctor`: everything that the daemon depends on, tried with the daemon's own clients and
//! without changing anything. For the moment before the first deploy, and for the one when
//! nothing works.
//!
//! ```text
//! configuration ─┬─► API: way, TLS, rights in each project ─┬─► one node of each type
//!                ├─► Cloud Foundry: way, TLS, token, sight ─┴─► labels
//!                ├─► DNS: each server, each way
//!                ├─► the daemon and the Prometheus beside it
//!                └─► disk, descriptors
//! ```
//!
//! All of it runs side by side and within [`LIMIT`]. A check that cannot be made says why.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::output::{self, Progress};
use super::rehearsal;
use crate::aiven::Client;
use crate::config::{Config, Invalid};
use crate::daemon::api_client;
use crate::metrics::Metrics;
use crate::model::service::Service;
use crate::resolve::NameResolver;

mod api;
mod chain;
mod check;
mod cloud_foundry;
mod dns;
mod machine;
mod nodes;
mod prometheus;

use check::{Area, Check, Outcome};
use nodes::Known;

/// How long the checks may take.
const LIMIT: Duration = Duration::from_secs(90);

/// The longest wait for one answer of an API, whatever the daemon's is: somebody waits here.
const MAX_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Most projects that are checked; each costs five calls.
const MAX_PROJECTS: usize = 20;

/// What the doctor is asked.
pub(super) struct Asked<'a> {
    /// The configuration file.
    pub(super) path: &'a Path,
    /// Where the daemon answers, if not at its `web.listen`.
    pub(super) daemon: Option<SocketAddr>,
    /// Where the Prometheus beside it answers.
    pub(super) prometheus: &'a str,
    /// Whether to print JSON.
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    checks: &'a [Check],
}

/// Makes all checks and prints a line for each. Exits 1 if one failed.
///
/// # Errors
/// When an HTTP client cannot be set up.
pub(super) async fn run(asked: Asked<'_>) -> anyhow::Result<ExitCode> {
    let checks = checks(&asked).await?;
    match asked.json {
        true => output::json(&serde_json::to_string_pretty(&Report { checks: &checks })?),
        false => checks.iter().for_each(print),
    }
    let is_well = !checks.iter().any(|check| check.outcome.is_failure());
    Ok(super::exit_code(is_well))
}

fn print(check: &Check) {
    let (word, area, subject) = (check.outcome.word(), check.area.as_str(), &check.subject);
    let found = match &check.outcome {
        Outcome::Ok { found } => found.clone(),
        Outcome::Warning { found, remedy } | Outcome::Failed { found, remedy } => {
            format!("{found}. What to do: {remedy}")
        }
        Outcome::Skipped { because } => because.clone(),
    };
    output::line(format_args!("{word:7} {area}: {subject}: {found}"));
}

async fn checks(asked: &Asked<'_>) -> anyhow::Result<Vec<Check>> {
    let (config, mut checks) = match Config::load(asked.path) {
        Ok(config) => configuration(asked.path, config),
        Err(invalid) => return Ok(unreadable(asked.path, &invalid)),
    };
    let dns = &config.dns;
    let resolver = NameResolver::new(&dns.nameservers, dns.timeout, config.address_rules());
    let client = api_client(&config, &resolver, Metrics::default())?;
    let daemon = super::reachable(asked.daemon.unwrap_or(config.web.listen));
    let progress = Progress::of(1);
    progress.begins("asking name servers, Aiven, nodes, Cloud Foundry and Prometheus");
    let (tell, services) = oneshot::channel();
    let (of_api, of_cloud_foundry, of_prometheus) = tokio::join!(
        within(
            Area::Api,
            "Aiven and its nodes",
            aiven(&config, &client, &resolver, tell)
        ),
        within(
            Area::CloudFoundry,
            "Cloud Controller and UAA",
            cloud_foundry::check(&config, &resolver, client.secrets(), services)
        ),
        within(
            Area::Prometheus,
            "daemon and Prometheus",
            prometheus::check(&config, daemon, asked.prometheus)
        ),
    );
    progress.ends();
    checks.extend(of_api);
    checks.extend(of_cloud_foundry);
    checks.extend(of_prometheus);
    checks.extend(machine::disk(&config));
    // In the order of the areas, and within an area in that of the checks.
    checks.sort_by_key(|check| check.area);
    Ok(checks)
}

/// The checks, or the one that they took too long.
async fn within(area: Area, subject: &str, checks: impl Future<Output = Vec<Check>>) -> Vec<Check> {
    let made = timeout(LIMIT, checks).await;
    made.unwrap_or_else(|_| {
        let found = format!("not done within {LIMIT:?}");
        let remedy = "look at the network to these, and to the name servers: something on the way drops packets";
        vec![area.failed(subject, found, remedy)]
    })
}

/// A configuration that can be read, with what cannot do what it is for.
fn configuration(path: &Path, config: Config) -> (Config, Vec<Check>) {
    let subject = path.display().to_string();
    let doubts = config.doubts();
    let checks = match doubts.is_empty() {
        true => {
            let projects = config.aiven.projects.len();
            vec![Area::Configuration.ok(subject, format!("fine ({projects} projects)"))]
        }
        false => doubts
            .iter()
            .map(|doubt| {
                let remedy = "correct this key: the daemon starts all the same";
                Area::Configuration.warning(&subject, doubt.to_string(), remedy)
            })
            .collect(),
    };
    let request_timeout = config.aiven.request_timeout.min(MAX_REQUEST_TIMEOUT);
    let aiven = crate::config::Aiven {
        request_timeout,
        ..config.aiven
    };
    (Config { aiven, ..config }, checks)
}

/// Nothing can be tried without a configuration.
fn unreadable(path: &Path, invalid: &Invalid) -> Vec<Check> {
    let subject = path.display().to_string();
    let problems = invalid.problems.iter().map(|problem| {
        let whole_file = problem.path.is_empty() || problem.path == subject;
        let (found, remedy) = match whole_file {
            true => (
                problem.message.clone(),
                "see that this command can read a configuration: nothing can be tried without one",
            ),
            false => (
                problem.to_string(),
                "correct this key: the daemon does not start",
            ),
        };
        Area::Configuration.failed(&subject, found, remedy)
    });
    let rest = [
        Area::Dns,
        Area::Api,
        Area::Node,
        Area::CloudFoundry,
        Area::Prometheus,
        Area::Clock,
        Area::Disk,
    ];
    let rest = rest.map(|area| area.skipped("all of it", "the configuration cannot be read"));
    problems.chain(rest).collect()
}

/// The services of the projects that could be listed, by project.
type Listed = Vec<(String, Arc<Service>)>;

/// The API, DNS, nodes, clock, and descriptors for as many targets as there would be. Tells
/// which services there are, if that is known of any project.
async fn aiven(
    config: &Config,
    client: &Client,
    resolver: &NameResolver,
    tell: oneshot::Sender<Listed>,
) -> Vec<Check> {
    let host = named_host(config);
    let (dns_of_api, (api, known)) = tokio::join!(
        async {
            match &host {
                Some(host) => dns::check(config, resolver, host).await,
                None => Vec::new(),
            }
        },
        projects(config, client, resolver, tell),
    );
    let mut checks = dns_of_api;
    checks.extend(api);
    let targets = nodes::targets(&known).count();
    checks.push(machine::descriptors(targets));
    let node_host = nodes::some_host(&known);
    let (of_nodes, dns_of_nodes) = tokio::join!(nodes::check(config, client, known), async {
        match &node_host {
            Some(host) => dns::check(config, resolver, host).await,
            None => Vec::new(),
        }
    },);
    checks.extend(of_nodes);
    checks.extend(dns_of_nodes);
    if host.is_none() && node_host.is_none() {
        let because = "there is no name to ask about: aiven.api_url has an address, and no service is integrated";
        checks.push(Area::Dns.skipped("name servers", because));
    }
    checks
}

/// The name by which the daemon itself finds the API or the proxy to it, unless it is an
/// address.
fn named_host(config: &Config) -> Option<String> {
    let host = match &config.aiven.http_proxy {
        Some(proxy) => proxy.host(),
        None => config.aiven.api_url.host_str().unwrap_or_default(),
    };
    let is_name =
        host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[') && host != "localhost";
    is_name.then(|| host.to_owned())
}

/// The way to the API, and the token's rights in each project.
async fn projects(
    config: &Config,
    client: &Client,
    resolver: &NameResolver,
    tell: oneshot::Sender<Listed>,
) -> (Vec<Check>, Vec<Known>) {
    let names: Vec<_> = config.aiven.projects.iter().take(MAX_PROJECTS).collect();
    let first = names.first().map_or("", |name| name.as_str());
    let (look, chain, asked) = tokio::join!(
        client.look(first),
        chain::of_api(config, resolver),
        join_all(names.iter().map(|name| api::project(client, config, name))),
    );
    let mut checks = api::head(config, client, look.as_ref());
    checks.push(chain);
    let more = config.aiven.projects.len().saturating_sub(MAX_PROJECTS);
    let listed = names.iter().zip(&asked).filter_map(|(name, asked)| {
        let services = asked.services.as_ref()?.iter();
        Some(services.map(|service| (name.to_string(), Arc::clone(service))))
    });
    let listed: Vec<_> = listed.collect();
    if !listed.is_empty() {
        // Nobody listens who has found no way to Cloud Foundry.
        let _ = tell.send(listed.into_iter().flatten().collect());
    }
    let mut known = Vec::new();
    for api::Asked {
        checks: of_project,
        project,
        ca,
        ..
    } in asked
    {
        checks.extend(of_project);
        if let Some(mut project) = project {
            rehearsal::settle(&mut project, config, resolver).await;
            let snapshot = project.snapshot();
            known.push(Known { snapshot, ca });
        }
    }
    if more > 0 {
        let because = format!("{MAX_PROJECTS} projects are checked at once");
        checks.push(Area::Api.skipped(format!("{more} more projects"), because));
    }
    (checks, known)
}
