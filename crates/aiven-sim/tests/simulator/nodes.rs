//! Nodes, scraped with TLS that verifies name and CA.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use aiven_sim::{Pace, Simulator};
use rustls::ProtocolVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{GOOD, NEWER, Scraper, request};
use crate::fixture::{fixture, fixture_in, opensearch};

#[tokio::test]
async fn every_node_serves_metrics_of_its_type_to_the_right_credentials_only() {
    let fixture = fixture(opensearch(3)).await;
    for node in 0..3 {
        let page = fixture.scrape(node, Some(GOOD)).await.unwrap();
        assert_eq!(page.status, 200);
        let text = String::from_utf8(page.body).unwrap();
        assert!(text.contains("# TYPE cpu_usage_idle gauge\n"));
        assert!(text.contains("# TYPE opensearch_cluster_health_number_of_nodes untyped\n"));
        assert!(text.contains(&format!("host=\"os-1-{}\"", node + 1)));
        assert!(text.lines().filter(|line| !line.starts_with('#')).count() > 300);
        assert_eq!(fixture.status(node, NEWER).await, 401);
        assert_eq!(fixture.scrape(node, None).await.unwrap().status, 401);
    }
    let record = fixture.sim.node("proj", "os-1", 0).record();
    assert_eq!(
        (
            record.connections,
            record.handshakes,
            record.requests,
            record.pages
        ),
        (3, 3, 3, 1)
    );
    assert_eq!(record.authorizations, [GOOD, NEWER]);
}

#[tokio::test]
async fn only_get_metrics_is_served() {
    let fixture = fixture(opensearch(1)).await;
    for (line, status) in [
        ("GET /", "404"),
        ("POST /metrics", "405"),
        ("GET /metrics?x=y", "200"),
    ] {
        let addr = fixture.sim.addresses("proj", "os-1")[0];
        let (mut tls, _) = fixture.scraper.connect(addr, &fixture.host).await.unwrap();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: x\r\nAuthorization: {GOOD}\r\nConnection: close\r\n\r\n"
        );
        tls.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        tls.read_to_end(&mut answer).await.unwrap();
        assert_eq!(&answer[9..12], status.as_bytes(), "{line}");
    }
}

#[tokio::test]
async fn values_move_and_counters_never_fall() {
    let fixture = fixture(opensearch(1)).await;
    let page =
        async || String::from_utf8(fixture.scrape(0, Some(GOOD)).await.unwrap().body).unwrap();
    let counter = |page: &str| -> f64 {
        let line = page
            .lines()
            .find(|line| line.starts_with("kernel_context_switches{"))
            .unwrap()
            .to_owned();
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    };
    let first = page().await;
    let mut next = page().await;
    while next == first {
        // The page changes with the second; nothing announces it.
        tokio::time::sleep(Duration::from_millis(50)).await;
        next = page().await;
    }
    assert!(counter(&next) > counter(&first));
}

#[tokio::test]
async fn gzip_is_sent_when_asked_for() {
    let fixture = fixture(opensearch(1)).await;
    let addr = fixture.sim.addresses("proj", "os-1")[0];
    let (mut tls, _) = fixture.scraper.connect(addr, &fixture.host).await.unwrap();
    let asked = request(
        &fixture.host,
        Some(GOOD),
        "Accept-Encoding: gzip\r\nConnection: close\r\n",
    );
    tls.write_all(asked.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tls.read_to_end(&mut answer).await.unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    assert!(
        String::from_utf8_lossy(&answer[..end])
            .to_lowercase()
            .contains("content-encoding: gzip")
    );
    let mut text = String::new();
    flate2::read::GzDecoder::new(&answer[end + 4..])
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("cpu_usage_idle{"));
    assert!(answer.len() < text.len() / 4);
}

#[tokio::test]
async fn pages_can_have_any_number_of_series_or_be_giant() {
    let series = |body: &[u8]| {
        String::from_utf8_lossy(body)
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count()
    };
    for wanted in [10, 1500] {
        let fixture = fixture(opensearch(1).series(wanted)).await;
        assert_eq!(
            series(&fixture.scrape(0, Some(GOOD)).await.unwrap().body),
            wanted
        );
    }
    let fixture = fixture(opensearch(1).page_bytes(3_000_000)).await;
    assert!(fixture.scrape(0, Some(GOOD)).await.unwrap().body.len() >= 3_000_000);
}

