//! Scraping through the daemon's proxy: as Prometheus does ([`Scraper::get`]),
//! and as an attacker might ([`Scraper::raw`]).

use std::net::SocketAddr;

use aiven_sim::Simulator;
use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use testkit::{Config, Daemon, PROJECT, TIMEOUT, integrate_all};

use crate::binary::start;

/// Prometheus' timeout, for scrapes that reach it: long enough that a busy
/// machine gets as far as to hang.
pub const SHORT: (&str, &str) = ("X-Prometheus-Scrape-Timeout-Seconds", "5");

/// A client of one daemon's scrape proxy.
#[derive(Clone)]
pub struct Scraper {
    http: reqwest::Client,
    /// Where the proxy listens.
    pub proxy: SocketAddr,
}

/// What a scrape brought.
#[derive(Debug)]
pub struct Page {
    /// Status code.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, compressed if it came so.
    pub body: Bytes,
}

impl Scraper {
    /// Of a daemon whose scrape proxy is on.
    pub async fn of(daemon: &Daemon) -> Scraper {
        let proxy = daemon.scrape_proxy().await.unwrap();
        Scraper {
            http: client(proxy, usize::MAX),
            proxy,
        }
    }

    /// Scrapes an address for a service of [`PROJECT`]; an error when the page
    /// does not come whole.
    pub async fn try_get(
        &self,
        service: &str,
        address: SocketAddr,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Page> {
        let mut request = self.http.get(target(PROJECT, service, address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?;
        Ok(Page {
            status: answer.status(),
            headers: answer.headers().clone(),
            body: answer.bytes().await?,
        })
    }

    /// The same, of an answer that comes whole.
    pub async fn get(&self, service: &str, address: SocketAddr) -> Page {
        self.try_get(service, address, &[]).await.unwrap()
    }

    /// The same with a [`SHORT`] timeout, for what hangs.
    pub async fn get_in_short(&self, service: &str, address: SocketAddr) -> Page {
        self.try_get(service, address, &[SHORT]).await.unwrap()
    }

    /// The answer's head, its body still under way.
    pub async fn begin(&self, service: &str, address: SocketAddr) -> reqwest::Response {
        let request = self.http.get(target(PROJECT, service, address));
        request.send().await.unwrap()
    }

    /// Scrapes every node of some services until all of them serve.
    pub async fn get_all(&self, daemon: &Daemon, sim: &Simulator, services: &[&str]) {
        for service in services {
            for address in sim.addresses(PROJECT, service) {
                let what = format!("{service} at {address} is scraped");
                daemon
                    .until(&what, async || {
                        let page = self.get(service, address).await;
                        page.status.is_success().then_some(())
                    })
                    .await;
            }
        }
    }

    /// The same client, with a new connection for each scrape.
    pub fn without_kept_connections(&self) -> Scraper {
        Scraper {
            http: client(self.proxy, 0),
            proxy: self.proxy,
        }
    }

    /// Sends bytes and returns all that comes back until the proxy hangs up.
    pub async fn raw(&self, request: &str) -> String {
        let exchange = async {
            let mut stream = TcpStream::connect(self.proxy).await.unwrap();
            // The proxy may hang up before it has read all.
            let _ = stream.write_all(request.as_bytes()).await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8_lossy(&answer).into_owned()
        };
        match tokio::time::timeout(TIMEOUT, exchange).await {
            Ok(answer) => answer,
            Err(_) => panic!("the proxy keeps the connection open after:\n{request}"),
        }
    }
}

impl Page {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn client(proxy: SocketAddr, kept_connections: usize) -> reqwest::Client {
    reqwest::Client::builder()
        .proxy(reqwest::Proxy::http(format!("http://{proxy}")).unwrap())
        .pool_max_idle_per_host(kept_connections)
        .no_gzip()
        .timeout(TIMEOUT)
        .build()
        .unwrap()
}

/// The address that Prometheus asks for.
pub fn target(project: &str, service: &str, address: SocketAddr) -> String {
    format!("http://{address}/metrics?aiven_service={project}%2F{service}")
}

/// Services of [`PROJECT`], integrated, and a daemon with a scrape proxy that
/// has published them.
pub async fn publishing(sim: &Simulator, config: &Config) -> (Daemon, Scraper) {
    integrate_all(sim);
    let daemon = start(config).await;
    let scraper = Scraper::of(&daemon).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
    (daemon, scraper)
}
