//! `doctor` tries everything that the daemon depends on, names what is wrong with what to
//! do, and changes nothing.

use aiven_sim::{ApiFault, DnsFault, Fault, NodeFault, Operation, Permission, ServiceSpec};
use aiven_sim::{Simulator, TokenSpec};
use serde_json::{Value, json};
use testkit::{Config, PASSWORD, PROJECT, aiven, integrate_all};

use crate::binary::command;

mod cloud_foundry;
mod surroundings;

/// Where nobody answers: bound, and not listening.
async fn nobody() -> (tokio::net::TcpSocket, String) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    (socket, url)
}

/// What the doctor says, and its exit code.
struct Told {
    code: Option<i32>,
    checks: Vec<Value>,
    text: String,
}

impl Told {
    /// The checks of this area with this result.
    fn of(&self, area: &str, result: &str) -> Vec<&Value> {
        let checks = self.checks.iter();
        let checks = checks.filter(|one| one["area"] == area && one["result"] == result);
        checks.collect()
    }

    /// Exactly one check has this result, and says these words; it has a remedy.
    #[track_caller]
    fn names(&self, area: &str, result: &str, words: &[&str]) {
        let found = self.of(area, result);
        let says = |one: &&&Value| words.iter().all(|word| one.to_string().contains(word));
        let said: Vec<_> = found.iter().filter(says).collect();
        let [one] = said[..] else {
            panic!("{area} {result} {words:?}: {}", self.text);
        };
        let remedy = one["remedy"].as_str().unwrap_or_default();
        assert!(!remedy.is_empty(), "{one}");
        assert_eq!(
            self.code,
            Some(i32::from(
                self.checks.iter().any(|one| one["result"] == "failed")
            )),
            "{}",
            self.text
        );
    }
}

async fn ask(config: &Config, more: &[&str]) -> Told {
    let ended = command(config, "doctor", &[&["--json"], more].concat()).await;
    let report: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", ended.output()));
    Told {
        code: ended.code,
        checks: report["checks"].as_array().unwrap().clone(),
        text: format!("{report:#}"),
    }
}

/// With no daemon and no Prometheus, as before the first deploy.
async fn ask_alone(config: &Config) -> Told {
    let (_socket, nobody) = nobody().await;
    ask(config, &["--prometheus", &nobody]).await
}

/// Two integrated services.
async fn two_services() -> (Simulator, Config) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_service(PROJECT, ServiceSpec::new("db", "pg"));
    integrate_all(&sim);
    let config = Config::quick(&sim).with_proxy();
    (sim, config)
}

#[tokio::test]
async fn all_is_well_before_the_first_deploy_and_nothing_is_changed() {
    let (sim, config) = two_services().await;
    let told = ask_alone(&config).await;
    assert_eq!(told.code, Some(0), "{}", told.text);
    for (area, at_least) in [
        ("configuration", 1),
        ("dns", 1),
        ("api", 4),
        ("node", 2),
        ("clock", 1),
        ("disk", 3),
        ("descriptors", 1),
    ] {
        assert!(
            told.of(area, "ok").len() >= at_least,
            "{area}: {}",
            told.text
        );
        assert!(told.of(area, "failed").is_empty(), "{area}: {}", told.text);
    }
    let node = told.of("node", "ok")[0].to_string();
    for word in [
        "shop/logs",
        "valid until",
        "credentials are taken",
        "series",
    ] {
        assert!(node.contains(word), "{word}: {node}");
    }
    let dns = told.of("dns", "ok")[0].to_string();
    for word in ["UDP in ", "EDNS in ", "TCP in ", "1 address"] {
        assert!(dns.contains(word), "{word}: {dns}");
    }
    for right in [
        "project:services:read",
        "project:integrations:read",
        "project:integrations:write",
        "organization:projects:write",
    ] {
        let rights = told.of("api", "ok");
        assert!(
            rights.iter().any(|one| one.to_string().contains(right)),
            "{right}: {}",
            told.text
        );
    }
    assert!(sim.requests().iter().all(|request| request.method == "GET"));
    assert!(!config.state_dir().exists());
    assert!(!told.text.contains(PASSWORD));
    assert!(!told.text.contains(sim.token()));

    let (_socket, nobody) = nobody().await;
    let lines = command(&config, "doctor", &["--prometheus", &nobody]).await;
    assert_eq!(lines.code, Some(0), "{}", lines.output());
    let words = ["ok ", "warning ", "skipped "];
    for line in lines.stdout.lines() {
        assert!(words.iter().any(|word| line.starts_with(word)), "{line}");
    }
    assert_eq!(lines.stdout.lines().count(), told.checks.len());
}

