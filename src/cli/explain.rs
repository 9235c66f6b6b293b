//! `explain`: one service, step by step.

use std::process::ExitCode;

use jiff::Timestamp;

use super::ago::ago;
use super::ask::Daemon;
use super::output::{self, Rows};
use crate::model::explain::{Explanation, Unknown, explain};

/// Prints the explanation. Exits 0 only when all steps are done and nothing
/// stands behind them.
pub(super) async fn run(daemon: &Daemon, name: &str, json: bool) -> anyhow::Result<ExitCode> {
    let (_, status) = daemon.status().await?;
    let explanations = match explain(&status, name) {
        Ok(explanations) => explanations,
        Err(unknown) => {
            say_unknown(name, &unknown);
            return Ok(ExitCode::FAILURE);
        }
    };
    if json {
        output::json(&serde_json::to_string_pretty(&explanations)?);
    } else {
        for explanation in &explanations {
            print(explanation, status.at);
        }
    }
    let is_well = explanations.iter().all(|one| one.trouble.is_none());
    Ok(super::exit_code(is_well))
}

fn print(explanation: &Explanation, now: Timestamp) {
    output::line(format_args!(
        "{}/{}: {}",
        explanation.project, explanation.service, explanation.verdict
    ));
    output::line("");
    let mut steps = Rows::new(["step", "done", "seen", "evidence"]);
    for step in &explanation.steps {
        let mark = if step.ok { "ok" } else { "FAILED" };
        let when = step
            .at
            .map_or_else(String::new, |at| format!("{} ago", ago(at, now)));
        steps.add([step.name, mark, &when, &step.evidence]);
    }
    steps.print();
    if let Some(ownership) = &explanation.ownership {
        output::line("");
        output::line(format_args!("WHOSE  {ownership}"));
    }
    if let Some(trouble) = &explanation.trouble {
        output::line("");
        output::line(format_args!("CAUSE  {}", trouble.cause));
        output::line(format_args!("DO     {}", trouble.remedy));
    }
}

fn say_unknown(name: &str, unknown: &Unknown) {
    output::note(format_args!("aiven-metrics: no service {name} is known"));
    if !unknown.near.is_empty() {
        let near = unknown.near.join(" or ");
        output::note(format_args!("did you mean {near}?"));
    }
    for project in &unknown.unlisted {
        output::note(format_args!(
            "CAUSE  it may be in a project that cannot be listed: {project}"
        ));
    }
}
