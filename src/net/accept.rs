//! Accepting connections: each in a task of its own, so many at once and no more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long to wait after a failed accept, as when descriptors run out.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves for ever; `at_once` connections at most, more wait to be accepted.
///
/// Whatever happens in one connection, a panic included, ends that one alone.
/// All end when this is dropped.
pub(crate) async fn serve_each<Served>(
    listener: TcpListener,
    at_once: usize,
    serve: impl Fn(TcpStream, SocketAddr) -> Served,
) where
    Served: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(at_once));
    let mut connections = JoinSet::new();
    // Nobody closes the semaphore, so this never ends.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, peer)) => {
                let served = serve(stream, peer);
                connections.spawn(async move {
                    served.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                sleep(ACCEPT_AGAIN).await;
            }
        }
    }
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
        let server = tokio::spawn(serve_each(listener, 1, |mut stream, _| async move {
            let byte = stream.read_u8().await.unwrap();
            assert_ne!(byte, b'!', "the panic that this test is about");
            stream.write_u8(byte).await.unwrap();
        }));
        for (sent, wanted) in [(b'!', None), (b'a', Some(b'a'))] {
            let socket = TcpSocket::new_v4().unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            stream.write_u8(sent).await.unwrap();
            assert_eq!(stream.read_u8().await.ok(), wanted);
        }
        server.abort();
    }
}
