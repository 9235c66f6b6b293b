//! What a node says in an answer that is no page: its first words, for people.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::CONTENT_ENCODING;
use tokio::time::{Instant, timeout_at};

use super::exchange::Exchange;
use crate::model::outside_text::{OutsideText, Secrets};

/// The most characters that are passed on.
const MAX_WORDS: usize = 200;

/// How much of a body is read, in bytes, compressed or not.
const MAX_BODY: usize = 16 << 10;

/// What a node said.
pub(super) struct NodeWords {
    /// Its words, if there were any.
    pub words: Option<OutsideText>,
    /// Whether its answer was read to the end, so that the connection can be used again.
    pub is_whole: bool,
}

/// Reads the words of an answer that arrives over `exchange`, until its end or `until`.
pub(super) async fn hear(
    answer: Response<Incoming>,
    exchange: &mut Exchange,
    until: Instant,
    secrets: &Secrets,
) -> NodeWords {
    let (head, mut body) = answer.into_parts();
    let mut bytes = Vec::new();
    let mut is_whole = false;
    while bytes.len() < MAX_BODY {
        let next = std::future::poll_fn(|context| exchange.poll_frame(&mut body, context));
        match timeout_at(until, next).await {
            Ok(Some(Ok(frame))) => bytes.extend(frame.data_ref().into_iter().flatten()),
            Ok(None) => {
                is_whole = true;
                break;
            }
            Ok(Some(Err(_))) | Err(_) => break,
        }
    }
    bytes.truncate(MAX_BODY);
    if head.headers.contains_key(CONTENT_ENCODING) {
        bytes = decompressed(&bytes);
    }
    NodeWords {
        words: first_words(&String::from_utf8_lossy(&bytes), secrets),
        is_whole,
    }
}

/// The words, to go on after what the node did.
pub(super) fn quoted(words: Option<&OutsideText>) -> String {
    words.map_or_else(String::new, |words| format!(", and says: {words}"))
}

/// What can be decompressed; nothing if it is no gzip.
fn decompressed(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    // An error ends it; what came before is kept.
    let _ = MultiGzDecoder::new(bytes)
        .take(MAX_BODY as u64)
        .read_to_end(&mut text);
    text
}

/// The first line with something to read in it, and the next ones while it ends with a colon:
/// Prometheus' libraries put the reason there. Of HTML the text alone.
fn first_words(body: &str, secrets: &Secrets) -> Option<OutsideText> {
    let text = if body.trim_start().starts_with('<') {
        without_tags(body)
    } else {
        body.to_owned()
    };
    let mut words = String::new();
    for line in text.lines().map(str::trim) {
        if !line.chars().any(char::is_alphanumeric) {
            continue;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(line);
        if !line.ends_with(':') {
            break;
        }
    }
    (!words.is_empty()).then(|| OutsideText::prose_within(&words, MAX_WORDS, secrets))
}

/// HTML without its tags, styles and scripts; each tag becomes a line break.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push('\n');
        let hidden = ["script", "style"].into_iter().find(|name| {
            tag.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        });
        let end = match hidden {
            // Case changes no length in ASCII.
            Some(name) => tag
                .to_ascii_lowercase()
                .find(&format!("</{name}"))
                .unwrap_or(tag.len()),
            None => 0,
        };
        let closing = tag.get(end..).unwrap_or_default();
        rest = closing.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests;
