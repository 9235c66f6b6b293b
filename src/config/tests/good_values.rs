//! Defaults, and for each key a value that must be taken as it is meant.

use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use super::super::{Config, EndpointChoice};
use super::{CA, accepted, minimal, set, with};
use crate::model::address::{Families, Family};

fn credentials(config: &Config) -> Option<(&str, &str)> {
    match &config.integration.endpoint {
        EndpointChoice::Named { credentials, .. } => credentials
            .as_ref()
            .map(|pair| (pair.username.as_str(), pair.password.expose_secret())),
        EndpointChoice::Existing { .. } => None,
    }
}

fn endpoint(config: &Config) -> &str {
    match &config.integration.endpoint {
        EndpointChoice::Named { name, .. } => name,
        EndpointChoice::Existing { id } => id,
    }
}

/// The defaults of design.md, section 5, one by one.
fn assert_defaults(config: &Config) {
    let seconds = Duration::from_secs;
    assert_eq!(config.aiven.api_url.as_str(), "https://api.aiven.io/");
    assert_eq!(config.aiven.ca_cert.len(), 0);
    assert_eq!(config.aiven.poll_interval, seconds(60));
    assert_eq!(config.aiven.request_timeout, seconds(30));
    assert!(config.services.types.is_empty());
    assert!(config.services.clouds.is_empty());
    assert!(config.services.tags.is_empty());
    assert!(config.services.exclude.is_empty());
    assert!(config.integration.create);
    assert_eq!(endpoint(config), "aiven-metrics");
    assert_eq!(config.integration.creates_per_minute, 30);
    assert!(config.dns.nameservers.is_empty());
    assert_eq!(config.dns.families, Families::Both);
    assert_eq!(config.dns.poll_interval, seconds(30));
    assert_eq!(config.dns.timeout, seconds(5));
    let targets = "/var/vcap/store/aiven-metrics/targets/targets.json";
    assert_eq!(config.targets.path, Path::new(targets));
    assert_eq!(config.targets.removal_grace, seconds(120));
    let proxy = config
        .scrape_proxy
        .listen
        .map(|address| address.to_string());
    assert_eq!(proxy.as_deref(), Some("127.0.0.1:9275"));
    assert_eq!(config.scrape_proxy.timeout, seconds(30));
    assert_eq!(config.scrape_proxy.ca_cert.len(), 0);
    assert_eq!(config.web.listen.to_string(), "127.0.0.1:9274");
    assert!(!config.web.expose_status);
    assert!(config.web.tls.is_none());
    assert_eq!(config.state_dir, Path::new("/var/vcap/store/aiven-metrics"));
    assert_eq!(config.instance_index, 0);
    assert!(config.cloud_foundry.is_none());
    assert_eq!(config.log.level, LevelFilter::INFO);
}

#[test]
fn absent_keys_take_the_defaults_of_the_contract() {
    let config = accepted(&minimal());
    assert_defaults(&config);
    assert_eq!(config.aiven.api_token.expose_secret(), "token-of-tests");
    assert_eq!(config.aiven.projects, ["alpha"]);
    assert_eq!(credentials(&config), Some(("scraper", "correct horse")));
}

/// Every key of the contract that has a default or may be absent.
const OPTIONAL: &[&str] = &[
    "aiven.api_url",
    "aiven.ca_cert",
    "aiven.poll_interval",
    "aiven.request_timeout",
    "aiven.http_proxy",
    "services.types",
    "services.clouds",
    "services.tags",
    "services.exclude",
    "integration.create",
    "integration.endpoint_name",
    "integration.endpoint_id",
    "integration.creates_per_minute",
    "dns.nameservers",
    "dns.families",
    "dns.poll_interval",
    "dns.timeout",
    "targets.path",
    "targets.removal_grace",
    "scrape_proxy.listen",
    "scrape_proxy.timeout",
    "scrape_proxy.ca_cert",
    "web.listen",
    "web.expose_status",
    "web.tls.certificate",
    "web.tls.private_key",
    "web.tls.client_ca",
    "state_dir",
    "instance_index",
    "cloud_foundry.api_url",
    "cloud_foundry.client_id",
    "cloud_foundry.client_secret",
    "cloud_foundry.ca_cert",
    "cloud_foundry.poll_interval",
    "log.level",
];

