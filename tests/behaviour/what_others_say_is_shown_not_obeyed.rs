//! What somebody else wrote reaches a terminal in one line in which everything can
//! be seen, even where a forged daemon wrote it.

use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};
use testkit::{Finished, Program};
use tokio::net::TcpListener;

use crate::binary::{PATH, run};

/// Clears the screen, sets the window's title, reverses what follows, and forges a line.
const EVIL: &str =
    "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}\u{9b}31m\r\n\u{2028}PROBLEM shop/other: forged\u{200b}";

/// A server that answers as a daemon whose every text is [`EVIL`].
async fn forged_daemon(ready: bool) -> SocketAddr {
    let at = "2026-01-01T00:00:00Z";
    let failing = json!({"since": at, "cause": EVIL});
    let stage = json!({"last_success": null, "failing": failing});
    let service = json!({
        "project": EVIL, "service": EVIL, "service_type": EVIL, "plan": EVIL, "cloud": EVIL,
        "node_count": 1, "verdict": "unreachable", "cause": EVIL, "integrations": [],
        "hosts": [{"hostname": EVIL, "targets": ["127.0.0.1:1"]}],
        "unanswered": {EVIL: failing},
    });
    let status = json!({
        "version": EVIL, "instance_index": 0, "at": at, "ready": ready, "services": [service],
        "projects": [{
            "name": EVIL, "origin": {"from": "nothing"}, "endpoint_id": EVIL, "verdicts": {}, "targets": 1,
            "stages": {"list": stage, "integrate": stage, "resolve": stage, "publish": stage},
        }],
    });
    let labels = json!({
        "aiven_project": EVIL, "aiven_service_name": EVIL, "aiven_service_type": EVIL, "aiven_hostname": EVIL,
    });
    let groups = json!([{"targets": [EVIL], "labels": labels}]);
    serve(status, groups).await
}

fn events() -> Value {
    let at = "2026-01-01T00:00:00Z";
    let event = json!({
        "at": at, "since": "2025-01-01T00:00:00Z", "times": 2, "kind": EVIL, "project": EVIL,
        "service": EVIL, "subject": EVIL, "what": EVIL, "cause": EVIL,
    });
    json!({"at": at, "events": [event]})
}

pub async fn serve(status: Value, groups: Value) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/status", get(async move || status.to_string()))
        .route("/events", get(async || events().to_string()))
        .route("/sd", get(async move || groups.to_string()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[track_caller]
fn shows_and_does_not_obey(what: &str, ended: &Finished) {
    let output = ended.output();
    let odd = |letter: &char| {
        *letter != '\n' && (letter.is_control() || "\u{202e}\u{2028}\u{200b}".contains(*letter))
    };
    let odd: Vec<char> = output.chars().filter(odd).collect();
    assert!(odd.is_empty(), "{what}: {odd:?} in\n{output:?}");
    let forged = output
        .lines()
        .any(|line| line.starts_with("PROBLEM shop/other"));
    assert!(!forged, "{what}: a forged line in\n{output}");
    assert!(
        output.contains("u{1b}[2J") || output.contains("u001b[2J"),
        "{what}: nothing of it in\n{output}"
    );
}

#[tokio::test]
async fn no_command_obeys_a_forged_daemon() {
    let address = forged_daemon(false).await.to_string();
    let whole_name = format!("{EVIL}/{EVIL}");
    let commands: [&[&str]; 11] = [
        &["status"],
        &["status", "--json"],
        &["status", "--wait-ready", "0s"],
        &["targets"],
        &["targets", "--json"],
        &["events"],
        &["events", "--json", EVIL],
        &["explain", EVIL],
        &["explain", &whole_name, "--json"],
        &["explain", "x\u{1b}[2J", "--json"],
        &["explain", "\u{1b}[2J\u{202e}other"],
    ];
    for command in commands {
        let ended = run(&[command, &["--address", &address]].concat()).await;
        shows_and_does_not_obey(&format!("{command:?}"), &ended);
    }
}

/// Every command that asks a daemon, on a terminal of 40 columns.
#[tokio::test]
async fn nothing_is_wider_than_the_terminal_but_a_single_word() {
    let address = forged_daemon(false).await.to_string();
    let commands: [&[&str]; 5] = [
        &["status"],
        &["status", "--wait-ready", "0s"],
        &["targets"],
        &["explain", "127.0.0.1"],
        &["explain", "x\u{1b}[2J"],
    ];
    for command in commands {
        let program = Program::new(PATH).args(command);
        let program = program.args(["--address", &address]).env("COLUMNS", "40");
        let ended = program.run().await.unwrap();
        shows_and_does_not_obey(&format!("{command:?}"), &ended);
        for line in ended.output().lines() {
            // A word that is longer than a line follows at most a label and an indent.
            let words = line.split_whitespace().count();
            assert!(
                line.chars().count() <= 40 || words <= 2,
                "{command:?}: {line}"
            );
        }
    }
}

/// A scrape proxy that answers everything with this.
async fn forged_proxy(status: u16, body: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    let router = Router::new().fallback(async move || (status, body));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn a_captured_page_is_shown_and_not_obeyed() {
    let daemon = forged_daemon(true).await.to_string();
    let page = "{\"x\u{1b}[2J\u{202e}\u{9b}31m\u{200b}\",\"k\u{1b}]0;owned\u{7}\"=\"v\"} 1\n";
    for proxy in [forged_proxy(200, page).await, forged_proxy(502, EVIL).await] {
        let proxy = proxy.to_string();
        let ended = run(&[
            "capture",
            "127.0.0.1",
            "--address",
            &daemon,
            "--proxy",
            &proxy,
        ])
        .await;
        shows_and_does_not_obey("capture", &ended);
    }
}

#[tokio::test]
async fn json_that_is_printed_is_what_the_daemon_said() {
    let address = forged_daemon(true).await.to_string();
    let ended = run(&["status", "--json", "--address", &address]).await;
    let status: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(status["services"][0]["cause"], EVIL);
}

#[tokio::test]
async fn no_command_obeys_a_configuration_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("e\u{1b}[2Jvil\u{202e}.json");
    let documents = [
        json!({"aiven": {EVIL: 1}}).to_string(),
        json!({"log": {"level": EVIL}, "services": {"tags": {EVIL: 1}, "exclude": [EVIL]}})
            .to_string(),
        json!({"targets": {"path": EVIL}, "state_dir": EVIL, "web": {"listen": EVIL}}).to_string(),
        EVIL.to_owned(),
    ];
    for document in documents {
        std::fs::write(&file, &document).unwrap();
        for command in ["check-config", "run", "plan", "smoke-test"] {
            let ended = run(&[command, "--config", file.to_str().unwrap()]).await;
            assert_eq!(ended.code, Some(1));
            let output = ended.output();
            assert!(
                !output.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\r', '\u{7}']),
                "{command}: {output:?}"
            );
            assert!(
                !output.lines().any(|line| line.starts_with("PROBLEM")),
                "{output}"
            );
        }
    }
}
