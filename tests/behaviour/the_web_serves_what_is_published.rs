//! The daemon's own web server, as Prometheus, an operator and a stranger see it.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use aiven_sim::{ApiFault, Fault, ServiceSpec};
use testkit::{Config, PROJECT, Program, aiven, integrate_all};

use crate::binary::{logs_published, start};

#[tokio::test]
async fn while_nothing_is_known_sd_answers_503_and_never_an_empty_list() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    integrate_all(&sim);
    let held = sim.inject(Fault::any(), ApiFault::Hold);
    let config = Config::quick(&sim).with("aiven.request_timeout", "60s");
    let daemon = start(&config).await;
    for path in ["/sd", "/readyz"] {
        let answer = daemon.get(path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(
            answer.body.contains("nothing is known yet"),
            "{}",
            answer.body
        );
    }
    assert_eq!(daemon.get("/healthz").await.status, 200);
    assert!(!config.targets_file().exists());
    sim.clear_fault(held);
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let ready = daemon.get("/readyz").await;
    assert_eq!(
        (ready.status.as_u16(), ready.body.as_str()),
        (200, "ready\n")
    );
}

#[tokio::test]
async fn the_first_list_is_a_whole_one() {
    // Names that answer late must not be missing from a list that is called ready.
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_service(PROJECT, ServiceSpec::new("slow", "opensearch"));
    integrate_all(&sim);
    let delay = aiven_sim::DnsFault::Delay(std::time::Duration::from_millis(900));
    sim.dns_fault(&sim.host(PROJECT, "slow"), delay);
    let config = Config::quick(&sim).with("dns.timeout", "20s");
    let daemon = start(&config).await;
    let first = daemon
        .until("it is ready", async || {
            Some(daemon.sd().await).filter(|list| !list.is_empty())
        })
        .await;
    assert_eq!(first.len(), 2, "{first:?}");
}

#[tokio::test]
async fn an_unchanged_list_is_answered_with_304() {
    let (sim, config, daemon) = logs_published().await;
    let first = daemon.get("/sd").await;
    assert_eq!(first.headers["content-type"], "application/json");
    assert_eq!(first.body, config.targets_text());
    let tag = first.headers["etag"].to_str().unwrap();
    let same = daemon.get_with("/sd", &[("if-none-match", tag)]).await;
    assert_eq!(same.status, 304);
    assert_eq!(same.body, "");
    assert_eq!(same.headers["etag"].to_str().unwrap(), tag);

    sim.fail_over(PROJECT, "logs");
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    let changed = daemon.get_with("/sd", &[("if-none-match", tag)]).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.headers["etag"].to_str().unwrap(), tag);
}

/// This machine's own address that is not a loopback one, if it has any.
fn own_address() -> Option<IpAddr> {
    // Connecting a UDP socket sends nothing; it only asks for a route.
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

#[tokio::test]
async fn other_machines_see_only_what_is_for_all() {
    let Some(ip) = own_address() else {
        println!("skipped: this machine has no address but loopback");
        return;
    };
    let sim = aiven().await;
    let config = Config::quick(&sim).with("web.listen", "0.0.0.0:0");
    let mut daemon = start(&config).await;
    daemon.address.set_ip(ip);
    for path in ["/sd", "/status", "/events", "/"] {
        let answer = daemon.get(path).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.contains("web.expose_status"), "{}", answer.body);
    }
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_ne!(daemon.get(path).await.status, 403, "{path}");
    }
    daemon.address.set_ip(Ipv4Addr::LOCALHOST.into());
    assert_eq!(daemon.get("/status").await.status, 200);
    drop(daemon);

    let config = config.with("web.expose_status", true);
    let mut daemon = start(&config).await;
    daemon.address.set_ip(ip);
    for path in ["/status", "/"] {
        assert_eq!(daemon.get(path).await.status, 200, "{path}");
    }
}

/// As Prometheus 2 asks by itself.
const OPEN_METRICS: (&str, &str) = (
    "accept",
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
);

