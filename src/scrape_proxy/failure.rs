//! From what was seen to a failure: a class for machines, a cause for people. A cause is the
//! evidence, and a guess only as a guess; what to do about it is the finding's remedy.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use hyper::StatusCode;

use super::certificate_fault;
use super::node_words::quoted;
use super::upstream::ConnectError;
use super::words;
use crate::model::outside_text::OutsideText;
use crate::model::scrape::{Failure, FailureKind, Finding};
use crate::model::surroundings::KnownClock;

/// `EMFILE` and `ENFILE`: no descriptor is free for this process, or for the machine.
const NO_DESCRIPTOR: [i32; 2] = [24, 23];

/// The status that tells Prometheus of a failed scrape.
pub(super) fn status(class: FailureKind) -> StatusCode {
    match class {
        FailureKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}

impl ConnectError {
    /// The failure that it stands for, with what is known of this machine's clock.
    pub(super) fn failure(&self, clock: KnownClock) -> Failure {
        match self {
            ConnectError::NoName => {
                Failure::new(Finding::NoName, "the service has no host name to verify")
            }
            ConnectError::InvalidName(name) => Failure::new(
                Finding::NoName,
                format!("{name} cannot be a name in a certificate"),
            ),
            ConnectError::Tcp(error) => tcp(error),
            // What a firewall or an IP allow-list looks like.
            ConnectError::TcpTimeout(ip, waited) if is_private(*ip) => Failure::new(
                Finding::NoAnswerInPrivate,
                format!(
                    "no answer to the connection within {}, and the address is one of a private network",
                    seconds(*waited)
                ),
            ),
            ConnectError::TcpTimeout(_, waited) => Failure::new(
                Finding::NoAnswer,
                format!("no answer to the connection within {}", seconds(*waited)),
            ),
            ConnectError::Tls { name, error } => tls(error, name, clock),
            ConnectError::TlsTimeout(waited) => Failure::new(
                Finding::SilentBeforeTls,
                format!(
                    "the node accepted the connection and then spoke no TLS within {}",
                    seconds(*waited)
                ),
            ),
            ConnectError::Http(error) => broken_off(error),
        }
    }
}

/// An answer that is neither a page nor a refusal of the credentials.
pub(super) fn of_status(status: StatusCode, words: Option<&OutsideText>) -> Failure {
    let finding = match status.as_u16() {
        403 => Finding::Forbidden,
        404 | 410 => Finding::NotFound,
        502..=504 => Finding::NotReady,
        500..=599 => Finding::ServerError,
        300..=399 => Finding::Redirected,
        _ => Finding::OtherStatus,
    };
    let said = quoted(words);
    let cause = format!("the node was reached and answers {status} instead of a page{said}");
    Failure::new(finding, cause)
}

/// A node that took a request and was waited for so long.
pub(super) fn silent(waited: Duration) -> Failure {
    let cause = format!(
        "the node took the request and did not answer within {}",
        seconds(waited)
    );
    Failure::new(Finding::Silent, cause)
}

/// `19 s`: whole ones, so that a cause stays the same from scrape to scrape.
fn seconds(waited: Duration) -> String {
    let waited = waited.as_secs_f64();
    let decimals = usize::from(waited < 1.0);
    format!("{waited:.decimals$} s")
}

/// A connection that ended before the head of an answer.
pub(super) fn broken_off(error: &hyper::Error) -> Failure {
    let why = words::of_http(error);
    if error.is_parse() {
        let cause = format!("the node's answer is no valid HTTP ({why})");
        return Failure::new(Finding::NotHttp, cause);
    }
    let cause = format!("the node took the connection and broke it off before it answered: {why}");
    Failure::new(Finding::BrokenOff, cause)
}

/// A page that did not come whole.
pub(super) fn broken_page(error: &hyper::Error) -> Failure {
    let why = words::of_http(error);
    Failure::new(
        Finding::BrokenPage,
        format!("the node broke the page off: {why}"),
    )
}

/// Whether only networks that are joined to the address's own have a way to it.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

/// A failed TCP connection.
fn tcp(error: &io::Error) -> Failure {
    use io::ErrorKind as Kind;
    let why = error.kind();
    let (finding, cause) = match why {
        _ if error
            .raw_os_error()
            .is_some_and(|code| NO_DESCRIPTOR.contains(&code)) =>
        {
            (
                Finding::OwnLimit,
                "no connection was tried: this machine has no file descriptor left for it"
                    .to_owned(),
            )
        }
        Kind::AddrNotAvailable | Kind::PermissionDenied | Kind::OutOfMemory => (
            Finding::OwnLimit,
            format!("no connection was tried: this machine does not allow it ({why})"),
        ),
        Kind::ConnectionRefused => (Finding::Refused, "connection refused".to_owned()),
        Kind::NetworkUnreachable | Kind::HostUnreachable => (
            Finding::NoRoute,
            format!("there is no way from this machine to the address ({why})"),
        ),
        Kind::TimedOut => (
            Finding::NoAnswer,
            "no answer to the connection before the kernel gave it up".to_owned(),
        ),
        _ => (
            Finding::NotConnected,
            format!("connecting failed: {}", words::of_io(error)),
        ),
    };
    Failure::new(finding, cause)
}

/// A failed TLS handshake for `name`.
fn tls(error: &io::Error, name: &str, clock: KnownClock) -> Failure {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(error) => certificate_fault::of_handshake(error, name, clock),
        // Nothing was wrong with what it showed: it went away.
        None => {
            let why = words::of_io(error);
            let cause = format!("the node broke the TLS handshake for {name} off: {why}");
            Failure::new(Finding::BrokenOff, cause)
        }
    }
}

#[cfg(test)]
mod tests;
