//! One node of each service type, scraped as the daemon would: by a scrape proxy of our own
//! that lives as long as the check, with what Aiven told just now.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::check::{Area, Check};
use crate::aiven::{Client, ErrorKind};
use crate::cli::ask::{Http, MAX_PAGE};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::credentials::Credentials;
use crate::model::endpoint::EndpointChoice;
use crate::model::metrics_page::Page;
use crate::model::plan::PlannedService;
use crate::model::scrape::{Finding, Target, TargetHealth};
use crate::model::snapshot::{ProjectSnapshot, Snapshot};
use crate::net::certificate::date;
use crate::node_access::{FixedAccess, NodeAccess};
use crate::publish::Published;
use crate::publish::scrape_results::ScrapeResults;
use crate::scrape_proxy::ScrapeProxy;

/// A certificate that ends sooner is worth a look: Aiven renews them long before.
const CERTIFICATE_ENDS: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Our scrapes are like those of Prometheus, and only the proxy of the check notes them.
const USER_AGENT: &str = concat!("aiven-metrics-doctor/", env!("CARGO_PKG_VERSION"));

/// What was read of each project.
pub(super) struct Known {
    pub(super) snapshot: ProjectSnapshot,
    pub(super) ca: Option<String>,
}

/// The node of a type that is scraped.
struct Chosen {
    service_type: String,
    target: Target,
}

/// Scrapes one node of each type.
pub(super) async fn check(config: &Config, client: &Client, known: Vec<Known>) -> Vec<Check> {
    let (chosen, mut checks) = choose(&known);
    if chosen.is_empty() {
        if checks.is_empty() {
            checks.push(Area::Node.skipped("one node of each type", "there is no service"));
        }
        return checks;
    }
    let access = access(config, client, &known, &chosen).await;
    let snapshot = Snapshot {
        projects: known.into_iter().map(|one| one.snapshot).collect(),
        through_proxy: true,
        ..Snapshot::default()
    };
    match scrape(config, client, access, snapshot, &chosen).await {
        Ok(scraped) => checks.extend(scraped),
        Err(error) => checks.push(Area::Node.skipped("one node of each type", error.to_string())),
    }
    checks
}

/// The first published node of each type, and a word on types that have none.
fn choose(known: &[Known]) -> (Vec<Chosen>, Vec<Check>) {
    let mut chosen: BTreeMap<&str, Chosen> = BTreeMap::new();
    let mut others: BTreeMap<&str, (&ProjectSnapshot, &PlannedService)> = BTreeMap::new();
    for snapshot in known.iter().map(|one| &one.snapshot) {
        for planned in &snapshot.plan.services {
            let service_type = planned.service.service_type.text();
            match planned.targets().next() {
                Some(address) => drop(chosen.entry(service_type).or_insert_with(|| Chosen {
                    service_type: service_type.to_owned(),
                    target: Target {
                        project: Arc::clone(&snapshot.name),
                        service: Arc::clone(&planned.service.name),
                        address,
                    },
                })),
                None => drop(others.entry(service_type).or_insert((snapshot, planned))),
            }
        }
    }
    others.retain(|service_type, _| !chosen.contains_key(service_type));
    let skipped = others
        .into_iter()
        .map(|(service_type, (snapshot, planned))| {
            let (verdict, cause) = (planned.verdict, planned.cause.as_deref());
            let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
            let because = format!(
                "no service of this type has a node to scrape; {}/{} is {verdict}{cause}",
                snapshot.name, planned.service.name
            );
            Area::Node.skipped(service_type, because)
        });
    let skipped = skipped.collect();
    (chosen.into_values().collect(), skipped)
}

/// The CAs, and the credentials of every integration endpoint that a chosen node may ask for.
async fn access(
    config: &Config,
    client: &Client,
    known: &[Known],
    chosen: &[Chosen],
) -> NodeAccess {
    let projects = known.iter().map(async |one| {
        let snapshot = &one.snapshot;
        let ours = snapshot.endpoint.id();
        let services = snapshot.plan.services.iter();
        let is_chosen = |planned: &&PlannedService| {
            chosen.iter().any(|one| {
                one.target.project == snapshot.name && one.target.service == planned.service.name
            })
        };
        let ids: BTreeSet<Arc<str>> = services
            .filter(is_chosen)
            .flat_map(|planned| planned.service.endpoint_ids(ours))
            .collect();
        let credentials = ids.into_iter().map(async |id| {
            let configured = configured(config).filter(|_| ours == Some(&*id));
            let read = client.endpoint_credentials(&snapshot.name, &id).await;
            (id, together(configured, read.map_err(|error| error.kind)))
        });
        let fixed = FixedAccess {
            ca: one.ca.clone(),
            configured: configured(config).and(ours).map(Arc::from),
            credentials: join_all(credentials).await.into_iter().collect(),
        };
        (Arc::clone(&snapshot.name), fixed)
    });
    NodeAccess::fixed(&config.scrape_proxy.ca_cert, join_all(projects).await)
}

