//! DNS fails for one name: its targets stay, and nobody else notices.

use std::time::Duration;

use aiven_sim::{ApiFault, DnsFault, Fault, ServiceSpec, Simulator};
use serde_json::Value;
use testkit::{Config, Daemon, PROJECT, aiven, integrate_all};

use crate::binary::start;

async fn two_services() -> (Simulator, Config, Daemon) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(2));
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka").nodes(3));
    integrate_all(&sim);
    // Some of the names never answer.
    let config = Config::quick(&sim).dns_timeout(Duration::from_secs(3));
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    (sim, config, daemon)
}

/// The name's fault is seen, and its targets stay.
async fn targets_stay(fault: DnsFault, cause: &str) {
    let (sim, config, daemon) = two_services().await;
    let list = config.targets_text();
    let host = sim.host(PROJECT, "logs");
    sim.dns_fault(&host, fault);
    let unanswered = |one: &Value| !one["unanswered"][&host].is_null();
    let logs = daemon.service_when("logs", unanswered).await;
    let said = logs["unanswered"][&host]["cause"].as_str().unwrap();
    assert!(said.contains(cause), "{said}");
    assert!(!logs["unanswered"][&host]["since"].is_null());
    assert_eq!(logs["verdict"], "published");
    let stale = format!("aiven_metrics_stale_hosts{{project=\"{PROJECT}\"}}");
    daemon.metric_reaches(&stale, 1.0).await;

    // Again and again, while the others follow their own changes.
    let asked = sim.dns_queries(&host).a;
    sim.wait_until("it is asked for again", |sim| {
        sim.dns_queries(&host).a > asked + 3
    })
    .await;
    assert_eq!(config.targets_text(), list);
    daemon
        .service_when("queue", |one| one["unanswered"].is_null())
        .await;
    sim.fail_over(PROJECT, "queue");
    daemon.publishes(sim.serving_addresses(PROJECT)).await;

    sim.clear_dns_fault(&host);
    daemon
        .service_when("logs", |one| one["unanswered"].is_null())
        .await;
    daemon
        .until("no host is stale", async || {
            (daemon.metric(&stale).await == 0.0).then_some(())
        })
        .await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
}

#[tokio::test]
async fn nxdomain_keeps_the_targets() {
    targets_stay(DnsFault::NxDomain, "NXDOMAIN").await;
}

#[tokio::test]
async fn servfail_keeps_the_targets() {
    targets_stay(DnsFault::ServFail, "DNS lookup").await;
}

#[tokio::test]
async fn a_silent_server_keeps_the_targets() {
    targets_stay(DnsFault::Timeout, "DNS lookup").await;
}

#[tokio::test]
async fn an_empty_answer_keeps_the_targets() {
    targets_stay(DnsFault::Empty, "no address").await;
}

#[tokio::test]
async fn a_failing_aaaa_lookup_keeps_the_ipv4_targets() {
    targets_stay(DnsFault::AaaaFails, "AAAA").await;
}

#[tokio::test]
async fn addresses_that_no_node_can_have_keep_the_targets() {
    let impossible = ["0.0.0.0", "169.254.169.254", "::", "ff02::1"];
    let impossible = impossible.map(|one| one.parse().unwrap());
    targets_stay(
        DnsFault::Answer(impossible.into()),
        "is not the address of a node",
    )
    .await;
}

#[tokio::test]
async fn a_family_that_is_never_answered_holds_no_target_up() {
    let sim = aiven().await;
    for name in ["logs", "queue", "search"] {
        sim.add_service(PROJECT, ServiceSpec::new(name, "opensearch").nodes(2));
    }
    integrate_all(&sim);
    sim.dns_fault("*", DnsFault::AaaaSilent);
    let config = Config::quick(&sim).dns_timeout(Duration::from_secs(60));
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    // Published while the other family was still waited for: it has not failed yet.
    let logs = daemon.service("logs").await;
    assert!(logs["unanswered"].is_null(), "{logs}");
    let works = |project: &Value| !project["stages"]["resolve"]["last_success"].is_null();
    daemon.project_when(PROJECT, works).await;
}

#[tokio::test]
async fn one_node_under_several_addresses_is_one_target() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka"));
    integrate_all(&sim);
    let host = sim.host(PROJECT, "logs");
    let answer = ["127.9.0.1", "64:ff9b::127.9.0.1", "::ffff:127.9.0.1"];
    let answer = answer.map(|one| one.parse().unwrap());
    sim.dns_fault(&host, DnsFault::Answer(answer.into()));
    let daemon = start(&Config::quick(&sim)).await;
    let queue = sim.addresses(PROJECT, "queue")[0].to_string();
    daemon.publishes(["127.9.0.1:9273".to_owned(), queue]).await;
}

