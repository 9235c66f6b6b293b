//! Whatever keeps a service from being scraped, `explain` names the one true
//! cause, and `status` puts it first.

use aiven_sim::{
    ApiFault, DnsFault, Fault, NodeFault, Operation, ServiceSpec, Simulator, TokenSpec,
};
use serde_json::{Value, json};
use testkit::{
    Config, Daemon, Finished, PASSWORD, PROJECT, USERNAME, aiven, aiven_from, integrate_all, seen,
};

use crate::binary::{ask, start};
use crate::node_faults::inject;
use crate::scraper::{Scraper, publishing};

/// `explain NAME` fails at this step, and its line `CAUSE` has all these words.
fn names(told: &Finished, step: &str, words: &[&str]) -> bool {
    let failed: Vec<_> = told
        .stdout
        .lines()
        .filter(|line| line.contains("FAILED"))
        .collect();
    let [failed] = failed[..] else {
        return false;
    };
    let mut causes = told.stdout.lines().filter(|line| line.starts_with("CAUSE"));
    let (Some(cause), None) = (causes.next(), causes.next()) else {
        return false;
    };
    let has_remedy = told.stdout.lines().any(|line| line.starts_with("DO "));
    let says_all = words.iter().all(|word| cause.contains(word));
    told.code == Some(1) && has_remedy && says_all && failed.contains(step)
}

/// Waits until `explain NAME` says so.
async fn is_explained(daemon: &Daemon, name: &str, step: &str, words: &[&str]) {
    let last = std::cell::RefCell::new(String::new());
    let found = seen(async || {
        let told = ask(daemon, "explain", &[name]).await;
        last.replace(told.output());
        names(&told, step, words).then_some(())
    });
    let found = found.await;
    assert!(
        found.is_some(),
        "{words:?} at {step} is not explained:\n{}\n{}",
        last.borrow(),
        daemon.printed()
    );
}

/// The first line of `status` after the headline is this problem.
async fn is_a_problem(daemon: &Daemon, words: &[&str]) {
    let told = ask(daemon, "status", &[]).await;
    assert_eq!(told.code, Some(1), "{}", told.output());
    let second = told.stdout.lines().nth(1).unwrap();
    let says_all = words.iter().all(|word| second.contains(word));
    assert!(
        second.starts_with("PROBLEM ") && says_all,
        "{}",
        told.stdout
    );
}

/// One integrated service `logs`, published and not scraped yet.
async fn one_service() -> (Simulator, Config, Daemon, Scraper) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    (sim, config, daemon, scraper)
}

/// The same, scraped well.
async fn one_scraped_service() -> (Simulator, Config, Daemon, Scraper) {
    let (sim, config, daemon, scraper) = one_service().await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    daemon.verdict("logs", "scraped").await;
    (sim, config, daemon, scraper)
}

/// A node that does this when it is scraped is explained so.
async fn node_is_explained(fault: NodeFault, cause: &str) {
    let (sim, _config, daemon, scraper) = one_scraped_service().await;
    inject(&sim, "logs", fault).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    let page = scraper.get_within_a_second("logs", address).await;
    assert!(!page.status.is_success());
    is_explained(&daemon, "logs", "scraped", &[cause]).await;
    is_a_problem(&daemon, &["shop/logs", cause]).await;
}

#[tokio::test]
async fn a_node_that_is_down() {
    node_is_explained(NodeFault::Refuse, "connection refused").await;
}

#[tokio::test]
async fn a_node_that_hangs() {
    let cause = "took the request and did not answer in time";
    node_is_explained(NodeFault::HangAfterRequest, cause).await;
}

#[tokio::test]
async fn a_wrong_password() {
    let cause = "refuses the credentials of integration endpoint";
    node_is_explained(NodeFault::WrongPassword, cause).await;
}

#[tokio::test]
async fn a_certificate_of_another_name() {
    node_is_explained(NodeFault::OtherName, "certificate is of another name").await;
}

