//! A scrape that fails has a class and a cause, everywhere where one looks, and
//! costs nobody else anything.

use std::net::SocketAddr;
use std::time::Duration;

use aiven_sim::{NodeFault, ServiceSpec, Simulator};
use testkit::{Config, Daemon, PASSWORD, PROJECT, aiven};

use crate::node_faults::inject;
use crate::scraper::{SHORT, Scraper, publishing};

async fn logs_and_queue() -> (Simulator, Config, Daemon, Scraper, SocketAddr) {
    let sim = aiven().await;
    // Half of the page is less than the proxy reads before it answers.
    let logs = ServiceSpec::new("logs", "opensearch").series(100);
    sim.add_service(PROJECT, logs);
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka"));
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &["logs", "queue"]).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    (sim, config, daemon, scraper, address)
}

fn outcome(class: &str) -> String {
    format!("aiven_metrics_scrape_proxy_requests_total{{outcome=\"{class}\"}}")
}

/// The failure is counted, told in `/status`, and the service's verdict.
async fn is_told(daemon: &Daemon, address: SocketAddr, class: &str, verdict: &str, cause: &str) {
    daemon.metric_reaches(&outcome(class), 1.0).await;
    let logs = daemon.verdict("logs", verdict).await;
    assert!(logs["cause"].as_str().unwrap().contains(cause), "{logs}");
    let scrape = &logs["scrapes"][address.to_string()];
    assert_eq!(scrape["failure"]["class"], class, "{logs}");
    assert!(scrape["failure"]["cause"].as_str().unwrap().contains(cause));
    assert_ne!(scrape["last_success"], scrape["at"], "{scrape}");
    assert!(!scrape["last_success"].is_null(), "{scrape}");
    assert!(!scrape["certificate_expires"].is_null(), "{scrape}");
    daemon.verdict("queue", "scraped").await;
}

/// A fault seen before the page begins: a status with the cause, then as above,
/// and all is well once the fault is over.
async fn fails(fault: NodeFault, status: u16, class: &str, verdict: &str, cause: &str) {
    let (sim, _config, daemon, scraper, address) = logs_and_queue().await;
    // Scrapes before the CA was known may have failed, too.
    let before = daemon.metric(&outcome(class)).await;
    let hangs = matches!(
        fault,
        NodeFault::HangAfterRequest | NodeFault::Trickle { .. }
    );
    inject(&sim, "logs", fault).await;
    let page = match hangs {
        true => scraper.get_in_short("logs", address).await,
        false => scraper.get("logs", address).await,
    };
    assert_eq!(page.status, status, "{}", page.text());
    assert!(page.text().contains(cause), "{}", page.text());
    assert_eq!(page.text().lines().count(), 1, "{}", page.text());
    daemon.metric_reaches(&outcome(class), before + 1.0).await;
    is_told(&daemon, address, class, verdict, cause).await;
    assert_eq!(daemon.metric(&outcome(class)).await, before + 1.0);
    sim.clear_node_fault(PROJECT, "logs", 0);
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    daemon.verdict("logs", "scraped").await;
}

#[tokio::test]
async fn a_node_that_refuses_connections_is_a_connect_failure() {
    let cause = "connection refused";
    fails(NodeFault::Refuse, 502, "connect", "unreachable", cause).await;
}

#[tokio::test]
async fn a_node_that_hangs_after_the_request_is_a_timeout() {
    let cause = "took the request and did not answer within";
    fails(
        NodeFault::HangAfterRequest,
        504,
        "timeout",
        "unreachable",
        cause,
    )
    .await;
}

#[tokio::test]
async fn a_node_that_resets_connections_is_unreachable_and_no_impostor() {
    // The kept connection takes the request and is reset, then the new one
    // before TLS.
    let (sim, _config, daemon, scraper, address) = logs_and_queue().await;
    sim.node_fault(PROJECT, "logs", 0, NodeFault::Reset);
    let page = scraper.get("logs", address).await;
    assert_eq!(page.status, 502, "{}", page.text());
    let logs = daemon
        .service_when("logs", |one| {
            !one["scrapes"][address.to_string()]["failure"].is_null()
        })
        .await;
    let failure = &logs["scrapes"][address.to_string()]["failure"];
    let cause = failure["cause"].as_str().unwrap();
    assert!(
        cause.contains("reset") || cause.contains("broke"),
        "{cause}"
    );
    // Nobody was found to be somebody else.
    assert_eq!(logs["verdict"], "unreachable", "{logs}");
    // The reset may be seen before the first byte is sent, or after.
    let class = failure["class"].as_str().unwrap();
    assert!(["aborted", "connect"].contains(&class), "{logs}");
}

