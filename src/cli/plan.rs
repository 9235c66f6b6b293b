//! `plan`: what the daemon would conclude and create, asked of the real API, with nothing
//! changed; and where a daemon that runs differs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::ask::Daemon;
use super::output::{self, Progress, Rows};
use super::rehearsal::{observe, settle};
use crate::config::Config;
use crate::daemon::api_client;
use crate::metrics::Metrics;
use crate::model::counted::counted;
use crate::model::plan::Action;
use crate::model::scrape::Scrapes;
use crate::model::snapshot::Snapshot;
use crate::model::status::{ServiceStatus, Status};
use crate::model::verdict::Verdict;
use crate::resolve::NameResolver;

mod difference;

use difference::{Difference, differences};

/// Most projects of another daemon that are named.
const MAX_PROJECTS: usize = 5;

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
    /// Where the running daemon differs.
    running: Running,
}

/// What a running daemon says, if one answers.
#[derive(Serialize)]
struct Running {
    /// Where it was asked.
    address: SocketAddr,
    /// Why it said nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_answer: Option<String>,
    /// Services of which it says something else.
    differences: Vec<Difference>,
}

#[derive(Serialize)]
#[serde(tag = "create", rename_all = "snake_case")]
enum Creation {
    IntegrationEndpoint { project: String },
    Integration { project: String, service: String },
}

/// Prints the plan, and where the daemon at `address` differs. Exits 1 when a project
/// could not be observed.
pub(super) async fn run(
    config: &Config,
    address: SocketAddr,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let metrics = Metrics::default();
    let dns = &config.dns;
    let resolver = NameResolver::new(&dns.nameservers, dns.timeout, config.address_rules());
    let client = api_client(config, &resolver, metrics)?.with_patience(PATIENCE);
    let mut projects = config.aiven.projects.clone();
    projects.sort();
    let mut failed = BTreeMap::new();
    let mut would_create = Vec::new();
    let mut snapshots = Vec::new();
    let progress = Progress::of(projects.len());
    for project in projects {
        progress.begins(&format!("asking Aiven about {project}"));
        match observe(&client, config, &project).await {
            Ok(mut observed) => {
                progress.continues(&format!("looking up the host names of {project}"));
                settle(&mut observed, config, &resolver).await;
                let snapshot = observed.snapshot();
                let actions = snapshot.plan.actions.iter();
                would_create.extend(actions.map(|action| creation(&project, action)));
                snapshots.push(snapshot);
            }
            Err(error) => drop(failed.insert(project, error.kind.to_string())),
        }
    }
    progress.ends();
    let snapshot = Snapshot {
        projects: snapshots,
        ..Snapshot::default()
    };
    let services = Status::of(&snapshot, &Scrapes::default(), Timestamp::now()).services;
    let running = compare(address, &config.aiven.projects, &services, &failed).await;
    let report = Report {
        services,
        would_create,
        failed,
        running,
    };
    match json {
        true => output::json(&serde_json::to_string_pretty(&report)?),
        false => print(&report),
    }
    Ok(super::exit_code(report.failed.is_empty()))
}

/// That no daemon answers is no trouble: before the first deploy there is none. One that
/// has none of the projects is not this configuration's.
async fn compare(
    address: SocketAddr,
    projects: &[String],
    planned: &[ServiceStatus],
    failed: &BTreeMap<String, String>,
) -> Running {
    let asked = async { Daemon::at(address)?.status().await };
    let (no_answer, differences) = match asked.await {
        Ok((_, status)) if is_of_others(&status, projects) => (Some(others(&status)), Vec::new()),
        Ok((_, status)) => {
            let is_observed = |project: &str| !failed.contains_key(project);
            (None, differences(planned, &status, is_observed))
        }
        Err(error) => (Some(format!("{error:#}")), Vec::new()),
    };
    Running {
        address,
        no_answer,
        differences,
    }
}

fn is_of_others(status: &Status, projects: &[String]) -> bool {
    let mut running = status.projects.iter();
    !status.projects.is_empty() && !running.any(|one| projects.contains(&one.name))
}

fn others(status: &Status) -> String {
    let names = status.projects.iter().take(MAX_PROJECTS);
    let names: Vec<_> = names.map(|one| &*one.name).collect();
    format!(
        "it has none of this configuration's projects, but {}; if it is another's, name this one's with --address",
        names.join(", ")
    )
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
    print_running(&report.running);
}

fn print_running(running: &Running) {
    let Running {
        address,
        no_answer,
        differences,
    } = running;
    output::line("");
    if let Some(cause) = no_answer {
        return output::line(format_args!("not compared with a running daemon: {cause}"));
    }
    if differences.is_empty() {
        return output::line(format_args!("the daemon at {address} says the same"));
    }
    let of = counted(differences.len(), "service");
    output::line(format_args!(
        "the daemon at {address} says something else of {of}"
    ));
    let mut rows = Rows::new(["service", "planned", "running", "targets", "why running so"]);
    for one in differences {
        let verdict = |verdict: Option<Verdict>| verdict.map_or("unknown", Verdict::as_str);
        let added = one.only_planned.iter().map(|target| format!("+{target}"));
        let removed = one.only_running.iter().map(|target| format!("-{target}"));
        rows.add([
            format!("{}/{}", one.project, one.service),
            verdict(one.planned).to_owned(),
            verdict(one.running).to_owned(),
            added.chain(removed).collect::<Vec<_>>().join(" "),
            one.cause.clone().unwrap_or_default(),
        ]);
    }
    rows.print();
}
