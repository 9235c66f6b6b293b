//! The clients of a measurement, in a process of their own.

use std::io::BufRead;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use bench::Account;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::connection::{Connection, Target, trust};

#[derive(Serialize, Deserialize)]
pub struct Plan {
    pub proxy: SocketAddr,
    pub ca: String,
    /// One client scrapes each.
    pub targets: Vec<Target>,
}

/// What `direct` or `proxied` is answered with.
#[derive(Serialize, Deserialize)]
pub struct Done {
    pub bytes: u64,
    /// CPU time of the clients.
    pub cpu: Duration,
}

/// What `latency` is answered with: medians and 99th percentiles.
#[derive(Serialize, Deserialize)]
pub struct Latency {
    pub direct: (Duration, Duration),
    pub proxied: (Duration, Duration),
}

struct Clients {
    plan: Plan,
    direct: Vec<Connection>,
    proxied: Vec<Connection>,
}

/// Obeys lines `direct|proxied|latency SCRAPES plain|gzip`, the number being
/// that of each client, or of the first for `latency`.
pub async fn run(plan: &Path) {
    let plan: Plan = serde_json::from_slice(&std::fs::read(plan).unwrap()).unwrap();
    let trust = trust(&plan.ca);
    let mut clients = Clients {
        plan,
        direct: vec![],
        proxied: vec![],
    };
    for target in &clients.plan.targets {
        clients
            .direct
            .push(Connection::direct(target, &trust).await.unwrap());
        clients
            .proxied
            .push(Connection::to_proxy(clients.plan.proxy).await.unwrap());
    }
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let (scrapes, gzip) = (words[1].parse().unwrap(), words[2] == "gzip");
        let answer = match words[0] {
            "latency" => serde_json::to_string(&clients.latency(scrapes, gzip).await),
            way => serde_json::to_string(&clients.throughput(way, scrapes, gzip).await),
        };
        println!("{}", answer.unwrap());
    }
}

impl Clients {
    async fn throughput(&mut self, way: &str, scrapes: usize, gzip: bool) -> Done {
        let connections = match way {
            "direct" => &mut self.direct,
            _ => &mut self.proxied,
        };
        let mut account = Account::of(std::process::id());
        let before = account.cpu();
        let pairs = connections.iter_mut().zip(&self.plan.targets);
        let all = join_all(pairs.map(async |(connection, target)| {
            let mut bytes = 0;
            for _ in 0..scrapes {
                bytes += connection.scrape(target, gzip).await.unwrap();
            }
            bytes
        }));
        let bytes = all.await.into_iter().sum();
        Done {
            bytes,
            cpu: account.cpu() - before,
        }
    }

    /// One scrape after the other, the two ways in turn.
    async fn latency(&mut self, scrapes: usize, gzip: bool) -> Latency {
        let target = &self.plan.targets[0];
        let (mut direct, mut proxied) = (Vec::new(), Vec::new());
        for _ in 0..scrapes {
            let start = Instant::now();
            self.direct[0].scrape(target, gzip).await.unwrap();
            direct.push(start.elapsed());
            let start = Instant::now();
            self.proxied[0].scrape(target, gzip).await.unwrap();
            proxied.push(start.elapsed());
        }
        Latency {
            direct: quantiles(direct),
            proxied: quantiles(proxied),
        }
    }
}

fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}