#[tokio::test]
async fn another_status_is_a_status_failure() {
    let cause = "was reached and answers 500";
    fails(NodeFault::Status(500), 502, "status", "unreachable", cause).await;
}

#[tokio::test]
async fn a_refused_password_is_unauthorised() {
    let cause = "refuses the credentials of integration endpoint";
    fails(
        NodeFault::WrongPassword,
        502,
        "unauthorised",
        "unauthorised",
        cause,
    )
    .await;
}

#[tokio::test]
async fn a_node_that_hangs_before_tls_is_a_timeout() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    sim.node_fault(PROJECT, "logs", 0, NodeFault::Hang);
    let address = sim.addresses(PROJECT, "logs")[0];
    let page = scraper.get_in_short("logs", address).await;
    assert_eq!(page.status, 504);
    assert!(
        page.text().contains("spoke no TLS within"),
        "{}",
        page.text()
    );
    let logs = daemon.verdict("logs", "unreachable").await;
    let scrape = &logs["scrapes"][address.to_string()];
    assert_eq!(scrape["failure"]["class"], "timeout");
    assert!(scrape["last_success"].is_null());
}

/// What a node does to a page that is too long to be read before it is sent on.
async fn is_cut(fault: NodeFault, class: &str, cause: &str) {
    let sim = aiven().await;
    let spec = ServiceSpec::new("logs", "opensearch").page_bytes(1 << 40);
    sim.add_service(PROJECT, spec);
    sim.node_fault(PROJECT, "logs", 0, fault);
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    daemon
        .until("half a page came, and does not look whole", async || {
            let page = scraper.try_get("logs", address, &[SHORT]).await;
            page.is_err().then_some(())
        })
        .await;
    daemon.metric_reaches(&outcome(class), 1.0).await;
    let logs = daemon.verdict("logs", "unreachable").await;
    assert!(logs["cause"].as_str().unwrap().contains(cause), "{logs}");
    sim.wait_until("the connection is given up", |sim| {
        sim.node(PROJECT, "logs", 0).record().open_connections == 0
    })
    .await;
}

#[tokio::test]
async fn a_long_page_that_breaks_off_is_no_page() {
    // Half of a chunk, and then the reset.
    is_cut(NodeFault::ResetMidBody, "aborted", "broke the page off").await;
}

#[tokio::test]
async fn a_long_page_that_takes_too_long_is_cut_off_and_not_whole() {
    let trickle = NodeFault::Trickle {
        bytes: 100 << 10,
        every: Duration::from_millis(50),
    };
    is_cut(trickle, "timeout", "the whole page in time").await;
}

#[tokio::test]
async fn a_page_that_breaks_off_is_no_page() {
    let cause = "broke the page off";
    fails(
        NodeFault::ResetMidBody,
        502,
        "aborted",
        "unreachable",
        cause,
    )
    .await;
}

#[tokio::test]
async fn a_page_that_takes_too_long_is_told_in_time() {
    let trickle = NodeFault::Trickle {
        bytes: 1,
        every: Duration::from_millis(50),
    };
    let cause = "the whole page in time";
    fails(trickle, 504, "timeout", "unreachable", cause).await;
}