#[tokio::test]
async fn an_expired_certificate() {
    node_is_explained(NodeFault::Expired, "has expired").await;
}

#[tokio::test]
async fn a_certificate_of_another_ca() {
    node_is_explained(NodeFault::OtherCa, "is of another CA").await;
}

/// An address that drops connections, as a firewall does: a listener that
/// accepts nobody and whose queue is full. Linux then ignores further attempts.
struct Firewalled {
    _listener: tokio::net::TcpListener,
    _queue: Vec<tokio::net::TcpStream>,
    ip: std::net::IpAddr,
}

impl Firewalled {
    async fn listen(port: u16) -> Firewalled {
        let (listener, ip) = (1..=254)
            .find_map(|last| {
                let ip = std::net::Ipv4Addr::new(127, 0, 77, last);
                let socket = tokio::net::TcpSocket::new_v4().unwrap();
                socket.bind((ip, port).into()).ok()?;
                Some((socket.listen(0).ok()?, ip))
            })
            .expect("no free address");
        let mut queue = Vec::new();
        let a_moment = std::time::Duration::from_millis(300);
        while let Ok(joined) =
            tokio::time::timeout(a_moment, tokio::net::TcpStream::connect((ip, port))).await
        {
            queue.push(joined.unwrap());
        }
        Firewalled {
            _listener: listener,
            _queue: queue,
            ip: ip.into(),
        }
    }
}

#[tokio::test]
async fn an_ip_allow_list_that_shuts_us_out() {
    let (sim, _config, daemon, scraper) = one_service().await;
    let port = sim.addresses(PROJECT, "logs")[0].port();
    let wall = Firewalled::listen(port).await;
    sim.dns_fault(&sim.host(PROJECT, "logs"), DnsFault::Answer(vec![wall.ip]));
    let address = std::net::SocketAddr::new(wall.ip, port);
    daemon.publishes([address]).await;
    let page = scraper.get_within_a_second("logs", address).await;
    assert_eq!(page.status, 504, "{}", page.text());
    is_explained(
        &daemon,
        "logs",
        "scraped",
        &["no answer to the connection", "ip_filter"],
    )
    .await;
    is_a_problem(&daemon, &["shop/logs", "ip_filter"]).await;
}

#[tokio::test]
async fn prometheus_does_not_scrape_at_all() {
    let (sim, _config, daemon, scraper) = one_service().await;
    let cause = "Prometheus has not asked the scrape proxy for anything";
    is_explained(&daemon, "logs", "scraped", &[cause]).await;
    // It scrapes, but something else.
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka"));
    integrate_all(&sim);
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    scraper.get_all(&daemon, &sim, &["queue"]).await;
    is_explained(&daemon, "logs", "scraped", &["asks for other targets"]).await;
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka"));
    let host = sim.host(PROJECT, "logs");
    sim.dns_fault(&host, DnsFault::NxDomain);
    integrate_all(&sim);
    let config = Config::quick(&sim).with_proxy();
    let daemon = start(&config).await;
    is_explained(&daemon, "logs", "resolved", &[&host, "NXDOMAIN"]).await;
    is_a_problem(&daemon, &["shop/logs", "NXDOMAIN"]).await;
}

#[tokio::test]
async fn a_wrong_token_from_the_start() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("aiven.api_token", "not-a-token");
    let daemon = start(&config).await;
    daemon
        .project_when(PROJECT, |one| !one["stages"]["list"]["failing"].is_null())
        .await;
    let told = ask(&daemon, "explain", &["logs"]).await;
    assert_eq!(told.code, Some(1), "{}", told.output());
    let mut lines = told.stderr.lines();
    let cause = lines.find(|line| line.starts_with("CAUSE")).unwrap_or("");
    assert!(
        cause.contains("does not accept the token"),
        "{}",
        told.output()
    );
    is_a_problem(&daemon, &["shop", "does not accept the token"]).await;
}

