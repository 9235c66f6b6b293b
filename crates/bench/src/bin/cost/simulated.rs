//! The simulated Aiven, in a process of its own.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{Access, SimProcess};

use super::http::Connection;

/// A running simulator with one project, `bulk`; it ends when this is dropped.
pub struct Aiven {
    process: SimProcess,
    pub services: usize,
    /// Bytes of each service in a listing.
    pub bytes: usize,
}

impl Aiven {
    pub async fn start(simulator: &Path, services: usize, bytes: usize) -> Aiven {
        Aiven {
            process: SimProcess::bulk(simulator, services, bytes).await.unwrap(),
            services,
            bytes,
        }
    }

    pub fn access(&self) -> Access {
        self.process.access()
    }

    /// Changes every service in a way that a listing shows but that changes no
    /// target, and moves the first service to new addresses.
    pub fn change_everything(&self, state: &str) {
        let mut control = Connection::open(host(&self.process.control));
        let all: Value = serde_json::from_str(&control.text("GET /state", "")).unwrap();
        let services = all["projects"]["bulk"]["services"].as_object().unwrap();
        let mut command = |command: Value| {
            control.text("POST /", &command.to_string());
        };
        for name in services.keys() {
            command(json!({"do": "set_state", "project": "bulk", "service": name, "state": state}));
        }
        let first = services.keys().next().unwrap();
        command(json!({"do": "fail_over", "project": "bulk", "service": first}));
    }
}

/// The address in `http://ADDRESS` or `http://ADDRESS/`.
pub fn host(url: &str) -> SocketAddr {
    let rest = url.trim_start_matches("http://").trim_end_matches('/');
    rest.parse().unwrap()
}
