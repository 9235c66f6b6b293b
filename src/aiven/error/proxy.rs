//! What can be wrong with the proxy of `aiven.http_proxy`.

use crate::model::outside_text::OutsideText;

/// Why the proxy made no connection to Aiven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyTrouble {
    /// No connection to the proxy itself.
    #[error("cannot be reached ({0}); check its host and port, and whether it runs")]
    Unreachable(OutsideText),
    /// 407.
    #[error(
        "does not accept the user and password ({status} {words}); correct them in aiven.http_proxy"
    )]
    Unauthorised {
        /// HTTP status.
        status: u16,
        /// Its words.
        words: OutsideText,
    },
    /// Any other 4xx.
    #[error("refuses to connect to {to} ({status} {words}); let it allow that")]
    Refused {
        /// Aiven's host and port.
        to: OutsideText,
        /// HTTP status.
        status: u16,
        /// Its words.
        words: OutsideText,
    },
    /// 5xx.
    #[error("cannot connect to {to} ({status} {words}); check its own way out")]
    NoWayOut {
        /// Aiven's host and port.
        to: OutsideText,
        /// HTTP status.
        status: u16,
        /// Its words.
        words: OutsideText,
    },
    /// It answered something that is no answer of a proxy, or ended the connection.
    #[error("does not answer as an HTTP proxy ({0}); check its port, and http:// or https://")]
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

    /// Whether the same call may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            ProxyTrouble::Unreachable(_) | ProxyTrouble::NoWayOut { .. }
        )
    }
}
