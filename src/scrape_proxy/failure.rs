//! From an error to a failure: a class for machines, a cause for people.

use std::io;

use hyper::StatusCode;
use rustls::CertificateError;

use super::upstream::ConnectError;
use crate::model::scrape::{Failure, FailureKind};

/// The status that tells Prometheus of a failed scrape.
pub(super) fn status(class: FailureKind) -> StatusCode {
    match class {
        FailureKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}

impl Failure {
    pub(super) fn new(class: FailureKind, cause: impl Into<String>) -> Self {
        Failure {
            class,
            cause: cause.into(),
        }
    }
}

impl From<&ConnectError> for Failure {
    fn from(error: &ConnectError) -> Failure {
        match error {
            ConnectError::NoName => {
                Failure::new(FailureKind::Tls, "the service has no host name to verify")
            }
            ConnectError::InvalidName(name) => Failure::new(
                FailureKind::Tls,
                format!("{name} cannot be a name in a certificate"),
            ),
            ConnectError::Tcp(error) => tcp(error),
            // What a firewall or an IP allow-list looks like.
            ConnectError::TcpTimeout => Failure::new(
                FailureKind::Timeout,
                "no answer to the connection: the node is down, or the service's IP allow-list (ip_filter) or a firewall shuts this machine out",
            ),
            ConnectError::Tls { name, error } => tls(error, name),
            ConnectError::TlsTimeout => Failure::new(
                FailureKind::Timeout,
                "the node accepted the connection and then did not speak TLS in time: it hangs, or is no metrics server",
            ),
            ConnectError::Http(error) => Failure::new(
                FailureKind::Aborted,
                format!("the connection broke off: {error}"),
            ),
        }
    }
}

/// A failed TCP connection.
fn tcp(error: &io::Error) -> Failure {
    let cause = match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "connection refused: the node is up, its metrics server is not (a minute after integrating, or the node is being replaced)".to_owned()
        }
        _ => format!("connecting failed: {error}"),
    };
    Failure::new(FailureKind::Connect, cause)
}

/// A failed TLS handshake for `name`.
fn tls(error: &io::Error, name: &str) -> Failure {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    let cause = match inner {
        Some(rustls::Error::InvalidCertificate(why)) => certificate(why, name),
        Some(other) => format!("TLS handshake for {name} failed: {other}"),
        // Nothing was wrong with what it showed: it went away.
        None => {
            let cause = format!("the node broke the TLS handshake for {name} off: {error}");
            return Failure::new(FailureKind::Aborted, cause);
        }
    };
    Failure::new(FailureKind::Tls, cause)
}

/// What is wrong with a certificate.
fn certificate(why: &CertificateError, name: &str) -> String {
    match why {
        CertificateError::UnknownIssuer => format!(
            "certificate for {name} is of another CA: neither the project's CA, scrape_proxy.ca_cert nor a public root signed it"
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("certificate for {name} has expired; Aiven renews it in a maintenance update")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!(
                "certificate is of another name than {name}: the address belongs to another node by now, or DNS is wrong"
            )
        }
        other => format!("certificate for {name} is not valid: {other}"),
    }
}
