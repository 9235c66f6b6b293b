//! The scrape proxy is no open proxy: whatever is not a scrape of a published
//! target is refused, and no node ever hears of it.

use std::net::SocketAddr;

use aiven_sim::{ServiceSpec, Simulator};
use testkit::{Config, Daemon, PROJECT, aiven};

use crate::scraper::{Scraper, publishing};

/// What each case is made of.
struct Places {
    /// A node of the service `logs`.
    logs: SocketAddr,
    /// A node of the service `queue`.
    queue: SocketAddr,
}

async fn proxy_and_places() -> (Simulator, Config, Daemon, Scraper, Places) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    sim.add_service(PROJECT, ServiceSpec::new("queue", "kafka"));
    let config = Config::quick(&sim).with_proxy();
    let (daemon, scraper) = publishing(&sim, &config).await;
    let places = Places {
        logs: sim.addresses(PROJECT, "logs")[0],
        queue: sim.addresses(PROJECT, "queue")[0],
    };
    (sim, config, daemon, scraper, places)
}

/// No node has accepted as much as a connection.
fn nothing_reached_a_node(sim: &Simulator, after: &str) {
    for service in sim.services(PROJECT) {
        for node in sim.nodes(PROJECT, &service) {
            let record = node.record();
            assert_eq!(record.connections, 0, "{record:?} after {after}");
        }
    }
}

/// A request with one `Host`, which closes the connection.
fn request(line: &str, host: &str, more: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n")
}

/// The statuses of all answers in what came back.
fn statuses(answer: &str) -> Vec<u16> {
    answer
        .match_indices("HTTP/1.")
        // Reasons end with a line feed, and may name HTTP within the line.
        .filter(|(at, _)| *at == 0 || answer.as_bytes()[at - 1] == b'\n')
        .map(|(at, _)| answer[at + 9..at + 12].parse().unwrap())
        .collect()
}

async fn refused_with(sim: &Simulator, scraper: &Scraper, expected: u16, requests: &[String]) {
    for request in requests {
        let answer = scraper.raw(request).await;
        assert_eq!(statuses(&answer), [expected], "{request}\n{answer}");
        nothing_reached_a_node(sim, request);
    }
}

#[tokio::test]
async fn addresses_that_are_not_published_for_the_service_are_refused() {
    let (sim, _config, daemon, scraper, places) = proxy_and_places().await;
    let Places { logs, queue } = places;
    let ip = logs.ip();
    // Somebody listens here, and nobody may be reached through the proxy.
    let bystander = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bystander_address = bystander.local_addr().unwrap();
    let hosts = [
        bystander_address.to_string(),
        format!("127.0.0.1:{}", logs.port()),
        daemon.address.to_string(),
        scraper.proxy.to_string(),
        "169.254.169.254:80".to_owned(),
        format!("{ip}:9274"),
        format!("{ip}:443"),
        queue.to_string(),
        format!("[::ffff:{ip}]:{}", logs.port()),
        format!("[::{ip}]:{}", logs.port()),
        format!("[::1]:{}", logs.port()),
    ];
    let mut requests: Vec<_> = hosts
        .iter()
        .map(|host| {
            let line = format!("GET http://{host}/metrics?aiven_service=shop%2Flogs");
            request(&line, host, "")
        })
        .collect();
    // The right address, meant for somebody else.
    let meant = ["shop%2Fqueue", "shop%2Fnope", "other%2Flogs", "shop%2FLogs"];
    requests.extend(meant.map(|meant| {
        let line = format!("GET http://{logs}/metrics?aiven_service={meant}");
        request(&line, &logs.to_string(), "")
    }));
    refused_with(&sim, &scraper, 403, &requests).await;
    let refused = "aiven_metrics_scrape_proxy_requests_total{outcome=\"refused\"}";
    daemon.metric_reaches(refused, requests.len() as f64).await;
    assert_eq!(daemon.metric(refused).await, requests.len() as f64);
    let untouched = std::future::poll_fn(|context| {
        std::task::Poll::Ready(bystander.poll_accept(context).is_pending())
    });
    assert!(untouched.await, "the proxy connected to a bystander");
}

