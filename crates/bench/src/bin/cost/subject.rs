//! A process whose cost is of interest: the bare reference, or the daemon in
//! one of its two forms.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::account::Account;
use super::bare::Done;
use super::http::Connection;
use super::load::Load;

/// A child that ends when this is dropped.
pub struct Subject {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    pub account: Account,
    pub started: Instant,
}

/// The daemon, and where it writes.
pub struct Daemon {
    pub subject: Subject,
    folder: TempDir,
    web: SocketAddr,
    allocations_counted: bool,
}

impl Subject {
    fn start(command: &mut Command) -> Subject {
        let started = Instant::now();
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Subject {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            account: Account::of(process.id()),
            process,
            started,
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the bare reference to its end.
pub fn bare(load: &Load) -> (Subject, Done) {
    let folder = tempfile::tempdir().unwrap();
    let addresses = &load.addresses;
    let mut subject = Subject::start(
        Command::new(std::env::current_exe().unwrap())
            .arg("--bare")
            .args([&addresses.api, &addresses.token, &addresses.dns.to_string()])
            .arg(folder.path()),
    );
    let done = serde_json::from_str(&subject.line()).unwrap();
    subject.account.cpu();
    (subject, done)
}

impl Daemon {
    /// Starts `binary`, or this program's counting form of the daemon, which
    /// lists every `interval` and resolves every `dns_interval`.
    pub fn start(
        load: &Load,
        binary: Option<&Path>,
        interval: Duration,
        dns_interval: Duration,
    ) -> Daemon {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.json");
        let text = config_text(load, folder.path(), interval, dns_interval);
        fs::write(&config, text).unwrap();
        let itself = std::env::current_exe().unwrap();
        let mut command = match binary {
            Some(binary) => Command::new(binary),
            None => Command::new(itself),
        };
        match binary {
            Some(_) => command.args(["run", "--config"]).arg(&config),
            None => command.arg("--counted").arg(&config),
        };
        let mut subject = Subject::start(&mut command);
        let web = loop {
            let line: Value = serde_json::from_str(&subject.line()).unwrap();
            if line["message"] == "listening" {
                break line["address"].as_str().unwrap().parse().unwrap();
            }
        };
        Daemon {
            subject,
            folder,
            web,
            allocations_counted: binary.is_none(),
        }
    }

    pub fn targets(&self) -> PathBuf {
        self.folder.path().join("targets/targets.json")
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    /// Allocations and reallocations so far, if this form counts them.
    pub fn allocations(&mut self) -> Option<usize> {
        if !self.allocations_counted {
            return None;
        }
        self.subject.input.write_all(b"\n").unwrap();
        loop {
            // Log lines come between.
            if let Ok(count) = self.subject.line().trim().parse() {
                return Some(count);
            }
        }
    }

    /// How many listings and lookups the daemon counted so far.
    pub fn work_done(&self) -> (u64, u64) {
        let metrics = Connection::open(self.web).text("GET /metrics", "");
        let sum = |prefix: &str| {
            let lines = metrics.lines().filter(|line| line.starts_with(prefix));
            lines
                .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
                .sum()
        };
        (
            sum("aiven_metrics_api_requests_total{operation=\"list_services\""),
            sum("aiven_metrics_dns_lookups_total"),
        )
    }
}

fn config_text(load: &Load, folder: &Path, interval: Duration, dns_interval: Duration) -> String {
    let text = |duration: Duration| format!("{}ms", duration.as_millis());
    let config = json!({
        "aiven": {
            "api_url": load.addresses.api,
            "api_token": load.addresses.token,
            "projects": ["bulk"],
            "poll_interval": text(interval),
        },
        "integration": {"username": "metrics", "password": "a-password-for-bulk"},
        "dns": {"nameservers": [load.addresses.dns], "poll_interval": text(dns_interval)},
        "web": {"listen": "127.0.0.1:0"},
        "state_dir": folder,
    });
    config.to_string()
}