#[tokio::test]
async fn a_token_that_was_revoked() {
    let (sim, _config, daemon, _scraper) = one_scraped_service().await;
    sim.revoke_token(sim.token());
    daemon
        .project_when(PROJECT, |one| !one["stages"]["list"]["failing"].is_null())
        .await;
    // The service is scraped all the same, so no step fails.
    let told = ask(&daemon, "explain", &["logs"]).await;
    assert_eq!(told.code, Some(1), "{}", told.output());
    let mut lines = told.stdout.lines();
    let cause = lines.find(|line| line.starts_with("CAUSE")).unwrap_or("");
    assert!(
        cause.contains("does not accept the token"),
        "{}",
        told.stdout
    );
    is_a_problem(&daemon, &["shop", "does not accept the token"]).await;
}

#[tokio::test]
async fn a_token_without_rights_on_one_project() {
    let sim = aiven_from(Simulator::builder().project(PROJECT).project("bank")).await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_service("bank", ServiceSpec::new("ledger", "pg"));
    let token = sim.add_token(TokenSpec::new().smallest(PROJECT));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("aiven.api_token", token);
    let daemon = start(&config).await;
    daemon
        .project_when("bank", |one| !one["stages"]["list"]["failing"].is_null())
        .await;
    daemon.verdict("logs", "published").await;
    let told = ask(&daemon, "explain", &["bank/ledger"]).await;
    assert_eq!(told.code, Some(1), "{}", told.output());
    let mut lines = told.stderr.lines();
    let cause = lines.find(|line| line.starts_with("CAUSE")).unwrap_or("");
    assert!(
        cause.contains("bank") && cause.contains("lacks a right"),
        "{}",
        told.output()
    );
    is_a_problem(&daemon, &["bank", "lacks a right"]).await;
}

#[tokio::test]
async fn an_endpoint_that_was_deleted_by_hand() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("aiven.request_timeout", "1h");
    let (daemon, _scraper) = publishing(&sim, &config).await;
    // Its making hangs, so that there is time to ask.
    sim.inject(Fault::new(Operation::CreateEndpoint), ApiFault::Hang);
    let endpoint = sim.endpoints(PROJECT)[0].id.clone();
    sim.delete_endpoint(PROJECT, &endpoint);
    is_explained(
        &daemon,
        "logs",
        "integrated",
        &["no integration endpoint", "deleted by hand"],
    )
    .await;
}

#[tokio::test]
async fn an_endpoint_that_was_deleted_and_may_not_be_made() {
    let (sim, mut config, daemon, _scraper) = one_scraped_service().await;
    daemon.stop().await.unwrap();
    config.set(
        "integration",
        json!({"create": false, "username": USERNAME, "password": PASSWORD}),
    );
    let endpoint = sim.endpoints(PROJECT)[0].id.clone();
    sim.delete_endpoint(PROJECT, &endpoint);
    let daemon = start(&config).await;
    let words = ["no integration endpoint", "integration.create is false"];
    is_explained(&daemon, "logs", "integrated", &words).await;
}

#[tokio::test]
async fn an_integration_that_was_disabled_by_hand() {
    let (sim, _config, daemon, _scraper) = one_scraped_service().await;
    let integration = sim.integrations_of(PROJECT, "logs")[0].id.clone();
    sim.disable_integration(PROJECT, &integration);
    is_explained(
        &daemon,
        "logs",
        "integrated",
        &["is disabled", &integration],
    )
    .await;
}

#[tokio::test]
async fn an_integration_that_aiven_refuses() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.refuse_integration(PROJECT, "logs", 403, "Plan hobbyist has no integrations");
    let config = Config::quick(&sim).with_proxy();
    let daemon = start(&config).await;
    let words = ["Aiven refuses", "Plan hobbyist has no integrations"];
    is_explained(&daemon, "logs", "integrated", &words).await;
    is_a_problem(&daemon, &["shop/logs", "Plan hobbyist has no integrations"]).await;
}

#[tokio::test]
async fn a_type_that_is_not_supported() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("stream", "flink"));
    let config = Config::quick(&sim).with_proxy();
    let daemon = start(&config).await;
    is_explained(&daemon, "stream", "eligible", &["does not support flink"]).await;
}

