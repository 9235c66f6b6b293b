//! Clients of the simulator: plain HTTP for the API, verified TLS for nodes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aiven_sim::Simulator;
use reqwest::{Method, Response};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What a client of the API does.
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// Status and body of an answer.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub retry_after: Option<String>,
    pub content_type: String,
    pub text: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }
}

impl Api {
    pub fn new(sim: &Simulator) -> Self {
        Self::with_token(sim, sim.token())
    }

    pub fn with_token(sim: &Simulator, token: &str) -> Self {
        let roots = RootCertStore::empty();
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .build()
            .unwrap();
        Self {
            http,
            base: sim.api_url(),
            token: token.into(),
        }
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Got> {
        let mut request = self
            .http
            .request(method, format!("{}/v1{path}", self.base))
            .header("Authorization", format!("aivenv1 {}", self.token));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let header = |response: &Response, name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        Ok(Got {
            status: response.status().as_u16(),
            retry_after: header(&response, "retry-after"),
            content_type: header(&response, "content-type").unwrap_or_default(),
            text: response.text().await?,
        })
    }

    pub async fn get(&self, path: &str) -> Got {
        self.send(Method::GET, path, None).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Got {
        self.send(Method::POST, path, Some(body)).await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> Got {
        self.send(Method::DELETE, path, None).await.unwrap()
    }

    pub async fn put(&self, path: &str, body: Value) -> Got {
        self.send(Method::PUT, path, Some(body)).await.unwrap()
    }

    /// Names in a listing of services.
    pub async fn service_names(&self, project: &str) -> Vec<String> {
        let listing = self
            .get(&format!("/project/{project}/service?limit=10000"))
            .await
            .json();
        let rows = listing["services"].as_array().unwrap().iter();
        rows.map(|row| row["service_name"].as_str().unwrap_or("?").to_owned())
            .collect()
    }
}

/// A scraper that trusts one CA.
pub struct Scraper {
    tls: TlsConnector,
}

/// One scrape's answer.
#[derive(Debug)]
pub struct Scraped {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    pub version: ProtocolVersion,
}

impl Scraper {
    pub fn trusting(ca_pem: &str) -> Self {
        Self::with_versions(ca_pem, rustls::ALL_VERSIONS)
    }

    pub fn with_versions(ca_pem: &str, versions: &[&'static SupportedProtocolVersion]) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
            .unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            tls: TlsConnector::from(Arc::new(config)),
        }
    }

    /// Dials `addr`, verifies `host`, and reads the answer to the end.
    pub async fn scrape(
        &self,
        addr: SocketAddr,
        host: &str,
        auth: Option<&str>,
    ) -> std::io::Result<Scraped> {
        let (mut tls, version) = self.connect(addr, host).await?;
        tls.write_all(request(host, auth, "Connection: close\r\n").as_bytes())
            .await?;
        let mut answer = Vec::new();
        // Servers may close without close_notify after a complete answer.
        tls.read_to_end(&mut answer).await?;
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .ok_or(std::io::ErrorKind::InvalidData)?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head[9..12].parse().map_err(std::io::Error::other)?;
        Ok(Scraped {
            status,
            head,
            body: answer.split_off(end + 4),
            version,
        })
    }

    pub async fn connect(
        &self,
        addr: SocketAddr,
        host: &str,
    ) -> std::io::Result<(tokio_rustls::client::TlsStream<TcpStream>, ProtocolVersion)> {
        let tcp = TcpStream::connect(addr).await?;
        let tls = self
            .tls
            .connect(ServerName::try_from(host.to_owned()).unwrap(), tcp)
            .await?;
        let version = tls.get_ref().1.protocol_version().unwrap();
        Ok((tls, version))
    }
}

pub fn request(host: &str, auth: Option<&str>, more: &str) -> String {
    let auth = auth
        .map(|auth| format!("Authorization: {auth}\r\n"))
        .unwrap_or_default();
    format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n{auth}{more}\r\n")
}

/// Basic auth of `metrics:a-good-password`.
pub const GOOD: &str = "Basic bWV0cmljczphLWdvb2QtcGFzc3dvcmQ=";
/// Basic auth of `metrics:a-newer-password`.
pub const NEWER: &str = "Basic bWV0cmljczphLW5ld2VyLXBhc3N3b3Jk";

/// How long a test waits to see that no answer comes.
pub const HANG: Duration = Duration::from_millis(300);