#[tokio::test]
async fn what_is_wrong_with_a_node_is_named_for_that_type_alone() {
    let (sim, config) = two_services().await;
    for (fault, words) in [
        (NodeFault::OtherCa, "issuer"),
        (NodeFault::Expired, "expired"),
        (NodeFault::OtherName, "name"),
        (NodeFault::WrongPassword, "refuses the credentials"),
        (NodeFault::Refuse, "connection refused"),
        (NodeFault::Status(500), "answers 500"),
        (
            NodeFault::Answer {
                code: 200,
                headers: vec![("content-type".into(), "text/html".into())],
                body: "<html>".into(),
            },
            "text/html",
        ),
    ] {
        sim.node_fault(PROJECT, "logs", 0, fault);
        let told = ask_alone(&config).await;
        told.names("node", "failed", &["shop/logs", words]);
        assert_eq!(told.of("node", "ok").len(), 1, "{}", told.text);
        sim.clear_node_fault(PROJECT, "logs", 0);
    }
    sim.power_off(PROJECT, "logs");
    let told = ask_alone(&config).await;
    assert_eq!(told.code, Some(0), "{}", told.text);
    let skipped = told.of("node", "skipped")[0].to_string();
    assert!(skipped.contains("shop/logs is powered_off"), "{skipped}");
}

#[tokio::test]
async fn the_tokens_rights_are_told_one_by_one() {
    let (sim, config) = two_services().await;
    let wrong = Config::quick(&sim).with("aiven.api_token", "not-the-token");
    let told = ask_alone(&wrong).await;
    assert_eq!(told.of("api", "failed").len(), 3, "{}", told.text);
    told.names(
        "api",
        "failed",
        &["project:services:read", "does not accept the token"],
    );
    assert!(!told.text.contains("not-the-token"));
    assert!(told.of("node", "ok").is_empty());

    let rights = |rights: &[Permission]| {
        let spec = TokenSpec::new().allow(PROJECT, rights.iter().copied());
        let token = sim.add_token(spec);
        Config::quick(&sim)
            .with_proxy()
            .with("aiven.api_token", token)
    };
    let discover_only = [Permission::ServicesRead, Permission::IntegrationsRead];
    let told = ask_alone(&rights(&discover_only)).await;
    told.names(
        "api",
        "failed",
        &["project:integrations:write", "in the project shop"],
    );
    told.names(
        "api",
        "warning",
        &["organization:projects:write", "scrape_proxy.ca_cert"],
    );
    assert_eq!(told.of("api", "failed").len(), 1, "{}", told.text);
    // The configured credentials are tried all the same; the CA is what is missing.
    assert_eq!(told.of("node", "failed").len(), 2, "{}", told.text);

    let creates_nothing = rights(&discover_only)
        .with("integration.create", false)
        .with("scrape_proxy.ca_cert", sim.ca_pem(PROJECT));
    let told = ask_alone(&creates_nothing).await;
    assert_eq!(told.code, Some(0), "{}", told.text);
    told.names("api", "warning", &["project:integrations:write"]);
    assert_eq!(told.of("node", "ok").len(), 2, "{}", told.text);

    let told = ask_alone(&rights(&[Permission::IntegrationsWrite])).await;
    told.names("api", "failed", &["project:services:read"]);

    let renamed = config.with("aiven.projects", json!([PROJECT, "renamed"]));
    let told = ask_alone(&renamed).await;
    told.names(
        "api",
        "failed",
        &["renamed: project:services:read", "aiven.projects"],
    );
    assert_eq!(told.of("node", "ok").len(), 2, "{}", told.text);
}

