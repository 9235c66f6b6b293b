//! Sockets for connections that we make.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpSocket;

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
