//! `explain`: one service, step by step.

use std::process::ExitCode;

use jiff::Timestamp;

use super::ask::Daemon;
use super::table::{self, ago};
use crate::model::explain::{Explanation, Unknown, explain};

/// Prints the explanation. Exits 0 only when all steps are done and nothing
/// stands behind them.
pub(super) async fn run(daemon: &Daemon, name: &str, json: bool) -> anyhow::Result<ExitCode> {
    let (_, status) = daemon.status().await?;
    let explanations = match explain(&status, name) {
        Ok(explanations) => explanations,
        Err(unknown) => anyhow::bail!(not_known(name, &unknown)),
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&explanations)?);
    } else {
        for explanation in &explanations {
            print(explanation, status.at);
        }
    }
    let is_well = explanations.iter().all(|one| one.trouble.is_none());
    Ok(super::exit_code(is_well))
}

fn print(explanation: &Explanation, now: Timestamp) {
    println!(
        "{}/{}: {}\n",
        explanation.project, explanation.service, explanation.verdict
    );
    let mut steps = table::table(["step", "done", "seen", "evidence"]);
    for step in &explanation.steps {
        let mark = if step.ok { "ok" } else { "FAILED" };
        let when = step
            .at
            .map_or_else(String::new, |at| format!("{} ago", ago(at, now)));
        steps.add_row([step.name, mark, &when, &step.evidence]);
    }
    table::print(steps);
    if let Some(trouble) = &explanation.trouble {
        println!("\nCAUSE  {}\nDO     {}", trouble.cause, trouble.remedy);
    }
}

fn not_known(name: &str, unknown: &Unknown) -> String {
    let mut lines = vec![format!("no service {name} is known")];
    if !unknown.near.is_empty() {
        lines.push(format!("did you mean {}?", unknown.near.join(" or ")));
    }
    for project in &unknown.unlisted {
        lines.push(format!(
            "CAUSE  it may be in a project that cannot be listed: {project}"
        ));
    }
    lines.join("\n")
}
