//! One verified connection to a node. It cannot exist unverified: the only way
//! to get one is a TLS handshake that proved the service's name.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustix::io::Errno;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::exchange::Exchange;
use super::read_ahead::ReadAhead;
use crate::model::surroundings::KnownClock;
use crate::net::certificate::expiry;
use crate::net::descriptors::{is_shortage, with_room};
use crate::net::keep_alive::keep_alive;
use crate::net::socket::socket;
use crate::net::verifier::RefusedCertificate;

/// How long a scrape waits for a descriptor where even resting connections are
/// none: 2 s, as others come and go.
const SHORTAGE_TRIES: u32 = 40;
const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);

/// An open connection to a node whose certificate was verified.
pub(super) struct Upstream {
    /// The requests and answers on it.
    pub exchange: Exchange,
    /// The name that the certificate was verified for.
    pub verified_name: Arc<str>,
    /// When the certificate expires.
    pub certificate_expires: Option<Timestamp>,
}

/// Why there is no verified connection.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// The service has no host name to verify.
    NoName,
    /// No certificate can have this name.
    InvalidName(Arc<str>),
    /// No TCP connection.
    Tcp(io::Error),
    /// No TCP connection to this address after so long.
    TcpTimeout(IpAddr, Duration),
    /// The TLS handshake for this name failed.
    Tls {
        /// The name that was to be verified.
        name: Arc<str>,
        /// rustls's error, if it has one, is inside.
        error: io::Error,
    },
    /// No end of the TLS handshake after so long.
    TlsTimeout(Duration),
    /// The connection ended before the first request.
    Http(hyper::Error),
}

impl ConnectError {
    /// Whether the project's CA may be new: another one signed, of any name or of the same.
    pub fn may_be_a_new_ca(&self) -> bool {
        matches!(
            self.certificate(),
            Some(CertificateError::UnknownIssuer | CertificateError::BadSignature)
        )
    }

    /// Whether another name may fit the certificate.
    fn may_fit_another_name(&self) -> bool {
        matches!(
            self.certificate(),
            Some(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
            )
        )
    }

    /// What is wrong with the certificate, if that is what is wrong.
    fn certificate(&self) -> Option<&CertificateError> {
        let ConnectError::Tls { error, .. } = self else {
            return None;
        };
        let error = error.get_ref()?.downcast_ref()?;
        if let Some(refused) = RefusedCertificate::of(error) {
            return Some(&refused.why);
        }
        match error {
            rustls::Error::InvalidCertificate(what) => Some(what),
            _ => None,
        }
    }
}

impl Upstream {
    /// Connects and verifies one of `names`, the first if possible: a node
    /// behind a replica name may hold a certificate for the primary name alone.
    ///
    /// # Errors
    /// The one about the first name.
    pub async fn connect(
        address: SocketAddr,
        names: &[Arc<str>],
        trust: &Arc<ClientConfig>,
        deadline: Instant,
    ) -> Result<Upstream, ConnectError> {
        let mut first = None;
        for name in names {
            match connect_as(address, name, trust, deadline).await {
                Ok(stream) => return Upstream::over(stream, name).await,
                Err(error) => {
                    let is_worth_another = error.may_fit_another_name();
                    let first = first.get_or_insert(error);
                    if !is_worth_another {
                        break;
                    }
                    tracing::debug!(%address, %name, cause = first.failure(KnownClock::Unknown).cause, "trying the service's other names");
                }
            }
        }
        Err(first.unwrap_or(ConnectError::NoName))
    }

    async fn over(stream: Verified, name: &Arc<str>) -> Result<Upstream, ConnectError> {
        let certificates = stream.get_ref().1.peer_certificates();
        let certificate_expires = certificates.and_then(|chain| expiry(chain.first()?));
        let exchange = Exchange::over(stream).await;
        Ok(Upstream {
            exchange: exchange.map_err(ConnectError::Http)?,
            verified_name: Arc::clone(name),
            certificate_expires,
        })
    }
}

/// A TLS connection whose certificate was verified.
type Verified = TlsStream<ReadAhead<TcpStream>>;

/// Connects and verifies one name.
async fn connect_as(
    address: SocketAddr,
    name: &Arc<str>,
    trust: &Arc<ClientConfig>,
    deadline: Instant,
) -> Result<Verified, ConnectError> {
    let server_name = ServerName::try_from(name.to_string())
        .map_err(|_| ConnectError::InvalidName(Arc::clone(name)))?;
    let start = Instant::now();
    let tcp = timeout_at(deadline, dial(address))
        .await
        .map_err(|_| ConnectError::TcpTimeout(address.ip(), start.elapsed()))?
        .map_err(ConnectError::Tcp)?;
    let start = Instant::now();
    let handshake = TlsConnector::from(Arc::clone(trust)).connect(server_name, ReadAhead::new(tcp));
    timeout_at(deadline, handshake)
        .await
        .map_err(|_| ConnectError::TlsTimeout(start.elapsed()))?
        .map_err(|error| ConnectError::Tls {
            name: Arc::clone(name),
            error,
        })
}

async fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = open(address).await?;
    let stream = socket.connect(address).await?;
    keep_alive(&stream);
    Ok(stream)
}

/// A socket, as soon as there is a descriptor for it.
async fn open(address: SocketAddr) -> io::Result<TcpSocket> {
    for _ in 0..SHORTAGE_TRIES {
        match with_room(|| socket(address)) {
            Err(error) if is_shortage(&error) => sleep(SHORTAGE_PAUSE).await,
            opened => return opened,
        }
    }
    Err(Errno::MFILE.into())
}