#[tokio::test]
async fn a_family_that_is_left_out_is_neither_asked_for_nor_published() {
    let sim = aiven().await;
    let v6 = "2001:db8::7".parse().unwrap();
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").aaaa([v6]));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let v4 = sim.addresses(PROJECT, "logs")[0].to_string();
    let daemon = start(&config).await;
    daemon
        .publishes([v4.clone(), "[2001:db8::7]:9273".to_owned()])
        .await;
    daemon.stop().await.unwrap();
    // What was saved is judged, too: no name can be looked up now.
    sim.dns_fault("*", DnsFault::Timeout);
    let config = config.with("dns.families", "ipv4");
    let asked = sim.dns_queries(&sim.host(PROJECT, "logs")).aaaa;
    let daemon = start(&config).await;
    daemon.publishes([v4.clone()]).await;
    sim.clear_dns_fault("*");
    daemon
        .service_when("logs", |one| one["unanswered"].is_null())
        .await;
    daemon.publishes([v4]).await;
    assert_eq!(sim.dns_queries(&sim.host(PROJECT, "logs")).aaaa, asked);
}

#[tokio::test]
async fn a_name_server_that_drops_edns_is_asked_without() {
    let (sim, _config, daemon) = two_services().await;
    sim.dns_fault("*", DnsFault::EdnsSilent);
    sim.fail_over(PROJECT, "queue");
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
}

#[tokio::test]
async fn a_failing_aaaa_lookup_keeps_the_ipv6_targets() {
    let sim = aiven().await;
    let v6 = "2001:db8::7".parse().unwrap();
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").aaaa([v6]));
    integrate_all(&sim);
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    let v4 = sim.addresses(PROJECT, "logs")[0];
    let both = [v4.to_string(), "[2001:db8::7]:9273".to_owned()];
    daemon.publishes(both.clone()).await;
    let host = sim.host(PROJECT, "logs");
    sim.dns_fault(&host, DnsFault::AaaaFails);
    daemon
        .service_when("logs", |one| !one["unanswered"][&host].is_null())
        .await;
    daemon.publishes(both).await;
}

#[tokio::test]
async fn a_new_service_without_a_name_is_unresolved_and_others_are_published() {
    let (sim, _config, daemon) = two_services().await;
    // Its name is not known before it exists, so nobody learns of it until it has the fault.
    let held = sim.inject(Fault::any(), ApiFault::Hold);
    sim.add_service(PROJECT, ServiceSpec::new("new", "opensearch"));
    let host = sim.host(PROJECT, "new");
    sim.dns_fault(&host, DnsFault::NxDomain);
    sim.add_service(PROJECT, ServiceSpec::new("newer", "opensearch"));
    integrate_all(&sim);
    sim.clear_fault(held);
    let new = daemon.verdict("new", "unresolved").await;
    let cause = new["cause"].as_str().unwrap();
    assert!(cause.contains(&host), "{cause}");
    daemon.verdict("newer", "published").await;
    let others = ["logs", "queue", "newer"].map(|name| sim.addresses(PROJECT, name));
    daemon.publishes(others.concat()).await;
    daemon
        .service_when("new", |one| {
            one["cause"].as_str().unwrap().contains("NXDOMAIN")
        })
        .await;
    sim.clear_dns_fault(&host);
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
}

#[tokio::test]
async fn a_name_that_hangs_holds_no_other_name_up() {
    let (sim, _config, daemon) = two_services().await;
    let host = sim.host(PROJECT, "logs");
    sim.dns_fault(&host, DnsFault::Timeout);
    for _ in 0..3 {
        sim.fail_over(PROJECT, "queue");
        let addresses = ["logs", "queue"].map(|name| sim.addresses(PROJECT, name));
        daemon.publishes(addresses.concat()).await;
    }
}

#[tokio::test]
async fn dns_failing_for_all_names_loses_nothing() {
    let (sim, config, daemon) = two_services().await;
    let list = config.targets_text();
    for fault in [
        DnsFault::NxDomain,
        DnsFault::ServFail,
        DnsFault::Timeout,
        DnsFault::Empty,
    ] {
        sim.dns_fault("*", fault);
        let asked = sim.dns_queries_total();
        sim.wait_until("names are asked for", |sim| {
            sim.dns_queries_total() > asked + 20
        })
        .await;
        assert_eq!(config.targets_text(), list);
    }
    let failing = |project: &Value| !project["stages"]["resolve"]["failing"].is_null();
    daemon.project_when(PROJECT, failing).await;
    sim.clear_dns_fault("*");
    daemon
        .project_when(PROJECT, |project| !failing(project))
        .await;
    assert_eq!(config.targets_text(), list);
}
