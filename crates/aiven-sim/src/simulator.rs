//! [`Simulator`]: the handle that tests and the binary hold.
//!
//! Mutators are in `simulator/change.rs`, what can be observed in
//! `simulator/observe.rs`, faults in `simulator/faults.rs`.

mod change;
mod cloud_foundry;
mod faults;
mod observe;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::command::{Command, Outcome};
use crate::refusal::Refusal;
use crate::shared::Shared;

pub use observe::NodeView;

/// A running simulated Aiven.
///
/// Every method takes `&self`, returns at once and may be called from any
/// thread. Methods that name a project, service or node that isn't there panic:
/// that is a mistake in the test. Dropping it stops every task and closes every
/// port; [`Simulator::stop`] also waits until that has happened.
pub struct Simulator {
    shared: Arc<Shared>,
    api_addr: SocketAddr,
    dns_addr: SocketAddr,
    token: String,
    runtime: Option<Runtime>,
}

impl Simulator {
    pub(crate) fn new(
        shared: Arc<Shared>,
        api_addr: SocketAddr,
        dns_addr: SocketAddr,
        token: String,
        runtime: Option<Runtime>,
    ) -> Self {
        Self {
            shared,
            api_addr,
            dns_addr,
            token,
            runtime,
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Every method that changes something comes through here.
    #[track_caller]
    fn apply(&self, command: Command) -> Outcome {
        expect(command.apply(&self.shared))
    }

    /// The same for a command that makes something; returns its id.
    #[track_caller]
    fn make(&self, command: Command) -> String {
        match self.apply(command) {
            Outcome::Made { id } => id,
            other => unreachable!("nothing was made: {other:?}"),
        }
    }

    /// Base URL of the API, `http://127.0.0.1:PORT`.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api_addr)
    }

    /// Address of the name server, for UDP and TCP.
    pub fn dns_addr(&self) -> SocketAddr {
        self.dns_addr
    }

    /// The default token, which may do everything.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Stops every task and returns once every port is closed.
    pub async fn stop(self) {
        self.shared.stop();
        self.shared.stopped().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(runtime) = self.runtime.take() {
            // Dropping it would block, which async callers must not.
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("api_addr", &self.api_addr)
            .field("dns_addr", &self.dns_addr)
            .finish_non_exhaustive()
    }
}

/// A mistake in the test, said where it was made.
#[track_caller]
fn expect<T>(result: Result<T, Refusal>) -> T {
    match result {
        Ok(value) => value,
        Err(refusal) => panic!("the simulator was asked for something it cannot do: {refusal}"),
    }
}
