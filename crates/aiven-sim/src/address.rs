//! Loopback addresses for servers: nodes have one each out of 127.0.0.0/8, because the port
//! (9273) is the same for all; Cloud Foundry's servers have a port each.
//!
//! A socket that is bound but does not listen reserves it: connections are refused,
//! and neither another simulator nor another process can take the port.

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use tokio::net::{TcpListener, TcpSocket};

/// Addresses in use by this process, over all simulators.
static TAKEN: Mutex<Option<HashSet<Ipv4Addr>>> = Mutex::new(None);

/// Attempts before the machine is called full: there are 16 million addresses.
const MAX_TRIES: usize = 1000;

/// An address that belongs to one server until dropped.
#[derive(Debug)]
pub(crate) struct ServerAddress {
    ip: Ipv4Addr,
    port: u16,
    /// Bound and never listening: keeps everybody else off the port, whether the server listens or not.
    _reservation: Option<TcpSocket>,
}

impl ServerAddress {
    /// Takes a free address. With `reserve`, its `port` is kept for a server;
    /// without, it is only a number for DNS.
    pub(crate) fn take(port: u16, reserve: bool) -> io::Result<Self> {
        for _ in 0..MAX_TRIES {
            let ip = random_loopback();
            if !with_taken(|taken| taken.insert(ip)) {
                continue;
            }
            let mut address = Self {
                ip,
                port,
                _reservation: None,
            };
            if !reserve {
                return Ok(address);
            }
            let socket = TcpSocket::new_v4()?;
            // Not yet with SO_REUSEADDR: then anything else on this address is a conflict.
            if socket.bind(address.socket_addr()).is_ok() {
                socket.set_reuseaddr(true)?;
                address._reservation = Some(socket);
                return Ok(address);
            }
        }
        Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "no free loopback address found",
        ))
    }

    /// Takes a free port of 127.0.0.1.
    pub(crate) fn take_port() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let port = socket.local_addr()?.port();
        socket.set_reuseaddr(true)?;
        Ok(Self {
            ip: Ipv4Addr::LOCALHOST,
            port,
            _reservation: Some(socket),
        })
    }

    pub(crate) fn ip(&self) -> Ipv4Addr {
        self.ip
    }

    pub(crate) fn socket_addr(&self) -> SocketAddr {
        SocketAddr::from((self.ip, self.port))
    }

    /// Listens beside the reservation. Every socket on this port allows its reuse, accepted
    /// connections included (they inherit it), so none that lingers in TIME_WAIT is in the way.
    pub(crate) fn listen(&self, backlog: u32) -> io::Result<TcpListener> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.socket_addr())?;
        socket.listen(backlog)
    }
}

impl Drop for ServerAddress {
    fn drop(&mut self) {
        with_taken(|taken| taken.remove(&self.ip));
    }
}

fn with_taken<R>(work: impl FnOnce(&mut HashSet<Ipv4Addr>) -> R) -> R {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    work(taken.get_or_insert_default())
}

/// Not in 127.0.0.0/24, where people's own servers are, and not ending in 0 or 255.
fn random_loopback() -> Ipv4Addr {
    let random = uuid::Uuid::new_v4().into_bytes();
    let host = 1 + random[2] % 254;
    match (random[0], random[1]) {
        (0, 0) => Ipv4Addr::new(127, 0, 1, host),
        (high, low) => Ipv4Addr::new(127, high, low, host),
    }
}
