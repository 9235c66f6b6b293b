//! Lenient about details, strict about what everything depends on.

use serde_json::{Value, json};

use super::*;
use crate::model::hosts::HostSource;

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
        (&*read.service_type, &*read.plan, &*read.cloud),
        ("opensearch", "business-4", "aws-eu-west-2")
    );
    assert_eq!(
        (read.node_count, read.power, &read.parse_problem),
        (Some(3), Power::On, &None)
    );
    assert_eq!(&*read.hosts[0].name, "prod-lon-0b8d-proj.a.aivencloud.com");
    assert_eq!(
        (read.hosts.len(), read.hosts[0].port, read.hosts[0].source),
        (1, 9273, HostSource::Component)
    );
    assert_eq!(
        (
            &*read.integrations[0].endpoint_id,
            read.integrations[0].active
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
        assert_eq!(read.parse_problem, None, "{case}");
        assert_eq!((read.hosts.len(), read.hosts[0].port), (1, 9273), "{case}");
        assert!(read.serves_metrics(), "{case}");
    }
}

#[test]
fn only_poweroff_counts_as_off() {
    assert_eq!(
        read(&changed("/state", json!("POWEROFF"))).power,
        Power::Off
    );
    for state in ["RUNNING", "REBUILDING", "REBALANCING", "whatever"] {
        assert_eq!(read(&changed("/state", json!(state))).power, Power::On);
    }
}

#[test]
fn a_service_with_only_a_readable_name_is_present_with_a_parse_problem() {
    for case in [
        without("state"),
        without("service_type"),
        changed("/state", json!(1)),
    ] {
        let read = read(&case);
        assert_eq!(&*read.name, "prod-lon-0b8d");
        let parse_problem = read.parse_problem.expect("what is wrong is noted");
        assert!(
            !parse_problem.contains("RUNNING") && !parse_problem.contains("prod"),
            "{parse_problem}"
        );
    }
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
    let ids: Vec<_> = read.integrations.iter().map(|row| &*row.id).collect();
    assert_eq!(ids, ["i2"]);
}

#[test]
fn a_failed_integration_carries_aivens_description() {
    let rows = json!([{"integration_type": "prometheus", "service_integration_id": "i", "active": false,
        "integration_status": {"status_user_desc": "cannot be made", "state": {"status": "failed", "errors": []}}}]);
    let failed = read(&changed("/service_integrations", rows));
    assert_eq!(
        failed.integrations[0].failure.as_deref(),
        Some("cannot be made")
    );
    let rows = json!([{"integration_type": "prometheus", "service_integration_id": "i",
        "integration_status": {"status_user_desc": "fine", "state": {"status": "running"}}}]);
    assert_eq!(
        read(&changed("/service_integrations", rows)).integrations[0].failure,
        None
    );
}

#[test]
fn supported_types_come_from_every_prometheus_row() {
    let answer = json!({"integration_types": [
        {"integration_type": "logs", "source_service_types": ["grafana"]},
        {"integration_type": "prometheus", "source_service_types": ["pg", "quantumdb"]}]});
    let types: IntegrationTypes = read_json(&answer);
    let types = types.prometheus_sources().unwrap();
    assert!(types.contains("quantumdb") && !types.contains("grafana"));
    let without_prometheus: IntegrationTypes = read_json(&json!({"integration_types": []}));
    assert_eq!(without_prometheus.prometheus_sources(), None);
}

fn read_json<T: DeserializeOwned>(value: &Value) -> T {
    super::read(value.to_string().as_bytes()).unwrap()
}

#[test]
fn descriptions_of_bad_json_quote_nothing() {
    let error =
        super::read::<Endpoints>(br#"{"service_integration_endpoints": "hunter2"}"#).unwrap_err();
    assert!(!error.contains("hunter2"), "{error}");
}
