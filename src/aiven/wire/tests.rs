//! Lenient about details, strict about what everything depends on.

use serde_json::{Value, json};

use super::*;
use crate::model::detail::Detail;
use crate::model::endpoint::{EndpointChoice, EndpointFact};
use crate::model::hosts::HostSource;
use crate::model::odd_rows::ListedTypes;
use crate::model::outside_text::MAX_NAME;
use crate::model::service::{Power, Service};

mod generated;

fn service() -> Value {
    json!({
        "service_name": "prod-lon-0b8d", "service_type": "opensearch", "state": "RUNNING",
        "plan": "business-4", "cloud_name": "aws-eu-west-2", "node_count": 3,
        "service_uri_params": {"host": "prod-lon-0b8d-proj.a.aivencloud.com", "port": "23417", "password": null},
        "components": [
            {"component": "opensearch", "host": "prod-lon-0b8d-proj.a.aivencloud.com", "port": 23417, "route": "dynamic", "usage": "primary"},
            {"component": "prometheus", "host": "prod-lon-0b8d-proj.a.aivencloud.com", "port": 9273, "route": "dynamic", "usage": "primary"},
            {"component": "prometheus", "host": "public-prod-lon-0b8d-proj.a.aivencloud.com", "port": 9273, "route": "public", "usage": "primary"}],
        "node_states": [{"name": "prod-lon-0b8d-17", "state": "running", "role": "master"}],
        "service_integrations": [
            {"integration_type": "prometheus", "service_integration_id": "i1", "enabled": true, "active": true,
             "source_project": "proj", "source_service": "prod-lon-0b8d", "dest_endpoint_id": "e1", "dest_endpoint": "aiven-metrics"}],
        "tags": {"service_id": "0b8d", "space_id": "s"}
    })
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut service = service();
    *service.pointer_mut(pointer).unwrap() = value;
    service
}

fn without(key: &str) -> Value {
    let mut service = service();
    service.as_object_mut().unwrap().remove(key);
    service
}

fn read(value: &Value) -> Service {
    let mut reader = ServiceReader::new(["space_id".to_owned()]);
    reader.read(value.to_string().as_bytes()).unwrap()
}

#[test]
fn the_documented_example_reads_as_documented() {
    let read = read(&service());
    assert_eq!(&*read.name, "prod-lon-0b8d");
    assert_eq!(
        (
            read.service_type.text(),
            read.plan.text(),
            read.cloud.text()
        ),
        ("opensearch", "business-4", "aws-eu-west-2")
    );
    assert_eq!(
        (read.node_count, read.power),
        (Some(3), Detail::Known(Power::On))
    );
    let hosts = read.hosts.rows();
    assert_eq!(&*hosts[0].name, "prod-lon-0b8d-proj.a.aivencloud.com");
    assert_eq!(
        (hosts.len(), hosts[0].port, hosts[0].source),
        (1, 9273, HostSource::Component)
    );
    assert!(read.hosts.is_whole() && read.integrations.is_whole() && read.tags.is_whole());
    assert_eq!(
        (
            &*read.integrations.rows()[0].endpoint_id,
            read.integrations.rows()[0].active
        ),
        ("e1", true)
    );
    assert_eq!(read.tag("space_id"), Some("s"));
    assert_eq!(
        read.tag("service_id"),
        None,
        "tags that the configuration does not use are dropped"
    );
}

#[test]
fn unknown_values_and_unexpected_types_are_accepted() {
    let cases = [
        changed("/state", json!("HIBERNATING")),
        changed("/service_type", json!("quantumdb")),
        changed("/components/1/port", json!("9273")),
        changed("/components/0", json!({"component": 7})),
        changed("/components/2/route", json!("wormhole")),
        changed("/node_count", json!("three")),
        changed("/tags", json!(["a", "list"])),
        changed("/node_states", json!({})),
        changed("/service_uri_params/host", json!(17)),
        changed("/plan", Value::Null),
        without("tags"),
        without("node_states"),
        without("cloud_name"),
    ];
    for case in cases {
        let read = read(&case);
        let hosts = read.hosts.rows();
        assert_eq!((hosts.len(), hosts[0].port), (1, 9273), "{case}");
        assert!(read.serves_metrics(), "{case}");
    }
}