#[tokio::test]
async fn the_metrics_are_openmetrics_and_all_there() {
    let sim = aiven().await;
    sim.add_service(
        PROJECT,
        ServiceSpec::new("logs", "opensearch")
            .nodes(2)
            .plan("startup-8"),
    );
    sim.add_service(PROJECT, ServiceSpec::new("flow", "flink"));
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    // Not integrated by hand, so that creating is counted too.
    daemon.verdict("logs", "published").await;
    sim.inject(
        Fault::new(aiven_sim::Operation::ListServices),
        ApiFault::EmptyList,
    );
    daemon
        .metric_reaches(
            "aiven_metrics_listings_distrusted_total{project=\"shop\",reason=\"empty\"}",
            1.0,
        )
        .await;
    sim.clear_faults();
    daemon.verdict("logs", "published").await;
    let answer = daemon.get_with("/metrics", &[OPEN_METRICS]).await;
    let content_type = answer.headers["content-type"].to_str().unwrap();
    assert!(content_type.starts_with("application/openmetrics-text; version=1.0.0"));
    is_open_metrics(&answer.body);
    let expected = [
        "aiven_metrics_build_info{version=\"",
        "aiven_metrics_services{project=\"shop\",service_type=\"opensearch\",verdict=\"published\"} 1",
        "aiven_metrics_services{project=\"shop\",service_type=\"flink\",verdict=\"ineligible\"} 1",
        "aiven_metrics_targets{project=\"shop\"} 2",
        "aiven_metrics_services_stuck{project=\"shop\"} 0",
        "aiven_metrics_stale_hosts{project=\"shop\"} 0",
        "aiven_metrics_api_requests_total{operation=\"list_services\",code=\"200\"} ",
        "aiven_metrics_api_request_duration_seconds_count{operation=\"list_services\"} ",
        "aiven_metrics_last_success_timestamp_seconds{project=\"shop\",stage=\"list\"} ",
        "aiven_metrics_last_success_timestamp_seconds{project=\"shop\",stage=\"integrate\"} ",
        "aiven_metrics_last_success_timestamp_seconds{project=\"shop\",stage=\"resolve\"} ",
        "aiven_metrics_last_success_timestamp_seconds{project=\"shop\",stage=\"publish\"} ",
        "aiven_metrics_integrations_created_total{project=\"shop\"} 1",
        "aiven_metrics_dns_lookups_total{outcome=\"ok\"} ",
        "aiven_metrics_snapshot_changes_total ",
        "aiven_metrics_listings_distrusted_total{project=\"shop\",reason=\"empty\"} ",
        "aiven_service_info{aiven_cloud=\"aws-eu-west-2\",aiven_node_count=\"2\",aiven_plan=\"startup-8\"",
    ];
    for start in expected {
        let found = answer.body.lines().any(|line| line.starts_with(start));
        assert!(found, "{start} is missing in\n{}", answer.body);
    }
}

/// The rules of OpenMetrics that a parser trips over.
fn is_open_metrics(text: &str) {
    assert!(text.ends_with("# EOF\n"), "no end mark:\n{text}");
    let mut families = std::collections::BTreeSet::new();
    let mut samples = std::collections::BTreeSet::new();
    let mut family = String::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            family = declared.split(' ').next().unwrap().to_owned();
            assert!(
                families.insert(family.clone()),
                "{family} is declared twice"
            );
        } else if !line.starts_with('#') {
            let (name_and_labels, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(line.starts_with(&family), "{line} is not of {family}");
            assert!(
                samples.insert(name_and_labels.to_owned()),
                "{line} is there twice"
            );
        }
    }
    let unprefixed = |name: &&String| !name.starts_with("aiven_metrics_");
    let odd: Vec<_> = families.iter().filter(unprefixed).collect();
    assert_eq!(odd, ["aiven_service_info"]);
    assert!(
        !families
            .iter()
            .any(|name| name.contains("aiven_metrics_aiven"))
    );
}

/// Prometheus' own judge of the text format, where `scripts/setup` has put it.
const PROMTOOL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/build/tools/bin/promtool");

#[tokio::test]
async fn who_does_not_accept_openmetrics_gets_the_text_format() {
    let (_sim, config, daemon) = logs_published().await;
    let accepts = [
        &[][..],
        &[("accept", "text/plain;version=0.0.4;q=1,*/*;q=0.1")],
        &[("accept", "text/html")],
    ];
    for accept in accepts {
        let answer = daemon.get_with("/metrics", accept).await;
        assert_eq!(
            answer.headers["content-type"],
            "text/plain; version=0.0.4; charset=utf-8"
        );
        assert!(
            answer
                .body
                .contains("\n# TYPE aiven_metrics_dns_lookups_total counter\n"),
            "{}",
            answer.body
        );
        assert!(!answer.body.contains("# EOF"), "{}", answer.body);
    }
    let page = config.path("metrics.txt");
    std::fs::write(&page, daemon.get("/metrics").await.body).unwrap();
    if !std::path::Path::new(PROMTOOL).exists() {
        println!("not judged by promtool: scripts/setup fetches it");
        return;
    }
    let check = Program::new("/bin/sh").args(["-c", "exec \"$0\" check metrics <\"$1\"", PROMTOOL]);
    let judged = check.arg(&page).run().await.unwrap();
    assert_eq!(judged.code, Some(0), "{}", judged.output());
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let sim = aiven().await;
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    assert_eq!(daemon.get("/no-such-page").await.status, 404);
    assert_eq!(daemon.get("/../../etc/passwd").await.status, 404);
    let index = daemon.get("/").await;
    assert_eq!(index.status, 200);
    assert!(index.body.contains("/status"), "{}", index.body);
}
