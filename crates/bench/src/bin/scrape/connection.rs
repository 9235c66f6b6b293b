//! A kept HTTP/1.1 connection that scrapes as Prometheus does, directly over
//! TLS or through the proxy, and throws the page away.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{self, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// One published target.
#[derive(Clone, Serialize, Deserialize)]
pub struct Target {
    pub address: SocketAddr,
    pub project: String,
    pub service: String,
    pub host: String,
}

/// How a scrape went when it did not end with a whole page.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A kept connection.
pub struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    through_proxy: bool,
}

/// What a direct scraper trusts.
pub fn trust(ca: &str) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots);
    Arc::new(config.with_no_client_auth())
}

impl Connection {
    pub async fn direct(target: &Target, trust: &Arc<ClientConfig>) -> Result<Connection, Failure> {
        let tcp = TcpStream::connect(target.address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from(target.host.clone())?;
        let tls = TlsConnector::from(Arc::clone(trust))
            .connect(name, tcp)
            .await?;
        Connection::over(tls, false).await
    }

    pub async fn to_proxy(proxy: SocketAddr) -> Result<Connection, Failure> {
        let tcp = TcpStream::connect(proxy).await?;
        tcp.set_nodelay(true)?;
        Connection::over(tcp, true).await
    }

    async fn over<S>(stream: S, through_proxy: bool) -> Result<Connection, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Connection {
            sender,
            through_proxy,
        })
    }

    /// Whether another scrape can be asked for.
    pub fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// The status and the bytes of the answer, or its text if it is not a page.
    pub async fn scrape(&mut self, target: &Target, gzip: bool) -> Result<u64, Failure> {
        self.sender.ready().await?;
        let request = self.request(target, gzip);
        let mut answer = self.sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            let status = answer.status();
            let text = answer.into_body().collect().await?.to_bytes();
            return Err(format!("{status}: {}", String::from_utf8_lossy(&text).trim()).into());
        }
        let mut bytes = 0;
        while let Some(frame) = answer.body_mut().frame().await {
            bytes += frame?.data_ref().map_or(0, Bytes::len) as u64;
        }
        Ok(bytes)
    }

    fn request(&self, target: &Target, gzip: bool) -> Request<Empty<Bytes>> {
        let address = target.address;
        let (uri, host) = if self.through_proxy {
            let Target {
                project, service, ..
            } = target;
            (
                format!("http://{address}/metrics?aiven_service={project}%2F{service}"),
                address.to_string(),
            )
        } else {
            (
                "/metrics".to_owned(),
                format!("{}:{}", target.host, address.port()),
            )
        };
        let mut request = Request::get(uri)
            .header(header::HOST, host)
            .header(header::USER_AGENT, "Prometheus/3.7.0")
            .header(header::ACCEPT, "text/plain;version=0.0.4;q=0.3,*/*;q=0.2")
            .header("X-Prometheus-Scrape-Timeout-Seconds", "10");
        if gzip {
            request = request.header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if !self.through_proxy {
            request = request.header(header::AUTHORIZATION, "Basic bWV0cmljczpzY3JhcGU=");
        }
        request.body(Empty::new()).unwrap()
    }
}