#[tokio::test]
async fn other_forms_of_the_same_address_are_refused() {
    let (sim, _config, _daemon, scraper, places) = proxy_and_places().await;
    let logs = places.logs;
    let std::net::IpAddr::V4(ip) = logs.ip() else {
        panic!("nodes have IPv4 addresses");
    };
    let port = logs.port();
    let number = u32::from(ip);
    let [a, b, c, d] = ip.octets();
    let host = sim.host(PROJECT, "logs");
    let forms = [
        format!("{ip}"),
        format!("{ip}:"),
        format!("{number}:{port}"),
        format!("0x{number:x}:{port}"),
        format!("{a}.{b}.{}:{port}", u32::from(c) * 256 + u32::from(d)),
        format!("{a:04o}.{b}.{c}.{d}:{port}"),
        format!("user@{ip}:{port}"),
        format!("user:secret@{ip}:{port}"),
        format!("{host}:{port}"),
        format!("localhost:{port}"),
        format!("{ip}.:{port}"),
    ];
    for form in forms {
        let line = format!("GET http://{form}/metrics?aiven_service=shop%2Flogs");
        let request = request(&line, &form, "");
        let answer = scraper.raw(&request).await;
        // 400 where it is no URI at all.
        let status = statuses(&answer);
        assert!(status == [403] || status == [400], "{request}\n{answer:?}");
        nothing_reached_a_node(&sim, &request);
    }
}

#[tokio::test]
async fn other_methods_and_connect_are_refused() {
    let (sim, _config, _daemon, scraper, places) = proxy_and_places().await;
    let logs = places.logs;
    let host = logs.to_string();
    let uri = format!("http://{logs}/metrics?aiven_service=shop%2Flogs");
    let methods = ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "PATCH"];
    let mut requests: Vec<_> = methods
        .iter()
        .map(|method| request(&format!("{method} {uri}"), &host, ""))
        .collect();
    requests.push(request(&format!("CONNECT {logs}"), &host, ""));
    requests.push(request(
        &format!("CONNECT {logs}"),
        &host,
        "Upgrade: tls\r\n",
    ));
    requests.push(request("OPTIONS *", &host, ""));
    refused_with(&sim, &scraper, 405, &requests).await;
}

#[tokio::test]
async fn other_paths_are_refused() {
    let (sim, _config, _daemon, scraper, places) = proxy_and_places().await;
    let logs = places.logs;
    let paths = [
        "/",
        "/metrics/",
        "//metrics",
        "/Metrics",
        "/%6detrics",
        "/metrics%3faiven_service=shop%2Flogs",
        "/metrics%00",
        "/x/../metrics",
        "/./metrics",
        "/admin",
    ];
    let requests = paths.map(|path| {
        let line = format!("GET http://{logs}{path}?aiven_service=shop%2Flogs");
        request(&line, &logs.to_string(), "")
    });
    refused_with(&sim, &scraper, 404, &requests).await;
}

#[tokio::test]
async fn origin_form_https_and_odd_hosts_are_refused() {
    let (sim, _config, _daemon, scraper, places) = proxy_and_places().await;
    let Places { logs, queue } = places;
    let host = logs.to_string();
    let right = format!("GET http://{logs}/metrics?aiven_service=shop%2Flogs");
    let requests = [
        request("GET /metrics?aiven_service=shop%2Flogs", &host, ""),
        request(
            &format!("GET https://{logs}/metrics?aiven_service=shop%2Flogs"),
            &host,
            "",
        ),
        request(
            &format!("GET ftp://{logs}/metrics?aiven_service=shop%2Flogs"),
            &host,
            "",
        ),
        request(&right, &queue.to_string(), ""),
        request(&right, &logs.ip().to_string(), ""),
        request(&right, &sim.host(PROJECT, "logs"), ""),
        request(&right, "", ""),
        request(&right, &host, &format!("Host: {queue}\r\n")),
        request(&right, &host, &format!("Host: {host}\r\n")),
        format!("{right} HTTP/1.1\r\nConnection: close\r\n\r\n"),
        format!("{right} HTTP/1.0\r\nHost: {host}\r\n\r\n"),
    ];
    refused_with(&sim, &scraper, 403, &requests).await;
}

#[tokio::test]
async fn missing_repeated_and_further_parameters_are_refused() {
    let (sim, _config, _daemon, scraper, places) = proxy_and_places().await;
    let logs = places.logs;
    let queries = [
        "",
        "?",
        "?aiven_service",
        "?aiven_service=",
        "?aiven_service=logs",
        "?aiven_service=shop%2F",
        "?aiven_service=%2Flogs",
        "?aiven_service=shop%252Flogs",
        "?aiven_service=shop%2Flogs%2Fx",
        "?aiven_service=shop%2Flogs&aiven_service=shop%2Flogs",
        "?aiven_service=shop%2Flogs&aiven_service=shop%2Fqueue",
        "?aiven_service=shop%2Flogs&collect[]=x",
        "?x=y&aiven_service=shop%2Flogs",
        "?Aiven_service=shop%2Flogs",
        "?aiven_service=shop%2Flogs%0d%0aX:%20y",
    ];
    let requests = queries.map(|query| {
        let line = format!("GET http://{logs}/metrics{query}");
        request(&line, &logs.to_string(), "")
    });
    refused_with(&sim, &scraper, 403, &requests).await;
}

