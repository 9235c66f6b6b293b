//! Direct and relayed scrapes in turn: same nodes, same page, same minute.

use std::path::Path;
use std::time::Duration;

use bench::{Account, Part};
use serde::de::DeserializeOwned;

use super::clients::{Done, Latency, Plan};
use super::published::Published;

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
    let published = Published::start(binary, CLIENTS).await;
    let plan = tempfile::NamedTempFile::new().unwrap();
    let about = Plan {
        proxy: published.proxy,
        ca: published.about["ca"].as_str().unwrap().to_owned(),
        targets: published.targets.clone(),
    };
    serde_json::to_writer(&plan, &about).unwrap();
    let mut clients = Part::start(&["--clients", plan.path().to_str().unwrap()]);
    clients.hear().await;
    println!(
        "\nCPU time for a scrape, median of {rounds} rounds of {} each way:\n",
        scrapes * CLIENTS
    );
    println!(
        "| page | direct client | daemon | daemon ÷ direct | scrapes per CPU second, direct | daemon | client of the proxy |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for coding in ["plain", "gzip"] {
        let costs = costs(&published, &mut clients, rounds, scrapes, coding).await;
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
        let Latency { direct, proxied } = ask(&mut clients, "latency", pairs, coding).await;
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

async fn costs(
    published: &Published,
    clients: &mut Part,
    rounds: usize,
    scrapes: usize,
    coding: &str,
) -> Costs {
    let each = u32::try_from(scrapes * CLIENTS).unwrap();
    let mut costs = Costs::default();
    let mut account = Account::of(published.daemon.id());
    for way in ["direct", "proxied"] {
        let _: Done = ask(clients, way, scrapes, coding).await;
    }
    for _ in 0..rounds {
        let direct: Done = ask(clients, "direct", scrapes, coding).await;
        let before = account.cpu();
        let proxied: Done = ask(clients, "proxied", scrapes, coding).await;
        let daemon = account.cpu() - before;
        assert_eq!(direct.bytes, proxied.bytes, "not the same page");
        costs.direct.push(direct.cpu / each);
        costs.client.push(proxied.cpu / each);
        costs.daemon.push(daemon / each);
        costs.bytes = direct.bytes / u64::from(each);
    }
    costs
}

async fn ask<T: DeserializeOwned>(
    clients: &mut Part,
    what: &str,
    scrapes: usize,
    coding: &str,
) -> T {
    let answer = clients.ask(&format!("{what} {scrapes} {coding}")).await;
    serde_json::from_str(&answer).unwrap()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
