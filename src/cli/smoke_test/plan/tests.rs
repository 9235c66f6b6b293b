use serde_json::{Value, json};

use super::*;

const PASSWORD: &str = "Xq7hVbnT2sLk9mRfYw3cZp";

/// Two instances, in another order than that of their indexes.
fn instances() -> Value {
    json!([
        {"name": "prometheus", "id": "b", "index": 1, "address": "10.0.0.2"},
        {"name": "prometheus", "id": "a", "index": 0, "address": "10.0.0.1"},
    ])
}

fn file() -> Value {
    json!({
        "patience": 300,
        "here": "elsewhere",
        "daemons": {
            "web_listen": "0.0.0.0:9274",
            "scrape_proxy_listen": "127.0.0.1:9275",
            "instances": instances(),
        },
        "prometheus": {"port": "9090", "external_url": null, "instances": instances()},
        "route": null,
    })
}

fn route() -> Value {
    json!({
        "url": "https://prometheus.sys.example",
        "username": "grafana",
        "password": PASSWORD,
        "ca_cert": "",
        "instances": 2,
    })
}

/// The plan of [`file`] with these values in other places.
fn plan(changes: &[(&str, Value)]) -> anyhow::Result<Plan> {
    let mut file = file();
    for (pointer, value) in changes {
        *file.pointer_mut(pointer).unwrap() = value.clone();
    }
    Plan::parse(&file.to_string())
}

fn daemon_urls(changes: &[(&str, Value)]) -> Vec<String> {
    let daemons = plan(changes).unwrap().daemons;
    let urls = daemons.into_iter().map(|daemon| daemon.url);
    urls.map(|url| url.unwrap_or_else(|| "hidden".to_owned()))
        .collect()
}

fn prometheus_urls(changes: &[(&str, Value)]) -> Vec<String> {
    let servers = plan(changes).unwrap().prometheus_servers;
    servers.into_iter().map(|server| server.url).collect()
}

fn refusal(changed: Value) -> String {
    format!("{:#}", plan(&[("/route", changed)]).unwrap_err())
}

#[test]
fn daemons_are_checked_in_the_order_of_their_indexes() {
    let daemons = plan(&[]).unwrap().daemons;
    let daemon = |id: &str, address: &str| DaemonPlan {
        instance: format!("prometheus/{id}"),
        url: Some(format!("http://{address}:9274")),
        relays_scrapes: true,
    };
    assert_eq!(daemons, [daemon("a", "10.0.0.1"), daemon("b", "10.0.0.2")]);
}

#[test]
fn the_daemon_on_this_vm_is_asked_on_loopback() {
    let here = ("/here", json!("b"));
    assert_eq!(
        daemon_urls(std::slice::from_ref(&here))[1],
        "http://127.0.0.1:9274"
    );
    let listen = ("/daemons/web_listen", json!("[::]:1"));
    assert_eq!(daemon_urls(&[here.clone(), listen])[1], "http://[::1]:1");
    let listen = ("/daemons/web_listen", json!("127.0.0.5:9274"));
    assert_eq!(
        daemon_urls(&[here, listen]),
        ["hidden", "http://127.0.0.5:9274"]
    );
}

#[test]
fn addresses_may_be_names_or_ipv6() {
    let urls = daemon_urls(&[
        ("/daemons/instances/0/address", json!("fd00::1")),
        (
            "/daemons/instances/1/address",
            json!("q-s0.prometheus.default.cf.bosh"),
        ),
    ]);
    assert_eq!(
        urls,
        [
            "http://q-s0.prometheus.default.cf.bosh:9274",
            "http://[fd00::1]:9274"
        ]
    );
}

#[test]
fn without_a_scrape_proxy_daemons_do_not_see_scrapes() {
    let plan = plan(&[("/daemons/scrape_proxy_listen", json!(""))]).unwrap();
    assert!(plan.daemons.iter().all(|daemon| !daemon.relays_scrapes));
}

