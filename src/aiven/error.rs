//! What can go wrong with a call, sorted by what the caller does next.
//!
//! A message quotes Aiven's own words if the answer has Aiven's shape. Otherwise
//! it quotes nothing: error bodies have been seen to contain secrets.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;

use super::Operation;
use crate::model::backoff::Trouble;

/// How many characters of a message are kept.
const MAX_MESSAGE: usize = 400;

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

impl Error {
    /// Removes a secret from Aiven's words, in case they quote it.
    pub fn without(mut self, secret: &str) -> Error {
        self.kind = self.kind.without(secret);
        self
    }
}

/// What went wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// 401, or a 403 about the token itself.
    #[error(
        "Aiven does not accept the token ({0}); check that aiven.api_token is complete, not expired and not revoked"
    )]
    TokenRejected(String),
    /// 403: the token is good, but lacks a right in this project.
    #[error(
        "the token lacks a right ({0}); it needs project:services:read and project:integrations:write in this project"
    )]
    Forbidden(String),
    /// 404.
    #[error("not found ({message})")]
    NotFound {
        /// Aiven's words.
        message: String,
        /// Aiven's `error_code`, where given.
        code: Option<String>,
    },
    /// 409: it exists already.
    #[error("conflict ({0})")]
    Conflict(String),
    /// 429. The limit counts per user, so other tools with the same token use it up, too.
    #[error("throttled ({message}); give this program a token of a user of its own")]
    Throttled {
        /// Aiven's words.
        message: String,
        /// How long Aiven asks to wait, in the header or the message.
        wait: Option<Duration>,
    },
    /// Any other 4xx, or a 2xx whose body says that it is an error: asking again does
    /// not help.
    #[error("refused with {status} ({message})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Aiven's words.
        message: String,
    },
    /// 5xx or 408.
    #[error("Aiven answered {status} ({message})")]
    Server {
        /// HTTP status.
        status: u16,
        /// Aiven's words.
        message: String,
    },
    /// The answer, or the rest of it, did not arrive in time.
    #[error(
        "no answer within {0:?}; check the network to aiven.api_url, or raise aiven.request_timeout"
    )]
    Timeout(Duration),
    /// The connection could not be made, or broke.
    #[error(
        "{0}; check the network to aiven.api_url, and aiven.ca_cert if it is about a certificate"
    )]
    Transport(String),
    /// The answer ended in the middle.
    #[error("the answer ended after {0} bytes, in the middle of the document")]
    Truncated(u64),
    /// The answer is not what was asked for.
    #[error("the answer is not understood ({0})")]
    Malformed(String),
}

