//! `demo`: the daemon at work, on this machine and without an account.
//!
//! Starts a simulated Aiven with a Cloud Foundry in this process, the real daemon and a real
//! Prometheus beside it, tells what happens as it happens, then changes things
//! at Aiven and at Cloud Foundry and shows how targets and labels follow. After each act everything is
//! compared, through Prometheus' own API, with what the simulator really has;
//! a difference that stays is a failure, with `--once` and without.
//!
//! `demo --ha` shows the other half, [`ha`].

mod agreement;
mod changes;
mod daemon;
mod environment;
mod expected;
mod ha;
mod labels;
mod narrator;
mod ports;
mod prometheus;
mod setup;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use futures_util::StreamExt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_tokio::Signals;

use crate::environment::Environment;

/// Exit code of a demo that was stopped before its end.
const INTERRUPTED: u8 = 130;

/// Shows the daemon at work: simulated Aiven, real Prometheus.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// Go through everything without pauses, and exit: 0 if everything was as it should be.
    #[arg(long)]
    once: bool,
    /// Show how queries survive faults: two VMs, each with Caddy and Prometheus.
    #[arg(long)]
    ha: bool,
    /// With --ha: all faults, with slow queries in flight; about ten minutes.
    #[arg(long, requires = "ha")]
    faults: bool,
    /// With --faults: write the table into this file, between its marks.
    #[arg(long, value_name = "FILE", requires = "faults")]
    table: Option<PathBuf>,
    /// With --ha: the Caddy binary.
    #[arg(long, value_name = "FILE", requires = "ha")]
    caddy: Option<PathBuf>,
    /// The daemon binary.
    #[arg(long, value_name = "FILE")]
    daemon: PathBuf,
    /// The Prometheus binary.
    #[arg(long, value_name = "FILE")]
    prometheus: PathBuf,
    /// What makes the Prometheus binary, if it is not there yet: scripts/setup.
    #[arg(long, value_name = "FILE", conflicts_with = "ha")]
    setup: Option<PathBuf>,
}

// One thread: a child is told of its parent's death when the thread that
// started it ends (prctl(2), PR_SET_PDEATHSIG), so that must be the main one.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Fails if it is installed already; before any HTTP client is made.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(&arguments).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\ndemo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot wait for signals")?;
    if arguments.ha {
        return tokio::select! {
            played = ha::play(arguments) => played.map(|()| ExitCode::SUCCESS),
            _ = signals.next() => Ok(interrupted(arguments)),
        };
    }
    let mut environment = tokio::select! {
        environment = Environment::start(arguments) => environment?,
        _ = signals.next() => return Ok(ExitCode::from(INTERRUPTED)),
    };
    let played = tokio::select! {
        played = story::play(&mut environment, arguments.once) => played.map(|()| ExitCode::SUCCESS),
        _ = signals.next() => Ok(interrupted(arguments)),
    };
    environment.stop(played).await
}

/// Ctrl-C is the regular end of a demo that would otherwise keep running.
fn interrupted(arguments: &Arguments) -> ExitCode {
    let finite = arguments.once || arguments.faults;
    ExitCode::from(if finite { INTERRUPTED } else { 0 })
}
