//! `plan`: what the daemon would conclude and create, asked of the real API,
//! with nothing changed.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::table;
use crate::aiven::listing::ParseCache;
use crate::aiven::wire::ServiceReader;
use crate::aiven::{Client, Error};
use crate::config::Config;
use crate::daemon::api_client;
use crate::metrics::Metrics;
use crate::model::inventory::Inventory;
use crate::model::plan::{
    Action, Addresses, Attempts, EndpointFact, Facts, ProjectPlan, Rules, SupportedTypes, plan,
};
use crate::model::scrape::Scrapes;
use crate::model::snapshot::{Origin, ProjectSnapshot, Snapshot, Stages};
use crate::model::status::{ServiceStatus, Status};
use crate::observe::choose_endpoint;
use crate::resolve::{NameResolver, look_up_once};

#[derive(Serialize)]
struct Report {
    /// Every service of the projects that could be listed.
    services: Vec<ServiceStatus>,
    /// What `run` would create.
    would_create: Vec<Creation>,
    /// Projects that could not be observed, and why.
    failed: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(tag = "create", rename_all = "snake_case")]
enum Creation {
    IntegrationEndpoint { project: String },
    Integration { project: String, service: String },
}

/// What was observed of one project.
struct Seen {
    inventory: Inventory,
    supported: SupportedTypes,
    endpoint: EndpointFact,
}

/// Prints the plan. Exits 1 when a project could not be observed.
pub(super) async fn run(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let metrics = Metrics::default();
    let resolver = NameResolver::new(&config.dns.nameservers, config.dns.timeout)?;
    let client = api_client(config, &resolver, metrics)?;
    let mut projects = config.aiven.projects.clone();
    projects.sort();
    let mut failed = BTreeMap::new();
    let mut would_create = Vec::new();
    let mut snapshots = Vec::new();
    for project in projects {
        match observe(&client, config, &project).await {
            Ok(seen) => {
                let plan = settle(&seen, config, &resolver).await;
                would_create.extend(plan.actions.iter().map(|action| creation(&project, action)));
                snapshots.push(ProjectSnapshot {
                    name: project.as_str().into(),
                    origin: Origin::Api,
                    plan: Arc::new(plan),
                    endpoint: seen.endpoint,
                    stages: Stages::default(),
                });
            }
            Err(error) => drop(failed.insert(project, error.kind.to_string())),
        }
    }
    let snapshot = Snapshot {
        projects: snapshots,
        ..Snapshot::default()
    };
    let report = Report {
        services: Status::of(&snapshot, &Scrapes::default(), Timestamp::now()).services,
        would_create,
        failed,
    };
    match json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => print(&report),
    }
    Ok(super::exit_code(report.failed.is_empty()))
}

async fn observe(client: &Client, config: &Config, project: &str) -> Result<Seen, Error> {
    let mut reader = ServiceReader::new(config.services.tags.keys().cloned());
    let recall = ParseCache::default();
    let (listing, supported, endpoints) = tokio::try_join!(
        client.list_services(project, &mut reader, &recall),
        client.supported_types(project),
        client.prometheus_endpoints(project),
    )?;
    let mut inventory = Inventory::default();
    inventory.merge(&listing.0, Timestamp::now());
    let endpoint = choose_endpoint(&endpoints, &config.integration.endpoint);
    Ok(Seen {
        inventory,
        supported,
        endpoint,
    })
}

/// The plan, once the addresses that it asks for are known.
async fn settle(seen: &Seen, config: &Config, resolver: &NameResolver) -> ProjectPlan {
    let rules = Rules {
        selection: &config.services,
        create: config.integration.create,
    };
    let with = |addresses: &Addresses| {
        let facts = Facts {
            inventory: &seen.inventory,
            supported: Some(&seen.supported),
            endpoint: &seen.endpoint,
            attempts: &Attempts::new(),
            addresses,
        };
        plan(facts, rules)
    };
    let lookups = with(&Addresses::default()).lookups;
    with(&look_up_once(resolver, lookups).await)
}

fn creation(project: &str, action: &Action) -> Creation {
    let project = project.to_owned();
    match action {
        Action::EnsureEndpoint => Creation::IntegrationEndpoint { project },
        Action::Integrate(service) => Creation::Integration {
            project,
            service: service.to_string(),
        },
    }
}

fn print(report: &Report) {
    for (project, cause) in &report.failed {
        println!("PROBLEM {project}: {cause}");
    }
    let mut services = table::table(["project", "service", "type", "verdict", "targets", "why"]);
    for one in &report.services {
        let targets: usize = one.hosts.iter().map(|host| host.targets.len()).sum();
        services.add_row([
            one.project.as_str(),
            &one.service,
            &one.service_type,
            one.verdict.as_str(),
            &targets.to_string(),
            one.cause.as_deref().unwrap_or_default(),
        ]);
    }
    table::print(services);
    println!();
    if report.would_create.is_empty() {
        println!("run would create nothing");
    }
    for creation in &report.would_create {
        match creation {
            Creation::IntegrationEndpoint { project } => {
                println!("run would create the integration endpoint in project {project}");
            }
            Creation::Integration { project, service } => {
                println!("run would integrate {project}/{service}");
            }
        }
    }
}