#[tokio::test]
async fn bodies_and_smuggled_requests_reach_nobody() {
    let (sim, _config, _daemon, scraper, places) = proxy_and_places().await;
    let Places { logs, queue } = places;
    let uri = format!("http://{logs}/metrics?aiven_service=shop%2Flogs");
    let right = format!("GET {uri}");
    let second = request(
        &format!("GET http://{queue}/metrics?aiven_service=shop%2Fqueue"),
        &queue.to_string(),
        "",
    );
    let length = second.len();
    let one = |more: &str| format!("{right} HTTP/1.1\r\nHost: {logs}\r\n{more}\r\n");
    let requests = [
        // A body that is a request: nobody takes it for one.
        format!(
            "{}{second}",
            one(&format!(
                "Content-Length: {length}\r\nConnection: close\r\n"
            ))
        ),
        format!(
            "{}{length:x}\r\n{second}\r\n0\r\n\r\n",
            one("Transfer-Encoding: chunked\r\nConnection: close\r\n")
        ),
        format!(
            "POST {uri} HTTP/1.1\r\nHost: {logs}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{second}"
        ),
        // Lengths that two readers may read in two ways.
        format!(
            "{}0\r\n\r\n{second}",
            one(&format!(
                "Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"
            ))
        ),
        format!(
            "{}{second}",
            one(&format!(
                "Content-Length: 0\r\nContent-Length: {length}\r\n"
            ))
        ),
        format!("{}{second}", one("Content-Length: -1\r\n")),
        format!("{}{second}", one("Content-Length: +0\r\n")),
        format!("{}{second}", one("Transfer-Encoding: xchunked\r\n")),
        format!("{}{second}", one("Transfer-Encoding : chunked\r\n")),
        format!(
            "{}{second}",
            one("Upgrade: h2c\r\nConnection: upgrade, close\r\n")
        ),
        format!(
            "{}{second}",
            one("Expect: 100-continue\r\nConnection: close\r\n")
        ),
        // What is no header.
        format!("{}{second}", one("X-A: b\r\n folded\r\n")),
        format!("{}{second}", one("no colon\r\n")),
        format!("{}{second}", one("X-\u{0}: b\r\n")),
    ];
    for request in &requests {
        let answer = scraper.raw(request).await;
        let statuses = statuses(&answer);
        assert!(
            matches!(statuses[..], [] | [400 | 403 | 405]),
            "{request}\n{answer}"
        );
        nothing_reached_a_node(&sim, request);
    }
}

#[tokio::test]
async fn a_head_beyond_measure_is_refused() {
    let (sim, _config, _daemon, scraper, places) = proxy_and_places().await;
    let logs = places.logs;
    let right = format!("GET http://{logs}/metrics?aiven_service=shop%2Flogs");
    let host = logs.to_string();
    let large = format!("X-Large: {}\r\n", "x".repeat(1 << 20));
    let many: String = (0..500)
        .map(|number| format!("X-{number}: y\r\n"))
        .collect();
    let long = format!(
        "GET http://{logs}/metrics?aiven_service={}",
        "x".repeat(1 << 20)
    );
    let requests = [
        request(&right, &host, &large),
        request(&right, &host, &many),
        request(&long, &host, ""),
        "\u{16}\u{3}\u{1}\u{2}no HTTP at all\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ];
    for request in &requests {
        let answer = scraper.raw(request).await;
        let start: String = request.chars().take(60).collect();
        let statuses = statuses(&answer);
        // It may be cut off before the answer could be read.
        assert!(
            statuses.iter().all(|status| (400..500).contains(status)),
            "{start}\n{answer}"
        );
        nothing_reached_a_node(&sim, &start);
    }
}

#[tokio::test]
async fn nothing_of_the_request_but_what_is_known_reaches_the_node() {
    let (sim, _config, daemon, scraper, places) = proxy_and_places().await;
    scraper.get_all(&daemon, &sim, &["logs"]).await;
    let foreign = "Basic c29tZWJvZHk6ZWxzZQ==";
    let headers = [
        ("Authorization", foreign),
        ("Proxy-Authorization", foreign),
        ("Cookie", "a=b"),
    ];
    let page = scraper
        .try_get("logs", places.logs, &headers)
        .await
        .unwrap();
    assert_eq!(page.status, 200);
    let record = sim.node(PROJECT, "logs", 0).record();
    assert!(
        !record.authorizations.iter().any(|one| one == foreign),
        "{record:?}"
    );
}
