//! The daemon in one of its two forms: its own binary, or this program with
//! allocations counted.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bench::Account;
use testkit::{Config, Program};

use super::http::Connection;
use super::simulated::Aiven;

/// A running daemon; it is killed when this is dropped.
pub struct Daemon {
    daemon: testkit::Daemon,
    config: Config,
    allocations_counted: bool,
    /// Lines of its output that were read.
    read: usize,
    pub account: Account,
    pub started: Instant,
}

impl Daemon {
    /// Starts `binary`, or this program's counting form of the daemon, which
    /// lists every `interval` and resolves every `dns_interval`.
    pub async fn start(
        aiven: &Aiven,
        binary: Option<&Path>,
        interval: Duration,
        dns_interval: Duration,
    ) -> Daemon {
        let config = Config::of(aiven.access())
            .credentials("metrics", "a-password-for-bulk")
            .list_every(interval)
            .resolve_every(dns_interval)
            .with_proxy();
        let program = match binary {
            Some(binary) => config.program(binary, "run").unwrap(),
            None => Program::new(std::env::current_exe().unwrap())
                .arg("--counted")
                .arg(config.write().unwrap()),
        };
        let started = Instant::now();
        let daemon = testkit::Daemon::of(program.plain().with_input(), &config);
        let daemon = daemon.await.unwrap();
        Daemon {
            account: Account::of(daemon.id()),
            daemon,
            config,
            allocations_counted: binary.is_none(),
            read: 0,
            started,
        }
    }

    pub fn targets(&self) -> PathBuf {
        self.config.targets_file()
    }

    pub fn state(&self) -> PathBuf {
        self.config.state_file()
    }

    /// Allocations and reallocations so far; 0 if this form does not count them.
    pub async fn allocations(&mut self) -> usize {
        if !self.allocations_counted {
            return 0;
        }
        let process = self.daemon.process();
        process.tell("").unwrap();
        // Log lines come between.
        let count = process
            .stdout
            .find_from(self.read, |line| line.parse().ok());
        let (count, read) = count.await.unwrap();
        self.read = read;
        count
    }

    /// How many listings the daemon counted so far.
    pub fn listings(&self) -> u64 {
        let metrics = Connection::open(self.daemon.address).text("GET /metrics", "");
        let prefix = "aiven_metrics_api_requests_total{operation=\"list_services\"";
        let samples = metrics.lines().filter(|line| line.starts_with(prefix));
        samples
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }
}