#[tokio::test]
async fn a_service_that_a_tag_excludes() {
    let sim = aiven().await;
    sim.add_service(
        PROJECT,
        ServiceSpec::new("logs", "opensearch").tag("env", "test"),
    );
    let config = Config::quick(&sim)
        .with_proxy()
        .with("services.tags", json!({"env": "production"}));
    let daemon = start(&config).await;
    is_explained(
        &daemon,
        "logs",
        "selected",
        &["services.tags", "env=production"],
    )
    .await;
}

#[tokio::test]
async fn a_service_that_is_powered_off() {
    let (sim, _config, daemon, _scraper) = one_scraped_service().await;
    sim.power_off(PROJECT, "logs");
    is_explained(&daemon, "logs", "eligible", &["POWEROFF"]).await;
}

#[tokio::test]
async fn a_service_that_is_scraped_well_is_no_trouble() {
    let (_sim, _config, daemon, _scraper) = one_scraped_service().await;
    for name in ["logs", "shop/logs"] {
        let told = ask(&daemon, "explain", &[name]).await;
        assert_eq!(told.code, Some(0), "{}", told.output());
        assert!(
            told.stdout.starts_with("shop/logs: scraped"),
            "{}",
            told.stdout
        );
        for nothing in ["CAUSE", "FAILED", "DO "] {
            assert!(!told.stdout.contains(nothing), "{}", told.stdout);
        }
        for step in [
            "listed",
            "selected",
            "eligible",
            "integrated",
            "resolved",
            "published",
            "scraped",
        ] {
            assert!(told.stdout.contains(step), "{step}: {}", told.stdout);
        }
    }
    let told = ask(&daemon, "status", &[]).await;
    assert_eq!(told.code, Some(0), "{}", told.output());
    assert!(!told.stdout.contains("PROBLEM"), "{}", told.stdout);
}

#[tokio::test]
async fn json_has_the_same_and_a_typo_is_answered_with_near_names() {
    let sim = aiven_from(Simulator::builder().project(PROJECT).project("bank")).await;
    for (project, name) in [
        (PROJECT, "orders-pg"),
        (PROJECT, "queue"),
        ("bank", "queue"),
    ] {
        sim.add_service(project, ServiceSpec::new(name, "pg"));
    }
    let config = Config::quick(&sim).with_proxy();
    let daemon = start(&config).await;
    for (project, name) in [
        (PROJECT, "orders-pg"),
        (PROJECT, "queue"),
        ("bank", "queue"),
    ] {
        let known = format!("{project}/{name} is known");
        daemon
            .until(&known, async || {
                let told = ask(
                    &daemon,
                    "explain",
                    &[&format!("{project}/{name}"), "--json"],
                )
                .await;
                let told: Value = serde_json::from_str(&told.stdout).ok()?;
                (told[0]["project"] == project).then_some(())
            })
            .await;
    }
    let told = ask(&daemon, "explain", &["order-pg"]).await;
    assert_eq!(told.code, Some(1));
    assert!(
        told.stderr.contains("did you mean shop/orders-pg?"),
        "{}",
        told.output()
    );
    let told = ask(&daemon, "explain", &["something-else-entirely"]).await;
    assert!(!told.output().contains("did you mean"), "{}", told.output());

    // A name of two projects is explained for both, and --json has all there is.
    let told = ask(&daemon, "explain", &["queue", "--json"]).await;
    assert_eq!(told.code, Some(1));
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    let projects: Vec<_> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["project"])
        .collect();
    assert_eq!(projects, ["bank", "shop"]);
    let steps = told[0]["steps"].as_array().unwrap();
    assert_eq!(steps[0]["name"], "listed");
    assert_eq!(steps.last().unwrap()["ok"], false);
    assert!(told[0]["trouble"]["cause"].is_string(), "{told}");
    assert!(told[0]["trouble"]["remedy"].is_string(), "{told}");
}
