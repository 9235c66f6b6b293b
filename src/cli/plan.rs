//! `plan`: what the daemon would conclude and create, asked of the real API,
//! with nothing changed.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::output::{self, Rows};
use crate::aiven::listing::ParseCache;
use crate::aiven::wire::ServiceReader;
use crate::aiven::{Client, Error};
use crate::config::Config;
use crate::daemon::api_client;
use crate::metrics::Metrics;
use crate::model::plan::{Action, Rules};
use crate::model::project::{self, Project, Saved};
use crate::model::resolution::Addresses;
use crate::model::scrape::Scrapes;
use crate::model::snapshot::Snapshot;
use crate::model::status::{ServiceStatus, Status};
use crate::resolve::{NameResolver, look_up_once};

/// How long to wait if Aiven asks for it: nobody asks again here.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// Prints the plan. Exits 1 when a project could not be observed.
pub(super) async fn run(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let metrics = Metrics::default();
    let dns = &config.dns;
    let resolver = NameResolver::new(&dns.nameservers, dns.timeout, config.address_rules());
    let client = api_client(config, &resolver, metrics)?.with_patience(PATIENCE);
    let mut projects = config.aiven.projects.clone();
    projects.sort();
    let mut failed = BTreeMap::new();
    let mut would_create = Vec::new();
    let mut snapshots = Vec::new();
    for project in projects {
        match observe(&client, config, &project).await {
            Ok(mut observed) => {
                settle(&mut observed, config, &resolver).await;
                let snapshot = observed.snapshot();
                let actions = snapshot.plan.actions.iter();
                would_create.extend(actions.map(|action| creation(&project, action)));
                snapshots.push(snapshot);
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
        true => output::json(&serde_json::to_string_pretty(&report)?),
        false => print(&report),
    }
    Ok(super::exit_code(report.failed.is_empty()))
}

async fn observe(client: &Client, config: &Config, name: &str) -> Result<Project, Error> {
    let mut reader = ServiceReader::new(config.services.tags.keys().cloned());
    let cache = ParseCache::default();
    let choice = &config.integration.endpoint;
    let (listed, supported, endpoint) = tokio::try_join!(
        client.list_services(name, &mut reader, &cache),
        client.supported_types(name),
        client.find_endpoint(name, choice),
    )?;
    let mut project = Project::new(name.into(), Saved::default(), None);
    let at = Timestamp::now();
    let (listing, _) = listed;
    project.absorb(project::Report::Listed { at, listing });
    project.absorb(project::Report::SupportedTypes(supported));
    project.absorb(project::Report::Endpoint(endpoint));
    Ok(project)
}

/// Plans, looks up the host names that the plan needs, and plans with them.
async fn settle(project: &mut Project, config: &Config, resolver: &NameResolver) {
    let rules = Rules {
        selection: &config.services,
        create: config.integration.create,
    };
    project.replan(&Addresses::default(), None, rules);
    let addresses = look_up_once(resolver, project.needed_hosts().to_vec()).await;
    project.surroundings_changed();
    project.replan(&addresses, None, rules);
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
        output::line(format_args!("PROBLEM {project}: {cause}"));
    }
    let mut services = Rows::new(["project", "service", "type", "verdict", "targets", "why"]);
    for one in &report.services {
        let targets: usize = one.hosts.iter().map(|host| host.targets.len()).sum();
        services.add([
            one.project.as_str(),
            &one.service,
            &one.service_type,
            one.verdict.as_str(),
            &targets.to_string(),
            one.cause.as_deref().unwrap_or_default(),
        ]);
    }
    services.print();
    output::line("");
    if report.would_create.is_empty() {
        output::line("run would create nothing");
    }
    for creation in &report.would_create {
        match creation {
            Creation::IntegrationEndpoint { project } => {
                output::line(format_args!(
                    "run would create the integration endpoint in project {project}"
                ));
            }
            Creation::Integration { project, service } => {
                output::line(format_args!("run would integrate {project}/{service}"));
            }
        }
    }
}
