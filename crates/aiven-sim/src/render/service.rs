//! The particular part of a service's JSON, and how it meets the filler.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::account::Service;
use crate::render::{Filler, FillerKey, Row, SERVICE_PASSWORD};
use crate::service_type;

/// What a listing's particular part takes once a service is integrated.
const PARTICULAR_BYTES: usize = 2_400;

/// Different looks of one type and size.
const VARIANTS: u64 = 8;

/// Whether passwords and URIs are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrets {
    Shown,
    Hidden,
}

/// The filler that makes the service as large as it was asked to be.
pub(crate) fn filler_key(service: &Service, secrets: Secrets) -> FillerKey {
    let spec = &service.spec;
    let hash = spec.name.bytes().fold(7_u64, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let variant = hash % VARIANTS;
    let wanted = spec
        .listed_bytes
        .unwrap_or(6_000 + 2_000 * usize::try_from(variant).unwrap_or(0));
    let kafka = spec.service_type.starts_with("kafka");
    let topics = if kafka {
        spec.topics.unwrap_or(wanted / 2_000)
    } else {
        0
    };
    let extra = spec
        .topics
        .map_or(0, |topics| if kafka { topics * 300 } else { 0 });
    FillerKey {
        service_type: spec.service_type.clone(),
        bytes: (wanted.saturating_sub(PARTICULAR_BYTES) + extra) / 64 * 64,
        topics,
        variant,
        with_secrets: secrets == Secrets::Shown,
    }
}

/// The service's JSON object, fields in alphabetical order as Aiven sends them.
pub(crate) fn row(service: &Service, filler: &Arc<Filler>, secrets: Secrets) -> Row {
    let mut particular = particular(service, secrets);
    let mut row = Row::default();
    let mut own = String::new();
    for (name, shared) in &filler.fields {
        let later = particular.split_off(name);
        append(&mut own, &particular);
        particular = later;
        row.push(std::mem::take(&mut own));
        row.push(shared.clone());
    }
    append(&mut own, &particular);
    own.push('}');
    row.push(own);
    row.open_object();
    row
}

fn append(text: &mut String, fields: &BTreeMap<&str, Value>) {
    for (name, value) in fields {
        // Writing to a String cannot fail.
        let _ = write!(text, ",\"{name}\":{value}");
    }
}

fn particular(service: &Service, secrets: Secrets) -> BTreeMap<&'static str, Value> {
    let spec = &service.spec;
    let integrations = service
        .integrations
        .iter()
        .map(|integration| integration.json(&service.project));
    BTreeMap::from([
        ("cloud_name", json!(spec.cloud)),
        ("components", components(service)),
        ("connection_info", connection_info(service, secrets)),
        ("create_time", time(service.created)),
        ("node_count", json!(spec.nodes)),
        ("node_states", node_states(service)),
        ("plan", json!(spec.plan)),
        (
            "project_vpc_id",
            json!(spec.vpc.then_some("4f5a2b0e-53a8-4cf5-9a8f-2f2a5ff0f8a1")),
        ),
        ("service_integrations", integrations.collect()),
        ("service_name", json!(spec.name)),
        ("service_type", json!(spec.service_type)),
        ("service_uri", uri(service, secrets)),
        ("service_uri_params", uri_params(service, secrets)),
        ("state", json!(spec.state)),
        ("tags", json!(spec.tags)),
        (
            "update_time",
            time(service.updated + SignedDuration::from_secs(service.touches)),
        ),
        ("user_config", user_config(service)),
    ])
}

fn time(time: Timestamp) -> Value {
    json!(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Main component, and the Prometheus one while an integration is in force.
fn components(service: &Service) -> Value {
    if !service.is_powered() {
        return json!([]);
    }
    let facts = service_type::of(&service.spec.service_type);
    let mut components = Vec::new();
    add_component(
        &mut components,
        service,
        &service.spec.service_type,
        facts.port,
    );
    if service.serving_endpoint().is_some() {
        add_component(&mut components, service, "prometheus", service.spec.port);
    }
    Value::Array(components)
}

/// One component under each of the names and routes that the service has.
fn add_component(components: &mut Vec<Value>, service: &Service, component: &str, port: u16) {
    let port = if service.spec.port_as_string {
        json!(port.to_string())
    } else {
        json!(port)
    };
    let usages = [("", "primary"), ("replica-", "replica")];
    let routes = [("", "dynamic"), ("public-", "public")];
    for (replica_prefix, usage) in usages
        .into_iter()
        .take(1 + usize::from(service.has_replicas()))
    {
        for (public_prefix, route) in routes.into_iter().take(1 + usize::from(service.spec.vpc)) {
            let host = format!("{public_prefix}{replica_prefix}{}", service.host);
            components.push(json!({"component": component, "host": host, "port": port, "route": route, "usage": usage}));
        }
    }
}

fn node_states(service: &Service) -> Value {
    if !service.is_powered() {
        return json!([]);
    }
    let moving = service.nodes.iter().any(|node| node.leaving);
    let split = service_type::of(&service.spec.service_type).has_replica_name;
    let state = |(index, node): (usize, &crate::account::Node)| {
        let state = match (node.leaving, moving) {
            (true, _) => "leaving",
            (false, true) => "syncing_data",
            (false, false) => "running",
        };
        let mut row = json!({"name": node.name, "progress_updates": [], "state": state});
        if split || service.nodes.len() == 1 {
            row["role"] = json!(if index == 0 { "master" } else { "standby" });
        }
        row
    };
    service.nodes.iter().enumerate().map(state).collect()
}

/// Carries credentials, so it is null unless they are shown.
fn uri(service: &Service, secrets: Secrets) -> Value {
    if secrets == Secrets::Hidden || !service.is_powered() {
        return Value::Null;
    }
    let facts = service_type::of(&service.spec.service_type);
    json!(format!(
        "{}://avnadmin:{SERVICE_PASSWORD}@{}:{}",
        facts.scheme, service.host, facts.port
    ))
}

fn uri_params(service: &Service, secrets: Secrets) -> Value {
    if !service.is_powered() {
        return json!({});
    }
    let facts = service_type::of(&service.spec.service_type);
    let mut params = json!({"port": facts.port.to_string(), "user": "avnadmin"});
    if !service.spec.without_uri_host {
        params["host"] = json!(service.host);
    }
    if secrets == Secrets::Shown {
        params["password"] = json!(SERVICE_PASSWORD);
    }
    params
}

fn connection_info(service: &Service, secrets: Secrets) -> Value {
    let uri = uri(service, secrets);
    if uri.is_null() {
        json!({})
    } else {
        json!({service.spec.service_type.clone(): [uri]})
    }
}

/// `ip_filter` has strings and objects, as the schema allows.
fn user_config(service: &Service) -> Value {
    json!({
        "ip_filter": ["10.0.0.0/8", {"description": "cf", "network": "192.0.2.0/24"}, "203.0.113.7/32"],
        "private_access": {"prometheus": false},
        "public_access": {"prometheus": service.spec.vpc},
        "static_ips": false,
    })
}
