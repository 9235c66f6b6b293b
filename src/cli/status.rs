//! `status`: how the running daemon is, problems first.

use std::process::ExitCode;

use jiff::Timestamp;

use super::ago::{ago, moment};
use super::ask::Daemon;
use super::output::{self, Rows};
use crate::model::diagnosis::Problem;
use crate::model::stage::Stage;
use crate::model::status::Status;
use crate::model::verdict::Verdict;

/// Prints the daemon's status. Exits 1 when something is wrong.
pub(super) async fn run(daemon: &Daemon, json: bool) -> anyhow::Result<ExitCode> {
    let (body, status) = daemon.status().await?;
    if json {
        output::json(&body);
    } else {
        print(&status);
    }
    let diagnosis = status.diagnosis.unwrap_or_default();
    Ok(super::exit_code(
        status.ready && diagnosis.worst().is_none(),
    ))
}

/// All of it for people.
pub(super) fn print(status: &Status) {
    let diagnosis = status.diagnosis.clone().unwrap_or_default();
    output::line(format_args!(
        "aiven-metrics {}, instance {}: {}",
        status.version,
        status.instance_index,
        status.readiness()
    ));
    output::line(&diagnosis.summary);
    for problem in &diagnosis.problems {
        output::line("");
        print_problem(problem, status.at);
    }
    if diagnosis.more > 0 {
        let more = diagnosis.more;
        output::line("");
        output::line(format_args!("And {more} more: mend these first."));
    }
    if let Some(stage) = &status.cloud_foundry {
        let freshness = freshness(stage, status.at);
        output::line("");
        output::line(format_args!(
            "Cloud Foundry read: {freshness}; {}",
            labelled(status)
        ));
    }
    output::line("");
    stages(status).print();
    output::line("");
    verdicts(status).print();
}

fn print_problem(problem: &Problem, now: Timestamp) {
    let label = match problem.rank.is_wrong() {
        true => "PROBLEM",
        false => "NOTE",
    };
    let named = problem.services.join(", ");
    let more = match problem.count.saturating_sub(problem.services.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let of = match named.is_empty() {
        true => String::new(),
        false => format!(": {named}{more}"),
    };
    output::labelled(label, format_args!("{}{of}", problem.title));
    output::labelled("CAUSE", &problem.cause);
    if let Some(since) = problem.since {
        output::labelled("SINCE", moment(since, now));
    }
    output::labelled("DO", &problem.remedy);
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
