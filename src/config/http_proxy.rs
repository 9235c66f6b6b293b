//! `aiven.http_proxy`: the URL of a proxy, whose user and password are secret.

use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::keys;
use super::reader::Key;
use super::rules::is_blank;

/// A shorter user or password is not looked for in the words of others: it may
/// be a common word.
const MIN_SECRET: usize = 6;

/// An HTTP proxy.
#[derive(Debug, Clone)]
pub struct HttpProxy {
    /// Where it is, without user and password; `https` if the connection to the
    /// proxy itself is TLS.
    pub url: Url,
    /// User and password, where given.
    credentials: Option<Credentials>,
}

#[derive(Debug, Clone)]
struct Credentials {
    username: SecretString,
    password: SecretString,
}

impl HttpProxy {
    /// Its host, without the brackets around an IPv6 address.
    pub fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Its port: 80 or 443 by the scheme, where none is given.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    /// Whether the connection to the proxy itself is TLS.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The value of `Proxy-Authorization`, if there is a user.
    pub fn authorization(&self) -> Option<HeaderValue> {
        let Credentials { username, password } = self.credentials.as_ref()?;
        let pair = format!("{}:{}", username.expose_secret(), password.expose_secret());
        let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
        let mut header = HeaderValue::try_from(value).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// What must not be shown of it.
    pub fn secrets(&self) -> Vec<SecretString> {
        let credentials = self.credentials.iter();
        let both = credentials.flat_map(|pair| [&pair.username, &pair.password]);
        let is_long = |secret: &&SecretString| secret.expose_secret().len() >= MIN_SECRET;
        both.filter(is_long).cloned().collect()
    }
}

/// The proxy, if one is given.
pub(super) fn http_proxy(key: &Key) -> Option<HttpProxy> {
    let key = key.clone().empty_is_absent();
    let text = key.text()?;
    if text.contains(is_blank) {
        key.wrong("remove the white space");
        return None;
    }
    let Ok(mut url) = Url::parse(text) else {
        key.wrong(key.rule().advice);
        return None;
    };
    let has_scheme = text.starts_with("http://") || text.starts_with("https://");
    if !has_scheme || url.host_str().is_none_or(str::is_empty) {
        key.wrong(key.rule().advice);
        return None;
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        key.wrong_as(
            "a path, query or fragment in the URL",
            keys::PROXY_ENDS_AT_PORT,
        );
    } else if url.port() == Some(0) {
        key.wrong_as("port 0", key.rule().advice);
    }
    let credentials = credentials(&key, &url);
    // Neither fails for a URL with a host.
    let _ = (url.set_username(""), url.set_password(None));
    Some(HttpProxy { url, credentials })
}

fn credentials(key: &Key, url: &Url) -> Option<Credentials> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().ok()?;
        (!text.contains(char::is_control)).then(|| SecretString::from(text.as_ref()))
    };
    let username = decoded(url.username()).filter(|name| !name.expose_secret().contains(':'));
    let password = decoded(url.password().unwrap_or_default());
    match (username, password) {
        (Some(username), Some(password)) => Some(Credentials { username, password }),
        _ => {
            let found = "a user or password that no header can carry";
            key.wrong_as(
                found,
                "remove control characters, and the colon from the user",
            );
            None
        }
    }
}
