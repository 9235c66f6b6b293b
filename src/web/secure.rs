//! How a connection to the daemon's own port begins.
//!
//! With `web.tls`, clients on other machines speak TLS and show a certificate. Those on this
//! machine need no certificate, and may speak plain HTTP as well (decision 009): what they ask leaves the
//! machine nowhere, and the commands work whatever the certificate is, an expired one too.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::map_response;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::signed;
use crate::net::connection::Connection;
use crate::net::tls::ServerTls;

/// How long a client may take to begin, and for the handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What a TLS connection begins with: a record of the handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// Said in plain HTTP to who speaks it from another machine.
const SPEAK_TLS: &str =
    "web.tls is set: ask with https, and show a certificate that its client_ca signed\n";

/// A connection on which requests may be read.
pub(super) enum Entered {
    /// In plain HTTP.
    Plainly(Connection),
    /// Within TLS.
    WithTls(Box<TlsStream<Connection>>),
    /// In plain HTTP, from another machine: it is told why it is answered nothing else.
    Refused(Connection),
}

/// What answers who is refused.
pub(super) fn refusal() -> Router {
    Router::new()
        .fallback(async || (StatusCode::FORBIDDEN, SPEAK_TLS))
        .layer(map_response(signed))
}

/// Lets a client in, or ends the connection.
pub(super) async fn entered(
    tls: Option<ServerTls>,
    stream: Connection,
    peer: SocketAddr,
) -> Option<Entered> {
    let Some(tls) = tls else {
        return Some(Entered::Plainly(stream));
    };
    let is_here = peer.ip().to_canonical().is_loopback();
    let first = timeout(HANDSHAKE_TIMEOUT, stream.first_byte()).await;
    match first.ok()?.ok()?? {
        HANDSHAKE => {
            let config = if is_here { tls.here } else { tls.elsewhere };
            shaken_hands(TlsAcceptor::from(config), stream, peer).await
        }
        _ if is_here => Some(Entered::Plainly(stream)),
        _ => Some(Entered::Refused(stream)),
    }
}

async fn shaken_hands(
    acceptor: TlsAcceptor,
    stream: Connection,
    peer: SocketAddr,
) -> Option<Entered> {
    match timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(Entered::WithTls(Box::new(stream))),
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests;
