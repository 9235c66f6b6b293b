//! Sockets for connections that we make.

use std::io;
use std::net::SocketAddr;

use reqwest::dns::Resolve;
use tokio::net::{TcpSocket, TcpStream};

/// A socket of the family of `peer`, not connected yet. Connecting it looks no name up.
///
/// # Errors
/// Those of the system, as when descriptors have run short.
pub(crate) fn socket(peer: SocketAddr) -> io::Result<TcpSocket> {
    match peer {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }
}

/// Connects to the first address of `host` that takes it, in the resolver's order.
/// An IPv6 address stands there without brackets.
///
/// # Errors
/// Why the name has no address, or what the last address answered.
pub(crate) async fn connect(
    resolver: &(impl Resolve + ?Sized),
    host: &str,
    port: u16,
) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = match host.parse() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => {
            let name = host.parse().map_err(io::Error::other)?;
            let found = resolver.resolve(name).await.map_err(io::Error::other)?;
            found.map(|one| SocketAddr::new(one.ip(), port)).collect()
        }
    };
    let mut failure = io::Error::other("its name has no address");
    for address in addresses {
        match socket(address)?.connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
