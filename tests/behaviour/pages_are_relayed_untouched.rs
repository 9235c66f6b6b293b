//! Every node of every service is scraped through the proxy, as it is and as it
//! changes, without a byte being touched.

use aiven_sim::{Fault, ServiceSpec, Simulator};
use testkit::{Config, Daemon, PASSWORD, PROJECT, USERNAME, aiven, seen};

use crate::binary::start;
use crate::scraper::{Scraper, publishing};

async fn scraping(spec: ServiceSpec) -> (Simulator, Config, Daemon, Scraper) {
    let sim = aiven().await;
    sim.add_service(PROJECT, spec);
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    let name = &sim.services(PROJECT)[0];
    scraper.get_all(&daemon, &sim, &[name]).await;
    (sim, config, daemon, scraper)
}

fn open_connections(sim: &Simulator, service: &str, node: usize) -> usize {
    sim.node(PROJECT, service, node).record().open_connections
}

#[tokio::test]
async fn every_node_of_every_service_gives_its_page() {
    let sim = aiven().await;
    let services = ["a-pg", "logs", "queue", "vpc-os"];
    sim.add_service(PROJECT, ServiceSpec::new("a-pg", "pg").nodes(3));
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(3));
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka").nodes(5));
    sim.add_service(
        PROJECT,
        ServiceSpec::new("vpc-os", "opensearch").vpc().nodes(2),
    );
    let config = Config::quick(&sim).with_proxy();
    // Nothing is integrated before, so the daemon makes the endpoint too.
    let daemon = start(&config).await;
    let scraper = Scraper::of(&daemon).await;
    sim.wait_until("all are integrated", |sim| {
        sim.integrations(PROJECT).len() == services.len()
    })
    .await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    scraper.get_all(&daemon, &sim, &services).await;
    for service in services {
        for (index, node) in sim.nodes(PROJECT, service).iter().enumerate() {
            let page = scraper.get(service, node.addr()).await;
            assert_eq!(page.status, 200);
            let text = page.text();
            assert!(text.contains("# TYPE"), "{text}");
            assert_eq!(
                page.headers["content-type"],
                "text/plain; version=0.0.4; charset=utf-8"
            );
            assert!(node.record().pages >= 1, "{service} {index}");
        }
        let service = daemon.verdict(service, "scraped").await;
        assert!(service["cause"].is_null(), "{service}");
    }
    let (scraped, all) = (
        13.0,
        "aiven_metrics_scrape_proxy_requests_total{outcome=\"ok\"}",
    );
    assert!(daemon.metric(all).await >= scraped);
}

#[tokio::test]
async fn compressed_pages_pass_as_they_are() {
    let (sim, _config, _daemon, scraper) = scraping(ServiceSpec::new("logs", "opensearch")).await;
    let (address, host) = (sim.addresses(PROJECT, "logs")[0], sim.host(PROJECT, "logs"));
    let direct = {
        let ca = reqwest::Certificate::from_pem(sim.ca_pem(PROJECT).as_bytes()).unwrap();
        let http = reqwest::Client::builder()
            .no_gzip()
            .no_proxy()
            .tls_certs_only([ca])
            .resolve(&host, address);
        http.build().unwrap()
    };
    let gzip = [("Accept-Encoding", "gzip")];
    let ask_directly = async || {
        let url = format!("https://{host}:{}/metrics", address.port());
        let request = direct.get(url).basic_auth(USERNAME, Some(PASSWORD));
        let answer = request.header(gzip[0].0, gzip[0].1).send().await.unwrap();
        answer.bytes().await.unwrap()
    };
    // Pages change each second: compared are those between two equal ones.
    let same = seen(async || {
        let before = ask_directly().await;
        let relayed = scraper.try_get("logs", address, &gzip).await.unwrap();
        let after = ask_directly().await;
        assert_eq!(relayed.status, 200);
        assert_eq!(relayed.headers["content-encoding"], "gzip");
        assert_eq!(relayed.body[..2], [0x1f, 0x8b], "the magic of gzip");
        (before == after).then(|| before == relayed.body)
    });
    assert_eq!(same.await, Some(true), "other bytes than the node's");
    let plain = scraper.get("logs", address).await;
    assert!(plain.headers.get("content-encoding").is_none());
}

