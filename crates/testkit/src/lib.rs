//! What tests, benchmarks and the demo share: processes ([`Program`],
//! [`Process`]), the daemon's configuration ([`Config`]), the running daemon
//! ([`Daemon`]), a simulated Aiven ([`aiven`], [`SimProcess`]) and waiting
//! ([`seen`], [`until`]).
//!
//! What starts or ends a process returns errors, for programs that clean up
//! after a failure. What only a test would ask panics with the daemon's log.

use std::path::{Path, PathBuf};
use std::time::Duration;

mod config;
mod daemon;
mod log;
mod output;
mod process;
mod sim;
pub mod targets;
mod wait;

pub use config::Config;
pub use daemon::{Answer, Daemon};
pub use log::{Line, Log};
pub use output::Output;
pub use process::{Finished, Process, Program};
pub use rustix::process::Signal;
pub use sim::{
    Access, CloudFoundry, PASSWORD, PROJECT, SimProcess, USERNAME, aiven, aiven_from,
    aiven_with_cloud_foundry, integrate_all,
};
pub use wait::{seen, until};

/// How long anything may take that is waited for. Long enough for a loaded
/// machine; it costs time only when something is broken.
pub const TIMEOUT: Duration = Duration::from_secs(150);

/// An HTTP client for servers on this machine.
///
/// # Panics
/// If the TLS library cannot be set up.
pub fn http_client() -> reqwest::Client {
    // Fails if it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT);
    client.build().expect("the TLS provider is installed")
}

/// All files below `folder`; none if it does not exist.
///
/// # Panics
/// If an entry cannot be read.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return vec![];
    };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