fn answer(code: u16, headers: &[(&str, &str)], body: &str) -> NodeFault {
    let headers = headers.iter();
    NodeFault::Answer {
        code,
        headers: headers
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}

#[tokio::test]
async fn a_node_s_own_words_are_passed_on() {
    let body = "An error has occurred while serving metrics:\n\nduplicate series \u{1b}[31mx\n";
    let fault = answer(500, &[("content-type", "text/plain")], body);
    let cause = "while serving metrics: duplicate series \\u{1b}[31mx";
    fails(fault, 502, "status", "unreachable", cause).await;
}

#[tokio::test]
async fn a_node_s_words_are_free_of_our_password() {
    let body = format!("wrong password: {PASSWORD}");
    let fault = answer(500, &[], &body);
    fails(
        fault,
        502,
        "status",
        "unreachable",
        "wrong password: <secret>",
    )
    .await;
}

#[tokio::test]
async fn a_page_that_prometheus_refuses_is_a_failure() {
    let html = answer(200, &[("content-type", "text/html")], "<html>log in</html>");
    let cause = "with the Content-Type 'text/html', not that of metrics, which Prometheus 3 refuses, and says: log in";
    fails(html, 502, "status", "unreachable", cause).await;
}

#[tokio::test]
async fn a_page_without_a_type_is_a_failure() {
    let cause = "without a Content-Type";
    fails(
        answer(200, &[], "a 1\n"),
        502,
        "status",
        "unreachable",
        cause,
    )
    .await;
}

#[tokio::test]
async fn a_resting_connection_that_died_without_a_word_loses_no_scrape() {
    let (sim, _config, daemon, scraper, address) = logs_and_queue().await;
    sim.node_fault(PROJECT, "logs", 0, NodeFault::SilentOnceRested);
    let ok = daemon.metric(&outcome("ok")).await;
    let before = sim.node(PROJECT, "logs", 0).record();
    for _ in 0..8 {
        let page = scraper.get_in_short("logs", address).await;
        assert_eq!(page.status, 200, "{}", page.text());
    }
    daemon.metric_reaches(&outcome("ok"), ok + 8.0).await;
    assert_eq!(daemon.metric(&outcome("timeout")).await, 0.0);
    // Two silences are enough to use no resting connection for a while.
    let after = sim.node(PROJECT, "logs", 0).record();
    assert_eq!(after.requests - before.requests, 8 + 2, "{after:?}");
}

#[tokio::test]
async fn a_scrape_that_prometheus_gives_up_is_given_up_at_the_node() {
    let (sim, _config, daemon, scraper, address) = logs_and_queue().await;
    sim.node_fault(PROJECT, "logs", 0, NodeFault::HangAfterRequest);
    let requests = sim.node(PROJECT, "logs", 0).record().requests;
    let waiting = tokio::spawn(async move { scraper.get("logs", address).await });
    sim.wait_until("the node has the request", |sim| {
        sim.node(PROJECT, "logs", 0).record().requests > requests
    })
    .await;
    waiting.abort();
    sim.wait_until("the connection is given up", |sim| {
        sim.node(PROJECT, "logs", 0).record().open_connections == 0
    })
    .await;
    is_told(
        &daemon,
        address,
        "aborted",
        "unreachable",
        "gave the scrape up",
    )
    .await;
}

#[tokio::test]
async fn a_page_that_prometheus_gives_up_is_given_up_at_the_node() {
    let sim = aiven().await;
    let spec = ServiceSpec::new("logs", "opensearch").page_bytes(1 << 40);
    sim.add_service(PROJECT, spec);
    let config = Config::quick(&sim)
        .with_proxy()
        .with("scrape_proxy.timeout", "1h");
    let (daemon, scraper) = publishing(&sim, &config).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    let mut answer = daemon
        .until("the page begins", async || {
            let answer = scraper.begin("logs", address).await;
            answer.status().is_success().then_some(answer)
        })
        .await;
    assert!(answer.chunk().await.unwrap().is_some());
    drop(answer);
    sim.wait_until("the connection is given up", |sim| {
        sim.node(PROJECT, "logs", 0).record().open_connections == 0
    })
    .await;
    daemon.metric_reaches(&outcome("aborted"), 1.0).await;
}

#[tokio::test]
async fn hung_nodes_hold_no_other_scrape_up() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(8));
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka"));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("scrape_proxy.timeout", "1h");
    let (daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &["queue"]).await;
    for node in 0..8 {
        let fault = if node % 2 == 0 {
            NodeFault::Hang
        } else {
            NodeFault::HangAfterRequest
        };
        sim.node_fault(PROJECT, "logs", node, fault);
    }
    // For ever, as far as this test goes.
    let mut hung = tokio::task::JoinSet::new();
    for address in sim.addresses(PROJECT, "logs") {
        for _ in 0..10 {
            let scraper = scraper.clone();
            hung.spawn(async move { scraper.try_get("logs", address, &[]).await.is_ok() });
        }
    }
    sim.wait_until("all of them hang", |sim| {
        let nodes = sim.nodes(PROJECT, "logs");
        nodes
            .iter()
            .all(|node| node.record().open_connections >= 10)
    })
    .await;
    let queue = sim.addresses(PROJECT, "queue")[0];
    for _ in 0..50 {
        assert_eq!(scraper.get("queue", queue).await.status, 200);
    }
    assert!(hung.try_join_next().is_none(), "a hung scrape has ended");
}

#[tokio::test]
async fn one_node_down_leaves_the_service_scraped_and_is_told() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    sim.node_fault(PROJECT, "logs", 1, NodeFault::Refuse);
    sim.wait_until("its connection is closed", |sim| {
        sim.node(PROJECT, "logs", 1).record().open_connections == 0
    })
    .await;
    let addresses = sim.addresses(PROJECT, "logs");
    let expected = [200, 502, 200];
    for (address, expected) in addresses.iter().zip(expected) {
        assert_eq!(scraper.get("logs", *address).await.status, expected);
    }
    let logs = daemon.verdict("logs", "scraped").await;
    let down = &logs["scrapes"][addresses[1].to_string()];
    assert_eq!(down["failure"]["class"], "connect");
    assert!(logs["scrapes"][addresses[0].to_string()]["failure"].is_null());
}
