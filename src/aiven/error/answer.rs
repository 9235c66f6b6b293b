//! Reads an answer that is not what was asked for: is it Aiven's, and what does it say?

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::ErrorKind;
use crate::api_client::head::Head;
use crate::api_client::stranger::Asked;
use crate::api_client::unanswered::Unanswered;
use crate::api_client::wait;
use crate::model::outside_text::{OutsideText, Secrets};

/// For the words about what answers in its place.
const AIVEN: Asked = Asked {
    name: "Aiven",
    key: "aiven.api_url",
};

/// The error that an answer stands for which is not what was asked for, and how
/// long it asks everybody with this token to wait.
pub fn error_of(head: &Head, body: &[u8], secrets: &Secrets) -> (ErrorKind, Option<Duration>) {
    let status = head.status();
    let aivens = head
        .may_be_json()
        .then(|| AivensError::read(body, secrets))
        .flatten()
        .filter(|_| !status.is_redirection() && !status.is_success());
    match aivens {
        Some(error) => {
            let wait = head.wait().or(error.wait);
            (error.into_kind(status, wait), wait)
        }
        None => {
            let stranger = Box::new(head.stranger(AIVEN, body, secrets));
            (Unanswered::Stranger(stranger).into(), head.wait())
        }
    }
}

/// What Aiven's error says.
struct AivensError {
    message: OutsideText,
    code: Option<OutsideText>,
    wait: Option<Duration>,
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: Value,
    #[serde(default)]
    errors: Value,
}

impl AivensError {
    /// `None` if the body is not an error of Aiven's: an object with a `message`, or
    /// with `errors` that are objects with one.
    fn read(body: &[u8], secrets: &Secrets) -> Option<AivensError> {
        let body: ErrorBody = serde_json::from_slice(body).ok()?;
        let first = body.errors.get(0);
        let text = |key| first?.get(key)?.as_str();
        let message = body.message.as_str().or_else(|| text("message"))?;
        Some(AivensError {
            message: OutsideText::prose(message, secrets),
            code: text("error_code").map(|code| OutsideText::prose(code, secrets)),
            wait: wait::from_message(message),
        })
    }

    fn into_kind(self, status: StatusCode, wait: Option<Duration>) -> ErrorKind {
        let AivensError { message, code, .. } = self;
        match status.as_u16() {
            401 => ErrorKind::TokenRejected(message),
            403 if is_about_the_token(&message) => ErrorKind::TokenRejected(message),
            403 => ErrorKind::Forbidden(message),
            404 => ErrorKind::NotFound { message, code },
            429 => ErrorKind::Throttled { message, wait },
            status @ (408 | 425 | 500..) => ErrorKind::Server {
                status,
                message,
                wait,
            },
            status => ErrorKind::Refused { status, message },
        }
    }
}

fn is_about_the_token(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("invalid token") || message.contains("expired token")
}

/// The message of a 2xx answer that is an error nevertheless: Aiven's Python
/// client treats a truthy `error` member as one.
pub fn hidden_error(body: &[u8], secrets: &Secrets) -> Option<OutsideText> {
    #[derive(Deserialize)]
    struct Hidden {
        #[serde(default)]
        error: Value,
        #[serde(default)]
        message: Value,
    }
    let hidden: Hidden = serde_json::from_slice(body).ok()?;
    let is_error = match &hidden.error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Array(rows) => !rows.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(true) => true,
    };
    let text = hidden.message.as_str().or_else(|| hidden.error.as_str());
    is_error.then(|| match text {
        Some(text) => OutsideText::prose(text, secrets),
        None => OutsideText::from("no message in the answer"),
    })
}

#[cfg(test)]
impl ErrorKind {
    /// The error that a JSON body with this status stands for.
    pub fn of_json(status: StatusCode, body: &[u8]) -> ErrorKind {
        error_of(&Head::bare(status), body, &Secrets::default()).0
    }
}

#[cfg(test)]
mod tests;
