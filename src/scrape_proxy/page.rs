//! Whether an answer is a page that Prometheus accepts, told by its head and its first bytes.
//! What Prometheus 3 would refuse fails here instead, where the cause can be said. Pure.

use hyper::Response;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::model::outside_text::{OutsideText, Secrets};
use crate::model::scrape::{Failure, Finding};

/// The most bytes of a page, on the wire and decompressed: as `body_size_limit` in the ops file,
/// so that the cause is told here. Prometheus holds a page in memory while it reads it.
pub(super) const MAX_PAGE: u64 = 64 << 20;

/// The media types that Prometheus 3 reads (`textparse.New`).
const MEDIA_TYPES: [&str; 3] = [
    "text/plain",
    "application/openmetrics-text",
    "application/vnd.google.protobuf",
];

/// How much of a header or of a page's beginning is quoted, in characters.
const MAX_QUOTED: usize = 60;

/// The head of a page that Prometheus accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageHead {
    /// The one media type, as the node wrote it.
    pub content_type: HeaderValue,
    /// Whether the page is compressed.
    pub is_gzip: bool,
    is_text: bool,
}

impl PageHead {
    /// Reads the head of an answer with status 200, whose body has `length` bytes if that is
    /// known.
    ///
    /// # Errors
    /// If Prometheus would refuse the page, or if it is too large.
    pub fn read(
        headers: &HeaderMap,
        length: Option<u64>,
        secrets: &Secrets,
    ) -> Result<PageHead, Failure> {
        if let Some(length) = length.filter(|length| *length > MAX_PAGE) {
            return Err(too_large(&format!("announces a page of {length} bytes")));
        }
        let (content_type, media_type) = content_type(headers, secrets)?;
        Ok(PageHead {
            content_type,
            is_gzip: is_gzip(headers, secrets)?,
            is_text: media_type != MEDIA_TYPES[2],
        })
    }

    /// The answer to Prometheus.
    pub fn answer<Body>(self, body: Body) -> Response<Body> {
        let mut answer = Response::new(body);
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.content_type);
        if self.is_gzip {
            let gzip = HeaderValue::from_static("gzip");
            headers.insert(header::CONTENT_ENCODING, gzip);
        }
        answer
    }

    /// Looks at the beginning of the page, or at all of it.
    ///
    /// # Errors
    /// If it cannot be what the head says.
    pub fn check_beginning(&self, page: &[u8], secrets: &Secrets) -> Result<(), Failure> {
        /// Two bytes of magic and the only method there is (RFC 1952, 2.3).
        const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
        let looks_compressed = page.starts_with(&GZIP);
        if self.is_gzip != looks_compressed {
            let cause = if self.is_gzip {
                "the node says that its page is gzip, and it is not"
            } else if self.is_text && looks_compressed {
                "the node's page is gzip, and the node does not say so"
            } else {
                return Ok(());
            };
            return Err(Failure::new(Finding::BadEncoding, cause));
        }
        if self.is_gzip || !self.is_text {
            return Ok(());
        }
        let first = page.iter().find(|byte| !byte.is_ascii_whitespace());
        match first {
            Some(byte) if !may_begin_a_line(*byte) => {
                let text = String::from_utf8_lossy(page.get(..4 * MAX_QUOTED).unwrap_or(page));
                let begins = OutsideText::prose_within(&text, MAX_QUOTED, secrets);
                let cause = format!(
                    "the node's page is no page of metrics, though its Content-Type says so: it begins with '{begins}'"
                );
                Err(Failure::new(Finding::NotMetrics, cause))
            }
            _ => Ok(()),
        }
    }
}

/// The failure of a page that is too large; `what` the node does.
pub(super) fn too_large(what: &str) -> Failure {
    let cause = format!(
        "the node {what}, and a page may have {} MiB (decompressed, too)",
        MAX_PAGE >> 20
    );
    Failure::new(Finding::TooLarge, cause)
}

/// What a line of the text formats begins with: a name, a comment, or braces.
fn may_begin_a_line(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || b"_:#{".contains(&byte)
}

