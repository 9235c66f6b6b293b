//! Nodes and names in trouble.

use std::net::{IpAddr, SocketAddr};

use aiven_sim::{DnsFault, NodeFault, ServiceSpec};
use testkit::{Config, PROJECT, aiven, integrate_all, until};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::{is_a_problem, is_explained, one_scraped_service, one_service};
use crate::binary::start;
use crate::node_faults::inject;

/// A node that does this when it is scraped is explained so.
async fn node_is_explained(fault: NodeFault, cause: &str) {
    let (sim, _config, daemon, scraper) = one_scraped_service().await;
    let hangs = matches!(fault, NodeFault::HangAfterRequest);
    inject(&sim, "logs", fault).await;
    let address = sim.addresses(PROJECT, "logs")[0];
    let page = match hangs {
        true => scraper.get_in_short("logs", address).await,
        false => scraper.get("logs", address).await,
    };
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
    let cause = "took the request and did not answer within";
    node_is_explained(NodeFault::HangAfterRequest, cause).await;
}

#[tokio::test]
async fn a_wrong_password() {
    let cause = "refuses the credentials of integration endpoint";
    node_is_explained(NodeFault::WrongPassword, cause).await;
}

#[tokio::test]
async fn a_certificate_of_another_name() {
    node_is_explained(NodeFault::OtherName, "shows a certificate for").await;
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
    _listener: TcpListener,
    _queued: TcpStream,
    address: SocketAddr,
}

impl Firewalled {
    async fn listen(port: u16) -> Firewalled {
        let bound = (1..=254).find_map(|last| {
            let address = SocketAddr::from(([127, 0, 77, last], port));
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(address).ok()?;
            // A queue of length 0 is full with one connection in it.
            Some((socket.listen(0).ok()?, address))
        });
        let (listener, address) = bound.expect("no free address");
        let queued = TcpStream::connect(address).await.unwrap();
        until("the queue is full", async || {
            (queue_length(address) == 1).then_some(())
        })
        .await;
        Firewalled {
            _listener: listener,
            _queued: queued,
            address,
        }
    }
}

/// Connections that a listener has not accepted, as `/proc/net/tcp` tells.
fn queue_length(address: SocketAddr) -> u64 {
    let IpAddr::V4(ip) = address.ip() else {
        panic!("{address} is not IPv4")
    };
    let ip = u32::from_ne_bytes(ip.octets());
    let local = format!("{ip:08X}:{:04X}", address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let mut rows = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    // Columns: number, local address, remote address, state, send queue:receive queue.
    let row = rows.find(|row| row[1] == local && row[3] == "0A").unwrap();
    let (_, queue) = row[4].split_once(':').unwrap();
    u64::from_str_radix(queue, 16).unwrap()
}

#[tokio::test]
async fn an_ip_allow_list_that_shuts_us_out() {
    let (sim, _config, daemon, scraper) = one_service().await;
    let port = sim.addresses(PROJECT, "logs")[0].port();
    let wall = Firewalled::listen(port).await;
    let address = wall.address;
    sim.dns_fault(
        &sim.host(PROJECT, "logs"),
        DnsFault::Answer(vec![address.ip()]),
    );
    daemon.publishes([address]).await;
    let page = scraper.get_in_short("logs", address).await;
    assert_eq!(page.status, 504, "{}", page.text());
    is_explained(
        &daemon,
        "logs",
        "scraped",
        &["no answer to the connection within"],
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
