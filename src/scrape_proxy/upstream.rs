//! One verified connection to a node. It cannot exist unverified: the only way
//! to get one is a TLS handshake that proved the service's name.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig};
use tokio::net::TcpSocket;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_cert::der::Decode;

use super::BUFFER;
use crate::model::scrape::{Failure, FailureKind};

/// An open connection to a node whose certificate was verified.
#[derive(Debug)]
pub(super) struct Upstream {
    sender: SendRequest<Empty<Bytes>>,
    /// The name that the certificate was verified for.
    pub verified_name: Arc<str>,
    /// When the certificate expires.
    pub certificate_expires: Option<Timestamp>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) struct NotConnected {
    pub failure: Failure,
    /// The issuer of the certificate is unknown: the project's CA may be new.
    pub unknown_issuer: bool,
}

impl Upstream {
    /// Connects and verifies one of `names`, the first if possible: a node
    /// behind a replica name may hold a certificate for the primary name alone.
    ///
    /// # Errors
    /// As a [`Failure`] about the first name.
    pub async fn connect(
        address: SocketAddr,
        names: &[Arc<str>],
        trust: &Arc<ClientConfig>,
        deadline: Instant,
    ) -> Result<Upstream, NotConnected> {
        let mut first = None;
        for name in names {
            match connect_as(address, name, trust, deadline).await {
                Ok(stream) => return Upstream::over(stream, name).await,
                Err((failed, may_have_another_name)) => {
                    let failed = first.get_or_insert(failed);
                    if !may_have_another_name {
                        break;
                    }
                    tracing::debug!(%address, %name, cause = failed.failure.cause, "trying the service's other names");
                }
            }
        }
        Err(first.unwrap_or_else(|| NotConnected {
            failure: Failure::new(FailureKind::Tls, "the service has no host name to verify"),
            unknown_issuer: false,
        }))
    }

    async fn over(
        stream: TlsStream<tokio::net::TcpStream>,
        name: &Arc<str>,
    ) -> Result<Upstream, NotConnected> {
        let certificates = stream.get_ref().1.peer_certificates();
        let certificate_expires = certificates.and_then(|chain| expiry(chain.first()?));
        let handshake = http1::Builder::new()
            .max_buf_size(BUFFER)
            .handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await.map_err(|error| NotConnected {
            failure: Failure::new(
                FailureKind::Aborted,
                format!("the connection broke off: {error}"),
            ),
            unknown_issuer: false,
        })?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a node ended");
            }
        });
        Ok(Upstream {
            sender,
            verified_name: Arc::clone(name),
            certificate_expires,
        })
    }

    /// Whether the node has closed the connection.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// # Errors
    /// hyper's; nothing of an answer was seen then.
    pub async fn send(
        &mut self,
        request: Request<Empty<Bytes>>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        self.sender.ready().await?;
        self.sender.send_request(request).await
    }
}

/// Connects and verifies one name. The second part of an error says whether
/// another name may fit the certificate.
async fn connect_as(
    address: SocketAddr,
    name: &str,
    trust: &Arc<ClientConfig>,
    deadline: Instant,
) -> Result<TlsStream<tokio::net::TcpStream>, (NotConnected, bool)> {
    let failed = |failure| {
        let unknown_issuer = false;
        (
            NotConnected {
                failure,
                unknown_issuer,
            },
            false,
        )
    };
    let server_name = ServerName::try_from(name.to_owned()).map_err(|_| {
        failed(Failure::new(
            FailureKind::Tls,
            format!("{name} cannot be a name in a certificate"),
        ))
    })?;
    let tcp = timeout_at(deadline, dial(address))
        .await
        .map_err(|_| failed(Failure::connect_timeout()))?
        .map_err(|error| failed(Failure::connect(&error)))?;
    let handshake = TlsConnector::from(Arc::clone(trust)).connect(server_name, tcp);
    match timeout_at(deadline, handshake).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => {
            let why = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>());
            let (mut unknown_issuer, mut other_name) = (false, false);
            if let Some(rustls::Error::InvalidCertificate(why)) = why {
                unknown_issuer = *why == CertificateError::UnknownIssuer;
                other_name = matches!(
                    why,
                    CertificateError::NotValidForName
                        | CertificateError::NotValidForNameContext { .. }
                );
            }
            let failure = Failure::tls(&error, name);
            Err((
                NotConnected {
                    failure,
                    unknown_issuer,
                },
                other_name,
            ))
        }
        Err(_) => Err(failed(Failure::new(
            FailureKind::Timeout,
            "the node accepted the connection and then did not speak TLS in time: it hangs, or is no metrics server",
        ))),
    }
}

async fn dial(address: SocketAddr) -> std::io::Result<tokio::net::TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// `notAfter` of a certificate (RFC 5280, 4.1.2.5).
fn expiry(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let not_after = certificate.tbs_certificate.validity.not_after;
    let seconds = not_after.to_unix_duration().as_secs();
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}
