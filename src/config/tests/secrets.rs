//! No secret is shown, neither by `Debug` nor in a message.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CA, accepted, parse, set, web_tls, with};

const TOKEN: &str = "PLAIN-api-token";
const PASSWORD: &str = "PLAIN-password";
const CLIENT_SECRET: &str = "PLAIN-client-secret";

fn every_secret() -> Value {
    let mut document = with("aiven.api_token", json!(TOKEN));
    set(&mut document, "integration.password", json!(PASSWORD));
    let proxy = "http://PLAIN-user:PLAIN-word@proxy.example:3128";
    set(&mut document, "aiven.http_proxy", json!(proxy));
    let cloud_foundry = json!({
        "api_url": "https://api.cf.example", "client_id": "metrics",
        "client_secret": CLIENT_SECRET, "ca_cert": CA
    });
    set(&mut document, "cloud_foundry", cloud_foundry);
    set(&mut document, "web.tls", web_tls());
    document
}

#[test]
fn debug_of_a_config_shows_no_secret() {
    let config = accepted(&every_secret());
    for shown in [format!("{config:?}"), format!("{config:#?}")] {
        assert!(
            shown.contains("api.cf.example"),
            "the whole configuration is printed"
        );
        assert!(!shown.contains("PLAIN"), "{shown}");
        assert!(
            !shown.contains("PRIVATE") && !shown.contains("pkcs8"),
            "{shown}"
        );
    }
}

#[test]
fn no_message_shows_a_secret_however_wrong_the_value() {
    let plain = "PLAIN secret\n";
    let values = [
        json!(plain),
        json!("PLAIN"),
        json!([plain]),
        json!({ "a": plain }),
        json!(735_735),
        json!(plain.repeat(20)),
    ];
    for path in [
        "aiven.api_token",
        "aiven.http_proxy",
        "integration.password",
        "cloud_foundry.client_secret",
        "web.tls.private_key",
    ] {
        for value in &values {
            let mut document = every_secret();
            set(&mut document, path, value.clone());
            // One fault elsewhere, so that even an acceptable secret meets an error.
            set(&mut document, "log.level", json!(0));
            let invalid = parse(&document).expect_err("at least the log level");
            for shown in [invalid.to_string(), format!("{invalid:?}")] {
                assert!(
                    !shown.contains("PLAIN") && !shown.contains("735"),
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn secrets_in_the_wrong_place_are_not_shown_either() {
    let private_key = CA
        .replace("CERTIFICATE", "PRIVATE KEY")
        .replace("MIIB", "PLAIN");
    for (path, value) in [
        ("aiven.api_url", json!("https://user:PLAIN@api.aiven.io")),
        ("aiven.api_url", json!("https://user:PLAIN@api aiven.io")),
        ("aiven.api_url", json!("user:PLAIN@api.aiven.io")),
        ("aiven.api_url", json!("http://api.aiven.io?token=PLAIN")),
        ("aiven.ca_cert", json!(private_key)),
        ("aiven", json!(TOKEN)),
        ("api_tokens", json!(TOKEN)),
        ("integration.username", json!(PASSWORD)),
    ] {
        let invalid = parse(&with(path, value)).expect_err("a fault");
        assert!(!invalid.to_string().contains("PLAIN"), "{invalid}");
    }
}

#[test]
fn a_syntax_error_shows_nothing_of_the_text() {
    let text = every_secret().to_string();
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let broken = format!("{}\u{1}", &text[..end]);
        if let Err(invalid) = super::super::Config::parse(&broken) {
            assert!(!invalid.to_string().contains("PLAIN"), "{invalid}");
        }
    }
}

/// Random, as tokens are.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9]{24,64}",
        "[a-zA-Z0-9+/]{40,200}={0,2}",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}[A-Z]",
        "[!-~]{32,64}",
        "[0-9]{18}",
    ]
}

/// A document with a token at some place, as a key or as a value.
fn misplaced(token: String) -> impl Strategy<Value = (String, String)> {
    let mut paths: Vec<&str> = super::super::keys::KEYS
        .iter()
        .map(|rule| rule.path)
        .collect();
    paths.extend([
        "aiven",
        "services",
        "nothing",
        "services.tags.name",
        "web.unknown",
        "dns.timeouts",
    ]);
    let place = (prop::sample::select(paths), 0..8_u8);
    place.prop_map(move |(path, form)| {
        let token = token.as_str();
        let value = match form {
            0 | 1 => json!(token),
            2 => json!([token]),
            3 => json!({ token: token }),
            4 => json!([[token], {"a": token}]),
            5 => json!(format!("{token}:9274")),
            6 => json!(format!("https://{token}@proxy.example")),
            _ => json!(token.parse::<u64>().unwrap_or(735_735_735_735)),
        };
        let mut document = with(path, value);
        set(&mut document, "log.level", json!(0));
        document[token] = json!(1);
        (token.to_owned(), document.to_string())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_token_pasted_anywhere_is_not_shown((token, document) in token().prop_flat_map(misplaced)) {
        let invalid = super::super::Config::parse(&document).expect_err("at least the log level");
        let shown = format!("{invalid} {invalid:?}");
        let letters: Vec<char> = token.chars().collect();
        for piece in letters.windows(8).map(String::from_iter) {
            prop_assert!(!shown.contains(&piece), "{piece} in {shown}");
        }
    }
}