#[tokio::test]
async fn the_next_scrape_uses_the_same_connection() {
    let (sim, _config, _daemon, scraper) = scraping(ServiceSpec::new("logs", "opensearch")).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    // A scrape before the CA was known had a connection of its own.
    let before = sim.node(PROJECT, "logs", 0).record();
    for _ in 0..20 {
        assert_eq!(scraper.get("logs", address).await.status, 200);
    }
    let after = sim.node(PROJECT, "logs", 0).record();
    assert_eq!(
        (after.handshakes, after.connections, after.requests),
        (before.handshakes, before.connections, before.requests + 20),
    );
}

#[tokio::test]
async fn connections_to_a_target_that_is_gone_are_closed() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka"));
    let config = Config::quick(&sim)
        .with_proxy()
        .with("targets.removal_grace", "0s");
    let (daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &["logs", "queue"]).await;
    sim.wait_until("one connection is kept", |sim| {
        open_connections(sim, "logs", 0) == 1
    })
    .await;
    // Its node goes on serving; only the name leads elsewhere.
    let elsewhere = "127.0.0.1".parse().unwrap();
    sim.dns_fault(
        &sim.host(PROJECT, "logs"),
        aiven_sim::DnsFault::Answer(vec![elsewhere]),
    );
    sim.wait_until("the connection is closed", |sim| {
        open_connections(sim, "logs", 0) == 0
    })
    .await;
    assert_eq!(open_connections(&sim, "queue", 0), 1);
    let old = sim.addresses(PROJECT, "logs")[0];
    assert_eq!(scraper.get("logs", old).await.status, 403);
    daemon
        .service_when("logs", |one| one["scrapes"][old.to_string()].is_null())
        .await;
}

#[tokio::test]
async fn large_pages_stream_through() {
    const SIZE: u64 = 30 << 20;
    const AT_ONCE: u64 = 4;
    let spec = ServiceSpec::new("logs", "opensearch").page_bytes(SIZE);
    let (sim, _config, daemon, scraper) = scraping(spec).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    let mut scrapes = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let scraper = scraper.clone();
        scrapes.spawn(async move {
            let mut answer = scraper.begin("logs", address).await;
            let (mut size, mut last) = (0, 0);
            while let Some(chunk) = answer.chunk().await.unwrap() {
                size += chunk.len() as u64;
                last = *chunk.last().unwrap_or(&last);
            }
            (size, last)
        });
    }
    for (size, last) in scrapes.join_all().await {
        // To the end of its last line.
        assert!((SIZE..SIZE + (1 << 20)).contains(&size), "{size}");
        assert_eq!(last, b'\n');
    }
    let relayed = "aiven_metrics_scrape_proxy_response_bytes_total";
    let all = AT_ONCE * SIZE;
    daemon.metric_reaches(relayed, all as f64).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(
        kilobytes << 10 < all,
        "{kilobytes} kB for pages of {all} bytes"
    );
}

#[tokio::test]
async fn a_page_that_is_too_large_fails_with_its_cause() {
    let sim = aiven().await;
    let spec = ServiceSpec::new("logs", "opensearch").page_bytes(65 << 20);
    sim.add_service(PROJECT, spec);
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    daemon
        .until("the page is cut", async || {
            let page = scraper.try_get("logs", address, &[]).await;
            page.is_err().then_some(())
        })
        .await;
    let logs = daemon.verdict("logs", "unreachable").await;
    assert!(logs["cause"].as_str().unwrap().contains("64 MiB"), "{logs}");
}

#[tokio::test]
async fn a_restarted_daemon_relays_before_its_first_call() {
    let (sim, config, daemon, scraper) =
        scraping(ServiceSpec::new("logs", "opensearch").nodes(3)).await;
    drop(scraper);
    // Saved is what is needed, not only what was needed by chance at the end.
    daemon
        .until("the keys are saved", async || {
            let saved = |name: &str| config.state_dir().join(name).exists();
            let files = ["state.json", "secrets.json", "certificates.json"];
            files.into_iter().all(saved).then_some(())
        })
        .await;
    daemon.kill();
    let held = sim.inject(Fault::any(), aiven_sim::ApiFault::Hold);
    sim.dns_fault("*", aiven_sim::DnsFault::Timeout);
    sim.forget_requests();
    let daemon = start(&config).await;
    let scraper = Scraper::of(&daemon).await;
    for address in sim.addresses(PROJECT, "logs") {
        let page = scraper.get("logs", address).await;
        assert_eq!(page.status, 200, "{}", page.text());
    }
    assert!(
        sim.requests()
            .iter()
            .all(|request| request.status.is_none())
    );
    daemon.verdict("logs", "scraped").await;
    sim.clear_fault(held);
}
