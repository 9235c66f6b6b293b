//! A running daemon: what it serves and publishes, and its end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::{Context, ensure};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Config, Log, Process, Program, Signal, http_client};

mod waits;

/// A daemon as a child process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Daemon {
    process: Process,
    http: reqwest::Client,
    targets_file: PathBuf,
    /// Where it serves `/status` and the rest.
    pub address: SocketAddr,
    /// Its log.
    pub log: Log,
}

/// An answer of its web server.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: String,
}

impl Daemon {
    /// Starts `BINARY run` with this configuration; returns once it listens.
    ///
    /// # Errors
    /// If it does not start or does not listen; with the end of its log.
    pub async fn start(binary: &Path, config: &Config) -> anyhow::Result<Daemon> {
        Daemon::of(config.program(binary, "run")?, config).await
    }

    /// The same, started by a program that `config` alone does not describe.
    ///
    /// # Errors
    /// As [`Daemon::start`].
    pub async fn of(program: Program, config: &Config) -> anyhow::Result<Daemon> {
        // Made first, so that the daemon's first moments can be watched.
        let http = http_client();
        let mut process = program.named("the daemon").start()?;
        let log = Log(process.stdout.clone());
        let address = match listening(&log, "web.listen").await {
            Ok(address) => address,
            Err(error) => {
                process.check()?;
                return Err(error.context("the daemon does not listen"));
            }
        };
        Ok(Daemon {
            process,
            http,
            targets_file: config.targets_file(),
            address,
            log,
        })
    }

    /// Where it relays scrapes.
    ///
    /// # Errors
    /// If it does not say so, because the scrape proxy is off.
    pub async fn scrape_proxy(&self) -> anyhow::Result<SocketAddr> {
        let address = listening(&self.log, "scrape_proxy.listen").await;
        address.context("the scrape proxy does not listen")
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its `targets.json`.
    pub fn targets_file(&self) -> &Path {
        &self.targets_file
    }

    /// What `path` serves, in JSON.
    ///
    /// # Errors
    /// If the daemon has ended, does not answer, or answers something else.
    pub async fn read<T: DeserializeOwned>(&mut self, path: &str) -> anyhow::Result<T> {
        self.process.check()?;
        let answer = self.try_get(path, &[]).await?;
        ensure!(answer.status.is_success(), "{path}: {}", answer.status);
        serde_json::from_str(&answer.body).with_context(|| format!("{path} is not as expected"))
    }

    /// `GET path` with these headers.
    ///
    /// # Errors
    /// If the daemon does not answer.
    pub async fn try_get(&self, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let mut request = self.http.get(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        Ok(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await?,
        })
    }

    /// Sends SIGTERM and waits until it has ended; returns its log.
    ///
    /// # Errors
    /// If it does not end in time, or not with exit code 0.
    pub async fn stop(self) -> anyhow::Result<Log> {
        let Daemon { process, log, .. } = self;
        let status = process.stop().await?;
        ensure!(
            status.success(),
            "the daemon ended with {status} after SIGTERM\n{}",
            log.0.last_lines()
        );
        Ok(log)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// If that is not allowed.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        self.process.signal(signal)
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        self.process.ended().await
    }

    /// Sends SIGKILL and waits until it has ended.
    pub fn kill(self) {
        drop(self);
    }

    /// Everything that it has printed.
    pub fn printed(&self) -> String {
        self.process.printed()
    }

    /// The end of what it has printed.
    pub fn last_lines(&self) -> String {
        self.process.last_lines()
    }
}

/// The address that the daemon logs for `key` once it listens.
async fn listening(log: &Log, key: &str) -> anyhow::Result<SocketAddr> {
    let line: Value = log.find("listening", |line| line["key"] == key).await?;
    let address = line["address"].as_str().context("no address")?;
    address.parse().context("no address")
}
