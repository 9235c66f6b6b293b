//! One round: the bare reference, then the daemon through a cold start, idle
//! cycles and a full one.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::load::Load;
use super::subject::{self, Daemon};

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
pub fn measure(load: &Load, binary: &Path, rounds: usize) -> Figures {
    let mut listing_bytes = 0;
    let mut groups = 0;
    let mut bare = Vec::new();
    for _ in 0..rounds {
        let (mut subject, done) = subject::bare(load);
        listing_bytes = done.bytes;
        groups = done.groups;
        bare.push(Bare {
            cpu: subject.account.cpu(),
            list: done.list,
            resolve: done.resolve,
            peak_kib: subject.account.peak_kib(),
            allocations: done.allocations,
        });
    }
    let mut files = (0, 0);
    let costs: Vec<Cost> = (0..rounds)
        .map(|_| {
            let (mut cost, _, sizes) = daemon(load, Some(binary), groups);
            (cost.listing_full, cost.listing_idle) = listing_alone(load, binary);
            files = sizes;
            cost
        })
        .collect();
    let (_, allocations, _) = daemon(load, None, groups);
    Figures {
        services: load.services,
        bytes: load.bytes,
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

/// Takes the daemon through its paces. `groups` is the length of a complete list.
fn daemon(load: &Load, binary: Option<&Path>, groups: usize) -> (Cost, Allocations, (u64, u64)) {
    let interval = interval(load);
    let mut cost = Cost::default();
    let mut allocations = Allocations::default();
    let mut daemon = Daemon::start(load, binary, interval, interval);

    let (targets, state) = (daemon.targets(), daemon.state());
    let account = &mut daemon.subject.account;
    account.wait_for("a target list", || targets.exists());
    cost.cold_elapsed = daemon.subject.started.elapsed();
    account.wait_for("a saved state", || state.exists());
    cost.cold = account.cpu();
    allocations.cold = daemon.allocations().unwrap_or_default();
    let list = fs::read_to_string(&targets).unwrap();
    assert_eq!(
        list.matches("\"targets\"").count(),
        groups,
        "groups at once"
    );

    // The first full cycle after a start may still settle.
    daemon.subject.account.watch(interval);
    let spent = cycles(&mut daemon, IDLE_CYCLES, interval, || {});
    cost.idle = spent.0 / IDLE_CYCLES;
    allocations.idle = spent.1 / IDLE_CYCLES as usize;
    cost.peak_kib = daemon.subject.account.peak_kib();
    let spent = cycles(&mut daemon, 1, interval, || {
        load.change_everything("REBUILDING");
    });
    (cost.full, allocations.full) = spent;
    let new_list = fs::read_to_string(&targets).unwrap();
    assert!(new_list != list, "no new list after a change");
    load.change_everything("RUNNING");
    cost.full_peak_kib = daemon.subject.account.peak_kib();
    let size = |path| fs::metadata(path).unwrap().len();
    (cost, allocations, (size(targets), size(state)))
}

fn interval(load: &Load) -> Duration {
    Duration::from_secs(if load.services > 1_000 { 15 } else { 3 })
}

/// Reads listings without ever resolving again: one of which every service
/// changed, and idle ones.
fn listing_alone(load: &Load, binary: &Path) -> (Duration, Duration) {
    let interval = interval(load);
    let mut daemon = Daemon::start(load, Some(binary), interval, Duration::from_secs(3600));
    let targets = daemon.targets();
    let account = &mut daemon.subject.account;
    account.wait_for("a target list", || targets.exists());
    account.watch(interval);
    let (idle, _) = cycles(&mut daemon, IDLE_CYCLES, interval, || {});
    let (full, _) = cycles(&mut daemon, 1, interval, || {
        load.change_everything("REBUILDING");
    });
    load.change_everything("RUNNING");
    (full, idle / IDLE_CYCLES)
}

/// The cost of that many cycles, with something done before the first.
fn cycles(
    daemon: &mut Daemon,
    count: u32,
    interval: Duration,
    before: impl FnOnce(),
) -> (Duration, usize) {
    let done_before = daemon.work_done();
    let allocated = daemon.allocations().unwrap_or_default();
    let spent = daemon.subject.account.wait_for_quiet();
    let end = std::time::Instant::now() + interval * count;
    before();
    let left = end.saturating_duration_since(std::time::Instant::now());
    daemon.subject.account.watch(left);
    let spent = daemon.subject.account.wait_for_quiet() - spent;
    let allocated = daemon.allocations().unwrap_or_default() - allocated;
    let done = daemon.work_done();
    let listings = done.0 - done_before.0;
    if listings != u64::from(count) {
        eprintln!(
            "{listings} listings in {count} cycles: the machine is too slow for an interval of {interval:?}"
        );
    }
    (spent, allocated)
}
