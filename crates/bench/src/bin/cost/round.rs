//! One round: the bare reference, then the daemon through a cold start, idle
//! cycles and a full one.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bench::{Account, NEVER, Part};

use super::bare::Done;
use super::daemon::Daemon;
use super::simulated::Aiven;

/// Idle cycles that one figure is the mean of.
const IDLE_CYCLES: u32 = 3;

/// The figures for one size of listing.
pub struct Figures {
    pub services: usize,
    pub bytes: usize,
    pub listing_bytes: u64,
    pub list_bytes: u64,
    pub state_bytes: u64,
    pub bare: Bare,
    pub daemon: Cost,
    pub allocations: Allocations,
}

/// The bare reference.
#[derive(Clone, Copy)]
pub struct Bare {
    pub cpu: Duration,
    pub list: Duration,
    pub resolve: Duration,
    pub peak_kib: u64,
    pub allocations: usize,
}

/// The daemon.
#[derive(Clone, Copy, Default)]
pub struct Cost {
    /// CPU time from the process' start to the first complete list and state.
    pub cold: Duration,
    /// The same in time that passes.
    pub cold_elapsed: Duration,
    /// CPU time of a cycle in which every service changed and the list too.
    pub full: Duration,
    /// CPU time of a cycle in which nothing changed.
    pub idle: Duration,
    /// CPU time of reading one listing, of which every service changed.
    pub listing_full: Duration,
    /// CPU time of reading one listing, of which nothing changed.
    pub listing_idle: Duration,
    /// Peak resident memory up to the end of the idle cycles.
    pub peak_kib: u64,
    /// The same up to the end of the full cycle, in which every service is
    /// there twice, as it was and as it is.
    pub full_peak_kib: u64,
}

#[derive(Clone, Copy, Default)]
pub struct Allocations {
    pub cold: usize,
    pub full: usize,
    pub idle: usize,
}

/// Measures all of it; the median of several rounds.
pub async fn measure(aiven: &Aiven, binary: &Path, rounds: usize) -> Figures {
    let mut bare = Vec::new();
    for _ in 0..rounds {
        bare.push(run_bare(aiven).await);
    }
    let done = &bare[rounds - 1].0;
    let (listing_bytes, groups) = (done.bytes, done.groups);
    let bare: Vec<Bare> = bare.into_iter().map(|(_, figures)| figures).collect();
    let mut files = (0, 0);
    let mut costs: Vec<Cost> = Vec::new();
    for _ in 0..rounds {
        let (mut cost, _, sizes) = daemon(aiven, Some(binary), groups).await;
        (cost.listing_full, cost.listing_idle) = listing_alone(aiven, binary).await;
        costs.push(cost);
        files = sizes;
    }
    let (_, allocations, _) = daemon(aiven, None, groups).await;
    Figures {
        services: aiven.services,
        bytes: aiven.bytes,
        listing_bytes,
        list_bytes: files.0,
        state_bytes: files.1,
        bare: Bare {
            cpu: median(&bare, |bare| bare.cpu),
            list: median(&bare, |bare| bare.list),
            resolve: median(&bare, |bare| bare.resolve),
            peak_kib: median(&bare, |bare| bare.peak_kib),
            allocations: median(&bare, |bare| bare.allocations),
        },
        daemon: Cost {
            cold: median(&costs, |cost| cost.cold),
            cold_elapsed: median(&costs, |cost| cost.cold_elapsed),
            full: median(&costs, |cost| cost.full),
            idle: median(&costs, |cost| cost.idle),
            listing_full: median(&costs, |cost| cost.listing_full),
            listing_idle: median(&costs, |cost| cost.listing_idle),
            peak_kib: costs.iter().map(|cost| cost.peak_kib).max().unwrap(),
            full_peak_kib: costs.iter().map(|cost| cost.full_peak_kib).max().unwrap(),
        },
        allocations,
    }
}

