//! For each key values that must be refused, in a line that names the key and
//! says what is wrong.

use serde_json::{Value, json};

use super::super::Config;
use super::{CA, parse, with};

mod other_sections;

/// Sets one key, and asserts that one problem results, in its path and words.
fn assert_refused(path: &str, value: Value, problem_path: &str, words: &[&str]) {
    let document = with(path, value.clone());
    let invalid = parse(&document).expect_err(&format!("{path} = {value} was accepted"));
    let paths: Vec<_> = invalid
        .problems
        .iter()
        .map(|problem| &problem.path)
        .collect();
    assert_eq!(paths, [problem_path], "{invalid}");
    for word in words {
        assert!(
            invalid.to_string().contains(word),
            "no {word:?} in: {invalid}"
        );
    }
}

/// Refused at the path that was set.
fn assert_each_refused(cases: &[(&str, Value, &str)]) {
    for (path, value, word) in cases {
        assert_refused(path, value.clone(), path, &[word, "found", "want"]);
    }
}

#[test]
fn unusable_values_of_the_api_are_refused() {
    assert_each_refused(&[
        ("aiven.api_url", json!(7), "the number 7"),
        (
            "aiven.api_url",
            json!("http://api.aiven.io"),
            "write https://",
        ),
        (
            "aiven.api_url",
            json!("http://localhost.example"),
            "write https://",
        ),
        (
            "aiven.api_url",
            json!("ftp://api.aiven.io"),
            "write https://",
        ),
        (
            "aiven.api_url",
            json!("data:text/plain,x"),
            "write https://",
        ),
        (
            "aiven.api_url",
            json!("api.aiven.io"),
            "https://api.example.com",
        ),
        (
            "aiven.api_url",
            json!("https://api.aiven.io /v1"),
            "white space",
        ),
        (
            "aiven.api_url",
            json!("https://api.aiven.io/?a=b"),
            "cut it off",
        ),
        (
            "aiven.api_url",
            json!("https://api.aiven.io/#a"),
            "cut it off",
        ),
        (
            "aiven.api_url",
            json!("https://api.aiven.io/v1"),
            "cut it off at /v1",
        ),
        (
            "aiven.api_url",
            json!("https://api.aiven.io/base/V1/"),
            "cut it off at /v1",
        ),
        (
            "aiven.api_url",
            json!("http://127.0.0.1:8080/base/V1/project"),
            "cut it off at /v1",
        ),
        (
            "aiven.api_url",
            json!("https://console.aiven.io"),
            "https://api.aiven.io",
        ),
        (
            "aiven.api_url",
            json!("https://api.aiven.io:80/"),
            "leave the port out",
        ),
        (
            "aiven.api_url",
            json!("https://api.aiven.io:0"),
            "leave the port out",
        ),
        (
            "aiven.http_proxy",
            json!("proxy.example:3128"),
            "write it as in",
        ),
        (
            "aiven.http_proxy",
            json!("socks5://proxy.example:1080"),
            "write it as in",
        ),
        ("aiven.http_proxy", json!("http://"), "write it as in"),
        (
            "aiven.http_proxy",
            json!("http://proxy.example:0"),
            "port 0",
        ),
        (
            "aiven.http_proxy",
            json!("http://user:pass@proxy.example:3128/path"),
            "cut it off after the port",
        ),
        (
            "aiven.http_proxy",
            json!("http://us%3Aer:pass@proxy.example"),
            "no header can carry",
        ),
        (
            "aiven.http_proxy",
            json!("http://user:pa%0Ass@proxy.example"),
            "no header can carry",
        ),
        ("aiven.api_token", json!(""), "an empty string"),
        ("aiven.api_token", json!("token\n"), "white space"),
        (
            "aiven.ca_cert",
            json!("not a certificate"),
            "no certificate",
        ),
        ("aiven.ca_cert", json!(true), "true or false"),
        (
            "aiven.ca_cert",
            json!(&CA[..200]),
            "without its -----END line",
        ),
        (
            "aiven.ca_cert",
            json!(CA.replace("MIIB", "MII!")),
            "not base64",
        ),
        (
            "aiven.ca_cert",
            json!(CA.replace("MIIB", "MIIA")),
            "certificate 1",
        ),
        (
            "aiven.ca_cert",
            json!(CA.replace("CERTIFICATE", "PUBLIC KEY")),
            "no certificate",
        ),
        ("aiven.projects", json!([]), "a list of 0"),
        ("aiven.projects", json!("alpha"), "square brackets"),
        ("aiven.poll_interval", json!(60), "\"60s\""),
        ("aiven.poll_interval", json!("60"), "\"60s\""),
        ("aiven.poll_interval", json!("99ms"), "100ms"),
        ("aiven.poll_interval", json!("25h"), "to 24h"),
        ("aiven.poll_interval", json!("-5m"), "-5m"),
        ("aiven.request_timeout", json!("soon"), "number and a unit"),
        ("aiven.request_timeout", json!("61m"), "to 1h"),
    ]);
    let key_and_certificate = CA.replace("CERTIFICATE", "PRIVATE KEY") + CA;
    let words = ["a private key", "remove it"];
    assert_refused(
        "aiven.ca_cert",
        json!(key_and_certificate),
        "aiven.ca_cert",
        &words,
    );
}

