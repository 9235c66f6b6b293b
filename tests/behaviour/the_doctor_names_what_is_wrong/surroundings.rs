//! The Prometheus beside the daemon, the daemon itself, and the terminal.

use std::net::SocketAddr;

use aiven_sim::{ApiFault, Fault};
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use testkit::{PROJECT, Program};
use tokio::net::TcpListener;

use super::{ask, ask_alone, nobody, two_services};
use crate::aiven_behind_an_http_proxy::behind_a_proxy;
use crate::binary::{PATH, run, start};

/// A Prometheus with these targets, and this text in its configuration.
async fn prometheus(targets: Value, yaml: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let targets = json!({"status": "success", "data": {"activeTargets": targets}}).to_string();
    let loaded = json!({"status": "success", "data": {"yaml": yaml}}).to_string();
    let router = Router::new()
        .route("/api/v1/targets", get(async move || targets))
        .route("/api/v1/status/config", get(async move || loaded));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_prometheus_that_does_not_do_its_part_is_named() {
    let (sim, config) = two_services().await;
    let config = config.proxy_at("127.0.0.1:9275".parse().unwrap());
    let file = config.targets_file().display().to_string();
    let target = |file: &str, health: &str, error: &str| {
        json!([{
            "discoveredLabels": {"__meta_filepath": file}, "health": health, "lastError": error,
        }])
    };
    let yaml = |file: &str, proxy: &str| {
        format!(
            "scrape_configs:\n- job_name: aiven\n  {proxy}\n  file_sd_configs:\n  - files:\n    - {file}\n"
        )
    };
    let proxied = "proxy_url: http://127.0.0.1:9275";

    let well = prometheus(target(&file, "up", ""), yaml(&file, proxied)).await;
    let told = ask(&config, &["--prometheus", &well]).await;
    assert_eq!(told.of("prometheus", "ok").len(), 3, "{}", told.text);

    for (targets, yaml, result, words) in [
        (
            target("/other", "up", ""),
            yaml("/other", proxied),
            "failed",
            "neither its targets",
        ),
        (
            json!([]),
            yaml(&file, proxied),
            "warning",
            "no target of it",
        ),
        (
            target(&file, "down", "boom\u{1b}[2J"),
            yaml(&file, proxied),
            "failed",
            "boom",
        ),
        (
            target(&file, "up", ""),
            yaml(&file, ""),
            "failed",
            "has no proxy_url",
        ),
    ] {
        let url = prometheus(targets, yaml).await;
        let told = ask(&config, &["--prometheus", &url]).await;
        told.names("prometheus", result, &[words]);
    }
    let stranger = prometheus(json!("?"), String::new()).await;
    let told = ask(&config, &["--prometheus", &stranger]).await;
    told.names("prometheus", "warning", &["not Prometheus'"]);
    assert!(sim.requests().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn the_certificates_of_the_api_are_shown_and_one_that_is_not_believed_is_named() {
    let (_sim, _front, config) = behind_a_proxy().await;
    let told = ask_alone(&config).await;
    let shown = told.of("api", "ok");
    let tls = shown.iter().find(|one| one["subject"] == "TLS of the API");
    let tls = tls.unwrap_or_else(|| panic!("{}", told.text));
    let chain = tls["found"].as_str().unwrap();
    assert!(
        chain.contains(" until ") && chain.contains(", by '"),
        "{chain}"
    );
    assert_eq!(told.code, Some(0), "{}", told.text);

    let told = ask_alone(&config.with("aiven.ca_cert", "")).await;
    told.names(
        "api",
        "failed",
        &["TLS of the API", "not believed", ", by '"],
    );
    told.names("api", "failed", &["project:services:read", "certificate"]);
    assert_eq!(told.of("clock", "skipped").len(), 1, "{}", told.text);
}

#[tokio::test]
async fn targets_that_prometheus_cannot_read_are_named() {
    let (sim, config) = two_services().await;
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let file = config.targets_file().display().to_string();
    let knows_the_file = prometheus(json!([]), format!("    - {file}\n")).await;
    let address = daemon.address.to_string();
    let of_both = ["--address", &address, "--prometheus", &knows_the_file];
    let told = ask(&config, &of_both).await;
    told.names(
        "prometheus",
        "failed",
        &["none of the 2 targets", "namei -l"],
    );

    for service in ["logs", "db"] {
        sim.power_off(PROJECT, service);
    }
    daemon.publishes([""; 0]).await;
    let told = ask(&config, &of_both).await;
    let reads = told.of("prometheus", "ok");
    let reads = reads
        .iter()
        .find(|one| one.to_string().contains("publishes no target"));
    assert!(reads.is_some(), "{}", told.text);
}

#[tokio::test]
async fn the_running_daemon_is_asked_too() {
    let (sim, config) = two_services().await;
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let (_socket, nobody) = nobody().await;
    let address = daemon.address.to_string();
    let told = ask(&config, &["--address", &address, "--prometheus", &nobody]).await;
    let daemons = told.of("daemon", "ok");
    assert!(daemons[0].to_string().contains("ready"), "{}", told.text);
    // What the doctor scrapes is none of Prometheus' scrapes.
    assert!(daemon.status().await["scrape_proxy"]["last_request"].is_null());
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
}

#[tokio::test]
async fn what_others_say_is_shown_and_fits_the_terminal() {
    let (sim, config) = two_services().await;
    let evil = "x\u{1b}[2J\u{202e}\u{9b}31m\nok      forged";
    sim.inject(
        Fault::any(),
        ApiFault::Status {
            code: 403,
            message: evil.to_owned(),
        },
    );
    let file = config.write().unwrap();
    let (_socket, nobody) = nobody().await;
    let program = Program::new(PATH).args(["doctor", "--config", file.to_str().unwrap()]);
    let program = program.args(["--prometheus", &nobody]).env("COLUMNS", "40");
    let ended = program.run().await.unwrap();
    assert_eq!(ended.code, Some(1), "{}", ended.output());
    assert!(ended.stdout.contains("u{1b}[2J"), "{}", ended.output());
    let output = ended.output();
    assert!(
        !output.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\r']),
        "{output:?}"
    );
    for line in output.lines() {
        let words = line.split_whitespace().count();
        assert!(line.chars().count() <= 40 || words <= 2, "{line}");
        assert!(!line.starts_with("ok      forged"), "{output}");
    }
    let usage = run(&["doctor", "--no-such-option"]).await;
    assert_eq!(usage.code, Some(2));
}
