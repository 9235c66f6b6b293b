//! Aiven's API: a client for the calls that are needed, and the errors that they
//! can end with. It knows JSON and HTTP, and decides nothing about services.
//!
//! Sources: Aiven's OpenAPI as generated into `aiven/go-client-codegen`, and
//! Aiven's own clients for what that does not say.

pub(crate) mod client;
pub(crate) mod error;
pub(crate) mod listing;
pub mod projection;
pub(crate) mod wire;

pub(crate) use client::Client;
pub(crate) use error::{Error, ErrorKind};
pub use wire::SERVICE_MEMBERS;

/// The API calls that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Operation {
    /// `GET /project/{p}/service`
    ListServices,
    /// `GET /project/{p}/service/{s}`
    GetService,
    /// `GET /project/{p}/integration_types`
    ListIntegrationTypes,
    /// `GET /project/{p}/integration_endpoint`
    ListEndpoints,
    /// `POST /project/{p}/integration_endpoint`
    CreateEndpoint,
    /// `GET /project/{p}/integration_endpoint/{e}?include_secrets=true`
    GetEndpoint,
    /// `PUT /project/{p}/integration_endpoint/{e}`
    UpdateEndpoint,
    /// `GET /project/{p}/kms/ca`
    GetProjectCa,
    /// `GET /project/{p}/service/{s}/integration`
    ListIntegrations,
    /// `POST /project/{p}/integration`
    CreateIntegration,
}

impl Operation {
    /// The label value in metrics, and the name in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::ListServices => "list_services",
            Operation::GetService => "get_service",
            Operation::ListIntegrationTypes => "list_integration_types",
            Operation::ListEndpoints => "list_endpoints",
            Operation::CreateEndpoint => "create_endpoint",
            Operation::GetEndpoint => "get_endpoint",
            Operation::UpdateEndpoint => "update_endpoint",
            Operation::GetProjectCa => "get_project_ca",
            Operation::ListIntegrations => "list_integrations",
            Operation::CreateIntegration => "create_integration",
        }
    }
}
