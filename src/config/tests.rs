//! What the tests of the configuration share: a smallest valid document, ways
//! to change it, and a certificate.

use serde_json::{Value, json};

use super::{Config, Invalid};

mod bad_values;
mod cannot_work;
mod documents;
mod doubts;
mod generated;
mod good_values;
mod properties;
mod rules_between_keys;
mod secrets;

/// A self-signed CA, valid until 2126; its key is lost.
const CA: &str = "\
-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUCIXX0ZljBEJrNTTEIOrT0AFYCEUwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOY29uZmlnIHRlc3QgQ0EwIBcNMjYxMTIzMDQ1NjIyWhgPMjEy
NjEwMzAwNDU2MjJaMBkxFzAVBgNVBAMMDmNvbmZpZyB0ZXN0IENBMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEsgDjJaddw6k5MMxaGbuPZVqr8jzj4zdGuy1L+5RB
6mK2wPw9bT/8IbaSAk2p6wNV6o/LXWN6L3rgKtxTgMst9KNTMFEwHQYDVR0OBBYE
FGw4cQD0ZCxmdpEri5krMQUjM1HhMB8GA1UdIwQYMBaAFGw4cQD0ZCxmdpEri5kr
MQUjM1HhMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAPtX1N4A
20QTh4+3NpKeHW2A4N9dfcvr6j5dKe0keUwKAiBdjfl6xcs1UehsaSJRGL53nSmH
v0G7h2jG8jSwqrlqHg==
-----END CERTIFICATE-----
";

/// `web.tls` as it has to be.
fn web_tls() -> Value {
    let shown = rcgen::generate_simple_self_signed(["aiven-metrics".to_owned()]).unwrap();
    json!({
        "certificate": shown.cert.pem(), "private_key": shown.signing_key.serialize_pem(),
        "client_ca": CA,
    })
}

/// Only what is required, and the credentials that creating needs.
fn minimal() -> Value {
    json!({
        "aiven": {"api_token": "token-of-tests", "projects": ["alpha"]},
        "integration": {"username": "scraper", "password": "correct horse"}
    })
}

/// `document` with the key at the dotted `path` set to `value`.
fn set(document: &mut Value, path: &str, value: Value) {
    let pointer = format!("/{}", path.replace('.', "/"));
    let (parent, key) = pointer.rsplit_once('/').expect("starts with a slash");
    if document.pointer(parent).is_none() {
        set(
            document,
            path.rsplit_once('.').expect("nested").0,
            json!({}),
        );
    }
    document.pointer_mut(parent).expect("just set")[key] = value;
}

/// The minimal document with one key set.
fn with(path: &str, value: Value) -> Value {
    let mut document = minimal();
    set(&mut document, path, value);
    document
}

fn parse(document: &Value) -> Result<Config, Invalid> {
    let config = Config::parse(&document.to_string())?;
    match config.corrected.is_empty() {
        true => Ok(config),
        false => Err(Invalid {
            problems: config.corrected,
        }),
    }
}

/// The configuration of a document that must be valid.
fn accepted(document: &Value) -> Config {
    parse(document).unwrap_or_else(|invalid| panic!("{document} was refused: {invalid}"))
}

/// What is said about a document that must not be valid.
fn refused(document: &Value) -> String {
    match parse(document) {
        Ok(_) => panic!("{document} was accepted"),
        Err(invalid) => invalid.to_string(),
    }
}