#[tokio::test]
async fn the_way_to_aiven_and_the_limit_and_the_clock_are_named() {
    let (sim, config) = two_services().await;
    let with_headers = |headers: &[(&str, &str)]| {
        let headers = headers.iter();
        let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ApiFault::WithHeaders {
            code: 403,
            headers: headers.collect(),
            message: "no".to_owned(),
        }
    };
    let on_types = || Fault::new(Operation::ListIntegrationTypes);
    for (date, result, words) in [
        (
            "Thu, 01 Jan 2015 00:00:00 GMT",
            "failed",
            "ahead of that of Aiven's API",
        ),
        (
            "Fri, 01 Jan 2100 00:00:00 GMT",
            "failed",
            "behind that of Aiven's API",
        ),
    ] {
        let id = sim.inject(on_types(), with_headers(&[("date", date)]));
        ask_alone(&config).await.names("clock", result, &[words]);
        sim.clear_fault(id);
    }
    let id = sim.inject(
        on_types(),
        with_headers(&[("x-ratelimit-remaining", "3, 60")]),
    );
    ask_alone(&config)
        .await
        .names("api", "warning", &["requests left", "\"3\""]);
    sim.clear_fault(id);

    let id = sim.inject(Fault::any(), ApiFault::Html(511));
    let told = ask_alone(&config).await;
    told.names(
        "api",
        "failed",
        &[
            "project:services:read",
            "something between this machine and Aiven answered 511",
        ],
    );
    sim.clear_fault(id);

    sim.inject(
        Fault::any(),
        ApiFault::RateLimited {
            seconds: 60,
            retry_after: None,
        },
    );
    let told = ask_alone(&config).await;
    told.names(
        "api",
        "failed",
        &["project:services:read", "token of a user of its own"],
    );
}

#[tokio::test]
async fn each_name_server_is_told_with_what_it_cannot_do() {
    let (sim, config) = two_services().await;
    let host = sim.host(PROJECT, "db");
    for (fault, result, words) in [
        (DnsFault::EdnsSilent, "warning", "EDNS: no answer in time"),
        (DnsFault::TruncatedWithoutTcp, "warning", "by TCP"),
        (DnsFault::NxDomain, "failed", "NXDOMAIN"),
        (DnsFault::ServFail, "failed", "SERVFAIL"),
    ] {
        let config = Config::quick(&sim)
            .with_proxy()
            .dns_timeout(std::time::Duration::from_secs(1));
        sim.dns_fault(&host, fault.clone());
        let told = ask_alone(&config).await;
        let found = told.of("dns", result);
        let found = found.iter().find(|one| one.to_string().contains(words));
        assert!(found.is_some(), "{fault:?}: {}", told.text);
        sim.clear_dns_fault(&host);
    }
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let dead = socket.local_addr().unwrap().to_string();
    let live = sim.dns_addr().to_string();
    let one_is_dead = config
        .with("dns.nameservers", json!([dead, live]))
        .dns_timeout(std::time::Duration::from_secs(2));
    let told = ask_alone(&one_is_dead).await;
    told.names("dns", "warning", &[&dead, "no answer in time"]);
    assert_eq!(told.code, Some(0), "{}", told.text);
}

#[tokio::test]
async fn a_configuration_or_a_disk_that_cannot_be_used_is_named() {
    let (_sim, config) = two_services().await;
    let broken = config.with("aiven.projects", json!([])).with("no.such", 1);
    let told = ask_alone(&broken).await;
    assert_eq!(told.of("configuration", "failed").len(), 2, "{}", told.text);
    assert_eq!(told.of("api", "skipped").len(), 1, "{}", told.text);
    assert_eq!(told.code, Some(1));

    let (_sim, config) = two_services().await;
    let file = config.path("a-file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("state");
    let told = ask_alone(&config.with("state_dir", below.to_str().unwrap())).await;
    assert_eq!(told.of("disk", "failed").len(), 2, "{}", told.text);
}
