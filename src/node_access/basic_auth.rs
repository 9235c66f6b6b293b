//! Credentials, ready to be sent.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::model::credentials::Credentials;

/// Keys the digests; each process has its own.
static DIGESTS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A username and a password as the value of `Authorization`.
#[derive(Clone)]
pub struct BasicAuth {
    header: HeaderValue,
    id: u64,
}

impl BasicAuth {
    #[expect(
        clippy::expect_used,
        reason = "a header may have all of the characters that base64 has"
    )]
    pub(super) fn new(credentials: &Credentials) -> BasicAuth {
        let password = credentials.password.expose_secret();
        let plain = SecretString::from(format!("{}:{password}", credentials.username));
        let value = format!("Basic {}", BASE64_STANDARD.encode(plain.expose_secret()));
        let mut header =
            HeaderValue::try_from(value).expect("base64 has only characters that headers can have");
        header.set_sensitive(true);
        BasicAuth {
            header,
            id: BasicAuth::id_of(credentials),
        }
    }

    /// The [`BasicAuth::id`] of credentials.
    pub(super) fn id_of(credentials: &Credentials) -> u64 {
        DIGESTS.hash_one((&credentials.username, credentials.password.expose_secret()))
    }

    /// The value of `Authorization`, marked as sensitive.
    pub fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// Equal for equal credentials and almost certainly different for others: a
    /// digest with a key that each process makes anew. It tells nothing of them.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicAuth(<secret>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(username: &str, password: &str) -> Credentials {
        Credentials {
            username: username.to_owned(),
            password: SecretString::from(password.to_owned()),
        }
    }

    #[test]
    fn the_header_is_that_of_rfc_7617_and_sensitive() {
        let auth = BasicAuth::new(&credentials("Aladdin", "open sesame"));
        assert_eq!(auth.header(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(auth.header().is_sensitive());
        let umlauts = BasicAuth::new(&credentials("scraper", "pässwörter\u{7f}"));
        assert!(umlauts.header().to_str().is_ok());
    }

    #[test]
    fn debug_shows_neither_the_credentials_nor_their_digest() {
        let auth = BasicAuth::new(&credentials("scraper", "open sesame"));
        let shown = format!("{auth:?} {:?}", auth.header());
        for secret in [
            "scraper",
            "open sesame",
            "c2NyYXBlcj",
            &auth.id().to_string(),
        ] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn equal_credentials_have_equal_ids_and_others_do_not() {
        let id = |username, password| BasicAuth::new(&credentials(username, password)).id();
        assert_eq!(id("scraper", "open sesame"), id("scraper", "open sesame"));
        assert_ne!(id("scraper", "open sesame"), id("scraper", "open sesames"));
        assert_ne!(id("scraper", "1open sesame"), id("scraper1", "open sesame"));
    }
}
