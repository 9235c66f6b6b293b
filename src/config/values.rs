//! The rules for single values: names, addresses, URLs, certificates.
//!
//! Each takes a [`Key`], notes what is wrong with it, and returns something
//! usable all the same, or `None` where there is nothing to return.

use std::net::{IpAddr, SocketAddr};

use globset::{Glob, GlobSet, GlobSetBuilder};
use reqwest::Url;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject, SectionKind};
use secrecy::SecretString;

use super::keys;
use super::reader::Key;
use super::rules::{Item, address_wanted, is_blank};
use super::withheld::is_harmless;
use crate::net::anchor;

/// A text that must be there and hold neither white space nor control
/// characters, since it becomes part of a header.
pub(super) fn credential<'a>(key: &Key<'a>) -> Option<&'a str> {
    if !key.is_given() {
        key.missing(key.rule().advice);
    }
    let text = key.text()?;
    if text.is_empty() {
        key.wrong(key.rule().advice);
    } else if !key.rule().fits(text) {
        key.wrong_as("white space or control characters", "remove them");
    }
    Some(text)
}

/// Like [`credential`], for what must not be shown.
pub(super) fn secret(key: &Key) -> Option<SecretString> {
    credential(key).map(SecretString::from)
}

/// A list of names without white space, upper case or repetition.
pub(super) fn names(key: &Key) -> Vec<String> {
    texts(key, |item, text, rule, is_repeated| {
        if text.is_empty() || text.contains(is_blank) {
            item.wrong("remove it or the white space in it");
        } else if !rule.shape.fits(text) {
            let want = format!("{} as Aiven writes it, in lower case", rule.want);
            let advice = match is_harmless(text) {
                true => format!("write {:?}", text.to_lowercase()),
                false => rule.advice.to_owned(),
            };
            item.clone().wanting(want).wrong(advice);
        } else if is_repeated {
            repeated(item, rule);
        }
    })
}

/// The texts of a list; `check` looks at each, and is told whether it was there before.
pub(super) fn texts(key: &Key, check: impl Fn(&Key, &str, &Item, bool)) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let Some(rule) = key.rule().item() else {
        return texts;
    };
    for item in key.items() {
        if let Some(text) = item.text() {
            let is_repeated = texts.iter().any(|before| before == text);
            check(&item, text, rule, is_repeated);
            texts.push(text.to_owned());
        }
    }
    texts
}

/// Notes a repetition.
pub(super) fn repeated(item: &Key, rule: &Item) {
    let want = rule.once.unwrap_or(rule.want);
    item.clone().wanting(want).wrong("remove this repetition");
}

/// Globs of service names as one set.
pub(super) fn globs(key: &Key) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for item in key.items() {
        match item.text() {
            Some("") => item.wrong("remove it"),
            Some(text) => match Glob::new(text) {
                Ok(glob) => _ = set.add(glob),
                Err(error) => item.wrong(format!("correct it: {}", error.kind())),
            },
            None => {}
        }
    }
    set.build().unwrap_or_else(|error| {
        let key = key.clone().wanting("fewer or simpler globs");
        key.wrong_as("globs that fail together", error.kind());
        GlobSet::empty()
    })
}

/// The base URL of Aiven's API, of which values that cannot work are refused.
pub(super) fn api_url(key: &Key) -> Option<Url> {
    let mut url = url_of(key, keys::API_URL, |url| {
        let host = url.host_str().unwrap_or_default();
        let path = url.path().trim_end_matches('/').to_ascii_lowercase();
        if path.contains("/v1/") {
            return Some((VERSION_IN_PATH, keys::NO_VERSION));
        }
        if host.eq_ignore_ascii_case("console.aiven.io") {
            return Some(("the host of Aiven's console", keys::NO_CONSOLE));
        }
        match (url.scheme(), url.port()) {
            (_, Some(0)) => Some(("port 0", keys::NO_SUCH_PORT)),
            ("https", Some(80)) => Some(("the port of http://", keys::NO_SUCH_PORT)),
            _ => None,
        }
    })?;
    let path = url.path().trim_end_matches('/').to_owned();
    if let Some(base) = path.strip_suffix("/v1").or(path.strip_suffix("/V1")) {
        // Other programs' configurations have it so, and what is meant is clear.
        url.set_path(&format!("{base}/"));
        let key = key.clone().wanting(keys::API_URL);
        key.corrected_as(VERSION_IN_PATH, keys::NO_VERSION);
    }
    Some(url)
}

