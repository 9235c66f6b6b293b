//! A stop cuts no scrape that has begun, and waits for nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use aiven_sim::{NodeFault, ServiceSpec, Simulator};
use reqwest::StatusCode;
use testkit::{Config, Daemon, PROJECT, Signal, aiven, seen};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};

use crate::scraper::{Page, Scraper, publishing};

/// One node, whose daemon has scraped it and keeps that connection.
async fn one_node() -> (Simulator, Config, Daemon, Scraper) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    (sim, config, daemon, scraper)
}

/// A scrape whose node has the request and does not answer yet.
async fn begun(sim: &Simulator, scraper: &Scraper) -> JoinHandle<reqwest::Result<Page>> {
    sim.node_fault(PROJECT, "logs", 0, NodeFault::HangAfterRequest);
    let requests = |sim: &Simulator| sim.node(PROJECT, "logs", 0).record().requests;
    let before = requests(sim);
    let address = sim.addresses(PROJECT, "logs")[0];
    let scraper = scraper.clone();
    let scrape = tokio::spawn(async move { scraper.try_get("logs", address, &[]).await });
    sim.wait_until("the node has the request", |sim| requests(sim) > before)
        .await;
    scrape
}

#[tokio::test]
async fn a_scrape_that_has_begun_gets_its_page_while_no_other_is_taken() {
    let (sim, config, mut daemon, scraper) = one_node().await;
    let scrape = begun(&sim, &scraper).await;
    std::fs::remove_file(config.state_file()).unwrap();
    daemon.signal(Signal::TERM).unwrap();
    let refused = seen(async || TcpStream::connect(scraper.proxy).await.err()).await;
    let refused = refused.unwrap().kind();
    assert_eq!(refused, std::io::ErrorKind::ConnectionRefused);
    let ready = daemon.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.body.contains("stopping"), "{}", ready.body);
    sim.clear_node_fault(PROJECT, "logs", 0);
    let page = scrape.await.unwrap().unwrap();
    assert_eq!(page.status, StatusCode::OK);
    let end = daemon.ended().await.unwrap();
    assert_eq!(end.code(), Some(0), "{}", daemon.printed());
    assert!(config.state_file().exists());
    // The connections that the scraper keeps did not hold it up.
    assert!(!daemon.printed().contains("were cut"));
}

#[tokio::test]
async fn a_page_under_way_comes_whole() {
    let (sim, _config, mut daemon, scraper) = one_node().await;
    let address = sim.addresses(PROJECT, "logs")[0];
    let trickle = NodeFault::Trickle {
        bytes: scraper.get("logs", address).await.body.len() / 20,
        every: Duration::from_millis(100),
    };
    sim.node_fault(PROJECT, "logs", 0, trickle);
    let pages = sim.node(PROJECT, "logs", 0).record().pages;
    let page = tokio::spawn(async move { scraper.try_get("logs", address, &[]).await });
    sim.wait_until("the page is under way", |sim| {
        sim.node(PROJECT, "logs", 0).record().pages > pages
    })
    .await;
    daemon.signal(Signal::TERM).unwrap();
    // A page that is broken off is an error, whatever its length.
    assert_eq!(page.await.unwrap().unwrap().status, StatusCode::OK);
    assert_eq!(daemon.ended().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_scrape_that_does_not_end_is_cut_and_that_is_said() {
    let (sim, config, mut daemon, scraper) = one_node().await;
    let scrape = begun(&sim, &scraper).await;
    std::fs::remove_file(config.state_file()).unwrap();
    daemon.signal(Signal::TERM).unwrap();
    daemon.log.line("scrapes in flight were cut").await;
    assert!(scrape.await.unwrap().is_err());
    assert_eq!(daemon.ended().await.unwrap().code(), Some(0));
    assert!(config.state_file().exists());
}

/// A page takes nearly 200 ms, so that this many scrapers make 200 scrapes a second.
const SCRAPERS: usize = 40;
const CHUNKS: usize = 10;
const CHUNK_EVERY: Duration = Duration::from_millis(18);

/// Scrapes again and again until the proxy takes no connection. Returns how many
/// pages came whole.
async fn load(scraper: Scraper, node: SocketAddr) -> usize {
    let mut whole = 0;
    loop {
        match scraper.try_get("logs", node, &[]).await {
            Ok(page) => whole += usize::from(page.status == StatusCode::OK),
            Err(error) if error.is_connect() => return whole,
            Err(_) => {}
        }
    }
}

/// What a node was asked for has begun; the nodes count it.
#[tokio::test]
async fn under_load_no_scrape_that_had_begun_is_cut() {
    let sim = aiven().await;
    let nodes = SCRAPERS / 2;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(nodes));
    let config = Config::quick(&sim).with_proxy();
    let (mut daemon, scraper) = publishing(&sim, &config).await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    let addresses = sim.addresses(PROJECT, "logs");
    let page = scraper.get("logs", addresses[0]).await;
    for node in 0..nodes {
        let trickle = NodeFault::Trickle {
            bytes: page.body.len().div_ceil(CHUNKS),
            every: CHUNK_EVERY,
        };
        sim.node_fault(PROJECT, "logs", node, trickle);
    }
    let asked = |sim: &Simulator| {
        let nodes = sim.nodes(PROJECT, "logs").into_iter();
        nodes.map(|node| node.record().requests).sum::<usize>()
    };
    let before = asked(&sim);
    let mut scrapers = JoinSet::new();
    for node in addresses.into_iter().cycle().take(SCRAPERS) {
        scrapers.spawn(load(scraper.without_kept_connections(), node));
    }
    sim.wait_until("the load is on", |sim| asked(sim) >= before + 10 * SCRAPERS)
        .await;
    let started = std::time::Instant::now();
    let at_first = asked(&sim);
    sim.wait_until("the load is on", |sim| {
        asked(sim) >= at_first + 10 * SCRAPERS
    })
    .await;
    println!(
        "{} scrapes in {:?}",
        asked(&sim) - at_first,
        started.elapsed()
    );
    daemon.signal(Signal::TERM).unwrap();
    assert_eq!(daemon.ended().await.unwrap().code(), Some(0));
    let whole: usize = scrapers.join_all().await.into_iter().sum();
    let begun = asked(&sim) - before;
    let cut = begun - whole;
    println!("{begun} scrapes had begun, {cut} of them were cut");
    assert_eq!(cut, 0, "of {begun}");
}