impl ErrorKind {
    /// Whether the same call may succeed in a moment.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            ErrorKind::Throttled { .. }
                | ErrorKind::Server { .. }
                | ErrorKind::Timeout(_)
                | ErrorKind::Transport(_)
                | ErrorKind::Truncated(_)
        )
    }

    /// What the error means for the next call.
    pub fn trouble(&self) -> Trouble {
        match self {
            ErrorKind::Throttled { wait, .. } => Trouble::Throttled(*wait),
            ErrorKind::TokenRejected(_) => Trouble::TokenRejected,
            kind if kind.is_transient() => Trouble::Transient,
            _ => Trouble::Permanent,
        }
    }

    /// Whether Aiven itself says that the service does not exist. A 404 from a
    /// proxy, or about the project, does not say so.
    pub fn says_service_does_not_exist(&self) -> bool {
        let ErrorKind::NotFound { message, code } = self else {
            return false;
        };
        code.as_deref() == Some("service_not_found")
            || (message.starts_with("Service ") && message.contains("does not exist"))
    }

    /// Removes a secret from Aiven's words, in case they quote it.
    pub fn without(mut self, secret: &str) -> ErrorKind {
        let (ErrorKind::TokenRejected(message)
        | ErrorKind::Forbidden(message)
        | ErrorKind::Conflict(message)
        | ErrorKind::NotFound { message, .. }
        | ErrorKind::Throttled { message, .. }
        | ErrorKind::Refused { message, .. }
        | ErrorKind::Server { message, .. }) = &mut self
        else {
            return self;
        };
        if !secret.is_empty() && message.contains(secret) {
            *message = message.replace(secret, "<secret>");
        }
        self
    }

    /// The code in `api_requests_total`: the HTTP status, or one word.
    pub fn code(&self) -> String {
        match self {
            ErrorKind::TokenRejected(_) => "401".to_owned(),
            ErrorKind::Forbidden(_) => "403".to_owned(),
            ErrorKind::NotFound { .. } => "404".to_owned(),
            ErrorKind::Conflict(_) => "409".to_owned(),
            ErrorKind::Throttled { .. } => "429".to_owned(),
            ErrorKind::Refused { status, .. } | ErrorKind::Server { status, .. } => {
                status.to_string()
            }
            ErrorKind::Timeout(_) => "timeout".to_owned(),
            ErrorKind::Transport(_) => "transport".to_owned(),
            ErrorKind::Truncated(_) => "truncated".to_owned(),
            ErrorKind::Malformed(_) => "malformed".to_owned(),
        }
    }

    /// The kind of an answer that is not 2xx. `retry_after` is the value of the
    /// `Retry-After` header.
    pub fn from_answer(
        status: StatusCode,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> ErrorKind {
        let AivensError { message, code } = AivensError::read(body);
        match status.as_u16() {
            401 => ErrorKind::TokenRejected(message),
            403 if is_about_the_token(&message) => ErrorKind::TokenRejected(message),
            403 => ErrorKind::Forbidden(message),
            404 => ErrorKind::NotFound { message, code },
            409 => ErrorKind::Conflict(message),
            429 => {
                let wait = retry_after.or_else(|| wait_from_message(&message));
                ErrorKind::Throttled { message, wait }
            }
            // Aiven's own client treats "already exists" as a conflict with any status.
            400..=499 if message.contains("already exists") => ErrorKind::Conflict(message),
            408 => ErrorKind::Server {
                status: 408,
                message,
            },
            status @ 500.. => ErrorKind::Server { status, message },
            status => ErrorKind::Refused { status, message },
        }
    }
}

/// The message of a 2xx answer that is an error nevertheless: Aiven's Python
/// client treats a truthy `error` member as one.
pub fn hidden_error(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Hidden {
        #[serde(default)]
        error: serde_json::Value,
        #[serde(default)]
        message: Option<String>,
    }
    let hidden: Hidden = serde_json::from_slice(body).ok()?;
    error_message(&hidden.error, hidden.message)
}

/// Like [`hidden_error`], for members that are already parsed.
fn error_message(error: &serde_json::Value, message: Option<String>) -> Option<String> {
    use serde_json::Value;
    let is_error = match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Array(rows) => !rows.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(true) => true,
    };
    let text = || message.or_else(|| error.as_str().map(str::to_owned));
    is_error.then(|| text().map_or_else(|| "no message in the answer".to_owned(), shorten))
}

fn is_about_the_token(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("invalid token") || message.contains("expired token")
}

/// The wait in `…Rate limit 120 exceeded - try again in 28s`.
fn wait_from_message(message: &str) -> Option<Duration> {
    let (_, rest) = message.split_once("try again in ")?;
    let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    let after = &rest[digits.len()..];
    let seconds = digits.parse().ok()?;
    after.starts_with('s').then(|| Duration::from_secs(seconds))
}

/// What an error's body says.
struct AivensError {
    message: String,
    code: Option<String>,
}

#[derive(Deserialize)]
struct ErrorBody {
    message: Option<String>,
    errors: Option<serde_json::Value>,
}

impl AivensError {
    fn read(body: &[u8]) -> AivensError {
        let Ok(body) = serde_json::from_slice::<ErrorBody>(body) else {
            return AivensError {
                message: "no message of Aiven's in the answer".to_owned(),
                code: None,
            };
        };
        let first = body.errors.as_ref().and_then(|errors| errors.get(0));
        let text = |key| first?.get(key)?.as_str().map(str::to_owned);
        let message = body.message.or_else(|| text("message"));
        AivensError {
            message: message.map_or_else(|| "no message in the answer".to_owned(), shorten),
            code: text("error_code"),
        }
    }
}