#[test]
fn null_keys_and_null_sections_count_as_absent() {
    let mut keys = minimal();
    let mut sections = minimal();
    for path in OPTIONAL {
        set(&mut keys, path, Value::Null);
    }
    for section in [
        "services",
        "dns",
        "targets",
        "scrape_proxy",
        "web",
        "cloud_foundry",
        "log",
    ] {
        set(&mut sections, section, Value::Null);
    }
    assert_defaults(&accepted(&keys));
    assert_defaults(&accepted(&sections));
}

#[test]
fn empty_strings_count_as_absent_where_that_is_the_default() {
    let mut document = minimal();
    for path in [
        "aiven.ca_cert",
        "integration.endpoint_id",
        "scrape_proxy.ca_cert",
        "web.tls.certificate",
        "web.tls.private_key",
        "web.tls.client_ca",
        "cloud_foundry.ca_cert",
    ] {
        set(&mut document, path, json!(""));
    }
    assert_defaults(&accepted(&document));
}

#[test]
fn each_key_is_read_into_its_field() {
    type Check = fn(&Config) -> bool;
    let cases: Vec<(&str, Value, Check)> = vec![
        ("aiven.api_url", json!("https://a.example:8443/base"), |c| {
            c.aiven.api_url.as_str() == "https://a.example:8443/base/"
        }),
        ("aiven.api_url", json!("http://127.0.0.1:8080/"), |c| {
            c.aiven.api_url.port() == Some(8080)
        }),
        ("aiven.api_url", json!("http://[::1]:8080"), |c| {
            c.aiven.api_url.port() == Some(8080)
        }),
        ("aiven.api_url", json!("http://localhost:8080"), |c| {
            c.aiven
                .api_url
                .join("v1/project")
                .is_ok_and(|url| url.path() == "/v1/project")
        }),
        ("aiven.api_url", json!("https://a.example/v10/"), |c| {
            c.aiven.api_url.path() == "/v10/"
        }),
        ("aiven.http_proxy", json!(""), |c| {
            c.aiven.http_proxy.is_none()
        }),
        (
            "aiven.http_proxy",
            json!("http://us%40er:pa:ss@[fd00::1]:3128/"),
            |c| {
                let proxy = c.aiven.http_proxy.as_ref().unwrap();
                // us@er:pa:ss
                let header = proxy.authorization().unwrap();
                (proxy.host(), proxy.port(), proxy.is_secure()) == ("fd00::1", 3128, false)
                    && header == "Basic dXNAZXI6cGE6c3M="
                    && proxy.url.as_str() == "http://[fd00::1]:3128/"
            },
        ),
        ("aiven.http_proxy", json!("https://proxy.example"), |c| {
            let proxy = c.aiven.http_proxy.as_ref().unwrap();
            (proxy.host(), proxy.port(), proxy.is_secure()) == ("proxy.example", 443, true)
                && proxy.authorization().is_none()
        }),
        ("aiven.api_token", json!("other"), |c| {
            c.aiven.api_token.expose_secret() == "other"
        }),
        (
            "aiven.ca_cert",
            json!([CA, CA].join("text between\n")),
            |c| c.aiven.ca_cert.len() == 2,
        ),
        ("aiven.projects", json!(["b", "a-1"]), |c| {
            c.aiven.projects == ["b", "a-1"]
        }),
        ("aiven.poll_interval", json!("100ms"), |c| {
            c.aiven.poll_interval.as_millis() == 100
        }),
        ("aiven.request_timeout", json!("1h"), |c| {
            c.aiven.request_timeout.as_secs() == 3600
        }),
        ("services.types", json!(["opensearch"]), |c| {
            c.services.types.contains("opensearch")
        }),
        ("services.clouds", json!(["aws-eu-west-2"]), |c| {
            c.services.clouds.contains("aws-eu-west-2")
        }),
        ("services.tags", json!({"team": "a b"}), |c| {
            c.services.tags["team"] == "a b"
        }),
        ("services.exclude", json!(["test-*", "one"]), |c| {
            let exclude = &c.services.exclude;
            exclude.is_match("test-1") && exclude.is_match("one") && !exclude.is_match("one-1")
        }),
        ("integration.create", json!(false), |c| {
            !c.integration.create
        }),
        ("integration.endpoint_name", json!("ours"), |c| {
            endpoint(c) == "ours"
        }),
        (
            "integration.endpoint_id",
            json!("0b8d6c1e-4f3a-4c57"),
            |c| endpoint(c) == "0b8d6c1e-4f3a-4c57" && credentials(c).is_none(),
        ),
        ("integration.username", json!("a@b_c-9"), |c| {
            credentials(c).is_some_and(|pair| pair.0 == "a@b_c-9")
        }),
        ("integration.password", json!("pässword"), |c| {
            credentials(c).is_some_and(|pair| pair.1 == "pässword")
        }),
        ("integration.creates_per_minute", json!(1000), |c| {
            c.integration.creates_per_minute == 1000
        }),
        (
            "dns.nameservers",
            json!(["10.0.0.2:53", "[fd00::2]:5353"]),
            |c| c.dns.nameservers.len() == 2 && c.dns.nameservers[1].is_ipv6(),
        ),
        ("dns.families", json!("ipv4"), |c| {
            c.dns.families == Families::Only(Family::V4)
        }),
        ("dns.families", json!("ipv6"), |c| {
            c.dns.families == Families::Only(Family::V6)
        }),
        ("dns.poll_interval", json!("1m 30s"), |c| {
            c.dns.poll_interval.as_secs() == 90
        }),
        ("dns.timeout", json!("1.5s"), |c| {
            c.dns.timeout.as_millis() == 1500
        }),
        ("targets.path", json!("/srv/t/a.json"), |c| {
            c.targets.path == Path::new("/srv/t/a.json")
        }),
        ("targets.path", json!("t/a.json"), |c| {
            c.targets.path == Path::new("/var/vcap/store/aiven-metrics/t/a.json")
        }),
        ("targets.removal_grace", json!("0s"), |c| {
            c.targets.removal_grace.is_zero()
        }),
        ("scrape_proxy.listen", json!(""), |c| {
            c.scrape_proxy.listen.is_none()
        }),
        ("scrape_proxy.listen", json!("[::1]:0"), |c| {
            c.scrape_proxy.listen.is_some()
        }),
        ("scrape_proxy.timeout", json!("10s"), |c| {
            c.scrape_proxy.timeout.as_secs() == 10
        }),
        ("scrape_proxy.ca_cert", json!(CA), |c| {
            c.scrape_proxy.ca_cert.len() == 1
        }),
        ("web.listen", json!("0.0.0.0:9274"), |c| {
            c.web.listen.ip().is_unspecified()
        }),
        ("web.expose_status", json!(true), |c| c.web.expose_status),
        ("state_dir", json!("/srv/state"), |c| {
            c.state_dir == Path::new("/srv/state") && c.targets.path.starts_with("/srv/state")
        }),
        ("instance_index", json!(7), |c| c.instance_index == 7),
        ("log.level", json!("trace"), |c| {
            c.log.level == LevelFilter::TRACE
        }),
    ];
    for (path, value, holds) in cases {
        let config = accepted(&with(path, value.clone()));
        assert!(
            holds(&config),
            "{path} = {value} was read as something else"
        );
    }
}

