//! No secret leaves: not in logs, pages, files that others read, or arguments;
//! and the log is one JSON object a line.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use aiven_sim::{ApiFault, Fault, Operation, ServiceSpec, Simulator};
use testkit::{
    Config, PASSWORD, PROJECT, Signal, USERNAME, aiven_from, aiven_with_cloud_foundry, files_below,
};

use crate::binary::{ask, start};
use crate::tenants::{Tenant, labelled, labelling};

/// What must be found nowhere.
fn secrets(sim: &Simulator) -> [String; 4] {
    let token = sim.token().to_owned();
    let header = format!("{USERNAME}:{PASSWORD}");
    [
        token,
        PASSWORD.to_owned(),
        header,
        aiven_sim::SERVICE_PASSWORD.to_owned(),
    ]
}

#[tokio::test]
async fn no_secret_is_in_anything_that_leaves_the_process() {
    let sim = aiven_from(Simulator::builder().project(PROJECT).secrets_in_listings()).await;
    for name in ["logs", "refused"] {
        sim.add_service(PROJECT, ServiceSpec::new(name, "opensearch"));
    }
    let quoting = format!("{} may not do this", sim.token());
    sim.refuse_integration(PROJECT, "refused", 400, &quoting);
    let config = Config::quick(&sim).with("log.level", "trace");
    let mut daemon = start(&config).await;
    daemon.verdict("logs", "published").await;
    daemon.verdict("refused", "integration_failed").await;
    // Errors are where secrets like to slip out.
    for fault in [
        ApiFault::Status {
            code: 500,
            message: format!("bad token {}", sim.token()),
        },
        ApiFault::Status {
            code: 401,
            message: format!("Invalid token {}", sim.token()),
        },
        ApiFault::ErrorKey(format!("token {} is old", sim.token())),
        ApiFault::Malformed,
        ApiFault::Reset,
    ] {
        let listed = sim.count(Operation::ListServices);
        sim.inject(Fault::new(Operation::ListServices), fault);
        sim.wait_until("it is met", |sim| {
            sim.count(Operation::ListServices) > listed + 1
        })
        .await;
        sim.clear_faults();
    }
    let mut seen = Vec::new();
    for path in [
        "/", "/sd", "/status", "/events", "/metrics", "/readyz", "/healthz",
    ] {
        seen.push((path.to_owned(), daemon.get(path).await.body));
    }
    let command = fs::read_to_string(format!("/proc/{}/cmdline", daemon.id())).unwrap();
    seen.push(("the command line".to_owned(), command));
    daemon.signal(Signal::TERM).unwrap();
    assert!(daemon.ended().await.unwrap().success());
    seen.push(("standard output".to_owned(), daemon.log.whole_text().await));
    seen.push((
        "standard error".to_owned(),
        daemon.process().stderr.whole_text().await,
    ));
    let is_for_secrets = |file: &PathBuf| file.ends_with("secrets.json");
    let (secret, open): (Vec<_>, Vec<_>) = files_below(&config.state_dir())
        .into_iter()
        .partition(is_for_secrets);
    for file in open {
        seen.push((
            file.display().to_string(),
            fs::read_to_string(&file).unwrap(),
        ));
    }
    for file in secret {
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!fs::read_to_string(&file).unwrap().contains(sim.token()));
    }
    assert!(
        seen.len() >= 11,
        "state and targets are among what is looked at"
    );
    for (place, text) in &seen {
        for secret in secrets(&sim) {
            assert!(!text.contains(&secret), "{secret} is in {place}:\n{text}");
        }
    }
}

