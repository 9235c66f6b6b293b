//! `aiven.http_proxy`: what is wrong when it makes no connection to Aiven.
//!
//! reqwest connects through the proxy, but says only that it could not. So after
//! such a failure the proxy is asked once more, by hand, and its answer is read.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::Resolve;
use reqwest::header::HeaderValue;
use reqwest::{Response, Url};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::aiven::error::{ErrorKind, ProxyTrouble};
use crate::model::outside_text::{OutsideText, Secrets};
use crate::net::socket::socket;

/// How long the proxy is looked at, at most.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// How many bytes of its answer are read.
const MAX_ANSWER: usize = 4 << 10;

/// How many characters of its words are shown.
const MAX_WORDS: usize = 80;

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
        let stream = self.connect().await.map_err(unreachable)?;
        if base.scheme() != "https" {
            return Ok(());
        }
        let to = authority(base);
        let answer = match &self.tls {
            None => self.ask(stream, &to).await,
            Some(tls) => {
                let stream = self.secure(tls, stream).await.map_err(unreachable)?;
                self.ask(stream, &to).await
            }
        };
        let prose = |text: &str| OutsideText::prose_within(text, MAX_WORDS, secrets);
        let answer = answer.map_err(|error| ProxyTrouble::NoProxy(prose(&error.to_string())))?;
        let Some((status, words)) = status_line(&answer) else {
            let said = match answer.is_empty() {
                true => "it ends the connection without an answer",
                false => "its answer is not HTTP",
            };
            return Err(ProxyTrouble::NoProxy(OutsideText::from(said)));
        };
        match status {
            200..=299 => Ok(()),
            _ => Err(ProxyTrouble::of_status(status, prose(words), prose(&to))),
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let addresses: Vec<SocketAddr> = match self.host.parse() {
            Ok(ip) => vec![SocketAddr::new(ip, self.port)],
            Err(_) => {
                let name = self.host.parse().map_err(io::Error::other)?;
                let found = self
                    .resolver
                    .resolve(name)
                    .await
                    .map_err(io::Error::other)?;
                let with_port = |found: SocketAddr| SocketAddr::new(found.ip(), self.port);
                found.map(with_port).collect()
            }
        };
        let mut failure = io::Error::other("its name has no address");
        for address in addresses {
            match socket(address)?.connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure)
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

    /// Asks for a connection to `to`. Returns the beginning of the answer.
    async fn ask(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        to: &str,
    ) -> io::Result<Vec<u8>> {
        let mut request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await?;
        let mut answer = Vec::new();
        let mut bounded = stream.take(MAX_ANSWER as u64);
        while !answer.contains(&b'\n') && bounded.read_buf(&mut answer).await? > 0 {}
        Ok(answer)
    }
}

/// Host and port, as `CONNECT` wants them.
fn authority(base: &Url) -> String {
    let host = base.host_str().unwrap_or_default();
    let port = base.port_or_known_default().unwrap_or(443);
    format!("{host}:{port}")
}

/// Status and reason of the first line of an HTTP/1 answer.
fn status_line(answer: &[u8]) -> Option<(u16, &str)> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let rest = line.strip_prefix("HTTP/1.")?;
    let (_minor, rest) = rest.split_once(' ')?;
    let (status, words) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = status.parse().ok()?;
    (100..=999).contains(&status).then_some((status, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_status_and_words() {
        let read = |line: &'static str| status_line(line.as_bytes());
        assert_eq!(read("HTTP/1.0 403 Filtered\r\n"), Some((403, "Filtered")));
        assert_eq!(read("HTTP/1.1 200"), Some((200, "")));
        assert_eq!(
            read("HTTP/1.1 407 Proxy Authentication Required\r\nX: y\r\n"),
            Some((407, "Proxy Authentication Required"))
        );
        for other in [
            "",
            "SSH-2.0-OpenSSH_9.2\r\n",
            "HTTP/1.1 abc",
            "HTTP/2 200",
            "HTTP/1.1 99999 x",
            "HTTP/1.1",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
