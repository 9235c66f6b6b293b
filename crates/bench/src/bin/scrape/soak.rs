//! A thousand targets every fifteen seconds, while nodes hang, reset, move and
//! rotate credentials: nobody else's scrape is lost, and nothing grows.
//!
//! Begins with a deploy that changes the password: nodes follow one after the
//! other, and until then take the old one. The simulated Aiven and its nodes
//! run in this process, the daemon in its own.

use std::path::Path;
use std::time::Duration;

use aiven_sim::{NodeFault, ServiceSpec, Simulator};
use bench::{Account, mib};
use testkit::Daemon;
use tokio::time::sleep;

use super::published::{PROJECT, all_targets, config, published, scrapable};
use super::round::{INTERVAL, Tally, round};

const SERVICES: usize = 250;
const NODES: usize = 4;
const ROUNDS_A_MINUTE: u32 = 4;
/// Between two nodes of a service that follow a change of credentials.
const ROLLOUT: Duration = Duration::from_secs(2);
const OLD: &str = "the-old-password";
const SERIES: usize = 200;
const FAULTY_NODE: usize = 0;
/// Descriptors that come and go: connections to nodes in trouble, API, DNS.
const SPARE: u64 = 50;
const NEW: &str = "the-new-password";

/// Services whose first node has a fault, whose nodes move, and whose
/// credentials are changed by hand at Aiven.
const FAULTY: std::ops::Range<usize> = 0..5;
const MOVING: std::ops::Range<usize> = 5..10;
const ROTATING: std::ops::Range<usize> = 10..15;

/// What becomes of a faulty node, a round each.
const FAULTS: [Option<NodeFault>; 5] = [
    Some(NodeFault::Hang),
    Some(NodeFault::Reset),
    Some(NodeFault::HangAfterRequest),
    Some(NodeFault::ResetMidBody),
    None,
];

pub async fn run(binary: &Path, minutes: u32) {
    let sim = simulator().await;
    let by_hand = integrate(&sim);
    let mut config = config(&sim, OLD);
    let targets = all_targets(&sim);
    let before = Daemon::start(binary, &config).await.unwrap();
    let proxy = before.scrape_proxy().await.unwrap();
    published(&config, targets.len()).await;
    scrapable(proxy, &targets[0]).await;
    let tally = round(proxy, &config, |_| false).await;
    tally.assert_none_lost("before any trouble");
    before.stop().await.unwrap();

    config.set("integration.password", NEW);
    let daemon = Daemon::start(binary, &config).await.unwrap();
    let proxy = daemon.scrape_proxy().await.unwrap();
    let mut all = Tally::default();
    let mut samples = Vec::new();
    println!(
        "| minute | scrapes | lost | failed on troubled nodes | resident | descriptors | threads |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for number in 1..=minutes * ROUNDS_A_MINUTE {
        make_trouble(&sim, number as usize, &by_hand);
        all.add(round(proxy, &config, is_troubled).await);
        samples.push(Sample::of(&Account::of(daemon.id())));
        if number % ROUNDS_A_MINUTE == 0 {
            let minute = number / ROUNDS_A_MINUTE;
            println!("| {minute} | {all} | {} |", samples.last().unwrap());
        }
    }
    all.assert_none_lost("of nodes without trouble");
    assert!(all.excused > 0, "there was no trouble at all");

    sim.clear_faults();
    sleep(INTERVAL).await;
    let after = round(proxy, &config, |_| false).await;
    after.assert_none_lost("when all trouble was over");
    println!(
        "\nAfter the trouble each of {} targets was scraped.",
        after.scrapes
    );
    assert_no_growth(&samples);
}

async fn simulator() -> Simulator {
    let sim = Simulator::builder()
        .project(PROJECT)
        .rollout_delay(ROLLOUT)
        .own_threads(1);
    let sim = sim.start().await.unwrap();
    for number in 0..SERVICES {
        let spec = ServiceSpec::new(name(number), "opensearch").nodes(NODES);
        sim.add_service(PROJECT, spec.series(SERIES).listed_bytes(2_000));
    }
    sim
}

/// All with our endpoint, but those that rotate with another; returns its id.
fn integrate(sim: &Simulator) -> String {
    let ours = sim.add_endpoint(PROJECT, "aiven-metrics", "metrics", OLD);
    let by_hand = sim.add_endpoint(PROJECT, "by-hand", "metrics", OLD);
    for number in ROTATING {
        sim.add_integration(PROJECT, &name(number), &by_hand);
    }
    sim.integrate_all(PROJECT, &ours);
    by_hand
}

fn name(number: usize) -> String {
    format!("os-{number:03}")
}

fn make_trouble(sim: &Simulator, round: usize, by_hand: &str) {
    for number in FAULTY {
        match FAULTS[(round + number) % FAULTS.len()].clone() {
            Some(fault) => sim.node_fault(PROJECT, &name(number), FAULTY_NODE, fault),
            None => sim.clear_node_fault(PROJECT, &name(number), FAULTY_NODE),
        }
    }
    sim.fail_over(PROJECT, &name(MOVING.start + round % MOVING.len()));
    if round % 4 == 2 {
        sim.change_endpoint(PROJECT, by_hand, "metrics", &format!("by-hand-{round}"));
    }
}

/// Whether a service's scrapes may fail.
fn is_troubled(service: &str) -> bool {
    (0..ROTATING.end).any(|number| name(number) == service)
}

/// What the daemon holds at one time.
struct Sample {
    resident_kib: u64,
    descriptors: u64,
    threads: u64,
}

impl Sample {
    fn of(account: &Account) -> Sample {
        Sample {
            resident_kib: account.resident_kib(),
            descriptors: account.descriptors(),
            threads: account.threads(),
        }
    }
}

impl std::fmt::Display for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let resident = mib(self.resident_kib);
        write!(f, "{resident} | {} | {}", self.descriptors, self.threads)
    }
}

/// Compares the end of the first minute with the end of the last.
fn assert_no_growth(samples: &[Sample]) {
    let first = &samples[ROUNDS_A_MINUTE as usize - 1];
    let last = samples.last().unwrap();
    let allowed = first.resident_kib / 10;
    assert!(
        last.resident_kib <= first.resident_kib + allowed,
        "memory grew: {first} to {last}"
    );
    assert!(
        last.descriptors <= first.descriptors + SPARE,
        "descriptors grew: {first} to {last}"
    );
    assert!(
        last.threads <= first.threads + 1,
        "threads grew: {first} to {last}"
    );
}
