//! A port of the daemon.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::model::outage::{Failure, Outage};

/// How often a port is tried that cannot be had now.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// An address to listen on, and its listener until that is taken.
#[derive(Debug)]
pub(super) struct Port {
    key: &'static str,
    address: SocketAddr,
    bound: Mutex<Option<TcpListener>>,
}

impl Port {
    /// Listens on the address of a configuration key. An address that is not (or
    /// not yet) one of this machine is tried again by [`Port::listener`].
    ///
    /// # Errors
    /// When another process has the port, or this one may not have it.
    pub(super) async fn open(key: &'static str, address: SocketAddr) -> anyhow::Result<Port> {
        let mut port = Port {
            key,
            address,
            bound: Mutex::new(None),
        };
        match TcpListener::bind(address).await {
            Ok(listener) => {
                // With port 0 the system chooses the port, so the log must name it.
                port.address = listener.local_addr()?;
                tracing::info!(key, address = %port.address, "listening");
                *port.bound.get_mut() = Some(listener);
            }
            Err(error) if is_final(&error) => {
                return Err(error).with_context(|| {
                    format!("{key}: cannot listen on {address}; free the port or choose another")
                });
            }
            Err(error) => port.say(&error),
        }
        Ok(port)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listener: the one that is there, or a new one as soon as it can be had.
    pub(super) async fn listener(&self) -> TcpListener {
        if let Some(listener) = self.bound.lock().take() {
            return listener;
        }
        let mut outage = Outage::default();
        loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => {
                    tracing::info!(key = self.key, address = %self.address, "listening");
                    return listener;
                }
                Err(error) => {
                    if outage.begin(Timestamp::now()) == Failure::First {
                        self.say(&error);
                    }
                    sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    fn say(&self, error: &io::Error) {
        tracing::error!(key = self.key, address = %self.address, %error, "cannot listen; all else goes on, trying again every second; check that the address is this machine's");
    }
}

fn is_final(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AddrInUse | ErrorKind::PermissionDenied
    )
}
