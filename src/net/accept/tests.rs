//! Connections of peers that panic a handler, do not read, or never ask.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::*;

/// More than the kernel buffers for a peer that does not read.
const PAGE: &[u8] = &[b'x'; 16 << 20];

const ASKED: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

async fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(address).await.unwrap()
}

/// A server that answers with [`PAGE`], and its address.
async fn serve_pages(limits: Limits, stop: CancellationToken) -> SocketAddr {
    serve(PAGE, limits, stop).await
}

async fn serve(page: &'static [u8], limits: Limits, stop: CancellationToken) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let page = Bytes::from_static(page);
    tokio::spawn(async move {
        let never = CancellationToken::new();
        serve_each(listener.into(), limits, &stop, |connection, _| {
            let (never, page) = (never.clone(), page.clone());
            async move {
                let service = service_fn(move |_| {
                    let answer = Response::new(Full::new(page.clone()));
                    async { Ok::<_, Infallible>(answer) }
                });
                drop(serve_http(&http1(16 << 10), connection, service, &never).await);
            }
        })
        .await;
    });
    address
}

/// Reads to the end; whether all pages that were asked for came whole.
async fn reads_whole(mut stream: TcpStream, pages: usize) -> bool {
    let mut read = Vec::new();
    let ended = stream.read_to_end(&mut read).await;
    ended.is_ok() && read.len() > pages * PAGE.len()
}

#[tokio::test]
async fn a_panic_ends_its_own_connection_and_gives_the_place_free() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let server = tokio::spawn(async move {
        serve_each(
            listener.into(),
            Limits::here(1),
            &stopped,
            |mut stream, _| async move {
                let byte = stream.read_u8().await.unwrap();
                assert_ne!(byte, b'!', "the panic that this test is about");
                stream.write_u8(byte).await.unwrap();
            },
        )
        .await;
    });
    for (sent, wanted) in [(b'!', None), (b'a', Some(b'a'))] {
        let mut stream = connect(address).await;
        stream.write_u8(sent).await.unwrap();
        assert_eq!(stream.read_u8().await.ok(), wanted);
    }
    stop.cancel();
    server.await.unwrap();
}

/// The clock moves on by itself whenever everybody waits.
#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_takes_ends() {
    let address = serve_pages(Limits::here(4), CancellationToken::new()).await;
    let mut stream = connect(address).await;
    stream.write_all(ASKED).await.unwrap();
    let before = tokio::time::Instant::now();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!reads_whole(stream, 1).await);
    assert!(before.elapsed() >= Duration::from_secs(60));
}

/// The clock moves on by itself whenever everybody waits.
#[tokio::test(start_paused = true)]
async fn a_connection_may_rest_longer_than_any_client_lets_it() {
    let address = serve(b"page", Limits::here(4), CancellationToken::new()).await;
    let mut stream = connect(address).await;
    for rest in [1, 10, 60, 300] {
        tokio::time::sleep(Duration::from_secs(rest)).await;
        stream.write_all(ASKED).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"page") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{rest} s");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_taken_comes_whole_and_so_do_all_that_were_asked_for_at_once() {
    let address = serve_pages(Limits::here(4), CancellationToken::new()).await;
    let mut stream = connect(address).await;
    for _ in 0..3 {
        stream.write_all(ASKED).await.unwrap();
    }
    stream
        .write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    assert!(reads_whole(stream, 4).await);
}

#[tokio::test]
async fn silent_peers_and_peers_that_do_not_read_make_way() {
    for sent in [&b""[..], b"GET", ASKED] {
        let address = serve_pages(Limits::here(3), CancellationToken::new()).await;
        let mut held = Vec::new();
        for _ in 0..9 {
            let mut stream = connect(address).await;
            stream.write_all(sent).await.unwrap();
            held.push(stream);
        }
        let mut stream = connect(address).await;
        stream
            .write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        assert!(reads_whole(stream, 1).await, "{sent:?}");
    }
}

/// Else a peer that asks often and reads nothing makes us hold an answer for each.
#[tokio::test(start_paused = true)]
async fn the_next_request_is_answered_when_the_answer_before_has_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answers = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&answers);
    tokio::spawn(async move {
        let never = CancellationToken::new();
        serve_each(
            listener.into(),
            Limits::here(1),
            &never.clone(),
            |connection, _| {
                let (never, counted) = (never.clone(), Arc::clone(&counted));
                async move {
                    let service = service_fn(move |_| {
                        let counted = Arc::clone(&counted);
                        async move {
                            counted.fetch_add(1, Ordering::Relaxed);
                            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(PAGE))))
                        }
                    });
                    drop(serve_http(&http1(16 << 10), connection, service, &never).await);
                }
            },
        )
        .await;
    });
    let mut stream = connect(address).await;
    stream.write_all(&ASKED.repeat(50)).await.unwrap();
    // The clock moves on once nothing more happens.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let begun = answers.load(Ordering::Relaxed);
    assert!((1..=2).contains(&begun), "{begun} answers at once");
}