/// The one Content-Type, and the media type in it.
fn content_type(headers: &HeaderMap, secrets: &Secrets) -> Result<(HeaderValue, String), Failure> {
    let refused = |what: &str| {
        let cause = format!("the node answers 200 {what}, which Prometheus 3 refuses");
        Failure::new(Finding::NotMetrics, cause)
    };
    let value = match one(headers, &header::CONTENT_TYPE) {
        Ok(Some(value)) => value,
        Ok(None) => return Err(refused("without a Content-Type")),
        Err(count) => return Err(refused(&format!("with {count} different Content-Types"))),
    };
    let text = value.to_str().unwrap_or_default();
    let quoted = || {
        let raw = String::from_utf8_lossy(value.as_bytes());
        OutsideText::prose_within(&raw, MAX_QUOTED, secrets)
    };
    match media_type(text) {
        Some(known) if MEDIA_TYPES.contains(&&*known) => {
            let cleaned = HeaderValue::from_str(text.trim());
            Ok((cleaned.unwrap_or_else(|_| value.clone()), known))
        }
        Some(_) => Err(refused(&format!(
            "with the Content-Type '{}', not that of metrics",
            quoted()
        ))),
        None => Err(refused(&format!(
            "with a Content-Type that cannot be read, '{}'",
            quoted()
        ))),
    }
}

/// Whether the page is gzip. Prometheus reads gzip and what is not compressed.
fn is_gzip(headers: &HeaderMap, secrets: &Secrets) -> Result<bool, Failure> {
    let mut is_gzip = false;
    for value in headers.get_all(header::CONTENT_ENCODING) {
        let raw = String::from_utf8_lossy(value.as_bytes());
        for coding in raw.split(',').map(str::trim) {
            match &*coding.to_ascii_lowercase() {
                "" | "identity" => {}
                "gzip" | "x-gzip" if !is_gzip => is_gzip = true,
                _ => {
                    let quoted = OutsideText::prose_within(&raw, MAX_QUOTED, secrets);
                    let cause = format!(
                        "the node's page is compressed as '{quoted}', and Prometheus reads gzip alone"
                    );
                    return Err(Failure::new(Finding::BadEncoding, cause));
                }
            }
        }
    }
    Ok(is_gzip)
}

/// The value of a header that may be there once; it is if all are the same.
///
/// # Errors
/// The number of different values.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, usize> {
    let mut different: Vec<&HeaderValue> = Vec::new();
    for value in headers.get_all(name) {
        if !different.contains(&value) {
            different.push(value);
        }
    }
    match different[..] {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        _ => Err(different.len()),
    }
}

/// The media type, in small letters, of a Content-Type as Go's `mime.ParseMediaType` reads it:
/// `None` where that gives an error, which Prometheus 3 takes for a refusal.
fn media_type(text: &str) -> Option<String> {
    let (kind, mut rest) = text.split_at(text.find(';').unwrap_or(text.len()));
    let kind = kind.trim().to_ascii_lowercase();
    let (group, name) = kind.split_once('/')?;
    if !is_token(group) || !is_token(name) {
        return None;
    }
    let mut seen: Vec<String> = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some(kind);
        }
        rest = rest.strip_prefix(';')?.trim_start();
        if rest.is_empty() {
            return Some(kind);
        }
        let (parameter, after) = rest.split_once('=')?;
        let parameter = parameter.trim_end().to_ascii_lowercase();
        if !is_token(&parameter) || seen.contains(&parameter) {
            return None;
        }
        seen.push(parameter);
        rest = after_value(after.trim_start())?;
    }
}

/// What follows a parameter's value, a token or a quoted string (RFC 9110, 5.6).
fn after_value(text: &str) -> Option<&str> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|letter| !is_token_letter(letter));
        let (value, rest) = text.split_at(end.unwrap_or(text.len()));
        return (!value.is_empty()).then_some(rest);
    };
    let mut escaped = false;
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(letters.as_str()),
            _ => {}
        }
    }
    None
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_token_letter)
}

fn is_token_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter)
}

#[cfg(test)]
mod tests;
