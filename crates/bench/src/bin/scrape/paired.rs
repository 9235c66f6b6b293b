//! Direct and relayed scrapes in turn: same nodes, same page, same minute.

use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::child::Told;
use super::load::{Done, Latency, Plan};
use super::world::World;

/// Scrapes under way at once.
const CLIENTS: usize = 8;

/// CPU time for one scrape.
#[derive(Default)]
struct Costs {
    direct: Vec<Duration>,
    client: Vec<Duration>,
    daemon: Vec<Duration>,
    bytes: u64,
}

pub async fn run(binary: &Path, quick: bool) {
    let (rounds, scrapes, pairs) = if quick {
        (3, 100, 500)
    } else {
        (7, 400, 5_000)
    };
    let world = World::with(binary, CLIENTS).await;
    let plan = tempfile::NamedTempFile::new().unwrap();
    let about = Plan {
        proxy: world.daemon.proxy,
        ca: world.about["ca"].as_str().unwrap().to_owned(),
        targets: world.targets.clone(),
    };
    serde_json::to_writer(&plan, &about).unwrap();
    let mut load = Told::itself(&["--load", plan.path().to_str().unwrap()]);
    load.hear();
    println!(
        "\nCPU time for a scrape, median of {rounds} rounds of {} each way:\n",
        scrapes * CLIENTS
    );
    println!(
        "| page | direct client | daemon | daemon ÷ direct | scrapes per CPU second, direct | daemon | client of the proxy |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for coding in ["plain", "gzip"] {
        let costs = costs(&world, &mut load, rounds, scrapes, coding);
        let [direct, client, daemon] = [costs.direct, costs.client, costs.daemon].map(median);
        println!(
            "| {coding}, {:.1} KB | {direct:.1?} | {daemon:.1?} | {:.2} | {:.0} | {:.0} | {client:.1?} |",
            costs.bytes as f64 / 1e3,
            daemon.as_secs_f64() / direct.as_secs_f64(),
            1.0 / direct.as_secs_f64(),
            1.0 / daemon.as_secs_f64(),
        );
    }
    println!("\nTime of a scrape, {pairs} pairs one after the other:\n");
    println!("| page | direct, median | 99 % | proxy, median | 99 % | added, median | 99 % |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for coding in ["plain", "gzip"] {
        let Latency { direct, proxied } = ask(&mut load, "latency", pairs, coding);
        println!(
            "| {coding} | {:.1?} | {:.1?} | {:.1?} | {:.1?} | {:.1?} | {:.1?} |",
            direct.0,
            direct.1,
            proxied.0,
            proxied.1,
            proxied.0.saturating_sub(direct.0),
            proxied.1.saturating_sub(direct.1),
        );
    }
}

fn costs(world: &World, load: &mut Told, rounds: usize, scrapes: usize, coding: &str) -> Costs {
    let each = u32::try_from(scrapes * CLIENTS).unwrap();
    let mut costs = Costs::default();
    for way in ["direct", "proxied"] {
        let _: Done = ask(load, way, scrapes, coding);
    }
    for _ in 0..rounds {
        let direct: Done = ask(load, "direct", scrapes, coding);
        let before = world.daemon.account().cpu();
        let proxied: Done = ask(load, "proxied", scrapes, coding);
        let daemon = world.daemon.account().cpu() - before;
        assert_eq!(direct.bytes, proxied.bytes, "not the same page");
        costs.direct.push(direct.cpu / each);
        costs.client.push(proxied.cpu / each);
        costs.daemon.push(daemon / each);
        costs.bytes = direct.bytes / u64::from(each);
    }
    costs
}

fn ask<T: DeserializeOwned>(load: &mut Told, what: &str, scrapes: usize, coding: &str) -> T {
    serde_json::from_str(&load.ask(&format!("{what} {scrapes} {coding}"))).unwrap()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
