//! `aiven.http_proxy`: what is wrong when it makes no connection to Aiven.
//!
//! reqwest connects through the proxy, but says only that it could not. So after
//! such a failure the proxy is asked once more, with hyper, which shows its answer.

use std::fmt;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use reqwest::dns::Resolve;
use reqwest::header::HeaderValue;
use reqwest::{Response, Url};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::aiven::error::{ErrorKind, ProxyTrouble};
use crate::model::outside_text::{OutsideText, Secrets};
use crate::net::socket::connect;

/// How long the proxy is looked at, at most.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest head of its answer, in bytes: the least that hyper can be held to.
const MAX_HEAD: usize = 8 << 10;

/// How many characters of its words are shown.
const MAX_WORDS: usize = 80;

/// What the proxy says to `CONNECT`.
type Answer = hyper::Response<Incoming>;

/// The proxy by way of which the API is reached.
pub struct HttpProxy {
    /// Without brackets around an IPv6 address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Set if the connection to the proxy itself is TLS.
    pub tls: Option<Arc<ClientConfig>>,
    /// `Proxy-Authorization`, if it asks for a user and password.
    pub authorization: Option<HeaderValue>,
    /// Looks the proxy's own name up.
    pub resolver: Arc<dyn Resolve>,
}

/// Shows the place and no credentials.
impl fmt::Debug for HttpProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpProxy({})", self.name())
    }
}

impl HttpProxy {
    /// `host:port`, for messages.
    pub fn name(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Looks at the proxy. `None` if it connects to the server of `base`: then
    /// the trouble lies behind it.
    pub(super) async fn trouble(
        &self,
        base: &Url,
        patience: Duration,
        secrets: &Secrets,
    ) -> Option<ErrorKind> {
        let looked = timeout(patience.min(LOOK_TIMEOUT), self.look(base, secrets)).await;
        let trouble = match looked {
            Ok(looked) => looked.err()?,
            Err(_) => ProxyTrouble::Unreachable(OutsideText::from("no answer in time")),
        };
        Some(self.error(trouble, secrets))
    }

    /// The error that a response stands for which the proxy itself sent. That can
    /// only be where the API is asked without TLS, as on a loopback address.
    pub(super) fn refusal(
        &self,
        response: &Response,
        base: &Url,
        secrets: &Secrets,
    ) -> Option<ErrorKind> {
        let status = response.status();
        if base.scheme() != "http" || status.as_u16() != 407 {
            return None;
        }
        let words = OutsideText::from(status.canonical_reason().unwrap_or_default());
        let to = OutsideText::prose_within(&authority(base), MAX_WORDS, secrets);
        let trouble = ProxyTrouble::of_status(status.as_u16(), words, to);
        Some(self.error(trouble, secrets))
    }

    fn error(&self, trouble: ProxyTrouble, secrets: &Secrets) -> ErrorKind {
        let proxy = OutsideText::prose(&self.name(), secrets);
        ErrorKind::Proxy { proxy, trouble }
    }

    async fn look(&self, base: &Url, secrets: &Secrets) -> Result<(), ProxyTrouble> {
        let unreachable = |error: io::Error| {
            let cause = OutsideText::prose_within(&error.to_string(), MAX_WORDS, secrets);
            ProxyTrouble::Unreachable(cause)
        };
        let stream = connect(&*self.resolver, &self.host, self.port).await;
        let stream = stream.map_err(unreachable)?;
        if base.scheme() != "https" {
            return Ok(());
        }
        let to = authority(base);
        let asked = match &self.tls {
            None => self.ask(stream, &to).await,
            Some(tls) => {
                let stream = self.secure(tls, stream).await.map_err(unreachable)?;
                self.ask(stream, &to).await
            }
        };
        let prose = |text: &str| OutsideText::prose_within(text, MAX_WORDS, secrets);
        let answer = asked.map_err(|error| ProxyTrouble::NoProxy(prose(&cause(&error))))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(reason(&answer)).into_owned();
        let (words, to) = (prose(&words), prose(&to));
        Err(ProxyTrouble::of_status(status.as_u16(), words, to))
    }

    async fn secure(
        &self,
        tls: &Arc<ClientConfig>,
        stream: TcpStream,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Unpin> {
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(tls))
            .connect(name, stream)
            .await
    }

    /// Asks for a connection to `to`.
    async fn ask(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        to: &str,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::connect(to).header(header::HOST, to);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::PROXY_AUTHORIZATION, authorization);
        }
        let request = request.body(Empty::<Bytes>::new())?;
        let mut http = http1::Builder::new();
        http.max_buf_size(MAX_HEAD);
        let (mut client, connection) = http.handshake(TokioIo::new(stream)).await?;
        let mut answer = pin!(client.send_request(request));
        tokio::select! {
            biased;
            answer = answer.as_mut() => Ok(answer?),
            // The answer says how.
            _ended = connection => Ok(answer.await?),
        }
    }
}

/// Host and port, as `CONNECT` wants them.
fn authority(base: &Url) -> String {
    let host = base.host_str().unwrap_or_default();
    let port = base.port_or_known_default().unwrap_or(443);
    format!("{host}:{port}")
}

/// The words beside the status.
fn reason(answer: &Answer) -> &[u8] {
    let usual = answer.status().canonical_reason().unwrap_or_default();
    let own = answer.extensions().get::<ReasonPhrase>();
    own.map_or(usual.as_bytes(), ReasonPhrase::as_bytes)
}

/// Why there is no answer.
fn cause(error: &anyhow::Error) -> String {
    match error.downcast_ref::<hyper::Error>() {
        Some(error) if error.is_incomplete_message() => {
            "it ends the connection without an answer".to_owned()
        }
        Some(error) if error.is_parse_too_large() => {
            format!("the head of its answer is longer than {MAX_HEAD} bytes")
        }
        Some(error) if error.is_parse() => "its answer is not HTTP".to_owned(),
        _ => format!("{error:#}"),
    }
}

#[cfg(test)]
mod tests;
