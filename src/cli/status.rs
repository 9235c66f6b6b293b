//! `status`: how the running daemon is, problems first.

use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};

use super::ago::ago;
use super::ask::Daemon;
use super::output::{self, Rows};
use crate::model::snapshot::Origin;
use crate::model::stage::Stage;
use crate::model::status::{ProjectStatus, ServiceStatus, Status};
use crate::model::task::Restarted;
use crate::model::verdict::Verdict;

/// How long the failure of a task is a problem to look at.
const NEWS: SignedDuration = SignedDuration::from_hours(1);

/// Prints the daemon's status. Exits 1 when there is a problem.
pub(super) async fn run(daemon: &Daemon, json: bool) -> anyhow::Result<ExitCode> {
    let (body, status) = daemon.status().await?;
    let problems = problems(&status);
    if json {
        output::json(&body);
    } else {
        print(&status, &problems);
    }
    Ok(super::exit_code(status.ready && problems.is_empty()))
}

fn print(status: &Status, problems: &[String]) {
    output::line(format_args!(
        "aiven-metrics {}, instance {}: {}",
        status.version,
        status.instance_index,
        status.readiness()
    ));
    for problem in problems {
        output::line(format_args!("PROBLEM {problem}"));
    }
    for project in &status.projects {
        for row in project.odd_rows.iter().filter(|row| !row.hinders) {
            let name = &project.name;
            output::line(format_args!("NOTE {name}: {row}; the other rows are used"));
        }
    }
    if let Some(stage) = &status.cloud_foundry {
        let freshness = freshness(stage, status.at);
        output::line(format_args!(
            "Cloud Foundry read: {freshness}; {}",
            labelled(status)
        ));
    }
    for service in &status.services {
        for disagreement in disagreements(service) {
            output::line(format_args!("NOTE {disagreement}"));
        }
    }
    output::line("");
    stages(status).print();
    output::line("");
    verdicts(status).print();
}

/// How many services have labels of Cloud Foundry, and how sure they are.
fn labelled(status: &Status) -> String {
    let labelled = || {
        status
            .services
            .iter()
            .filter_map(|one| one.cloud_foundry.as_ref())
    };
    let confirmed = labelled().filter(|one| one.identity.confirmed).count();
    let (known, all) = (labelled().count(), status.services.len());
    format!(
        "{known} of {all} services have labels, {confirmed} of them confirmed by Cloud Controller"
    )
}

/// A line for each project: how fresh each stage's result is.
fn stages(status: &Status) -> Rows<7> {
    let mut stages = Rows::new([
        "project",
        "services",
        "targets",
        "list",
        "integrate",
        "resolve",
        "publish",
    ]);
    for project in &status.projects {
        let [list, integrate, resolve, publish] = project
            .stages
            .named()
            .map(|(_, stage)| freshness(stage, status.at));
        let services: usize = project.verdicts.values().sum();
        let (services, targets) = (services.to_string(), project.targets.to_string());
        let name = project.name.clone();
        stages.add([name, services, targets, list, integrate, resolve, publish]);
    }
    stages
}

/// A line for each verdict that a service has.
fn verdicts(status: &Status) -> Rows<3> {
    let mut verdicts = Rows::new(["verdict", "services", "for example"]);
    for verdict in Verdict::ALL {
        let mut of = status.services.iter().filter(|one| one.verdict == verdict);
        let count = of.clone().count();
        if let Some(first) = of.next() {
            let example = match &first.cause {
                Some(cause) => format!("{}/{}: {cause}", first.project, first.service),
                None => format!("{}/{}", first.project, first.service),
            };
            verdicts.add([verdict.to_string(), count.to_string(), example]);
        }
    }
    verdicts
}

fn freshness(stage: &Stage, now: Timestamp) -> String {
    match (&stage.failing, stage.last_success) {
        (Some(failing), _) => format!("failing for {}", ago(failing.since, now)),
        (None, Some(at)) => format!("ok {} ago", ago(at, now)),
        (None, None) => "not yet".to_owned(),
    }
}

/// What somebody should look at, one line each.
fn problems(status: &Status) -> Vec<String> {
    let of_projects = status
        .projects
        .iter()
        .flat_map(|one| project_problems(one, status.at));
    let of_services = status
        .services
        .iter()
        .filter_map(|one| service_problem(one, status.at));
    let of_tasks = status
        .restarts
        .iter()
        .filter_map(|one| restart_problem(one, status.at));
    let of_labels = status.cloud_foundry.iter().filter_map(|stage| {
        let failing = stage.failing.as_ref()?;
        let since = ago(failing.since, status.at);
        Some(format!(
            "labels of Cloud Foundry: failing for {since}: {}",
            failing.cause
        ))
    });
    of_tasks
        .chain(of_projects)
        .chain(of_services)
        .chain(of_labels)
        .collect()
}

/// A defect of the daemon itself, while it is news.
fn restart_problem(restarted: &Restarted, now: Timestamp) -> Option<String> {
    let is_news = now.duration_since(restarted.last) < NEWS;
    is_news.then(|| {
        let task = restarted.task.as_str();
        let project = restarted.project.as_deref();
        let of = project.map_or_else(String::new, |project| format!(" of {project}"));
        format!(
            "task {task}{of} failed and was started again, {} times, last {} ago; please report it: {}",
            restarted.restarts,
            ago(restarted.last, now),
            restarted.cause
        )
    })
}

fn project_problems(project: &ProjectStatus, now: Timestamp) -> Vec<String> {
    let stages = project.stages.named();
    let failing = stages.iter().filter_map(|(stage, state)| {
        let failing = state.failing.as_ref()?;
        let since = ago(failing.since, now);
        Some(format!(
            "{}: {stage} failing for {since}: {}",
            project.name, failing.cause
        ))
    });
    let saved = match project.origin {
        Origin::Saved(at) => Some(format!(
            "{}: targets as saved {} ago; Aiven has not been heard since the start",
            project.name,
            ago(at, now)
        )),
        Origin::Nothing | Origin::Api => None,
    };
    let odd = project.odd_rows.iter().filter(|row| row.hinders);
    let odd = odd.map(|row| format!("{}: {row}; what was known before is kept", project.name));
    saved.into_iter().chain(failing).chain(odd).collect()
}

/// Where Aiven says otherwise than what is published of whose a service is.
fn disagreements(service: &ServiceStatus) -> impl Iterator<Item = String> {
    let ownership = service.cloud_foundry.iter();
    ownership.flat_map(|one| &one.disagreements).map(|one| {
        format!(
            "{}/{}: {one}; look at its tags at Aiven",
            service.project, service.service
        )
    })
}

fn service_problem(service: &ServiceStatus, now: Timestamp) -> Option<String> {
    let name = format!("{}/{}", service.project, service.service);
    if service.verdict.is_problem() {
        let cause = service.cause.as_deref().unwrap_or("no cause is known");
        return Some(format!("{name}: {}: {cause}", service.verdict));
    }
    let (host, failing) = service.unanswered.first_key_value()?;
    let since = ago(failing.since, now);
    Some(format!(
        "{name}: {host} not resolved for {since}, published as last known: {}",
        failing.cause
    ))
}
