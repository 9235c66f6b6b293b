//! A running daemon with a configuration of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use aiven_sim::Simulator;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::account::Account;

/// Its name and folder stay when it is started again.
pub struct Setup {
    folder: TempDir,
    config: Value,
}

/// Ends when it is dropped.
pub struct Daemon {
    process: Child,
    pub proxy: SocketAddr,
}

impl Setup {
    pub fn new(sim: &Simulator, password: &str) -> Setup {
        let folder = tempfile::tempdir().unwrap();
        let config = json!({
            "aiven": {
                "api_url": sim.api_url(),
                "api_token": sim.token(),
                "projects": sim.projects(),
                "poll_interval": "5s",
            },
            "integration": {"username": "metrics", "password": password},
            "dns": {"nameservers": [sim.dns_addr()], "poll_interval": "5s"},
            "scrape_proxy": {"listen": "127.0.0.1:0"},
            "web": {"listen": "127.0.0.1:0"},
            "state_dir": folder.path(),
        });
        Setup { folder, config }
    }

    pub fn trusting(mut self, ca: &str) -> Setup {
        self.config["scrape_proxy"]["ca_cert"] = ca.into();
        self
    }

    pub fn set_password(&mut self, password: &str) {
        self.config["integration"]["password"] = password.into();
    }

    /// The published list, as Prometheus reads it.
    pub fn targets(&self) -> Vec<Value> {
        let path = self.folder.path().join("targets/targets.json");
        fs::read(path).map_or_else(|_| vec![], |text| serde_json::from_slice(&text).unwrap())
    }

    pub fn start(&self, binary: &Path) -> Daemon {
        let config = self.folder.path().join("config.json");
        fs::write(&config, self.config.to_string()).unwrap();
        let mut process = Command::new(binary)
            .args(["run", "--config"])
            .arg(config)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stdout.take().unwrap());
        let proxy = listening(&mut log, "scrape_proxy.listen");
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Daemon { process, proxy }
    }
}

fn listening(log: &mut BufReader<ChildStdout>, key: &str) -> SocketAddr {
    loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the daemon ended");
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["message"] == "listening" && line["key"] == key {
            return line["address"].as_str().unwrap().parse().unwrap();
        }
    }
}

impl Daemon {
    pub fn account(&self) -> Account {
        Account(self.process.id())
    }

    /// SIGTERM, and its end.
    pub fn stop(mut self) {
        let pid = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
