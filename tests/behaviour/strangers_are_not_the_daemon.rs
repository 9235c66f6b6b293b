//! Whatever listens where the daemon is looked for, each command says that it is not the
//! daemon, and none takes its words for the daemon's.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use testkit::PROJECT;

use crate::binary::{ask, logs_published, run};

/// Who gives this answer to every connection that has sent something, and then closes it.
fn stranger(answer: impl Fn(&mut TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = [0; 4096];
            // A client that goes away while it is answered goes away.
            let _ = connection.read(&mut request);
            answer(&mut connection);
        }
    });
    address
}

fn says(answer: &'static str) -> SocketAddr {
    stranger(move |connection| drop(connection.write_all(answer.as_bytes())))
}

fn page(status: &str, kind: &str, body: &str) -> SocketAddr {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stranger(move |connection| drop(connection.write_all(answer.as_bytes())))
}

/// Each with what has to be said of it.
fn strangers() -> Vec<(&'static str, SocketAddr, &'static str)> {
    let endless = |connection: &mut TcpStream| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[";
        let blanks = [b' '; 1 << 16];
        let mut written = connection.write_all(head);
        while written.is_ok() {
            written = connection.write_all(&blanks);
        }
    };
    vec![
        (
            "a login page",
            page("200 OK", "text/html", "<!doctype html><h1>Grafana</h1>"),
            "is not the daemon: ",
        ),
        (
            "a file server",
            page("404 Not Found", "text/plain", "404 page not found\n"),
            "is not the daemon: ",
        ),
        (
            "another API",
            page("200 OK", "application/json", r#"{"status":"success"}"#),
            "is not the daemon: ",
        ),
        (
            "an empty list of somebody's",
            page("200 OK", "application/json", "{}"),
            "is not the daemon: ",
        ),
        (
            "a proxy without a server behind it",
            page(
                "503 Service Unavailable",
                "text/plain",
                "no healthy upstream",
            ),
            "is not the daemon: ",
        ),
        (
            "a proxy that forbids",
            page("403 Forbidden", "text/plain", "go away"),
            "is not the daemon: ",
        ),
        (
            "a redirect",
            says("HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n"),
            "is not the daemon: ",
        ),
        (
            "SSH",
            says("SSH-2.0-OpenSSH_9.2\r\n"),
            "does not speak HTTP",
        ),
        ("who closes at once", says(""), "does not speak HTTP"),
        (
            "an answer without end",
            stranger(endless),
            "is not the daemon",
        ),
    ]
}

#[tokio::test]
async fn no_stranger_is_taken_for_the_daemon() {
    let commands: [&[&str]; 6] = [
        &["status"],
        &["status", "--json"],
        &["status", "--wait-ready", "0s"],
        &["targets"],
        &["events", "logs"],
        &["capture", "logs"],
    ];
    for (who, address, says) in strangers() {
        for command in commands {
            let ended = run(&[command, &["--address", &address.to_string()]].concat()).await;
            assert_eq!(
                ended.code,
                Some(1),
                "{who}, {command:?}: {}",
                ended.output()
            );
            assert!(
                ended.stderr.contains(says) && ended.stderr.contains("--address"),
                "{who}, {command:?}: {}",
                ended.stderr
            );
            assert!(
                ended.stdout.is_empty(),
                "{who}, {command:?}: {}",
                ended.stdout
            );
            assert!(
                !ended.stderr.contains("is version"),
                "{who}, {command:?}: {}",
                ended.stderr
            );
        }
    }
}

#[tokio::test]
async fn a_daemon_of_another_version_is_named_with_both() {
    let answer = "HTTP/1.1 200 OK\r\nserver: aiven-metrics/77.8.9\r\ncontent-type: application/json\r\n\
                  content-length: 18\r\n\r\n{\"shape\":\"unlike\"}";
    let address = says(answer).to_string();
    for command in ["status", "targets", "events"] {
        let ended = run(&[command, "--address", &address]).await;
        let ours = env!("CARGO_PKG_VERSION");
        let says = format!("is version 77.8.9 and this command {ours}");
        assert!(
            ended.stderr.contains(&says),
            "{command}: {}",
            ended.output()
        );
    }
}

#[tokio::test]
async fn waiting_takes_no_longer_where_nobody_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // The answer's own limit is ten seconds, and its words would be others.
    let ended = run(&["status", "--wait-ready", "0s", "--address", &address]).await;
    assert_eq!(ended.code, Some(1));
    let says = "nothing correct was published within 0 s: the daemon gives no answer";
    assert!(ended.stderr.contains(says), "{}", ended.stderr);
}

#[tokio::test]
async fn what_is_gone_is_told_by_every_way_to_ask() {
    let (sim, _config, daemon) = logs_published().await;
    let [address] = sim.serving_addresses(PROJECT)[..] else {
        panic!("one node is expected");
    };
    sim.delete_service(PROJECT, "logs");
    daemon
        .until("logs is gone", async || {
            let told = ask(&daemon, "events", &[]).await;
            told.stdout.contains("service_gone").then_some(())
        })
        .await;
    let address = address.to_string();
    for text in ["logs", "shop/logs", "SHOP LOGS", &address] {
        let told = ask(&daemon, "explain", &[text]).await;
        assert_eq!(told.code, Some(1), "{text}: {}", told.output());
        assert!(
            told.stderr.contains("any more"),
            "{text}: {}",
            told.output()
        );
        assert!(
            told.stdout.contains("the service is gone"),
            "{text}: {}",
            told.output()
        );
        let told = ask(&daemon, "events", &[text]).await;
        assert_eq!(told.code, Some(0), "{text}: {}", told.output());
        assert!(
            told.stdout.contains("service_gone"),
            "{text}: {}",
            told.output()
        );
    }
    let page = daemon.get("/?service=shop%2Flogs").await;
    assert!(page.body.contains("is known any more"), "{}", page.body);
    assert!(page.body.contains("the service is gone"), "{}", page.body);
    let nobody = ask(&daemon, "events", &["zzz"]).await;
    assert_eq!(nobody.code, Some(1), "{}", nobody.output());
    assert!(
        nobody.stderr.contains("no event names it"),
        "{}",
        nobody.output()
    );
}