#[tokio::test]
async fn no_secret_of_cloud_foundry_leaves_the_process() {
    let sim = aiven_with_cloud_foundry().await;
    let tenant = Tenant::new(&sim, "retail", "production", "search");
    let config = labelling(&sim).with("log.level", "trace");
    let mut daemon = labelled(&config, &[&tenant]).await;
    let (_, secret) = sim.cf_client();
    let message = format!("bad secret {secret}");
    sim.inject(
        Fault::new(Operation::IssueToken),
        ApiFault::Status { code: 401, message },
    );
    let list = Fault::new(Operation::ListServiceInstances);
    sim.inject(list.times(1), ApiFault::status(401));
    let quoted = daemon
        .until("the refusal is shown", async || {
            let cause = daemon.status().await["cloud_foundry"]["failing"]["cause"].take();
            cause
                .as_str()
                .filter(|cause| cause.contains("bad secret"))
                .map(str::to_owned)
        })
        .await;
    let mut seen = vec![("the cause".to_owned(), quoted)];
    for path in ["/", "/sd", "/status", "/events", "/metrics", "/readyz"] {
        seen.push((path.to_owned(), daemon.get(path).await.body));
    }
    let status = ask(&daemon, "status", &[]).await.output();
    seen.push(("status".to_owned(), status));
    let command = fs::read_to_string(format!("/proc/{}/cmdline", daemon.id())).unwrap();
    seen.push(("the command line".to_owned(), command));
    daemon.signal(Signal::TERM).unwrap();
    assert!(daemon.ended().await.unwrap().success());
    seen.push(("standard output".to_owned(), daemon.log.whole_text().await));
    let errors = daemon.process().stderr.whole_text().await;
    seen.push(("standard error".to_owned(), errors));
    for file in files_below(&config.state_dir()) {
        let text = fs::read_to_string(&file).unwrap();
        seen.push((file.display().to_string(), text));
    }
    for (place, text) in &seen {
        // Every token of UAA is a JWT.
        for secret in [&*secret, "eyJ"] {
            assert!(!text.contains(secret), "{secret} is in {place}:\n{text}");
        }
    }
}

#[tokio::test]
async fn a_refusal_that_quotes_the_password_is_shown_without_it() {
    let sim = aiven_from(Simulator::builder().project(PROJECT)).await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let message = format!("Invalid input for basic_auth_password: '{PASSWORD}' is too common");
    let refusal = ApiFault::Status { code: 400, message };
    sim.inject(Fault::new(Operation::CreateEndpoint), refusal);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let logs = daemon.verdict("logs", "integration_failed").await;
    assert!(
        logs["cause"].as_str().unwrap().contains("is too common"),
        "{logs}"
    );
    daemon.log.line("endpoint could not be created").await;
    let status = daemon.get("/status").await.body;
    assert!(!status.contains(PASSWORD), "{status}");
    assert!(!daemon.printed().contains(PASSWORD), "{}", daemon.printed());
}

#[tokio::test]
async fn a_token_that_is_quoted_where_the_message_is_cut_is_not_shown() {
    let sim = aiven_from(Simulator::builder().project(PROJECT)).await;
    let config = Config::quick(&sim).with("log.level", "trace");
    let daemon = start(&config).await;
    let token = sim.token().to_owned();
    let mut written = Vec::new();
    for pad in (370..=400).step_by(3) {
        let message = format!("{}{token}", "x".repeat(pad));
        // Of the same kind as the last one, the cause would not tell them apart.
        let code = 400 + u16::try_from(pad % 9).unwrap() * 2;
        let fault = sim.inject(Fault::any(), ApiFault::Status { code, message });
        let before = sim.count(Operation::ListServices);
        sim.wait_until("it is met", |sim| {
            sim.count(Operation::ListServices) > before + 1
        })
        .await;
        written.push(daemon.get("/status").await.body);
        written.push(daemon.get("/readyz").await.body);
        sim.clear_fault(fault);
    }
    written.push(daemon.printed());
    for text in &written {
        for piece in token.as_bytes().windows(8) {
            let piece = std::str::from_utf8(piece).unwrap();
            assert!(!text.contains(piece), "{piece} is in {text}");
        }
    }
    assert!(written.iter().any(|text| text.contains("xxx")));
}

#[tokio::test]
async fn every_log_line_is_json_with_time_level_and_message() {
    let sim = aiven_from(Simulator::builder().project(PROJECT)).await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with("log.level", "debug");
    let mut daemon = start(&config).await;
    daemon.verdict("logs", "published").await;
    sim.inject(Fault::new(Operation::ListServices), ApiFault::status(500));
    daemon.log.line("asking Aiven failed").await;
    daemon.signal(Signal::TERM).unwrap();
    assert!(daemon.ended().await.unwrap().success());
    let text = daemon.log.whole_text().await;
    assert!(text.lines().count() > 4, "{text}");
    for line in text.lines() {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON: {error}\n{line}"));
        let time = line["timestamp"].as_str().unwrap();
        assert!(time.ends_with('Z') && time.contains('T'), "{line}");
        let level = line["level"].as_str().unwrap();
        assert!(
            ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level),
            "{line}"
        );
        assert!(line["message"].is_string(), "{line}");
    }
    assert_eq!(daemon.process().stderr.whole_text().await, "");
}