const VERSION_IN_PATH: &str = "the version /v1 in the path";

/// A base URL whose path ends with `/`, so that `join` appends to it.
pub(super) fn base_url(key: &Key) -> Option<Url> {
    url_of(key, keys::URL, |_| None)
}

/// A base URL; `check` names what else is wrong with it, and what to do.
fn url_of(
    key: &Key,
    want: &'static str,
    check: impl Fn(&Url) -> Option<(&'static str, &'static str)>,
) -> Option<Url> {
    let key = key.clone().wanting(want).secret(false);
    let text = key.text()?;
    // Whatever else is in such a text, it may be a password or a token.
    let key = key.secret(text.contains(['@', '?', '#']));
    if text.contains(is_blank) {
        key.wrong("remove the white space");
        return None;
    }
    let mut url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => {
            key.wrong(format!(
                "write it as in \"https://api.example.com\" ({error})"
            ));
            return None;
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        key.wrong_as("a user or password in the URL", "remove them from it");
    } else if url.query().is_some() || url.fragment().is_some() {
        key.wrong_as("a query or fragment in the URL", "cut it off at the ? or #");
    } else if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url)) {
        key.wrong("write https:// and the server's host name");
    } else if let Some((found, advice)) = check(&url) {
        key.wrong_as(found, advice);
    }
    if url.cannot_be_a_base() {
        return None;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || literal
            .parse()
            .is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback())
}

/// An `ip:port`.
pub(super) fn socket_address(key: &Key) -> Option<SocketAddr> {
    let example = key.rule().example();
    let key = key.clone().wanting(address_wanted(example));
    let text = key.text()?;
    match text.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            key.wrong(address_advice(text, example));
            None
        }
    }
}

fn address_advice(text: &str, example: &str) -> String {
    if !is_harmless(text) {
        return keys::ADDRESS_ADVICE.to_owned();
    }
    let port = example.rsplit(':').next().unwrap_or_default();
    if let Ok(ip) = text.parse::<IpAddr>() {
        let bracketed = if ip.is_ipv6() {
            format!("[{ip}]")
        } else {
            ip.to_string()
        };
        return format!("add the port: \"{bracketed}:{port}\"");
    }
    match text.rsplit_once(':') {
        Some(("", port)) => format!("name the address too: \"0.0.0.0:{port}\" listens on all"),
        Some(("localhost", port)) => format!("write \"127.0.0.1:{port}\""),
        _ => keys::ADDRESS_ADVICE.to_owned(),
    }
}

/// The certificates in a PEM text; none if it is absent or empty.
pub(super) fn certificates(key: &Key) -> Vec<CertificateDer<'static>> {
    let Some(text) = key.text() else {
        return Vec::new();
    };
    let mut certificates = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()) {
        match section {
            Ok((SectionKind::Certificate, der)) => certificates.push(CertificateDer::from(der)),
            Ok((
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey,
                _,
            )) => key.wrong_as("a private key", "remove it: a CA's certificate is enough"),
            Ok(_) => {}
            Err(error) => {
                key.wrong_as(pem_fault(&error), "copy the certificates again, whole");
                return certificates;
            }
        }
    }
    if certificates.is_empty() {
        key.wrong_as("no certificate", "paste the CA's certificate");
    }
    for (index, certificate) in certificates.iter().enumerate() {
        if let Some(why) = anchor::malformed(certificate) {
            let found = format!("certificate {}, which {why}", index + 1);
            key.wrong_as(found, "replace it by a CA's X.509 certificate");
        }
    }
    certificates
}

/// Names the fault without quoting the text, as the error itself would.
fn pem_fault(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section without its -----END line",
        pem::Error::IllegalSectionStart { .. } => "a broken -----BEGIN line",
        pem::Error::Base64Decode(_) => "a section that is not base64",
        _ => "broken PEM",
    }
}
