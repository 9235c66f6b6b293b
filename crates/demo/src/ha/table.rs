//! The table of docs/failover.md.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use crate::ha::faults::{Count, Outcome};

const BEGIN: &str = "<!-- Made by scripts/demo --ha --faults: begin -->\n";
const END: &str = "<!-- end -->";

const HEAD: &str = "\
| fault | GET failed | POST failed (in flight) | other Prometheus after | back after | slowest | slow GET, POST |
|---|---|---|---|---|---|---|
";

/// In Markdown.
pub fn table(outcomes: &[Outcome]) -> String {
    let rows: String = outcomes.iter().map(row).collect();
    format!("{HEAD}{rows}")
}

/// One line of it.
pub fn row(outcome: &Outcome) -> String {
    let cells = [
        outcome.fault.name().to_owned(),
        failed(&outcome.get),
        format!("{} ({})", failed(&outcome.post), outcome.posts_in_flight),
        time(outcome.moved),
        time(outcome.returned),
        time(Some(outcome.slowest)),
        slow(outcome),
    ];
    format!("| {} |\n", cells.join(" | "))
}

fn failed(count: &Count) -> String {
    format!("{} of {}", count.failed.len(), count.all)
}

fn time(time: Option<Duration>) -> String {
    time.map_or("–".to_owned(), |time| {
        format!("{:.1} s", time.as_secs_f64())
    })
}

fn slow(outcome: &Outcome) -> String {
    let slow = outcome.slow.iter().map(|slow| match slow {
        Ok(took) => time(Some(*took)),
        Err(_) => "lost".to_owned(),
    });
    slow.collect::<Vec<_>>().join(", ")
}

/// Puts `table` between the marks in `file`.
///
/// # Errors
/// When the file or the marks are not there.
pub fn replace(file: &Path, table: &str) -> anyhow::Result<()> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let (before, rest) = text
        .split_once(BEGIN)
        .with_context(|| format!("{name} lacks {BEGIN}"))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("{name} lacks {END}"))?;
    std::fs::write(file, format!("{before}{BEGIN}{table}{END}{after}"))
        .with_context(|| format!("cannot write {name}"))
}
