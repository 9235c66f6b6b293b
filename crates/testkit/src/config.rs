//! The daemon's configuration: a minimal valid one, and setters for the rest.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::sim::{Access, CloudFoundry, PASSWORD, USERNAME};
use crate::targets::{addresses, read};
use crate::{Finished, Program};

/// A port that the system chooses.
const ANY_PORT: &str = "127.0.0.1:0";

/// A configuration and the folder of the daemons that use it, which they share
/// one after the other.
#[derive(Debug)]
pub struct Config {
    folder: PathBuf,
    temporary: Option<TempDir>,
    document: Value,
}

impl Config {
    /// All projects of a simulated Aiven, in a temporary folder. What it does
    /// not need keeps its default, but the scrape proxy is off.
    ///
    /// # Panics
    /// If there is no temporary folder.
    pub fn of(aiven: impl Into<Access>) -> Config {
        let temporary = TempDir::with_prefix("aiven-metrics-").expect("a temporary folder");
        let mut config = Config::in_folder(temporary.path(), aiven);
        config.temporary = Some(temporary);
        config
    }

    /// The same in an existing folder, which stays.
    pub fn in_folder(folder: &Path, aiven: impl Into<Access>) -> Config {
        let aiven = aiven.into();
        let document = json!({
            "aiven": {
                "api_url": aiven.api_url,
                "api_token": aiven.token,
                "projects": aiven.projects,
            },
            "integration": {"username": USERNAME, "password": PASSWORD},
            "dns": {"nameservers": [aiven.dns]},
            "scrape_proxy": {"listen": ""},
            "web": {"listen": ANY_PORT},
            "state_dir": folder.join("state"),
        });
        Config {
            folder: folder.to_owned(),
            temporary: None,
            document,
        }
    }

    /// As [`Config::of`], with short intervals. Timeouts are long enough for a
    /// busy machine; a test of what hangs sets a shorter one.
    pub fn quick(aiven: impl Into<Access>) -> Config {
        Config::of(aiven)
            .list_every(Duration::from_millis(200))
            .resolve_every(Duration::from_millis(200))
            .removal_grace(Duration::from_millis(300))
            .request_timeout(Duration::from_secs(20))
            .dns_timeout(Duration::from_secs(10))
    }

    /// Labels come from this Cloud Foundry.
    pub fn cloud_foundry(self, from: impl Into<CloudFoundry>) -> Config {
        let from = from.into();
        self.with("cloud_foundry.api_url", from.api_url)
            .with("cloud_foundry.client_id", from.client_id)
            .with("cloud_foundry.client_secret", from.client_secret)
            .with("cloud_foundry.ca_cert", from.ca_cert)
    }

    /// Sets the key at `path` (`aiven.poll_interval`).
    pub fn with(mut self, path: &str, value: impl Into<Value>) -> Config {
        self.set(path, value);
        self
    }

    /// The same in place.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        let mut place = &mut self.document;
        for key in path.split('.') {
            place = &mut place[key];
        }
        *place = value.into();
    }

    /// `aiven.poll_interval`.
    pub fn list_every(self, interval: Duration) -> Config {
        self.with("aiven.poll_interval", text(interval))
    }

    /// `dns.poll_interval`.
    pub fn resolve_every(self, interval: Duration) -> Config {
        self.with("dns.poll_interval", text(interval))
    }

    /// `aiven.request_timeout`.
    pub fn request_timeout(self, timeout: Duration) -> Config {
        self.with("aiven.request_timeout", text(timeout))
    }

    /// `dns.timeout`.
    pub fn dns_timeout(self, timeout: Duration) -> Config {
        self.with("dns.timeout", text(timeout))
    }

    /// `targets.removal_grace`.
    pub fn removal_grace(self, grace: Duration) -> Config {
        self.with("targets.removal_grace", text(grace))
    }

    /// `integration.username` and `integration.password`.
    pub fn credentials(self, username: &str, password: &str) -> Config {
        self.with("integration.username", username)
            .with("integration.password", password)
    }

    /// A scrape proxy on a port that the system chooses.
    pub fn with_proxy(self) -> Config {
        self.with("scrape_proxy.listen", ANY_PORT)
    }

    /// `scrape_proxy.listen`.
    pub fn proxy_at(self, address: SocketAddr) -> Config {
        self.with("scrape_proxy.listen", address.to_string())
    }

    /// `web.listen`.
    pub fn web_at(self, address: SocketAddr) -> Config {
        self.with("web.listen", address.to_string())
    }

    /// `instance_index`.
    pub fn instance(self, index: usize) -> Config {
        self.with("instance_index", index)
    }

    /// The folder that holds the configuration file and, as `state`, the state directory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where the daemon keeps its state.
    pub fn state_dir(&self) -> PathBuf {
        let folder = self.document["state_dir"].as_str().unwrap_or_default();
        PathBuf::from(folder)
    }

    /// Path of the saved state.
    pub fn state_file(&self) -> PathBuf {
        self.state_dir().join("state.json")
    }

    /// Path of the target list.
    pub fn targets_file(&self) -> PathBuf {
        self.state_dir().join("targets/targets.json")
    }

    /// The target list's text.
    ///
    /// # Panics
    /// If there is none.
    pub fn targets_text(&self) -> String {
        let path = self.targets_file();
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The target groups on disk; none if there is no file.
    ///
    /// # Panics
    /// If the file is not a whole list.
    pub fn groups(&self) -> Vec<Value> {
        read(&self.targets_file()).unwrap_or_default()
    }

    /// The addresses in the target list, sorted; none if there is no file.
    ///
    /// # Panics
    /// If the file is not a whole list.
    pub fn targets(&self) -> Vec<String> {
        addresses(&self.groups())
    }

    /// Writes the configuration file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self) -> anyhow::Result<PathBuf> {
        let path = self.path("aiven-metrics.json");
        fs::write(&path, format!("{:#}\n", self.document))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// `BINARY COMMAND --config FILE`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn program(&self, binary: &Path, command: &str) -> anyhow::Result<Program> {
        let file = self.write()?;
        Ok(Program::new(binary).arg(command).arg("--config").arg(file))
    }

    /// Runs `BINARY COMMAND --config FILE MORE…` to its end.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub async fn run(
        &self,
        binary: &Path,
        command: &str,
        more: &[&str],
    ) -> anyhow::Result<Finished> {
        self.program(binary, command)?.args(more).run().await
    }
}

/// As the configuration writes it.
fn text(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}