#[test]
fn cloud_foundry_is_read_as_a_whole() {
    let section = json!({
        "api_url": "https://api.cf.example",
        "client_id": "metrics",
        "client_secret": "uaa-secret",
        "ca_cert": CA
    });
    let config = accepted(&with("cloud_foundry", section));
    let cloud_foundry = config.cloud_foundry.expect("it is configured");
    assert_eq!(cloud_foundry.api_url.as_str(), "https://api.cf.example/");
    assert_eq!(cloud_foundry.client_id, "metrics");
    assert_eq!(cloud_foundry.client_secret.expose_secret(), "uaa-secret");
    assert_eq!(cloud_foundry.ca_cert.len(), 1);
    assert_eq!(cloud_foundry.poll_interval, Duration::from_secs(300));
}

/// So an ops file may set them whether or not another one switches labels on.
#[test]
fn cloud_foundry_is_not_asked_for_a_ca_or_an_interval_alone() {
    let section = json!({"ca_cert": CA, "poll_interval": "1m"});
    assert_defaults(&accepted(&with("cloud_foundry", section)));
}

#[test]
fn credentials_are_needed_only_to_create_an_endpoint() {
    let aiven = json!({"api_token": "token", "projects": ["alpha"]});
    for integration in [
        json!({"create": false}),
        json!({"endpoint_id": "0b8d-6c1e"}),
    ] {
        let document = json!({"aiven": aiven, "integration": integration});
        assert_eq!(credentials(&accepted(&document)), None);
    }
}
