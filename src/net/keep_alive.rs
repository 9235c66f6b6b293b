//! TCP keep-alive: how a connection that died without a word is found out.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// How long a connection is quiet before the kernel asks whether the other side is there.
/// Shorter than the idle timeouts of common NATs and firewalls, which it also keeps open.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);

/// How long after an unanswered probe the next one is sent.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// Unanswered probes until the connection is dead.
const KEEPALIVE_PROBES: u32 = 3;

/// How long sent bytes may stay unacknowledged until the connection is dead
/// (`TCP_USER_TIMEOUT`, RFC 5482). The kernel's own limit is about 15 minutes.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(60);

/// Turns keep-alive on, and Nagle's delay off. A socket that takes neither works all the same.
pub(crate) fn keep_alive(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let probes = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_PROBES);
    let set = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&probes))
        .and_then(|()| socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_TIMEOUT)));
    if let Err(error) = set {
        tracing::debug!(%error, "keep-alive cannot be set on a connection");
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn a_dead_peer_is_found_out_in_a_minute() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        let stream = socket.connect(listener.local_addr().unwrap()).await;
        let stream = stream.unwrap();
        keep_alive(&stream);
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        let probes = socket.tcp_keepalive_interval().unwrap() * KEEPALIVE_PROBES;
        let found_out = socket.tcp_keepalive_time().unwrap() + probes;
        assert_eq!(found_out, UNACKNOWLEDGED_TIMEOUT);
        assert_eq!(
            socket.tcp_user_timeout().unwrap(),
            Some(UNACKNOWLEDGED_TIMEOUT)
        );
        assert!(stream.nodelay().unwrap());
    }
}
