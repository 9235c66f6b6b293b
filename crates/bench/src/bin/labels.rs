//! What Cloud Foundry's labels cost: the calls, CPU time and memory of passes over all
//! service instances in which nothing changed, beside a daemon that asks no Cloud Foundry.
//!
//! Run by `scripts/bench --labels`. Nothing else happens meanwhile: Aiven is listed, and
//! names are looked up, once. Nothing is asserted but that a pass republishes nothing.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program for developers: it may panic, and it blocks on purpose"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bench::{Account, NEVER, mib};
use clap::Parser;
use testkit::{Config, Daemon, SimProcess};

/// How many rows the daemon asks for at a time.
const ROWS_PER_PAGE: usize = 1000;

#[derive(Parser)]
struct Arguments {
    /// The daemon's binary.
    #[arg(long)]
    daemon: PathBuf,
    /// The simulator's binary.
    #[arg(long)]
    simulator: PathBuf,
    /// How many services there are, each with a service instance.
    #[arg(long, default_value_t = 10_000)]
    services: usize,
    /// How many passes a figure is the mean of.
    #[arg(long, default_value_t = 5)]
    passes: u32,
    /// `cloud_foundry.poll_interval`, in seconds.
    #[arg(long, default_value_t = 20)]
    interval: u64,
}

struct Figures {
    resident_kib: u64,
    peak_kib: u64,
    targets_bytes: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = Arguments::parse();
    let sim = SimProcess::bulk(&arguments.simulator, arguments.services, 9000);
    let sim = sim.await.unwrap();
    let config = || {
        Config::of(sim.access())
            .credentials("metrics", "a-password-for-bulk")
            .list_every(NEVER)
            .resolve_every(NEVER)
            .with_proxy()
    };
    let without = without(&config(), &arguments).await;
    let interval = format!("{}s", arguments.interval);
    let config = config()
        .cloud_foundry(sim.cloud_foundry.clone())
        .with("cloud_foundry.poll_interval", interval.as_str());
    with(&config, &arguments, &without).await;
}

async fn without(config: &Config, arguments: &Arguments) -> Figures {
    let daemon = start(config, &arguments.daemon).await;
    let mut account = Account::of(daemon.id());
    published(&mut account, config, arguments.services, "aiven_project").await;
    figures(&account, config)
}

async fn with(config: &Config, arguments: &Arguments, without: &Figures) {
    let daemon = start(config, &arguments.daemon).await;
    let mut account = Account::of(daemon.id());
    published(
        &mut account,
        config,
        arguments.services,
        "organization_name",
    )
    .await;
    let calls_before = calls(&daemon).await;
    account.wait_for_quiet().await;
    let (cpu_before, written) = (account.cpu(), written(config));
    // Nothing is asked of the daemon meanwhile: its page of metrics has megabytes.
    let time = Duration::from_secs(arguments.interval) * arguments.passes;
    account.watch(time).await;
    let cpu = account.wait_for_quiet().await - cpu_before;
    assert_eq!(
        written,
        self::written(config),
        "a pass in which nothing changed republished"
    );
    let with = figures(&account, config);
    let mut calls = calls(&daemon).await;
    for (operation, count) in &mut calls {
        *count -= calls_before.get(operation).copied().unwrap_or_default();
    }
    print(arguments, without, &with, cpu, &calls);
}

fn print(
    arguments: &Arguments,
    without: &Figures,
    with: &Figures,
    cpu: Duration,
    calls: &BTreeMap<String, f64>,
) {
    let pages = arguments.services.div_ceil(ROWS_PER_PAGE) as f64;
    let passes = calls["list_service_instances"] / pages;
    println!("{} services, {passes} passes\n", arguments.services);
    println!("| | without | with labels |\n|---|---:|---:|");
    let row = |what: &str, one: String, other: String| println!("| {what} | {one} | {other} |");
    row(
        "resident memory",
        mib(without.resident_kib),
        mib(with.resident_kib),
    );
    row("peak of it", mib(without.peak_kib), mib(with.peak_kib));
    let kib = |bytes: u64| format!("{} KiB", bytes / 1024);
    row(
        "`targets.json`",
        kib(without.targets_bytes),
        kib(with.targets_bytes),
    );
    let milliseconds = cpu.as_secs_f64() * 1000.0 / passes;
    let none = String::new;
    row(
        "CPU time of a pass",
        none(),
        format!("{milliseconds:.0} ms"),
    );
    for (operation, count) in calls.iter().filter(|(_, count)| **count > 0.0) {
        let what = format!("calls of a pass: `{operation}`");
        row(&what, none(), format!("{:.1}", count / passes));
    }
}

/// When the list was last written.
fn written(config: &Config) -> SystemTime {
    let file = fs::metadata(config.targets_file()).unwrap();
    file.modified().unwrap()
}

async fn start(config: &Config, binary: &Path) -> Daemon {
    Daemon::start(binary, config).await.unwrap()
}

/// Waits until the list has that many groups with this label, and the daemon rests.
async fn published(account: &mut Account, config: &Config, services: usize, label: &str) {
    let path = config.targets_file();
    let all = || {
        let text = fs::read_to_string(&path).unwrap_or_default();
        text.lines().filter(|line| line.contains(label)).count() >= services
    };
    account.wait_for("the list", all).await;
    account.wait_for_quiet().await;
}

/// How many calls there were, by operation.
async fn calls(daemon: &Daemon) -> BTreeMap<String, f64> {
    let page = daemon.get("/metrics").await.body;
    let mut calls = BTreeMap::new();
    for line in page.lines() {
        let Some(rest) = line.strip_prefix("aiven_metrics_api_requests_total{operation=\"") else {
            continue;
        };
        let (operation, _) = rest.split_once('"').unwrap();
        let (_, value) = line.rsplit_once(' ').unwrap();
        *calls.entry(operation.to_owned()).or_default() += value.parse::<f64>().unwrap();
    }
    calls
}

fn figures(account: &Account, config: &Config) -> Figures {
    Figures {
        resident_kib: account.resident_kib(),
        peak_kib: account.peak_kib(),
        targets_bytes: fs::metadata(config.targets_file()).unwrap().len(),
    }
}
