//! What the clients of all HTTP APIs have in common: how they connect, how they obey an
//! answer that asks to wait, how much of an answer they hold, how they tell whose it
//! is, and how they read JSON that is not quite as expected. It knows no API.

use std::error::Error;
use std::io;
use std::time::Duration;

use backon::ExponentialBuilder;
use rustls::CertificateError;
use serde::Deserialize;

pub(crate) mod answer_room;
pub(crate) mod connect;
pub(crate) mod gate;
pub(crate) mod head;
pub(crate) mod lenient;
pub(crate) mod stranger;
pub(crate) mod unanswered;
pub(crate) mod wait;

/// How many bytes of an error body are read.
pub(crate) const MAX_ERROR_BODY: usize = 64 << 10;

/// The longest wait within one call. If an answer asks for more, the call fails at
/// once, so that its cause shows, and the caller tries again later.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Three attempts within some seconds; after that the caller tries again.
pub(crate) fn retries() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(15))
        .with_factor(2.0)
        .with_max_times(2)
        .with_jitter()
}

/// Whether the first bytes of a body can begin a JSON object.
pub(crate) fn begins_an_object(bytes: &[u8]) -> bool {
    bytes
        .trim_ascii_start()
        .first()
        .is_none_or(|byte| *byte == b'{')
}

/// The object that a body is.
///
/// # Errors
/// What is wrong with it, and where.
pub(crate) fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    if !begins_an_object(body) {
        return Err("no JSON object".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| describe(&error))
}

/// What is wrong with JSON, and where. Quotes no values, which may be secret.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "another shape than expected",
        serde_json::error::Category::Eof => "the end comes too early",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "not JSON",
    };
    format!("{kind}, at line {} column {}", error.line(), error.column())
}

/// What reqwest and hyper say of every connection that is not made: nothing of why.
const EMPTY_WORDS: [&str; 3] = [
    "error sending request",
    "client error (Connect)",
    "client error (SendRequest)",
];

/// The message of reqwest's error with all its sources that tell something, without the URL.
pub(crate) fn words_of(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        words.push(cause.to_string());
        source = cause.source();
    }
    let tells = |one: &&String| !EMPTY_WORDS.contains(&one.as_str());
    let telling: Vec<_> = words.iter().filter(tells).cloned().collect();
    match telling.is_empty() {
        true => words.join(": "),
        false => telling.join(": "),
    }
}

/// Why the server's certificate was refused, if that is what is wrong.
pub(crate) fn refused_certificate<'a>(
    error: &'a (dyn Error + 'static),
) -> Option<&'a CertificateError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
            return Some(why);
        }
        // An I/O error has its content's source, and not its content, for a source.
        let content = error
            .downcast_ref()
            .and_then(|error: &io::Error| error.get_ref());
        next = match content {
            Some(content) => Some(content),
            None => error.source(),
        };
    }
    None
}

/// Whether it is refused for its dates, which are judged by this machine's clock.
pub(crate) fn is_about_dates(why: &CertificateError) -> bool {
    matches!(
        why,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_a_refused_certificate_is_found_however_deep() {
        let refused = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let nested = io::Error::other(io::Error::other(refused));
        let found = refused_certificate(&nested).unwrap();
        assert!(is_about_dates(found));
        assert!(refused_certificate(&io::Error::other("x")).is_none());
    }
}
