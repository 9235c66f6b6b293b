//! Reads an answer that is not what was asked for: is it Aiven's, and what does it say?

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, SERVER};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;

use super::stranger::{Said, Stranger};
use super::{ErrorKind, wait};
use crate::model::outside_text::{OutsideText, Secrets};

/// How many characters are shown of what a stranger says, and of its headers.
const MAX_STRANGERS_WORDS: usize = 120;

/// What of an answer's head matters, before its body is read.
#[derive(Debug, Clone)]
pub struct Head {
    status: StatusCode,
    content_type: Option<String>,
    server: Option<String>,
    redirects_to: Option<String>,
    wait: Option<Duration>,
}

impl Head {
    /// The head of a response to a request for `url`.
    pub fn of(response: &Response, url: &Url) -> Head {
        Head::new(response.status(), response.headers(), url)
    }

    /// The head with this status and these headers, of an answer from `url`.
    pub fn new(status: StatusCode, headers: &HeaderMap, url: &Url) -> Head {
        let text = |name: HeaderName| {
            let value = headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let is_limited = matches!(status.as_u16(), 429 | 503);
        Head {
            status,
            content_type: text(CONTENT_TYPE),
            server: text(SERVER),
            redirects_to: text(LOCATION)
                .filter(|_| status.is_redirection())
                .map(|location| host_of(&location, url)),
            wait: wait::from_headers(headers, is_limited),
        }
    }

    /// Whether it can be the head of an answer with what was asked for.
    pub fn is_good(&self) -> bool {
        let has_body = !matches!(self.status.as_u16(), 204 | 205);
        self.status.is_success() && has_body && self.may_be_json()
    }

    /// Whether it names no type, or that of JSON (RFC 6839: also `…+json`).
    fn may_be_json(&self) -> bool {
        let Some(content_type) = &self.content_type else {
            return true;
        };
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
    }

    /// The error that an answer stands for which is not what was asked for, and how
    /// long it asks everybody with this token to wait.
    pub fn error(&self, body: &[u8], secrets: &Secrets) -> (ErrorKind, Option<Duration>) {
        let aivens = self
            .may_be_json()
            .then(|| AivensError::read(body, secrets))
            .flatten()
            .filter(|_| !self.status.is_redirection() && !self.status.is_success());
        match aivens {
            Some(error) => {
                let wait = self.wait.or(error.wait);
                (error.into_kind(self.status, wait), wait)
            }
            None => {
                let stranger = Box::new(self.stranger(body, secrets));
                (ErrorKind::Stranger(stranger), self.wait)
            }
        }
    }

    fn stranger(&self, body: &[u8], secrets: &Secrets) -> Stranger {
        let shown = |text: &String| OutsideText::prose_within(text, MAX_STRANGERS_WORDS, secrets);
        Stranger {
            status: self.status.as_u16(),
            server: self
                .server
                .as_ref()
                .map(shown)
                .filter(|name| !name.is_empty()),
            redirects_to: self.redirects_to.as_ref().map(shown),
            said: said(body, secrets),
            wait: self.wait,
        }
    }
}

/// Where a redirect leads: scheme, host and port, since the rest may hold a secret.
fn host_of(location: &str, url: &Url) -> String {
    let target = url.join(location).ok();
    let host = target.as_ref().and_then(|target| {
        let host = target.host_str()?;
        let port = target
            .port()
            .map_or_else(String::new, |port| format!(":{port}"));
        Some(format!("{}://{host}{port}", target.scheme()))
    });
    host.unwrap_or_else(|| "a place that it does not name".to_owned())
}

/// The first printable words of a body that is not Aiven's.
fn said(body: &[u8], secrets: &Secrets) -> Said {
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        return Said::OtherJson;
    }
    let text = String::from_utf8_lossy(body);
    let words = without_tags(&text);
    let words = OutsideText::prose_within(&words, MAX_STRANGERS_WORDS, secrets);
    match words.is_empty() {
        true => Said::Nothing,
        false => Said::Words(words),
    }
}

/// The words of a page: its title if it has one, else all that is outside of tags.
fn without_tags(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|start| {
        let inner = start + lower.get(start..)?.find('>')? + 1;
        let end = inner + lower.get(inner..)?.find('<')?;
        page.get(inner..end)
            .filter(|title| !title.trim().is_empty())
    });
    if let Some(title) = title {
        return title.to_owned();
    }
    let mut words = String::new();
    let mut is_in_tag = false;
    for letter in page.chars() {
        match letter {
            '<' => is_in_tag = true,
            '>' if is_in_tag => {
                is_in_tag = false;
                words.push(' ');
            }
            _ if !is_in_tag => words.push(letter),
            _ => {}
        }
    }
    words
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
        let head = Head {
            status,
            content_type: None,
            server: None,
            redirects_to: None,
            wait: None,
        };
        head.error(body, &Secrets::default()).0
    }
}

#[cfg(test)]
mod tests;
