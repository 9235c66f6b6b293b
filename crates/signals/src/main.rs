//! Writes what is made of the table of signals, and prints it for tests.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about, version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints every expression that somebody evaluates as a line of JSON.
    Queries,
    /// Prints every name of a metric that somebody reads, how sure it is, and who says so, as a line of JSON.
    Names,
    /// Writes every file that is made of the table.
    Write,
    /// Prints the cases of every alert, for promtool, as JSON: by job, a list of groups.
    Cases,
}

fn main() -> anyhow::Result<()> {
    let table = signals::table::read(&signals::folder())?;
    let sources = signals::Sources::read().context("the guide, or the simulator's truth")?;
    match Arguments::parse().command {
        Command::Queries => {
            let mut out = std::io::stdout().lock();
            for used in signals::made::everywhere(&table, &sources)? {
                writeln!(out, "{}", serde_json::to_string(&used)?).context("standard output")?;
            }
        }
        Command::Names => {
            let mut out = std::io::stdout().lock();
            for metric in table.metrics.iter() {
                writeln!(out, "{}", serde_json::to_string(&metric)?).context("standard output")?;
            }
        }
        Command::Write => {
            let runbook = std::fs::read_to_string(signals::repository().join("docs/runbook.md"))
                .context("docs/runbook.md")?;
            let made = signals::made::files(&table, &sources)?;
            let of_alerts = signals::alerts::made(&table.alerts, &runbook)?;
            for file in made.into_iter().chain(of_alerts) {
                let path = signals::repository().join(&file.path);
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)
                        .with_context(|| folder.display().to_string())?;
                }
                std::fs::write(&path, file.text).with_context(|| path.display().to_string())?;
            }
        }
        Command::Cases => {
            let by_job: BTreeMap<_, _> = table
                .alerts
                .iter()
                .map(|alerts| (alerts.job.as_str(), signals::alerts::cases::of(alerts)))
                .collect();
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}", serde_json::to_string(&by_job)?).context("standard output")?;
        }
    }
    Ok(())
}