#[test]
fn only_poweroff_counts_as_off() {
    let power = |state| read(&changed("/state", state)).power;
    assert_eq!(power(json!("POWEROFF")), Detail::Known(Power::Off));
    for state in ["RUNNING", "REBUILDING", "REBALANCING", "whatever"] {
        assert_eq!(power(json!(state)), Detail::Known(Power::On));
    }
    for unknown in [json!(1), json!(null), json!(""), json!(["POWEROFF"])] {
        assert_eq!(power(unknown), Detail::Unknown);
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_not_none() {
    for odd in [json!(null), json!("x"), json!({}), json!(7)] {
        assert!(
            read(&changed("/service_integrations", odd.clone()))
                .integrations
                .is_unknown()
        );
        assert!(!read(&changed("/components", odd.clone())).hosts.is_whole());
        let of_type = |read: Service| read.service_type.is_known();
        assert_eq!(
            of_type(read(&changed("/service_type", odd.clone()))),
            odd == json!("x")
        );
    }
    assert!(
        read(&without("service_integrations"))
            .integrations
            .is_unknown()
    );
    assert!(!read(&without("components")).hosts.is_whole());
    assert!(read(&without("tags")).tags.is_unknown());
    assert!(!read(&without("state")).power.is_known());
    let none = read(&changed("/service_integrations", json!([]))).integrations;
    assert!(none.is_none() && !none.is_unknown());
}

#[test]
fn one_odd_row_of_a_list_makes_the_list_a_part_of_one() {
    let id = "/service_integrations/0/service_integration_id";
    for odd in [
        changed(id, json!(null)),
        changed(id, json!("")),
        changed("/service_integrations/0", json!("x")),
    ] {
        assert!(read(&odd).integrations.is_unknown(), "{odd}");
    }
    let endpoint = read(&changed(
        "/service_integrations/0/dest_endpoint_id",
        json!(4),
    ));
    assert!(endpoint.is_integrated() && !endpoint.integrations.is_whole());
    for pointer in [
        "/components/1/port",
        "/components/1/host",
        "/components/1/component",
    ] {
        assert!(
            !read(&changed(pointer, json!(null))).hosts.is_whole(),
            "{pointer}"
        );
    }
    let another = read(&changed("/components/0/host", json!(null)));
    assert!(
        another.hosts.is_whole(),
        "that component says nothing about Prometheus"
    );
}

#[test]
fn a_doubled_member_is_not_believed() {
    let json =
        br#"{"service_name": "a", "state": "RUNNING", "state": "POWEROFF", "service_type": "pg"}"#;
    let read = ServiceReader::new([]).read(json).unwrap();
    assert_eq!((&*read.name, read.power), ("a", Detail::Unknown));
}

#[test]
fn texts_that_a_terminal_obeys_are_not_kept() {
    let mut reader = ServiceReader::new([]);
    for name in ["a\u{1b}[2J", "a\nb", "a\u{202e}b", " a"] {
        let row = changed("/service_name", json!(name)).to_string();
        let refused = reader.read(row.as_bytes()).unwrap_err().0;
        assert!(
            !refused.contains(['\u{1b}', '\n', '\u{202e}']),
            "{refused:?}"
        );
    }
    let odd = read(&changed("/plan", json!("x\u{9b}31m")));
    assert_eq!(odd.plan.text(), "");
    assert!(
        !read(&changed("/components/1/host", json!("a host")))
            .hosts
            .is_whole()
    );
}

#[test]
fn texts_longer_than_any_of_aivens_are_not_kept() {
    let long = "x".repeat(MAX_NAME + 1);
    let mut reader = ServiceReader::new([]);
    let name = changed("/service_name", json!(long)).to_string();
    assert!(reader.read(name.as_bytes()).is_err());
    for pointer in ["/plan", "/cloud_name", "/service_type"] {
        let read = read(&changed(pointer, json!(long)));
        let kept = [
            read.plan.text(),
            read.cloud.text(),
            read.service_type.text(),
        ];
        assert_eq!(
            kept.iter().filter(|text| text.is_empty()).count(),
            1,
            "{pointer}"
        );
    }
    let many: Vec<_> = (0..1000)
        .map(|number| {
            json!({"integration_type": "prometheus", "service_integration_id": number.to_string(),
            "dest_endpoint_id": "e", "enabled": true})
        })
        .collect();
    let read = read(&changed("/service_integrations", json!(many)));
    assert!(read.integrations.rows().len() <= 16 && !read.integrations.is_whole());
}

#[test]
fn a_row_without_a_name_is_unreadable() {
    let mut reader = ServiceReader::new([]);
    for row in [
        "{}",
        "[]",
        "null",
        r#"{"service_name": 5}"#,
        r#"{"service_name": "a""#,
    ] {
        assert!(reader.read(row.as_bytes()).is_err(), "{row}");
    }
}

#[test]
fn only_the_services_own_prometheus_integrations_count() {
    let rows = json!([
        {"integration_type": "logs", "service_integration_id": "i0", "source_service": "prod-lon-0b8d"},
        {"integration_type": "prometheus", "service_integration_id": "i1", "source_service": "another"},
        {"integration_type": "prometheus", "service_integration_id": "i2", "source_service": "prod-lon-0b8d", "dest_endpoint_id": null},
        {"integration_type": "prometheus"},
        "odd",
    ]);
    let read = read(&changed("/service_integrations", rows));
    let ids: Vec<_> = read
        .integrations
        .rows()
        .iter()
        .map(|row| &*row.id)
        .collect();
    assert_eq!(ids, ["i2"]);
}

#[test]
fn a_failed_integration_carries_aivens_description() {
    let rows = json!([{"integration_type": "prometheus", "service_integration_id": "i", "active": false,
        "integration_status": {"status_user_desc": "cannot be made", "state": {"status": "failed", "errors": []}}}]);
    let failed = read(&changed("/service_integrations", rows));
    assert_eq!(
        failed.integrations.rows()[0].failure.as_deref(),
        Some("cannot be made")
    );
    let rows = json!([{"integration_type": "prometheus", "service_integration_id": "i",
        "integration_status": {"status_user_desc": "fine", "state": {"status": "running"}}}]);
    assert_eq!(
        read(&changed("/service_integrations", rows))
            .integrations
            .rows()[0]
            .failure,
        None
    );
}

fn types(answer: &Value) -> Result<ListedTypes, String> {
    read_types(answer.to_string().as_bytes())
}

#[test]
fn supported_types_come_from_every_prometheus_row() {
    let answer = json!({"integration_types": [
        {"integration_type": "logs", "source_service_types": ["grafana"]},
        {"integration_type": "prometheus", "source_service_types": ["pg", "quantumdb"]}]});
    let listed = types(&answer).unwrap();
    assert!(listed.types.contains("quantumdb") && !listed.types.contains("grafana"));
    assert!(listed.is_whole && listed.odd.count() == 0);
    assert!(types(&json!({"integration_types": []})).is_err());
}

#[test]
fn an_odd_row_of_another_integration_is_named_and_changes_nothing() {
    let prometheus = json!({"integration_type": "prometheus", "source_service_types": ["pg"]});
    for odd in [
        json!({"integration_type": "new", "source_service_types": null}),
        json!({"integration_type": "new", "source_service_types": 7}),
        json!({"integration_type": "new"}),
    ] {
        let listed = types(&json!({"integration_types": [odd, prometheus]})).unwrap();
        assert!(listed.is_whole && listed.types.contains("pg"));
        assert!(!listed.odd.hinder());
        let said = listed.odd.rows()[0].to_string();
        assert!(said.contains("row 1") && said.contains("new"), "{said}");
    }
}

#[test]
fn a_row_that_may_be_the_one_for_prometheus_never_means_that_there_is_none() {
    for odd in [
        json!(null),
        json!({"integration_type": 7, "source_service_types": ["pg"]}),
        json!({"integration_type": "prometheus", "source_service_types": null}),
        json!({"integration_type": "prometheus"}),
    ] {
        let listed = types(&json!({"integration_types": [odd]})).unwrap();
        assert!(!listed.is_whole && listed.odd.hinder(), "{odd}");
    }
    let part = json!({"integration_type": "prometheus", "source_service_types": ["pg", null]});
    let listed = types(&json!({"integration_types": [part]})).unwrap();
    assert!(listed.types.contains("pg") && !listed.is_whole);
}

fn find(rows: Value) -> Result<EndpointFact, String> {
    let answer = json!({"service_integration_endpoints": rows});
    let listed = ListedEndpoints::read(answer.to_string().as_bytes()).unwrap();
    listed.find(&EndpointChoice::Named {
        name: "ours".to_owned(),
        credentials: None,
    })
}

#[test]
fn an_endpoint_that_may_be_an_odd_row_is_not_missing() {
    let ours = json!({"endpoint_id": "e", "endpoint_name": "ours", "endpoint_type": "prometheus"});
    let other = json!({"endpoint_id": "o", "endpoint_name": "o", "endpoint_type": "datadog"});
    let missing = EndpointFact::Missing { why: None };
    assert_eq!(find(json!([ours])), Ok(EndpointFact::Present("e".into())));
    assert_eq!(find(json!([other])), Ok(missing.clone()));
    for member in ["endpoint_id", "endpoint_name", "endpoint_type"] {
        for value in [json!(null), json!(7), json!("")] {
            let mut odd = ours.clone();
            odd[member] = value;
            assert!(find(json!([other, odd])).is_err(), "{odd}");
            let found = find(json!([odd, ours]));
            assert_eq!(found, Ok(EndpointFact::Present("e".into())), "{odd}");
        }
    }
    let mut odd = other.clone();
    odd["endpoint_name"] = json!(null);
    assert_eq!(find(json!([odd])), Ok(missing));
}

#[test]
fn an_integration_that_cannot_be_read_is_not_missing() {
    let has = |rows: Value| {
        let answer = json!({"service_integrations": rows}).to_string();
        let read: Integrations<'_> = serde_json::from_str(&answer).unwrap();
        read.has_prometheus("a")
    };
    let ours = json!({"integration_type": "prometheus", "service_integration_id": "i", "source_service": "a"});
    let logs = json!({"integration_type": "logs"});
    assert_eq!(has(json!([])), Some(false));
    assert_eq!(has(json!([logs])), Some(false));
    assert_eq!(has(json!([null, ours])), Some(true));
    for odd in [
        json!(null),
        json!([null]),
        json!([{"integration_type": null}]),
        json!({}),
    ] {
        assert_eq!(has(odd.clone()), None, "{odd}");
    }
}

#[test]
fn descriptions_of_bad_json_quote_nothing() {
    let odd = br#"{"service_integration_endpoints": "hunter2"}"#;
    let error = ListedEndpoints::read(odd).unwrap_err();
    assert!(!error.contains("hunter2"), "{error}");
}
