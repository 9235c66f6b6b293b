//! What the page costs at many services: its size, and the time to its first byte, while
//! no node was scraped yet and while every scrape fails.
//!
//! Run by `scripts/bench --page`. Nothing is asserted.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program for developers: it may panic, and it blocks on purpose"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bench::{Account, NEVER, mib};
use clap::Parser;
use serde_json::Value;
use testkit::{Config, Daemon, SimProcess};

/// What is asked for, and what it is.
const PAGES: [(&str, &str); 5] = [
    ("/", "everything"),
    ("/?q=bulk-0000&verdict=unreachable", "a search and a filter"),
    ("/?q=no-such-service", "a search that finds nothing"),
    ("/events", "`/events`"),
    ("/status", "`/status`, for comparison"),
];

#[derive(Parser)]
struct Arguments {
    /// The daemon's binary.
    #[arg(long)]
    daemon: PathBuf,
    /// The simulator's binary.
    #[arg(long)]
    simulator: PathBuf,
    /// How many services there are.
    #[arg(long, default_value_t = 10_000)]
    services: usize,
    /// How often each page is asked for.
    #[arg(long, default_value_t = 50)]
    times: usize,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let sim = SimProcess::bulk(&arguments.simulator, arguments.services, 2000);
    let sim = sim.await.unwrap();
    let config = Config::of(sim.access())
        .credentials("metrics", "a-password-for-bulk")
        .list_every(NEVER)
        .resolve_every(NEVER)
        .with_proxy();
    let daemon = Daemon::start(&arguments.daemon, &config).await.unwrap();
    let mut account = Account::of(daemon.id());
    let all = || config.groups().len() >= arguments.services;
    account.wait_for("the list", all).await;
    account.wait_for_quiet().await;
    println!("{} services\n", arguments.services);
    println!("| | page | bytes | first byte, median | slowest |\n|---|---|---:|---:|---:|");
    print("not scraped yet", &daemon, arguments.times);
    scrape_all(&config, daemon.scrape_proxy().await.unwrap());
    print("every scrape fails", &daemon, arguments.times);
    account.wait_for_quiet().await;
    println!(
        "\nresident memory afterwards: {}",
        mib(account.resident_kib())
    );
}

fn print(state: &str, daemon: &Daemon, times: usize) {
    for (path, what) in PAGES {
        let mut waits = Vec::with_capacity(times);
        let mut size = 0;
        for _ in 0..times {
            let (wait, answer) = ask(daemon.address, "localhost", &format!("GET {path} HTTP/1.1"));
            waits.push(wait);
            size = answer.len();
        }
        waits.sort();
        let (median, slowest) = (waits[times / 2], waits[times - 1]);
        println!("| {state} | {what} | {size} | {median:.1?} | {slowest:.1?} |");
    }
}

/// Asks the proxy for every target; none of them answers.
fn scrape_all(config: &Config, proxy: SocketAddr) {
    for group in config.groups() {
        let service = group["labels"]["__param_aiven_service"].as_str().unwrap();
        let service = service.replace('/', "%2F");
        for target in group["targets"].as_array().unwrap() {
            let target = Value::as_str(target).unwrap();
            let line = format!("GET http://{target}/metrics?aiven_service={service} HTTP/1.1");
            ask(proxy, target, &line);
        }
    }
}

/// The time until the first byte, and the body.
fn ask(address: SocketAddr, host: &str, line: &str) -> (Duration, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    let began = Instant::now();
    let request = format!("{line}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = vec![0];
    stream.read_exact(&mut answer).unwrap();
    let wait = began.elapsed();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n");
    (wait, answer.split_off(head.map_or(0, |end| end + 4)))
}
