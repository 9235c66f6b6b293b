//! What can be wrong with the proxy of `aiven.http_proxy`.

use crate::model::outside_text::OutsideText;

/// Why the proxy made no connection to Aiven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyTrouble {
    /// No connection to the proxy itself.
    #[error("cannot be reached ({0})")]
    Unreachable(OutsideText),
    /// 407.
    #[error("does not accept the user and password ({status} {words})")]
    Unauthorised {
        /// HTTP status.
        status: u16,
        /// Its words.
        words: OutsideText,
    },
    /// Any other 4xx.
    #[error("refuses to connect to {to} ({status} {words})")]
    Refused {
        /// Aiven's host and port.
        to: OutsideText,
        /// HTTP status.
        status: u16,
        /// Its words.
        words: OutsideText,
    },
    /// 5xx.
    #[error("cannot connect to {to} ({status} {words})")]
    NoWayOut {
        /// Aiven's host and port.
        to: OutsideText,
        /// HTTP status.
        status: u16,
        /// Its words.
        words: OutsideText,
    },
    /// It answered something that is no answer of a proxy, or ended the connection.
    #[error("does not answer as an HTTP proxy ({0})")]
    NoProxy(OutsideText),
}

impl ProxyTrouble {
    /// The trouble that an answer to `CONNECT` stands for.
    pub fn of_status(status: u16, words: OutsideText, to: OutsideText) -> ProxyTrouble {
        match status {
            // tinyproxy answers 401 to a wrong password.
            401 | 407 => ProxyTrouble::Unauthorised { status, words },
            400..=499 => ProxyTrouble::Refused { to, status, words },
            500.. => ProxyTrouble::NoWayOut { to, status, words },
            _ => ProxyTrouble::NoProxy(words),
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            ProxyTrouble::Unreachable(_) => {
                "see whether the proxy runs, and whether aiven.http_proxy has its host and port"
            }
            ProxyTrouble::Unauthorised { .. } => {
                "correct the user and password in aiven.http_proxy, or at the proxy"
            }
            ProxyTrouble::Refused { .. } => {
                "let the proxy's rules allow CONNECT from this machine to that host and port"
            }
            ProxyTrouble::NoWayOut { .. } => {
                "look at the proxy's own way out: its DNS, routes and firewalls"
            }
            ProxyTrouble::NoProxy(_) => {
                "check the port of aiven.http_proxy, and whether it is http:// or https://"
            }
        }
    }

    /// Whether the same call may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            ProxyTrouble::Unreachable(_) | ProxyTrouble::NoWayOut { .. }
        )
    }
}