/// The credentials of the configuration, for our endpoint.
fn configured(config: &Config) -> Option<&Credentials> {
    match &config.integration.endpoint {
        EndpointChoice::Named { credentials, .. } => credentials.as_ref(),
        EndpointChoice::Existing { .. } => None,
    }
}

fn together(
    configured: Option<&Credentials>,
    read: Result<Option<Credentials>, ErrorKind>,
) -> Result<Vec<Credentials>, String> {
    match (configured, read) {
        (None, Err(kind)) => Err(kind.found()),
        (None, Ok(None)) => Err("Aiven does not show them".to_owned()),
        (configured, read) => {
            let read = read.ok().flatten();
            Ok(read.into_iter().chain(configured.cloned()).collect())
        }
    }
}

async fn scrape(
    config: &Config,
    client: &Client,
    access: NodeAccess,
    snapshot: Snapshot,
    chosen: &[Chosen],
) -> anyhow::Result<Vec<Check>> {
    let results = ScrapeResults::default();
    let proxy = ScrapeProxy::new(
        Published::new(snapshot),
        access,
        results.clone(),
        Metrics::default(),
        client.secrets(),
        config.scrape_proxy.timeout,
    );
    let proxy = Arc::new(proxy.within(client.surroundings()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let serving = tokio::spawn(proxy.serve(listener.into(), stop.clone()));
    let http = Http::through(address, USER_AGENT)?;
    let scraped = chosen.iter().map(async |chosen| {
        let page = http.scrape(&chosen.target, MAX_PAGE).await;
        let health = results.of(&chosen.target);
        conclude(chosen, page, health.as_deref())
    });
    let checks = join_all(scraped).await;
    stop.cancel();
    serving.abort();
    Ok(checks)
}

fn conclude(
    chosen: &Chosen,
    page: anyhow::Result<(StatusCode, Vec<u8>)>,
    health: Option<&TargetHealth>,
) -> Check {
    let Target {
        project,
        service,
        address,
    } = &chosen.target;
    let subject = format!("{}: {project}/{service} at {address}", chosen.service_type);
    if let Some(failure) = health.and_then(|health| health.failure.as_ref()) {
        return Area::Node.failed(subject, &failure.cause, failure.finding.remedy());
    }
    let page = match page {
        Ok((StatusCode::OK, page)) => page,
        Ok((_, words)) => {
            let words = String::from_utf8_lossy(&words).trim().to_owned();
            return Area::Node.failed(subject, words, Finding::Unknown.remedy());
        }
        Err(error) => {
            return Area::Node.failed(subject, format!("{error:#}"), Finding::Unknown.remedy());
        }
    };
    let read = Page::read(&String::from_utf8_lossy(&page));
    let series = match &read {
        Ok(page) => format!(
            "{} metrics with {} series",
            page.metrics.len(),
            page.series()
        ),
        Err(error) => {
            let remedy = "Prometheus may refuse the page as well: see its page /targets, and send service, address and time to Aiven's support";
            return Area::Node.warning(subject, error.to_string(), remedy);
        }
    };
    let expires = health.and_then(|health| health.certificate_expires);
    let name = health.and_then(|health| health.verified_name.as_deref());
    let found = format!(
        "the certificate is for {} and valid until {}, the credentials are taken, {} bytes in {:.1} s, {series}",
        name.unwrap_or("a name of the service"),
        date(expires),
        page.len(),
        health.map(|health| health.seconds).unwrap_or_default(),
    );
    let ends_soon =
        expires.is_some_and(|at| at.duration_since(Timestamp::now()) < CERTIFICATE_ENDS);
    match ends_soon {
        true => Area::Node.warning(
            subject,
            found,
            "ask the service's owner to apply its maintenance updates (they restart nodes), with which Aiven renews certificates",
        ),
        false => Area::Node.ok(subject, found),
    }
}

/// The host name and address of the first node, to ask name servers about.
pub(super) fn some_host(known: &[Known]) -> Option<String> {
    let snapshots = known.iter().map(|one| &one.snapshot);
    let mut hosts = snapshots.flat_map(|snapshot| &snapshot.plan.lookups);
    hosts.next().map(ToString::to_string)
}

/// The targets that a plan would publish.
pub(super) fn targets(known: &[Known]) -> impl Iterator<Item = SocketAddr> {
    let services = known.iter().flat_map(|one| &one.snapshot.plan.services);
    services.flat_map(PlannedService::targets)
}
