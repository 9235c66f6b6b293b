//! Ports for programs that cannot choose one themselves and say which.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// A port that is kept for one program until this is dropped.
///
/// Its socket is bound and never listens. Because both allow reuse of the address, as listeners
/// made by Go and by tokio do, the program that is told the port can listen on it. To everybody
/// else who asks the kernel for a free port, it is taken.
#[derive(Debug)]
pub struct ReservedPort {
    socket: TcpSocket,
}

impl ReservedPort {
    /// Reserves the port of `address`, or one of the kernel's choice if that is 0.
    ///
    /// # Errors
    /// When somebody uses the port.
    pub fn new(address: SocketAddr) -> io::Result<ReservedPort> {
        let socket = TcpSocket::new_v4()?;
        // Reuse is allowed only now, so that a port in use is an error.
        socket.bind(address)?;
        socket.set_reuseaddr(true)?;
        Ok(ReservedPort { socket })
    }

    /// Where the program is to listen.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}