#[test]
fn items_are_named_by_their_place() {
    let long = "a".repeat(64);
    for (path, value, problem_path, word) in [
        (
            "aiven.projects",
            json!(["a", "Beta"]),
            "aiven.projects[1]",
            "\"Beta\"",
        ),
        (
            "aiven.projects",
            json!([""]),
            "aiven.projects[0]",
            "an empty string",
        ),
        (
            "aiven.projects",
            json!(["1a"]),
            "aiven.projects[0]",
            "a letter first",
        ),
        (
            "aiven.projects",
            json!([long]),
            "aiven.projects[0]",
            "up to 63",
        ),
        (
            "aiven.projects",
            json!(["a", "b", "a"]),
            "aiven.projects[2]",
            "once",
        ),
        (
            "aiven.projects",
            json!(["a", null]),
            "aiven.projects[1]",
            "null",
        ),
        (
            "services.types",
            json!(["pg", "OpenSearch"]),
            "services.types[1]",
            "\"opensearch\"",
        ),
        (
            "services.types",
            json!(["pg", "pg"]),
            "services.types[1]",
            "once",
        ),
        (
            "services.types",
            json!([5]),
            "services.types[0]",
            "the number 5",
        ),
        (
            "services.clouds",
            json!(["a b"]),
            "services.clouds[0]",
            "white space",
        ),
        (
            "services.tags",
            json!({"team": 7}),
            "services.tags.team",
            "in quotes",
        ),
        (
            "services.tags",
            json!({"a b": "c"}),
            "services.tags[\"a b\"]",
            "tag name",
        ),
        (
            "services.exclude",
            json!(["ok", "[a"]),
            "services.exclude[1]",
            "unclosed",
        ),
        (
            "services.exclude",
            json!([""]),
            "services.exclude[0]",
            "an empty string",
        ),
        (
            "dns.nameservers",
            json!(["10.0.0.2"]),
            "dns.nameservers[0]",
            "\"10.0.0.2:53\"",
        ),
        (
            "dns.nameservers",
            json!(["fd00::2"]),
            "dns.nameservers[0]",
            "\"[fd00::2]:53\"",
        ),
        (
            "dns.nameservers",
            json!(["10.0.0.2:0"]),
            "dns.nameservers[0]",
            "from 1 to 65535",
        ),
        (
            "dns.nameservers",
            json!(["ns.example:53"]),
            "dns.nameservers[0]",
            "not looked up",
        ),
        (
            "dns.nameservers",
            json!(["10.0.0.2:99999"]),
            "dns.nameservers[0]",
            "up to 65535",
        ),
    ] {
        assert_refused(path, value, problem_path, &[word, "found", "want"]);
    }
}

#[test]
fn a_version_in_the_url_is_refused_by_check_config_and_taken_off_for_the_daemon() {
    for (written, meant) in [
        ("https://api.aiven.io/v1", "https://api.aiven.io/"),
        ("https://api.aiven.io/v1/", "https://api.aiven.io/"),
        ("http://127.0.0.1:8080/a/V1/", "http://127.0.0.1:8080/a/"),
    ] {
        let document = with("aiven.api_url", json!(written));
        let config = Config::parse(&document.to_string()).unwrap();
        assert_eq!(config.aiven.api_url.as_str(), meant);
        assert_eq!(config.corrected.len(), 1);
        assert_eq!(config.doubts(), config.corrected);
    }
}
