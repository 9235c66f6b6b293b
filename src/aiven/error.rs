//! What can go wrong with a call, sorted by what the caller does next.
//!
//! Aiven's words are believed only where the answer has Aiven's shape. Whatever
//! else answers in its place, such as a content delivery network, a firewall or a
//! captive portal, is a stranger ([`Unanswered`]): it may be right about the network, but
//! knows nothing of tokens, projects and services.

use std::fmt;
use std::time::Duration;

use super::Operation;
use crate::api_client::gate::Pressure;
use crate::api_client::unanswered::Unanswered;
use crate::model::backoff::Trouble;
use crate::model::outside_text::OutsideText;

mod advice;
mod answer;
mod proxy;

pub use answer::{error_of, hidden_error};
pub use proxy::ProxyTrouble;

/// A call that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} in project {project}: {kind}", .operation.as_str())]
pub struct Error {
    /// Which call.
    pub operation: Operation,
    /// The project that it was about.
    pub project: String,
    /// What went wrong.
    pub kind: ErrorKind,
}

/// What went wrong with a call: what was found, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// 401, or a 403 about the token itself.
    TokenRejected(OutsideText),
    /// 403: the token is good, but lacks a right in this project.
    Forbidden(OutsideText),
    /// 404.
    NotFound {
        /// Aiven's words.
        message: OutsideText,
        /// Aiven's `error_code`, where given.
        code: Option<OutsideText>,
    },
    /// 429. The limit counts per user, so other tools with the same token use it up, too.
    Throttled {
        /// Aiven's words.
        message: OutsideText,
        /// How long Aiven asks to wait, in a header or the message.
        wait: Option<Duration>,
    },
    /// Any other 4xx, or a 2xx whose body says that it is an error: asking again does
    /// not help. What a status such as 409 says about the result must be looked up.
    Refused {
        /// HTTP status.
        status: u16,
        /// Aiven's words.
        message: OutsideText,
    },
    /// 5xx or 408.
    Server {
        /// HTTP status.
        status: u16,
        /// Aiven's words.
        message: OutsideText,
        /// How long Aiven asks to wait, if it does.
        wait: Option<Duration>,
    },
    /// No answer of Aiven's.
    Unanswered(Unanswered),
    /// `aiven.http_proxy` made no connection to Aiven.
    Proxy {
        /// `host:port` of the proxy.
        proxy: OutsideText,
        /// What is wrong with it.
        trouble: ProxyTrouble,
    },
    /// The certificate is out of date, by this machine's clock.
    CertificateDates(OutsideText),
    /// The certificate is not believed for another reason.
    Certificate(OutsideText),
    /// The answer ended in the middle.
    Truncated(u64),
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason().fmt(f)
    }
}

impl ErrorKind {
    /// Whether the same call may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        match self {
            ErrorKind::Throttled { .. }
            | ErrorKind::Server { .. }
            | ErrorKind::CertificateDates(_)
            | ErrorKind::Certificate(_)
            | ErrorKind::Truncated(_) => true,
            ErrorKind::Unanswered(unanswered) => unanswered.is_transient(),
            ErrorKind::Proxy { trouble, .. } => trouble.is_transient(),
            _ => false,
        }
    }

    /// Whether it is Aiven's own answer to this request, and no trouble on the way
    /// to it, with the token, or with how often it is asked.
    pub fn is_aivens_refusal(&self) -> bool {
        matches!(
            self,
            ErrorKind::Forbidden(_) | ErrorKind::NotFound { .. } | ErrorKind::Refused { .. }
        )
    }

    /// Whether it is an error in Aiven's own form, whatever it says.
    pub fn is_in_aivens_words(&self) -> bool {
        self.is_aivens_refusal()
            || matches!(
                self,
                ErrorKind::TokenRejected(_)
                    | ErrorKind::Throttled { .. }
                    | ErrorKind::Server { .. }
            )
    }

    /// How long the answer asks to wait, if it does.
    pub fn asked_wait(&self) -> Option<Duration> {
        match self {
            ErrorKind::Throttled { wait, .. } | ErrorKind::Server { wait, .. } => *wait,
            ErrorKind::Unanswered(unanswered) => unanswered.asked_wait(),
            _ => None,
        }
    }

    /// What the answer asks of everybody with this token, given its `wait`.
    pub fn pressure(&self, wait: Option<Duration>) -> Pressure {
        let asks_too_much = match self {
            ErrorKind::Throttled { .. } => true,
            ErrorKind::Unanswered(unanswered) => unanswered.asks_too_much(),
            _ => false,
        };
        match wait {
            Some(wait) => Pressure::Wait(wait),
            None if asks_too_much => Pressure::TooMany,
            None => Pressure::None,
        }
    }

    /// What the error means for the next call.
    pub fn trouble(&self) -> Trouble {
        match self {
            ErrorKind::Throttled { wait, .. } => Trouble::Throttled(*wait),
            kind if kind.asked_wait().is_some() => Trouble::Throttled(kind.asked_wait()),
            ErrorKind::TokenRejected(_) => Trouble::TokenRejected,
            ErrorKind::Unanswered(Unanswered::Stranger(_)) | ErrorKind::Proxy { .. } => {
                Trouble::Transient
            }
            kind if kind.is_transient() => Trouble::Transient,
            _ => Trouble::Permanent,
        }
    }

    /// Whether Aiven itself says that this service does not exist. A 404 of anything
    /// before Aiven, or about a project or an endpoint, or about nothing that it
    /// names, does not say so.
    pub fn denies_service(&self, service: &str) -> bool {
        let ErrorKind::NotFound { message, code } = self else {
            return false;
        };
        let names_it = names_service(message, service);
        match code.as_deref() {
            Some("service_not_found") => names_it,
            Some(_) => false,
            None => names_it && message.contains("does not exist"),
        }
    }

    /// The code in `api_requests_total`: the HTTP status, or one word.
    pub fn code(&self) -> String {
        match self {
            ErrorKind::TokenRejected(_) => "401".to_owned(),
            ErrorKind::Forbidden(_) => "403".to_owned(),
            ErrorKind::NotFound { .. } => "404".to_owned(),
            ErrorKind::Throttled { .. } => "429".to_owned(),
            ErrorKind::Refused { status, .. } | ErrorKind::Server { status, .. } => {
                status.to_string()
            }
            ErrorKind::Unanswered(unanswered) => unanswered.code().to_owned(),
            ErrorKind::Proxy { .. } => "proxy".to_owned(),
            ErrorKind::CertificateDates(_) | ErrorKind::Certificate(_) => "transport".to_owned(),
            ErrorKind::Truncated(_) => "truncated".to_owned(),
        }
    }
}

impl<T: Into<Unanswered>> From<T> for ErrorKind {
    fn from(unanswered: T) -> ErrorKind {
        ErrorKind::Unanswered(unanswered.into())
    }
}

/// Whether a message speaks of the service with this name: `Service NAME …`.
fn names_service(message: &str, service: &str) -> bool {
    let Some(rest) = message.strip_prefix("Service ") else {
        return false;
    };
    let word = rest.split(' ').next().unwrap_or_default();
    word.trim_matches(['\'', '"', '`']) == service
}

#[cfg(test)]
mod tests;
