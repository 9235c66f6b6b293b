//! The servers, and the calls that each of them knows.

use serde::{Deserialize, Serialize};

/// One of the simulated HTTP servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Server {
    /// Aiven's API.
    #[default]
    Aiven,
    /// Cloud Foundry's Cloud Controller.
    CloudController,
    /// Cloud Foundry's UAA.
    Uaa,
}

/// One call of one of the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `GET /v1/project`
    ListProjects,
    /// `GET /v1/project/P/service`
    ListServices,
    /// `GET /v1/project/P/service/S`
    GetService,
    /// `GET /v1/project/P/service/S/tags`
    GetServiceTags,
    /// `PUT` or `PATCH /v1/project/P/service/S/tags`
    UpdateServiceTags,
    /// `GET /v1/project/P/kms/ca`
    GetProjectCa,
    /// `GET /v1/project/P/service_types`
    ListServiceTypes,
    /// `GET /v1/project/P/integration_types`
    ListIntegrationTypes,
    /// `GET /v1/project/P/integration_endpoint_types`
    ListEndpointTypes,
    /// `GET /v1/project/P/integration_endpoint`
    ListEndpoints,
    /// `POST /v1/project/P/integration_endpoint`
    CreateEndpoint,
    /// `GET /v1/project/P/integration_endpoint/E`
    GetEndpoint,
    /// `PUT /v1/project/P/integration_endpoint/E`
    UpdateEndpoint,
    /// `DELETE /v1/project/P/integration_endpoint/E`
    DeleteEndpoint,
    /// `GET /v1/project/P/service/S/integration`
    ListServiceIntegrations,
    /// `POST /v1/project/P/integration`
    CreateIntegration,
    /// `GET /v1/project/P/integration/I`
    GetIntegration,
    /// `PUT /v1/project/P/integration/I`
    UpdateIntegration,
    /// `DELETE /v1/project/P/integration/I`
    DeleteIntegration,
    /// Anything else at Aiven's API; answered 404.
    Unknown,
    /// `GET /` of the Cloud Controller
    ReadRoot,
    /// `GET /v3/organizations`
    ListOrganizations,
    /// `GET /v3/spaces`
    ListSpaces,
    /// `GET /v3/service_instances`
    ListServiceInstances,
    /// `GET /v3/service_instances/I/relationships/shared_spaces`
    ListSharedSpaces,
    /// Anything else at the Cloud Controller; answered 404.
    UnknownAtCloudController,
    /// `GET /.well-known/openid-configuration`
    Discover,
    /// `GET /token_keys`
    ListTokenKeys,
    /// `POST /oauth/token`
    IssueToken,
    /// `POST /introspect`
    Introspect,
    /// `GET /oauth/authorize`
    Authorize,
    /// `GET /login` and `POST /login.do`
    Login,
    /// Anything else at the UAA; answered 404.
    UnknownAtUaa,
}

impl Operation {
    /// Whose call it is.
    pub fn server(self) -> Server {
        match self {
            Self::ReadRoot
            | Self::ListOrganizations
            | Self::ListSpaces
            | Self::ListServiceInstances
            | Self::ListSharedSpaces
            | Self::UnknownAtCloudController => Server::CloudController,
            Self::Discover
            | Self::ListTokenKeys
            | Self::IssueToken
            | Self::Introspect
            | Self::Authorize
            | Self::Login
            | Self::UnknownAtUaa => Server::Uaa,
            _ => Server::Aiven,
        }
    }
}