fn median<T, V: Ord + Copy>(all: &[T], value: impl Fn(&T) -> V) -> V {
    let mut values: Vec<V> = all.iter().map(value).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

/// Runs the bare reference to its end: what it did, and what that cost.
async fn run_bare(aiven: &Aiven) -> (Done, Bare) {
    let folder = tempfile::tempdir().unwrap();
    let access = aiven.access();
    let (dns, folder) = (access.dns.to_string(), folder.path().to_str().unwrap());
    let mut part = Part::start(&["--bare", &access.api_url, &access.token, &dns, folder]);
    let done: Done = serde_json::from_str(&part.hear().await).unwrap();
    let mut account = Account::of(part.id());
    let figures = Bare {
        cpu: account.cpu(),
        list: done.list,
        resolve: done.resolve,
        peak_kib: account.peak_kib(),
        allocations: done.allocations,
    };
    (done, figures)
}

/// Measures a cold start, idle cycles and a full one. `groups` is the length of
/// a complete list.
async fn daemon(
    aiven: &Aiven,
    binary: Option<&Path>,
    groups: usize,
) -> (Cost, Allocations, (u64, u64)) {
    let interval = interval(aiven);
    let mut cost = Cost::default();
    let mut allocations = Allocations::default();
    let mut daemon = Daemon::start(aiven, binary, interval, interval).await;

    let (targets, state) = (daemon.targets(), daemon.state());
    let account = &mut daemon.account;
    account.wait_for("a target list", || targets.exists()).await;
    cost.cold_elapsed = daemon.started.elapsed();
    account.wait_for("a saved state", || state.exists()).await;
    cost.cold = account.cpu();
    allocations.cold = daemon.allocations().await;
    let list = fs::read_to_string(&targets).unwrap();
    assert_eq!(
        list.matches("\"targets\"").count(),
        groups,
        "groups at once"
    );

    // The first full cycle after a start may still settle.
    daemon.account.watch(interval).await;
    let spent = cycles(&mut daemon, IDLE_CYCLES, interval, || {}).await;
    cost.idle = spent.0 / IDLE_CYCLES;
    allocations.idle = spent.1 / IDLE_CYCLES as usize;
    cost.peak_kib = daemon.account.peak_kib();
    let spent = cycles(&mut daemon, 1, interval, || {
        aiven.change_everything("REBUILDING");
    })
    .await;
    (cost.full, allocations.full) = spent;
    let new_list = fs::read_to_string(&targets).unwrap();
    assert!(new_list != list, "no new list after a change");
    aiven.change_everything("RUNNING");
    cost.full_peak_kib = daemon.account.peak_kib();
    let size = |path| fs::metadata(path).unwrap().len();
    (cost, allocations, (size(targets), size(state)))
}

fn interval(aiven: &Aiven) -> Duration {
    Duration::from_secs(if aiven.services > 1_000 { 15 } else { 3 })
}

/// Reads listings without ever resolving again: one of which every service
/// changed, and idle ones.
async fn listing_alone(aiven: &Aiven, binary: &Path) -> (Duration, Duration) {
    let interval = interval(aiven);
    let mut daemon = Daemon::start(aiven, Some(binary), interval, NEVER).await;
    let targets = daemon.targets();
    let account = &mut daemon.account;
    account.wait_for("a target list", || targets.exists()).await;
    account.watch(interval).await;
    let (idle, _) = cycles(&mut daemon, IDLE_CYCLES, interval, || {}).await;
    let (full, _) = cycles(&mut daemon, 1, interval, || {
        aiven.change_everything("REBUILDING");
    })
    .await;
    aiven.change_everything("RUNNING");
    (full, idle / IDLE_CYCLES)
}

/// The cost of that many cycles, with something done before the first.
async fn cycles(
    daemon: &mut Daemon,
    count: u32,
    interval: Duration,
    before: impl FnOnce(),
) -> (Duration, usize) {
    let listed = daemon.listings();
    let allocated = daemon.allocations().await;
    let spent = daemon.account.wait_for_quiet().await;
    let end = std::time::Instant::now() + interval * count;
    before();
    let left = end.saturating_duration_since(std::time::Instant::now());
    daemon.account.watch(left).await;
    let spent = daemon.account.wait_for_quiet().await - spent;
    let allocated = daemon.allocations().await - allocated;
    let listings = daemon.listings() - listed;
    if listings != u64::from(count) {
        eprintln!(
            "{listings} listings in {count} cycles: the machine is too slow for an interval of {interval:?}"
        );
    }
    (spent, allocated)
}