#[tokio::test]
async fn connections_are_kept_alive_and_sessions_resume() {
    let fixture = fixture(opensearch(1)).await;
    let addr = fixture.sim.addresses("proj", "os-1")[0];
    let (mut tls, _) = fixture.scraper.connect(addr, &fixture.host).await.unwrap();
    for _ in 0..3 {
        tls.write_all(request(&fixture.host, None, "").as_bytes())
            .await
            .unwrap();
        let mut answer = [0; 4096];
        assert!(tls.read(&mut answer).await.unwrap() > 0);
    }
    drop(tls);
    fixture.status(0, GOOD).await;
    let record = fixture.sim.node("proj", "os-1", 0).record();
    assert_eq!(
        (record.connections, record.requests, record.handshakes),
        (2, 4, 2)
    );
    assert_eq!(record.resumed_handshakes, 1);
    fixture
        .sim
        .wait_until("all are closed", |sim| {
            sim.node("proj", "os-1", 0).record().open_connections == 0
        })
        .await;
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken() {
    let fixture = fixture(opensearch(1)).await;
    for (version, protocol) in [
        (&rustls::version::TLS12, ProtocolVersion::TLSv1_2),
        (&rustls::version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let scraper = Scraper::with_versions(&fixture.sim.ca_pem("proj"), &[version]);
        let addr = fixture.sim.addresses("proj", "os-1")[0];
        let page = scraper
            .scrape(addr, &fixture.host, Some(GOOD))
            .await
            .unwrap();
        assert_eq!((page.status, page.version), (200, protocol));
    }
}

#[tokio::test]
async fn certificate_is_for_the_services_names_by_its_projects_ca() {
    let fixture = fixture(opensearch(1)).await;
    let addr = fixture.sim.addresses("proj", "os-1")[0];
    let public = format!("public-{}", fixture.host);
    assert_eq!(
        fixture
            .scraper
            .scrape(addr, &public, Some(GOOD))
            .await
            .unwrap()
            .status,
        200
    );
    let error = fixture
        .scraper
        .scrape(addr, "os-2-proj.a.aivencloud.test", Some(GOOD))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
    fixture.sim.add_project("other");
    let stranger = Scraper::trusting(&fixture.sim.ca_pem("other"));
    let error = stranger
        .scrape(addr, &fixture.host, Some(GOOD))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("UnknownIssuer") || error.to_string().contains("BadSignature"),
        "{error}"
    );
    let expires = fixture.sim.node("proj", "os-1", 0).certificate_expires();
    assert!(expires > jiff::Timestamp::now());
    assert_eq!(
        fixture
            .sim
            .node("proj", "os-1", 0)
            .record()
            .authorizations
            .len(),
        1
    );
}

#[tokio::test]
async fn certificates_may_be_public_or_reissued_or_for_other_names() {
    let public = fixture(opensearch(1).public_ca()).await;
    let addr = public.sim.addresses("proj", "os-1")[0];
    assert!(public.scrape(0, Some(GOOD)).await.is_err());
    let trusting = Scraper::trusting(&public.sim.public_ca_pem());
    assert_eq!(
        trusting
            .scrape(addr, &public.host, Some(GOOD))
            .await
            .unwrap()
            .status,
        200
    );

    let reissued = fixture(opensearch(1)).await;
    assert_eq!(reissued.status(0, GOOD).await, 200);
    reissued.sim.reissue_ca("proj");
    assert!(reissued.scrape(0, Some(GOOD)).await.is_err());
    let trusting = Scraper::trusting(&reissued.sim.ca_pem("proj"));
    let addr = reissued.sim.addresses("proj", "os-1")[0];
    assert_eq!(
        trusting
            .scrape(addr, &reissued.host, Some(GOOD))
            .await
            .unwrap()
            .status,
        200
    );

    let named = fixture(opensearch(1).certificate_names(["only.this.test".into()])).await;
    let addr = named.sim.addresses("proj", "os-1")[0];
    assert!(named.scrape(0, Some(GOOD)).await.is_err());
    assert_eq!(
        named
            .scraper
            .scrape(addr, "only.this.test", Some(GOOD))
            .await
            .unwrap()
            .status,
        200
    );
}

#[tokio::test]
async fn changed_credentials_reach_one_node_after_the_other() {
    let fixture = fixture_in(
        Simulator::builder().rollout_delay(Pace::ByHand),
        opensearch(2),
    )
    .await;
    fixture
        .sim
        .change_endpoint("proj", &fixture.endpoint, "metrics", "a-newer-password");
    assert_eq!(
        (
            fixture.status(0, GOOD).await,
            fixture.status(0, NEWER).await
        ),
        (200, 401)
    );
    fixture.sim.roll_out("proj", "os-1", 0);
    assert_eq!(
        (
            fixture.status(0, GOOD).await,
            fixture.status(0, NEWER).await
        ),
        (401, 200)
    );
    assert_eq!(
        (
            fixture.status(1, GOOD).await,
            fixture.status(1, NEWER).await
        ),
        (200, 401)
    );
    fixture.sim.fail_over("proj", "os-1");
    assert_eq!(
        fixture.status(1, NEWER).await,
        200,
        "new nodes have the new ones"
    );

    let timed = fixture_in(
        Simulator::builder().rollout_delay(Duration::from_millis(20)),
        opensearch(2),
    )
    .await;
    timed
        .sim
        .change_endpoint("proj", &timed.endpoint, "metrics", "a-newer-password");
    while timed.status(1, NEWER).await != 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(timed.status(0, NEWER).await, 200, "the first was first");
}

#[tokio::test]
async fn integration_with_another_endpoint_keeps_the_oldest_pair() {
    let fixture = fixture(opensearch(1)).await;
    let other = fixture
        .sim
        .add_endpoint("proj", "by-hand", "metrics", "a-newer-password");
    fixture.sim.add_integration("proj", "os-1", &other);
    assert_eq!(
        (
            fixture.status(0, GOOD).await,
            fixture.status(0, NEWER).await
        ),
        (200, 401)
    );
    let first = fixture.sim.integrations("proj")[0].id.clone();
    fixture.sim.delete_integration("proj", &first);
    assert_eq!(
        (
            fixture.status(0, GOOD).await,
            fixture.status(0, NEWER).await
        ),
        (401, 200)
    );
}

#[tokio::test]
async fn replaced_nodes_stop_and_are_remembered() {
    let fixture = fixture(opensearch(1)).await;
    let old = fixture.sim.node("proj", "os-1", 0);
    assert_eq!(fixture.status(0, GOOD).await, 200);
    fixture.sim.fail_over("proj", "os-1");
    assert!(!old.is_running());
    let error = tokio::net::TcpStream::connect(old.addr())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(fixture.status(0, GOOD).await, 200);
    assert_eq!(old.record().authorizations, [GOOD]);
}

#[tokio::test]
async fn unintegrated_and_powered_off_services_listen_nowhere() {
    let sim = Simulator::builder().project("proj").start().await.unwrap();
    sim.add_service("proj", opensearch(1));
    let addr = sim.addresses("proj", "os-1")[0];
    let error = tokio::net::TcpStream::connect(addr).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn no_two_scrapes_see_the_same_counter_of_scrapes() {
    let fixture = fixture(opensearch(1).counts_scrapes()).await;
    let page =
        async || String::from_utf8(fixture.scrape(0, Some(GOOD)).await.unwrap().body).unwrap();
    for number in 1..=3 {
        let last = format!("\nsim_scrapes_served{{host=\"os-1-1\"}} {number}\n");
        assert!(page().await.ends_with(&last));
    }
    let unasked = self::fixture(opensearch(1)).await;
    let page = unasked.scrape(0, Some(GOOD)).await.unwrap().body;
    assert!(!String::from_utf8_lossy(&page).contains("sim_scrapes"));
}