/// Makes a message one printable line of limited length.
fn shorten(message: String) -> String {
    message
        .chars()
        .take(MAX_MESSAGE)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> ErrorKind {
        let status = StatusCode::from_u16(status).unwrap();
        ErrorKind::from_answer(status, None, body.as_bytes())
    }

    #[test]
    fn aivens_message_is_quoted_and_other_bodies_are_not() {
        let body = r#"{"message": "Service nope does not exist", "errors": [{"error_code": "service_not_found"}]}"#;
        assert!(
            kind(404, body)
                .to_string()
                .contains("Service nope does not exist")
        );
        let odd = kind(500, r#"{"token": "hunter2"}"#).to_string();
        assert!(!odd.contains("hunter2"), "{odd}");
        let page = kind(502, "<html>hunter2</html>").to_string();
        assert!(!page.contains("hunter2"), "{page}");
    }

    #[test]
    fn only_aiven_itself_can_say_that_a_service_does_not_exist() {
        let denials = [
            r#"{"message": "Service a does not exist"}"#,
            r#"{"message": "gone", "errors": [{"message": "x", "error_code": "service_not_found"}]}"#,
        ];
        let other_answers = [
            r#"{"message": "Project p does not exist"}"#,
            "<html>404</html>",
            "{}",
            r#"{"message": "Not found"}"#,
        ];
        assert!(
            denials
                .iter()
                .all(|body| kind(404, body).says_service_does_not_exist())
        );
        assert!(
            !other_answers
                .iter()
                .any(|body| kind(404, body).says_service_does_not_exist())
        );
        assert!(!kind(500, denials[0]).says_service_does_not_exist());
    }

    #[test]
    fn the_wait_is_read_from_the_message() {
        let message = "The user has sent too many requests in a given amount of time: Rate limit 120 exceeded - try again in 28s";
        let body = format!(r#"{{"message": "{message}"}}"#);
        let ErrorKind::Throttled { wait, .. } = kind(429, &body) else {
            panic!("429 is throttling");
        };
        assert_eq!(wait, Some(Duration::from_secs(28)));
        assert_eq!(wait_from_message("try again in a while"), None);
        assert_eq!(
            wait_from_message("try again in 99999999999999999999999s"),
            None
        );
        assert_eq!(wait_from_message("try again in 3 minutes"), None);
    }

    #[test]
    fn the_retry_after_header_overrides_the_message() {
        let body = br#"{"message": "try again in 28s"}"#;
        let header = Some(Duration::from_secs(3));
        let ErrorKind::Throttled { wait, .. } =
            ErrorKind::from_answer(StatusCode::TOO_MANY_REQUESTS, header, body)
        else {
            panic!("429 is throttling");
        };
        assert_eq!(wait, header);
    }

    #[test]
    fn each_status_has_the_kind_of_what_to_do_next() {
        let exists = r#"{"message": "Integration already exists"}"#;
        assert!(matches!(kind(401, "{}"), ErrorKind::TokenRejected(_)));
        assert!(matches!(
            kind(403, r#"{"message": "Invalid token"}"#),
            ErrorKind::TokenRejected(_)
        ));
        assert!(matches!(kind(403, "{}"), ErrorKind::Forbidden(_)));
        assert!(matches!(kind(409, "{}"), ErrorKind::Conflict(_)));
        assert!(matches!(kind(400, exists), ErrorKind::Conflict(_)));
        assert!(matches!(
            kind(400, "{}"),
            ErrorKind::Refused { status: 400, .. }
        ));
        for transient in [408, 429, 500, 501, 503] {
            assert!(kind(transient, "{}").is_transient(), "{transient}");
        }
        for lasting in [400, 401, 403, 404, 409, 422] {
            assert!(!kind(lasting, "{}").is_transient(), "{lasting}");
        }
    }

    #[test]
    fn a_message_is_one_line_of_limited_length() {
        let body = format!(r#"{{"message": "a\nb{}"}}"#, "x".repeat(10_000));
        let message = AivensError::read(body.as_bytes()).message;
        assert!(message.starts_with("a bx") && message.len() == MAX_MESSAGE);
    }
}
