//! The shapes of Aiven's JSON, as far as they are read, and their conversion into
//! the model.
//!
//! Lenient: unknown fields and enum values, and details of an unexpected type, are
//! accepted or ignored. Strict only about what everything depends on: a service's
//! name, type and state.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use crate::model::endpoint::ListedEndpoint;
use crate::model::hosts::{Component, scrape_hosts};
use crate::model::plan::SupportedTypes;
use crate::model::service::{Power, Service, ServiceIntegration};

mod lenient;
pub mod secrets;

use lenient::{Lenient, Port, Rows, Text};

/// Aiven's name for the type of the integration, and of its endpoint.
pub const PROMETHEUS: &str = "prometheus";

/// The members of a listed service that are read; all others are skipped unparsed.
pub const SERVICE_MEMBERS: &[&str] = &[
    "service_name",
    "service_type",
    "state",
    "plan",
    "cloud_name",
    "node_count",
    "node_states",
    "service_uri_params",
    "components",
    "service_integrations",
    "tags",
];

/// Reads services. Strings that many services have in common are shared.
#[derive(Debug)]
pub struct ServiceReader {
    tag_keys: BTreeSet<String>,
    shared: HashSet<Arc<str>>,
}

/// Why not even the name of a service could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl ServiceReader {
    /// `tag_keys`: the tags to keep; the rest are dropped.
    pub fn new(tag_keys: impl IntoIterator<Item = String>) -> Self {
        ServiceReader {
            tag_keys: tag_keys.into_iter().collect(),
            shared: HashSet::new(),
        }
    }

    /// A reader that keeps the same tags.
    pub fn fork(&self) -> Self {
        ServiceReader::new(self.tag_keys.iter().cloned())
    }

    /// Reads one service object. If only the name is readable, the service is
    /// returned with `parse_problem` set.
    ///
    /// # Errors
    /// When not even the name is readable.
    pub fn read(&mut self, json: &[u8]) -> Result<Service, Unreadable> {
        match serde_json::from_slice::<WireService<'_>>(json) {
            Ok(wire) => Ok(self.service(&wire)),
            Err(error) => self.read_presence(json, &describe(&error)),
        }
    }

    fn service(&mut self, wire: &WireService<'_>) -> Service {
        let nodes = wire.node_states.0.len();
        let node_count = wire
            .node_count
            .0
            .or_else(|| u32::try_from(nodes).ok().filter(|count| *count > 0));
        let host = wire.service_uri_params.0.host.as_deref();
        let components: Vec<_> = wire.components.0.iter().filter_map(component).collect();
        Service {
            name: Arc::from(&*wire.service_name),
            service_type: self.share(&wire.service_type),
            plan: self.share(wire.plan.0.as_deref().unwrap_or_default()),
            cloud: self.share(wire.cloud_name.0.as_deref().unwrap_or_default()),
            node_count,
            power: if wire.state == "POWEROFF" {
                Power::Off
            } else {
                Power::On
            },
            hosts: scrape_hosts(&wire.service_type, node_count, host, &components),
            integrations: self.own_integrations(wire),
            tags: self.kept_tags(wire),
            served_before: false,
            parse_problem: None,
        }
    }

    /// Reads only the name, and sets `parse_problem`.
    ///
    /// # Errors
    /// When not even the name is readable.
    pub fn read_presence(
        &mut self,
        json: &[u8],
        parse_problem: &str,
    ) -> Result<Service, Unreadable> {
        let Ok(named) = serde_json::from_slice::<Named<'_>>(json) else {
            return Err(Unreadable(parse_problem.to_owned()));
        };
        Ok(Service {
            name: Arc::from(&*named.service_name),
            service_type: self.share("unknown"),
            plan: self.share(""),
            cloud: self.share(""),
            node_count: None,
            power: Power::On,
            hosts: Box::default(),
            integrations: Box::default(),
            tags: Box::default(),
            served_before: false,
            parse_problem: Some(parse_problem.into()),
        })
    }

    /// The integrations whose source is the service. It can also be the destination
    /// of others.
    fn own_integrations(&mut self, wire: &WireService<'_>) -> Box<[ServiceIntegration]> {
        let rows = wire.service_integrations.0.iter();
        rows.filter(|row| row.is_prometheus_of(&wire.service_name))
            .map(|row| self.integration(row))
            .collect()
    }

    fn integration(&mut self, row: &WireIntegration<'_>) -> ServiceIntegration {
        let status = row.integration_status.0.as_ref();
        let failed = status.filter(|status| status.state.0.status.0.as_deref() == Some("failed"));
        ServiceIntegration {
            id: Arc::from(&*row.service_integration_id),
            endpoint_id: self.share(row.dest_endpoint_id.0.as_deref().unwrap_or_default()),
            enabled: row.enabled.0.unwrap_or(true),
            active: row.active.0.unwrap_or(false),
            failure: failed.map(|status| {
                let description = status.status_user_desc.0.as_deref();
                Arc::from(description.unwrap_or("Aiven reports the integration as failed"))
            }),
        }
    }

    fn kept_tags(&mut self, wire: &WireService<'_>) -> Box<[(Arc<str>, Arc<str>)]> {
        let Some(raw) = wire.tags.filter(|_| !self.tag_keys.is_empty()) else {
            return Box::default();
        };
        let tags: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(raw.get()).unwrap_or_default();
        let mut kept: Vec<_> = tags
            .iter()
            .filter(|(key, _)| self.tag_keys.contains(key.as_str()))
            .map(|(key, value)| (Arc::from(key.as_str()), tag_text(value)))
            .collect();
        kept.sort();
        kept.into()
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.shared.insert(Arc::clone(&new));
        new
    }
}

