//! Loopback addresses for nodes, one each, out of 127.0.0.0/8.
//!
//! A node needs its own address because the port (9273) is the same for all. A
//! held address stays bound but not listening, so that a connection is refused,
//! and neither another simulator nor another process takes it meanwhile.

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use tokio::net::TcpSocket;

/// Addresses in use by this process, over all simulators.
static TAKEN: Mutex<Option<HashSet<Ipv4Addr>>> = Mutex::new(None);

/// Tries before the machine is called full: there are 16 million addresses.
const TRIES: usize = 1000;

/// An address that belongs to one node until dropped.
#[derive(Debug)]
pub(crate) struct NodeAddress {
    ip: Ipv4Addr,
    port: u16,
    bound: Mutex<Option<TcpSocket>>,
}

impl NodeAddress {
    /// Takes a free address. With `bind`, its `port` is held for a server;
    /// without, it is only a number for DNS.
    pub(crate) fn take(port: u16, bind: bool) -> io::Result<Self> {
        for _ in 0..TRIES {
            let ip = random_loopback();
            if !with_taken(|taken| taken.insert(ip)) {
                continue;
            }
            let mut address = Self {
                ip,
                port,
                bound: Mutex::new(None),
            };
            if !bind {
                return Ok(address);
            }
            // Without SO_REUSEADDR: anything at all on this address is a conflict.
            let socket = TcpSocket::new_v4()?;
            if socket.bind(address.socket_addr()).is_ok() {
                address.bound = Mutex::new(Some(socket));
                return Ok(address);
            }
        }
        Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "no free loopback address found",
        ))
    }

    pub(crate) fn ip(&self) -> Ipv4Addr {
        self.ip
    }

    pub(crate) fn socket_addr(&self) -> SocketAddr {
        SocketAddr::from((self.ip, self.port))
    }

    /// The socket to listen on: the held one, or after a first use a new one.
    pub(crate) fn socket(&self) -> io::Result<TcpSocket> {
        let held = self
            .bound
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match held {
            Some(socket) => Ok(socket),
            None => {
                let socket = TcpSocket::new_v4()?;
                // Connections of the previous listener may be in TIME_WAIT.
                socket.set_reuseaddr(true)?;
                socket.bind(self.socket_addr())?;
                Ok(socket)
            }
        }
    }
}

impl Drop for NodeAddress {
    fn drop(&mut self) {
        with_taken(|taken| taken.remove(&self.ip));
    }
}

fn with_taken<R>(work: impl FnOnce(&mut HashSet<Ipv4Addr>) -> R) -> R {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    work(taken.get_or_insert_default())
}

/// Avoids 127.0.0.0/24, where people's own servers are, and network and
/// broadcast look-alikes.
fn random_loopback() -> Ipv4Addr {
    let random = uuid::Uuid::new_v4().into_bytes();
    let host = 1 + random[2] % 254;
    match (random[0], random[1]) {
        (0, 0) => Ipv4Addr::new(127, 0, 1, host),
        (high, low) => Ipv4Addr::new(127, high, low, host),
    }
}
