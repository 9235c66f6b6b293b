//! From method and path to the operation that is meant.

use hyper::{Method, Uri};
use percent_encoding::percent_decode_str;

use crate::fault::Operation;

/// A request's target, decoded.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) project: Option<String>,
    pub(super) service: Option<String>,
    /// Id of an endpoint or integration.
    pub(super) id: String,
    pub(super) include_secrets: bool,
    pub(super) limit: Option<usize>,
    /// `PATCH`, which merges where `PUT` replaces.
    pub(super) merge: bool,
}

impl Route {
    pub(super) fn of(method: &Method, uri: &Uri) -> Self {
        let segments: Option<Vec<String>> = uri
            .path()
            .trim_start_matches('/')
            .split('/')
            .map(|segment| Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned()))
            .collect();
        let segments = segments.unwrap_or_default();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (operation, service, id) = operation(method, &segments);
        let project = match segments.as_slice() {
            ["v1", "project", project, _, ..] => Some((*project).to_owned()),
            _ => None,
        };
        let query = |wanted: &str| {
            let pairs = form_urlencoded::parse(uri.query().unwrap_or("").as_bytes());
            pairs
                .into_iter()
                .find(|(key, _)| key == wanted)
                .map(|(_, value)| value.into_owned())
        };
        Self {
            operation,
            project,
            service: service.map(str::to_owned),
            id: id.to_owned(),
            include_secrets: query("include_secrets").is_some_and(|value| value == "true"),
            limit: query("limit").and_then(|limit| limit.parse().ok()),
            merge: method == Method::PATCH,
        }
    }
}

fn operation<'a>(method: &Method, segments: &[&'a str]) -> (Operation, Option<&'a str>, &'a str) {
    use Operation as O;
    let ["v1", "project", path @ ..] = segments else {
        return (O::Unknown, None, "");
    };
    match (method.as_str(), path) {
        ("GET", []) => (O::ListProjects, None, ""),
        ("GET", [_, "service"]) => (O::ListServices, None, ""),
        ("GET", [_, "service", service]) => (O::GetService, Some(*service), ""),
        ("GET", [_, "service", service, "tags"]) => (O::GetServiceTags, Some(*service), ""),
        ("PUT" | "PATCH", [_, "service", service, "tags"]) => {
            (O::UpdateServiceTags, Some(*service), "")
        }
        ("GET", [_, "service", service, "integration"]) => {
            (O::ListServiceIntegrations, Some(*service), "")
        }
        ("GET", [_, "kms", "ca"]) => (O::GetProjectCa, None, ""),
        ("GET", [_, "service_types"]) => (O::ListServiceTypes, None, ""),
        ("GET", [_, "integration_types"]) => (O::ListIntegrationTypes, None, ""),
        ("GET", [_, "integration_endpoint_types"]) => (O::ListEndpointTypes, None, ""),
        ("GET", [_, "integration_endpoint"]) => (O::ListEndpoints, None, ""),
        ("POST", [_, "integration_endpoint"]) => (O::CreateEndpoint, None, ""),
        ("GET", [_, "integration_endpoint", id]) => (O::GetEndpoint, None, *id),
        ("PUT", [_, "integration_endpoint", id]) => (O::UpdateEndpoint, None, *id),
        ("DELETE", [_, "integration_endpoint", id]) => (O::DeleteEndpoint, None, *id),
        ("POST", [_, "integration"]) => (O::CreateIntegration, None, ""),
        ("GET", [_, "integration", id]) => (O::GetIntegration, None, *id),
        ("PUT", [_, "integration", id]) => (O::UpdateIntegration, None, *id),
        ("DELETE", [_, "integration", id]) => (O::DeleteIntegration, None, *id),
        _ => (O::Unknown, None, ""),
    }
}
