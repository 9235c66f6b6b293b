//! The head of an answer: can it be what was asked for, does it ask to wait, and if it
//! is not the API's, whose is it?

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{AGE, CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, SERVER};
use reqwest::{Response, StatusCode, Url};

use super::stranger::{Asked, Said, Stranger};
use super::wait;
use crate::model::outside_text::{OutsideText, Secrets};

/// How many characters are shown of what a stranger says, and of its headers.
const MAX_STRANGERS_WORDS: usize = 120;

/// What of an answer's head matters, before its body is read.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    status: StatusCode,
    content_type: Option<String>,
    server: Option<String>,
    redirects_to: Option<String>,
    wait: Option<Duration>,
}

impl Head {
    /// The head of a response to a request for `url`.
    pub(crate) fn of(response: &Response, url: &Url) -> Head {
        Head::new(response.status(), response.headers(), url)
    }

    /// The head with this status and these headers, of an answer from `url`.
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, url: &Url) -> Head {
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

    /// A head of which only the status matters.
    #[cfg(test)]
    pub(crate) fn bare(status: StatusCode) -> Head {
        Head {
            status,
            content_type: None,
            server: None,
            redirects_to: None,
            wait: None,
        }
    }

    /// HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// How long it asks to wait, if it does.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// Whether it can be the head of an answer with what was asked for.
    pub(crate) fn is_good(&self) -> bool {
        let has_body = !matches!(self.status.as_u16(), 204 | 205);
        self.status.is_success() && has_body && self.may_be_json()
    }

    /// Whether it names no type, or that of JSON (RFC 6839: also `…+json`).
    pub(crate) fn may_be_json(&self) -> bool {
        self.essence().is_none_or(|essence| {
            essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
        })
    }

    /// Whether it names the type of plain text.
    pub(crate) fn is_plain_text(&self) -> bool {
        self.essence()
            .is_some_and(|essence| essence == "text/plain")
    }

    /// The content's type, without parameters.
    fn essence(&self) -> Option<String> {
        let essence = self.content_type.as_ref()?.split(';').next()?;
        Some(essence.trim().to_ascii_lowercase())
    }

    /// What answered here in the place of `asked`, to go by its head and body.
    pub(crate) fn stranger(&self, asked: Asked, body: &[u8], secrets: &Secrets) -> Stranger {
        let shown = |text: &String| OutsideText::prose_within(text, MAX_STRANGERS_WORDS, secrets);
        Stranger {
            asked,
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

/// The time at which an answer was made, by the clock of who made it. That of an answer which a
/// cache has kept is long over (RFC 9111, 5.1).
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    if headers.contains_key(AGE) {
        return None;
    }
    let date = headers.get(DATE)?.to_str().ok()?;
    let date = httpdate::parse_http_date(date).ok()?;
    Timestamp::try_from(date).ok()
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

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_date_is_told_unless_a_cache_has_kept_the_answer() {
        let mut headers = HeaderMap::new();
        assert_eq!(date(&headers), None);
        for odd in ["", "soon", "Thu, 99 Jan 2015 00:00:00 GMT"] {
            headers.insert(DATE, HeaderValue::from_static(odd));
            assert_eq!(date(&headers), None, "{odd}");
        }
        let told = HeaderValue::from_static("Thu, 01 Jan 2015 00:00:07 GMT");
        headers.insert(DATE, told);
        assert_eq!(date(&headers).unwrap().as_second(), 1_420_070_407);
        headers.insert(AGE, HeaderValue::from_static("3600"));
        assert_eq!(date(&headers), None);
    }
}
