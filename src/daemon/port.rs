//! A port of the daemon.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::model::outage::{Failure, Outage};

/// How often a port is tried that cannot be had now.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// An address to listen on, and its listener. That outlives whoever serves on it: a
/// port that was given up for a moment, somebody else could have taken for good.
#[derive(Debug)]
pub(super) struct Port {
    key: &'static str,
    address: SocketAddr,
    bound: Mutex<Option<Arc<TcpListener>>>,
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
                *port.bound.get_mut() = Some(Arc::new(listener));
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
    pub(super) async fn listener(&self) -> Arc<TcpListener> {
        if let Some(listener) = &*self.bound.lock() {
            return Arc::clone(listener);
        }
        let mut outage = Outage::default();
        loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => {
                    tracing::info!(key = self.key, address = %self.address, "listening");
                    let listener = Arc::new(listener);
                    *self.bound.lock() = Some(Arc::clone(&listener));
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

    /// Gives the port up: it is free when nobody serves on it any more.
    pub(super) fn close(&self) {
        self.bound.lock().take();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody else binds here, so a port that is given up is not taken by chance.
    const ALONE: [u8; 4] = [127, 0, 41, 1];

    #[tokio::test]
    async fn the_port_is_kept_while_nobody_serves_on_it_until_it_is_closed() {
        let anywhere = SocketAddr::from((ALONE, 0));
        let port = Port::open("a test", anywhere).await.unwrap();
        for _ in 0..2 {
            // As what serves on it does when it panics.
            drop(port.listener().await);
            let taken = TcpListener::bind(port.address()).await.unwrap_err();
            assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        }
        let serving = port.listener().await;
        port.close();
        assert!(TcpListener::bind(port.address()).await.is_err());
        drop(serving);
        let next = TcpListener::bind(port.address()).await;
        assert_eq!(next.unwrap().local_addr().unwrap(), port.address());
    }

    #[tokio::test]
    async fn a_port_that_is_had_later_is_kept_too() {
        let (first, second) = {
            let anywhere = SocketAddr::from((ALONE, 0));
            let port = Port::open("a test", anywhere).await.unwrap();
            port.close();
            (port.listener().await, port.listener().await)
        };
        assert!(Arc::ptr_eq(&first, &second));
    }
}
