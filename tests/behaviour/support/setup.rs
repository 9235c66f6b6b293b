//! A configuration file and a state directory, and running the binary with them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aiven_sim::Simulator;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::daemon::{Daemon, addresses};
use super::{PASSWORD, USERNAME};

/// The binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_aiven-metrics");

/// A configuration with a folder of its own. Daemons that are started from the
/// same one share the state directory.
pub struct Setup {
    folder: TempDir,
    config: Value,
}

/// A command that has ended.
pub struct Finished {
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Setup {
    /// All projects of `sim`, asked often, so that tests need not wait long.
    pub fn of(sim: &Simulator) -> Setup {
        let folder = tempfile::tempdir().unwrap();
        let config = json!({
            "aiven": {
                "api_url": sim.api_url(),
                "api_token": sim.token(),
                "projects": sim.projects(),
                "poll_interval": "200ms",
                "request_timeout": "2s",
            },
            "integration": {"username": USERNAME, "password": PASSWORD},
            "dns": {
                "nameservers": [sim.dns_addr()],
                "poll_interval": "200ms",
                "timeout": "500ms",
            },
            "targets": {"removal_grace": "300ms"},
            "scrape_proxy": {"listen": ""},
            "web": {"listen": "127.0.0.1:0"},
            "state_dir": folder.path().join("state"),
        });
        Setup { folder, config }
    }

    /// The same with the scrape proxy on.
    pub fn with_proxy(sim: &Simulator) -> Setup {
        Setup::of(sim).with("scrape_proxy.listen", "127.0.0.1:0")
    }

    /// The same with the key at `path` (`aiven.poll_interval`) set.
    pub fn with(mut self, path: &str, value: impl Into<Value>) -> Setup {
        self.set(path, value);
        self
    }

    /// Sets the key at `path`.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        let mut place = &mut self.config;
        for key in path.split('.') {
            place = &mut place[key];
        }
        *place = value.into();
    }

    /// Where the daemon keeps its state.
    pub fn state_dir(&self) -> PathBuf {
        self.config["state_dir"].as_str().unwrap().into()
    }

    /// A path in the test's own folder, which nothing else uses.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Path of the saved state.
    pub fn state_file(&self) -> PathBuf {
        self.state_dir().join("state.json")
    }

    /// Path of the target list.
    pub fn targets_file(&self) -> PathBuf {
        self.state_dir().join("targets/targets.json")
    }

    /// The target list's bytes.
    pub fn targets_bytes(&self) -> String {
        fs::read_to_string(self.targets_file()).unwrap()
    }

    /// The target groups on disk. Whoever opens the file must find a whole list.
    pub fn groups(&self) -> Vec<Value> {
        let text = self.targets_bytes();
        let whole = serde_json::from_str(&text);
        whole.unwrap_or_else(|error| panic!("targets.json is not a list: {error}\n{text}"))
    }

    /// The addresses in the target list, sorted.
    pub fn targets(&self) -> Vec<String> {
        match self.targets_file().exists() {
            true => addresses(&self.groups()),
            false => vec![],
        }
    }

    /// Writes the configuration file anew.
    pub fn config_file(&self) -> PathBuf {
        let path = self.path("config.json");
        fs::write(&path, self.config.to_string()).unwrap();
        path
    }

    /// Starts the daemon; returns once it listens.
    pub async fn start(&self) -> Daemon {
        Daemon::spawn(&mut self.run_command(), self.targets_file()).await
    }

    /// `aiven-metrics run` with this configuration.
    pub fn run_command(&self) -> Command {
        let mut command = Command::new(BINARY);
        command.arg("run").arg("--config").arg(self.config_file());
        command
    }

    /// Runs `aiven-metrics COMMAND --config …` to its end.
    pub async fn command(&self, command: &str, more: &[&str]) -> Finished {
        let config = self.config_file();
        let mut arguments = vec![command, "--config", config.to_str().unwrap()];
        arguments.extend(more);
        run(&arguments).await
    }
}

/// Runs the binary to its end.
pub async fn run(arguments: &[&str]) -> Finished {
    run_to_end(Command::new(BINARY).args(arguments)).await
}

/// Runs a command to its end; one that does not end is killed and fails the test.
pub async fn run_to_end(command: &mut Command) -> Finished {
    let mut daemon = Daemon::spawn_without_waiting(command, PathBuf::new());
    let end = daemon.ended().await;
    Finished {
        code: end.code(),
        stdout: daemon.log.whole_text().await,
        stderr: daemon.stderr.whole_text().await,
    }
}

impl Finished {
    /// All that it printed.
    pub fn output(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// All files below `folder`, for tests that want none.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![];
    };
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files_below(&path),
                false => vec![path],
            }
        })
        .collect()
}