#[test]
fn prometheus_is_asked_below_the_path_of_its_external_url() {
    let external = (
        "/prometheus/external_url",
        json!("https://p.example/tenants/"),
    );
    let urls = prometheus_urls(&[external, ("/here", json!("a"))]);
    assert_eq!(
        urls,
        [
            "http://127.0.0.1:9090/tenants",
            "http://10.0.0.2:9090/tenants"
        ]
    );
    let urls = prometheus_urls(&[
        ("/prometheus/external_url", json!("/only/")),
        ("/prometheus/port", json!(9999)),
    ]);
    assert_eq!(urls[0], "http://10.0.0.1:9999/only");
    assert!(prometheus_urls(&[("/prometheus", Value::Null)]).is_empty());
}

#[test]
fn the_route_is_an_origin() {
    let url = |url: &str| {
        let mut changed = route();
        changed["url"] = url.into();
        changed
    };
    for (given, taken) in [
        (
            "https://prometheus.sys.example",
            "https://prometheus.sys.example",
        ),
        (
            "https://prometheus.sys.example:4443/",
            "https://prometheus.sys.example:4443",
        ),
    ] {
        assert_eq!(
            plan(&[("/route", url(given))]).unwrap().route.unwrap().url,
            taken
        );
    }
    for given in [
        "prometheus.sys.example",
        "http://a.example",
        "https://",
        "https://a/graph",
        "https://u:pw@a",
    ] {
        let refusal = refusal(url(given));
        assert!(refusal.starts_with("route.url: "), "{given}: {refusal}");
    }
}

#[test]
fn what_is_wrong_with_the_route_is_named_without_the_value() {
    for (key, value) in [
        ("username", json!("")),
        ("username", json!("a:b")),
        ("username", json!("a\nb")),
        ("password", json!("")),
        ("password", json!("secr\nx")),
        ("password", json!("secrét")),
        ("password", json!(["secr"])),
        ("ca_cert", json!("ca.crt")),
        ("ca_cert", json!("-----BEGIN CERTIFICATE-----\n!")),
    ] {
        let mut changed = route();
        changed[key] = value;
        let refusal = refusal(changed);
        assert!(refusal.starts_with(&format!("route.{key}: ")), "{refusal}");
        assert!(!refusal.contains("secr"), "{refusal}");
    }
}

#[test]
fn the_password_is_not_in_debug_output() {
    let plan = plan(&[("/route", route())]).unwrap();
    let shown = format!("{plan:?}");
    assert!(
        shown.contains("grafana") && !shown.contains(PASSWORD),
        "{shown}"
    );
}

#[test]
fn waits_have_defaults_and_can_be_shortened() {
    let mut file = file();
    let waits = |file: &Value| {
        let plan = Plan::parse(&file.to_string()).unwrap();
        [plan.patience, plan.scrape_wait, plan.answer_timeout].map(|wait| wait.as_millis())
    };
    assert_eq!(waits(&file), [300_000, 90_000, 10_000]);
    file["scrape_wait"] = json!("5s");
    file["answer_timeout"] = json!("200ms");
    assert_eq!(waits(&file), [300_000, 5_000, 200]);
}

#[test]
fn patience_is_a_bounded_number_of_seconds() {
    for value in [json!("5m"), json!(-1), json!(3601), json!(1.5), json!([1])] {
        let refusal = plan(&[("/patience", value)]).unwrap_err().to_string();
        assert!(
            refusal.starts_with("patience: found ") && refusal.contains("from 0 to 3600"),
            "{refusal}"
        );
    }
    assert!(plan(&[("/patience", json!(3600))]).is_ok());
}

#[test]
fn a_key_that_is_not_known_is_named() {
    let mut file = file();
    file["patients"] = json!(1);
    let refusal = Plan::parse(&file.to_string()).unwrap_err().to_string();
    assert!(refusal.contains("patients"), "{refusal}");
}
