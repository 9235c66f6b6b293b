//! Clients that do nothing, and clients that take nothing, shut nobody out; and a
//! page of another site gets nothing out of this machine.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use serde_json::json;
use testkit::{Config, Daemon, aiven};

use crate::binary::{ask, logs_published, start};

/// More than there are places.
const CLIENTS: usize = 300;

fn clients(address: SocketAddr, send: &[u8]) -> Vec<TcpStream> {
    let client = |_| {
        let mut stream = TcpStream::connect(address).unwrap();
        // The daemon may have ended an earlier one for this one, and this one too.
        drop(stream.write_all(send));
        stream
    };
    (0..CLIENTS).map(client).collect()
}

/// However long the others are served first: the command itself gives up after ten
/// seconds, which a busy machine can take.
async fn operator_gets_through(daemon: &Daemon, command: &str, says: &str) {
    let what = format!("{command} to say {says}");
    let told = async || {
        let ended = ask(daemon, command, &[]).await;
        ended.stdout.contains(says).then_some(())
    };
    daemon.until(&what, told).await;
}

#[tokio::test]
async fn clients_that_never_ask_hold_nobody_up() {
    let (_sim, _config, daemon) = logs_published().await;
    for sent in [
        &b""[..],
        b"GET",
        b"GET /status HTTP/1.1\r\nHost: localhost\r\n",
    ] {
        let _held = clients(daemon.address, sent);
        operator_gets_through(&daemon, "status", "instance 0: ready").await;
    }
}

#[tokio::test]
async fn clients_that_do_not_read_hold_nobody_up() {
    let (_sim, _config, daemon) = logs_published().await;
    let asks = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2000);
    let _held = clients(daemon.address, &asks);
    operator_gets_through(&daemon, "status", "instance 0: ready").await;
    operator_gets_through(&daemon, "targets", "logs").await;
}

#[tokio::test]
async fn answers_are_for_names_of_this_machine() {
    let sim = aiven().await;
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let evil = ("host", "evil.example:9274");
    let origin = ("origin", "http://evil.example");
    for path in ["/", "/sd", "/status"] {
        for headers in [&[evil][..], &[origin], &[("host", "localhost"), origin]] {
            let answer = daemon.get_with(path, headers).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}");
            assert!(answer.body.contains("evil.example"), "{}", answer.body);
        }
        let local = daemon
            .get_with(
                path,
                &[("host", "localhost:1"), ("origin", "http://127.0.0.1:1")],
            )
            .await;
        assert_ne!(local.status, 403, "{path}");
    }
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_ne!(
            daemon.get_with(path, &[evil, origin]).await.status,
            403,
            "{path}"
        );
    }
    drop(daemon);
    let daemon = start(&config.with("web.expose_status", json!(true))).await;
    assert_ne!(
        daemon.get_with("/status", &[evil, origin]).await.status,
        403
    );
}
