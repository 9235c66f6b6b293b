//! What a shell wants of a program: completions and manual pages, both made from the
//! definitions of the commands, so that they cannot tell anything else.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{Cli, output};

/// Prints the completions for a shell.
pub(super) fn completions(shell: Shell) -> ExitCode {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    let script = match shell {
        Shell::Bash => one_name(&String::from_utf8_lossy(&script)).into_bytes(),
        _ => script,
    };
    output::file(&script);
    ExitCode::SUCCESS
}

/// clap_complete 4.6.12 writes the hyphen of a program's name in two ways, so that in bash
/// the options of no command are completed.
fn one_name(script: &str) -> String {
    script.replace("aiven__subcmd__metrics", "aiven__metrics")
}

/// Writes a manual page for the program and one for each command into `folder`, which is
/// made; without one, prints the program's.
///
/// # Errors
/// When they cannot be written.
pub(super) fn manual(folder: Option<&Path>) -> anyhow::Result<ExitCode> {
    match folder {
        Some(folder) => {
            fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(shown(), folder))
                .with_context(|| format!("cannot write into {}", folder.display()))?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(shown()).render(&mut page)?;
            output::file(&page);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The program without `help`, which needs no page.
fn shown() -> clap::Command {
    Cli::command().disable_help_subcommand(true)
}
