//! Writes what is made of the table of signals, and prints it for tests.

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
    /// Writes every file that is made of the table.
    Write,
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
        Command::Write => {
            for file in signals::made::files(&table, &sources)? {
                let path = signals::repository().join(&file.path);
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)
                        .with_context(|| folder.display().to_string())?;
                }
                std::fs::write(&path, file.text).with_context(|| path.display().to_string())?;
            }
        }
    }
    Ok(())
}
