//! No secret is shown, neither by `Debug` nor in a message.

use serde_json::{Value, json};

use super::{CA, accepted, parse, set, with};

const TOKEN: &str = "PLAIN-api-token";
const PASSWORD: &str = "PLAIN-password";
const CLIENT_SECRET: &str = "PLAIN-client-secret";

fn every_secret() -> Value {
    let mut document = with("aiven.api_token", json!(TOKEN));
    set(&mut document, "integration.password", json!(PASSWORD));
    let cloud_foundry = json!({
        "api_url": "https://api.cf.example", "client_id": "metrics",
        "client_secret": CLIENT_SECRET, "ca_cert": CA
    });
    set(&mut document, "cloud_foundry", cloud_foundry);
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
        "integration.password",
        "cloud_foundry.client_secret",
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
