//! The load: a simulated Aiven in a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use serde_json::json;

use super::http::Connection;

/// A running simulator with one project, `bulk`; it ends when this is dropped.
pub struct Load {
    process: Child,
    pub services: usize,
    pub bytes: usize,
    pub addresses: Addresses,
}

/// The line that the simulator prints.
#[derive(Deserialize)]
pub struct Addresses {
    pub api: String,
    pub control: String,
    pub dns: SocketAddr,
    pub token: String,
}

impl Load {
    pub fn start(simulator: &Path, services: usize, bytes: usize) -> Load {
        let mut process = Command::new(simulator)
            .args(["bulk", "--without-nodes"])
            .args(["--services", &services.to_string()])
            .args(["--bytes", &bytes.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        Load {
            process,
            services,
            bytes,
            addresses: serde_json::from_str(&line).unwrap(),
        }
    }

    /// Changes every service in a way that a listing shows but that changes no
    /// target, and moves the first service to new addresses.
    pub fn change_everything(&self, state: &str) {
        let mut control = Connection::open(host(&self.addresses.control));
        let all: serde_json::Value = serde_json::from_str(&control.text("GET /state", "")).unwrap();
        let services = all["projects"]["bulk"]["services"].as_object().unwrap();
        let mut tell = |command: serde_json::Value| {
            control.text("POST /", &command.to_string());
        };
        for name in services.keys() {
            tell(json!({"do": "set_state", "project": "bulk", "service": name, "state": state}));
        }
        let first = services.keys().next().unwrap();
        tell(json!({"do": "fail_over", "project": "bulk", "service": first}));
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in `http://ADDRESS` or `http://ADDRESS/`.
pub fn host(url: &str) -> SocketAddr {
    let rest = url.trim_start_matches("http://").trim_end_matches('/');
    rest.parse().unwrap()
}
