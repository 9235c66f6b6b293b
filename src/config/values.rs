//! The rules for single values: names, addresses, URLs, certificates.
//!
//! Each takes a [`Key`], notes what is wrong with it, and returns something
//! usable all the same, or `None` where there is nothing to return.

use std::net::{IpAddr, SocketAddr};

use globset::{Glob, GlobSet, GlobSetBuilder};
use reqwest::Url;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject, SectionKind};
use secrecy::SecretString;

use super::reader::Key;

/// A text that must be there and hold neither white space nor control
/// characters, since it becomes part of a header.
pub(super) fn credential<'a>(key: &Key<'a>, want: &str, advice: &str) -> Option<&'a str> {
    let want = &format!("{want} without white space");
    if !key.is_given() {
        key.missing(want, advice);
    }
    let text = key.text(want)?;
    if text.is_empty() {
        key.wrong(want, advice);
    } else if text.contains(blank) {
        key.wrong_as("white space or control characters", want, "remove them");
    }
    Some(text)
}

/// Like [`credential`], for what must not be shown.
pub(super) fn secret(key: &Key, want: &str, advice: &str) -> Option<SecretString> {
    credential(key, want, advice).map(SecretString::from)
}

/// A list of names without white space, upper case or repetition.
pub(super) fn names(key: &Key, want: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for item in key.items(&format!("a list of {want}s")) {
        let Some(text) = item.text(&format!("a {want}")) else {
            continue;
        };
        if text.is_empty() || text.contains(blank) {
            item.wrong(format!("a {want}"), "remove it or the white space in it");
        } else if text.contains(char::is_uppercase) {
            item.wrong(
                format!("a {want} as Aiven writes it, in lower case"),
                format!("write {:?}", text.to_lowercase()),
            );
        } else if names.iter().any(|name| name == text) {
            item.wrong(format!("each {want} once"), "remove this repetition");
        }
        names.push(text.to_owned());
    }
    names
}

/// Whether Aiven could have a project called `name`:
/// `^[a-z][-a-z0-9]{0,62}$`.
pub(super) fn is_project_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(inner)
}

/// Globs of service names as one set.
pub(super) fn globs(key: &Key) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for item in key.items("a list of service names and globs") {
        let want = "a service name or a glob such as \"test-*\"";
        match item.text(want) {
            Some("") => item.wrong(want, "remove it"),
            Some(text) => match Glob::new(text) {
                Ok(glob) => _ = set.add(glob),
                Err(error) => item.wrong(want, format!("correct it: {}", error.kind())),
            },
            None => {}
        }
    }
    set.build().unwrap_or_else(|error| {
        key.wrong_as(
            "globs that fail together",
            "fewer or simpler globs",
            error.kind(),
        );
        GlobSet::empty()
    })
}

/// A base URL whose path ends with `/`, so that `join` appends to it.
pub(super) fn base_url(key: &Key) -> Option<Url> {
    let want = "an https:// URL (http:// only for a loopback address) of host, port and base path";
    let text = key.text(want)?;
    // Whatever else is in such a text, it may be a password or a token.
    let shown = if text.contains(['@', '?', '#']) {
        key.clone().concealed()
    } else {
        key.clone()
    };
    if text.contains(blank) {
        shown.wrong(want, "remove the white space");
        return None;
    }
    let mut url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => {
            shown.wrong(
                want,
                format!("write it as in \"https://api.example.com\" ({error})"),
            );
            return None;
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        shown.wrong_as("a user or password in the URL", want, "remove them from it");
    } else if url.query().is_some() || url.fragment().is_some() {
        shown.wrong_as(
            "a query or fragment in the URL",
            want,
            "cut it off at the ? or #",
        );
    } else if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url)) {
        shown.wrong(want, "write https:// and the server's host name");
    }
    if url.cannot_be_a_base() {
        return None;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Some(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || literal
            .parse()
            .is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback())
}

/// An `ip:port`; `example` shows the form.
pub(super) fn socket_address(key: &Key, example: &str) -> Option<SocketAddr> {
    let want = &format!("an IP address and a port, such as {example:?}");
    let text = key.text(want)?;
    match text.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            key.wrong(want, address_advice(text, example));
            None
        }
    }
}

fn address_advice(text: &str, example: &str) -> String {
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
        _ => "host names are not looked up: write the IP address, IPv6 in square brackets, and \
              a port up to 65535"
            .to_owned(),
    }
}

/// The certificates in a PEM text; none if it is absent or empty.
pub(super) fn certificates(key: &Key) -> Vec<CertificateDer<'static>> {
    let key = key.clone().concealed();
    let want = "one or more PEM certificates (-----BEGIN CERTIFICATE-----)";
    let Some(text) = key.text(want) else {
        return Vec::new();
    };
    let mut certificates = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()) {
        match section {
            Ok((SectionKind::Certificate, der)) => certificates.push(CertificateDer::from(der)),
            Ok((
                SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey,
                _,
            )) => {
                key.wrong_as(
                    "a private key",
                    want,
                    "remove it: a CA's certificate is enough",
                );
            }
            Ok(_) => {}
            Err(error) => {
                key.wrong_as(
                    pem_fault(&error),
                    want,
                    "copy the certificates again, whole",
                );
                return certificates;
            }
        }
    }
    if certificates.is_empty() {
        key.wrong_as("no certificate", want, "paste the CA's certificate");
    }
    for (index, certificate) in certificates.iter().enumerate() {
        if let Err(error) = RootCertStore::empty().add(certificate.clone()) {
            let found = format!("certificate {} that cannot be used ({error})", index + 1);
            key.wrong_as(found, want, "replace it by a CA's X.509 certificate");
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

/// White space and control characters: never part of a name or credential.
pub(super) fn blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}
