//! Accepts connections, one task each, up to a fixed number at a time, and
//! serves HTTP/1 on them until it is told to stop.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::service::HttpService;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::keep_alive::keep_alive;

/// How long to wait after a failed accept, as when descriptors run out.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Serves up to `max` connections at a time, more wait to be accepted, until
/// `stop`. Then the port is free at once, and this returns when the last
/// connection has ended.
///
/// Whatever happens in one connection, a panic included, ends that one alone.
/// All end when this is dropped.
pub(crate) async fn serve_each<Served>(
    listener: TcpListener,
    max: usize,
    stop: &CancellationToken,
    serve: impl Fn(TcpStream, SocketAddr) -> Served,
) where
    Served: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(max));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            // Who has connected before the stop is served.
            biased;
            accepted = accept(&listener, &places) => accepted,
            () = stop.cancelled() => break,
        };
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        let served = serve(stream, peer);
        connections.spawn(async move {
            served.await;
            drop(place);
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// The next connection, with its place.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    // Nobody closes the semaphore.
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            keep_alive(&stream);
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(%error, "accepting a connection failed");
            sleep(ACCEPT_RETRY).await;
            None
        }
    }
}

/// Serves HTTP/1 on one connection until the client ends it, or until `stop`:
/// then a request under way is still answered.
///
/// # Errors
/// When the connection ends early.
pub(crate) async fn serve_http<IO, S, B>(
    http: &hyper::server::conn::http1::Builder,
    stream: IO,
    service: S,
    stop: &CancellationToken,
) -> hyper::Result<()>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // A request that has arrived before the stop is answered.
        biased;
        ended = connection.as_mut() => return ended,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpSocket;

    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_own_connection_and_gives_the_place_free() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let server = tokio::spawn(async move {
            serve_each(listener, 1, &stopped, |mut stream, _| async move {
                let byte = stream.read_u8().await.unwrap();
                assert_ne!(byte, b'!', "the panic that this test is about");
                stream.write_u8(byte).await.unwrap();
            })
            .await;
        });
        for (sent, wanted) in [(b'!', None), (b'a', Some(b'a'))] {
            let socket = TcpSocket::new_v4().unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            stream.write_u8(sent).await.unwrap();
            assert_eq!(stream.read_u8().await.ok(), wanted);
        }
        stop.cancel();
        server.await.unwrap();
    }
}