fn tag_text(value: &serde_json::Value) -> Arc<str> {
    match value {
        serde_json::Value::String(text) => Arc::from(text.as_str()),
        other => Arc::from(other.to_string()),
    }
}

fn component<'a>(row: &'a WireComponent<'_>) -> Option<Component<'a>> {
    Some(Component {
        component: &row.component,
        host: &row.host,
        port: row.port.0?.0,
        route: row.route.0.as_deref(),
        usage: row.usage.0.as_deref(),
    })
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    service_name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct WireService<'a> {
    #[serde(borrow)]
    service_name: Cow<'a, str>,
    #[serde(borrow)]
    service_type: Cow<'a, str>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow, default)]
    plan: Lenient<Option<Text<'a>>>,
    #[serde(borrow, default)]
    cloud_name: Lenient<Option<Text<'a>>>,
    #[serde(default)]
    node_count: Lenient<Option<u32>>,
    #[serde(default)]
    node_states: Lenient<Vec<IgnoredAny>>,
    #[serde(borrow, default)]
    service_uri_params: Lenient<UriParams<'a>>,
    #[serde(borrow, default)]
    components: Rows<WireComponent<'a>>,
    #[serde(borrow, default)]
    service_integrations: Rows<WireIntegration<'a>>,
    #[serde(borrow, default)]
    tags: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct UriParams<'a> {
    #[serde(borrow, default)]
    host: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireComponent<'a> {
    #[serde(borrow)]
    component: Cow<'a, str>,
    #[serde(borrow)]
    host: Cow<'a, str>,
    #[serde(default)]
    port: Lenient<Option<Port>>,
    #[serde(borrow, default)]
    route: Lenient<Option<Text<'a>>>,
    #[serde(borrow, default)]
    usage: Lenient<Option<Text<'a>>>,
}

/// A row of `service_integrations`.
#[derive(Deserialize)]
pub struct WireIntegration<'a> {
    #[serde(borrow)]
    integration_type: Cow<'a, str>,
    #[serde(borrow)]
    service_integration_id: Cow<'a, str>,
    #[serde(borrow, default)]
    source_service: Lenient<Option<Text<'a>>>,
    #[serde(borrow, default)]
    dest_endpoint_id: Lenient<Option<Text<'a>>>,
    #[serde(default)]
    enabled: Lenient<Option<bool>>,
    #[serde(default)]
    active: Lenient<Option<bool>>,
    #[serde(borrow, default)]
    integration_status: Lenient<Option<WireStatus<'a>>>,
}

impl WireIntegration<'_> {
    /// Whether this is a Prometheus integration whose source is that service.
    pub fn is_prometheus_of(&self, service: &str) -> bool {
        self.integration_type == PROMETHEUS
            && self
                .source_service
                .0
                .as_deref()
                .is_none_or(|source| source == service)
    }
}

#[derive(Deserialize)]
struct WireStatus<'a> {
    #[serde(borrow, default)]
    status_user_desc: Lenient<Option<Text<'a>>>,
    #[serde(borrow, default)]
    state: Lenient<WireState<'a>>,
}

#[derive(Deserialize, Default)]
struct WireState<'a> {
    #[serde(borrow, default)]
    status: Lenient<Option<Text<'a>>>,
}

/// `GET …/integration_types`.
#[derive(Debug, Deserialize)]
pub struct IntegrationTypes {
    integration_types: Vec<IntegrationType>,
}

#[derive(Debug, Deserialize)]
struct IntegrationType {
    integration_type: String,
    #[serde(default)]
    source_service_types: Vec<Arc<str>>,
}

impl IntegrationTypes {
    /// The service types whose metrics Aiven can expose to Prometheus; `None`
    /// if the answer does not have the integration at all.
    pub fn prometheus_sources(self) -> Option<SupportedTypes> {
        let rows = self.integration_types.into_iter();
        let mut types = SupportedTypes::new();
        let mut known = false;
        for row in rows.filter(|row| row.integration_type == PROMETHEUS) {
            known = true;
            types.extend(row.source_service_types);
        }
        known.then_some(types)
    }
}

/// `GET …/integration_endpoint`.
#[derive(Debug, Deserialize)]
pub struct Endpoints {
    /// All integration endpoints of the project, of any type.
    pub service_integration_endpoints: Vec<Endpoint>,
}

/// An integration endpoint, without its secrets.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoint {
    /// `endpoint_id`.
    pub endpoint_id: String,
    /// `endpoint_name`; need not be unique.
    #[serde(default)]
    pub endpoint_name: String,
    /// `endpoint_type`.
    #[serde(default)]
    pub endpoint_type: String,
}

impl Endpoint {
    /// The fields that are needed to choose an endpoint.
    pub fn listed(&self) -> ListedEndpoint<'_> {
        ListedEndpoint {
            id: &self.endpoint_id,
            name: &self.endpoint_name,
        }
    }
}

/// `GET …/service/{s}/integration`.
#[derive(Deserialize)]
pub struct Integrations<'a> {
    #[serde(borrow)]
    service_integrations: Rows<WireIntegration<'a>>,
}

impl Integrations<'_> {
    /// Whether the service has a Prometheus integration, with any endpoint.
    pub fn has_prometheus(&self, service: &str) -> bool {
        let mut rows = self.service_integrations.0.iter();
        rows.any(|row| row.is_prometheus_of(service))
    }
}

/// Reads a whole answer.
///
/// # Errors
/// With the message of [`describe`], which quotes no content.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| describe(&error))
}

/// What is wrong with JSON, and where. Quotes no values, which may be secret.
pub fn describe(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "another shape than expected",
        serde_json::error::Category::Eof => "the end comes too early",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "not JSON",
    };
    format!("{kind}, at line {} column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests;
