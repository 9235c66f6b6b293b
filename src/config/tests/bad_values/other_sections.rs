//! Of everything but `aiven` and lists.

use serde_json::{Value, json};

use super::{assert_each_refused, assert_refused};

#[test]
fn unusable_values_of_the_other_sections_are_refused() {
    let lines = "a\nb";
    assert_each_refused(&[
        ("services.types", json!({}), "an object"),
        ("services.clouds", json!("aws"), "square brackets"),
        ("services.tags", json!(["team"]), "a list of 1"),
        ("services.exclude", json!("test-*"), "square brackets"),
        ("integration.create", json!("true"), "without quotes"),
        ("integration.endpoint_name", json!(""), "an empty string"),
        (
            "integration.endpoint_name",
            json!(" a"),
            "white space around",
        ),
        ("integration.endpoint_name", json!(lines), "\"a\\nb\""),
        (
            "integration.endpoint_id",
            json!("a/../b"),
            "letters, digits",
        ),
        ("integration.endpoint_id", json!(12), "the number 12"),
        ("integration.username", json!("abcd"), "4 characters"),
        (
            "integration.username",
            json!("a".repeat(33)),
            "33 characters",
        ),
        ("integration.username", json!("Scraper"), "'S'"),
        ("integration.username", json!(""), "0 characters"),
        ("integration.password", json!("1234567"), "7 characters"),
        (
            "integration.password",
            json!("p".repeat(65)),
            "65 characters",
        ),
        (
            "integration.password",
            json!("password\n"),
            "a control character",
        ),
        ("integration.creates_per_minute", json!(0), "from 1 to 1000"),
        (
            "integration.creates_per_minute",
            json!(1001),
            "from 1 to 1000",
        ),
        (
            "integration.creates_per_minute",
            json!("30"),
            "without quotes",
        ),
        (
            "integration.creates_per_minute",
            json!(1.5),
            "the number 1.5",
        ),
        ("dns.nameservers", json!("10.0.0.2:53"), "square brackets"),
        ("dns.poll_interval", json!("0s"), "100ms"),
        ("dns.timeout", json!("2m"), "to 1m"),
        ("targets.path", json!("targets.json"), "add a folder"),
        ("targets.path", json!("t/targets.txt"), ".json"),
        ("targets.path", json!(""), ".json"),
        ("targets.removal_grace", json!("25h"), "from 0s to 24h"),
        (
            "scrape_proxy.listen",
            json!("0.0.0.0:9275"),
            "a loopback address",
        ),
        ("scrape_proxy.listen", json!("127.0.0.1:9274"), "web.listen"),
        (
            "scrape_proxy.listen",
            json!("127.0.0.1"),
            "\"127.0.0.1:9275\"",
        ),
        ("scrape_proxy.timeout", json!([]), "a list of 0"),
        ("scrape_proxy.ca_cert", json!("x"), "no certificate"),
        ("web.listen", json!(":9274"), "\"0.0.0.0:9274\""),
        ("web.listen", json!("localhost:80"), "\"127.0.0.1:80\""),
        ("web.expose_status", json!(1), "true or false"),
        ("state_dir", json!("state"), "absolute"),
        ("state_dir", json!(""), "an empty string"),
        ("instance_index", json!(-1), "the number -1"),
        ("instance_index", json!(4_294_967_296_u64), "to 4294967295"),
        ("dns.families", json!("IPv4"), "both, ipv4, ipv6"),
        ("dns.families", json!(4), "both, ipv4, ipv6"),
        ("log.level", json!("INFO"), "lower case"),
        ("log.level", json!("warning"), "warn, info"),
    ]);
    assert_refused(
        "web.listen",
        json!("0.0.0.0:9275"),
        "scrape_proxy.listen",
        &["web.listen"],
    );
}

#[test]
fn unusable_values_of_cloud_foundry_are_refused() {
    let whole = json!({
        "api_url": "https://api.cf.example", "client_id": "metrics", "client_secret": "secret"
    });
    for (key, value, word) in [
        ("api_url", json!("http://api.cf.example"), "write https://"),
        ("api_url", Value::Null, "missing"),
        ("client_id", json!("a b"), "white space"),
        ("client_id", Value::Null, "missing"),
        ("client_secret", json!(""), "an empty string"),
        ("client_secret", Value::Null, "missing"),
        ("ca_cert", json!("x"), "no certificate"),
        ("poll_interval", json!("25h"), "24h"),
        ("poll_interval", json!(300), "unit"),
    ] {
        let mut section = whole.clone();
        section[key] = value.clone();
        let path = format!("cloud_foundry.{key}");
        assert_refused("cloud_foundry", section, &path, &[word]);
        if ["ca_cert", "poll_interval"].contains(&key) {
            let alone = json!({ key: value });
            assert_refused("cloud_foundry", alone, &path, &[word]);
        }
    }
}
