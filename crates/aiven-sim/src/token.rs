//! API tokens and what they may do.
//!
//! Permission names are Aiven's own (`platform/concepts/permissions`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::fault::Operation;

/// A right on a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Permission {
    /// List and read services.
    #[serde(rename = "project:services:read")]
    ServicesRead,
    /// List and read integrations and endpoints, without their secrets.
    #[serde(rename = "project:integrations:read")]
    IntegrationsRead,
    /// Create and update them, read their secrets; includes reading.
    #[serde(rename = "project:integrations:write")]
    IntegrationsWrite,
    /// Read the project's CA, odd as that is.
    #[serde(rename = "organization:projects:write")]
    ProjectsWrite,
    /// Read and change tags by their own call.
    #[serde(rename = "service:configuration:write")]
    ServiceConfigurationWrite,
}

impl Permission {
    /// Aiven's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ServicesRead => "project:services:read",
            Self::IntegrationsRead => "project:integrations:read",
            Self::IntegrationsWrite => "project:integrations:write",
            Self::ProjectsWrite => "organization:projects:write",
            Self::ServiceConfigurationWrite => "service:configuration:write",
        }
    }

    /// What `operation` needs; `None` if any valid token will do.
    pub(crate) fn needed_for(operation: Operation, with_secrets: bool) -> Option<Self> {
        use Operation as O;
        Some(match operation {
            O::ListServices | O::GetService => Self::ServicesRead,
            O::GetEndpoint if with_secrets => Self::IntegrationsWrite,
            O::ListIntegrationTypes
            | O::ListEndpointTypes
            | O::ListEndpoints
            | O::GetEndpoint
            | O::ListServiceIntegrations
            | O::GetIntegration => Self::IntegrationsRead,
            O::CreateEndpoint
            | O::UpdateEndpoint
            | O::DeleteEndpoint
            | O::CreateIntegration
            | O::UpdateIntegration
            | O::DeleteIntegration => Self::IntegrationsWrite,
            O::GetProjectCa => Self::ProjectsWrite,
            O::GetServiceTags | O::UpdateServiceTags => Self::ServiceConfigurationWrite,
            // Among them all of Cloud Foundry, which has tokens of its own.
            _ => return None,
        })
    }
}

/// The rights of a token to be made with [`crate::Simulator::add_token`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    /// Permissions of each project; a project that is not named is one that the
    /// token's owner is no member of.
    #[serde(default)]
    pub(crate) projects: BTreeMap<String, BTreeSet<Permission>>,
    /// Everything everywhere.
    #[serde(default)]
    pub(crate) all: bool,
}

impl TokenSpec {
    /// May do nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// May do everything, as the default token.
    pub fn all() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// Adds permissions on one project.
    pub fn allow(
        mut self,
        project: impl Into<String>,
        permissions: impl IntoIterator<Item = Permission>,
    ) -> Self {
        self.projects
            .entry(project.into())
            .or_default()
            .extend(permissions);
        self
    }

    /// Adds the smallest useful set on one project: services read, integrations
    /// write. It cannot read the project's CA.
    pub fn smallest(self, project: impl Into<String>) -> Self {
        self.allow(
            project,
            [Permission::ServicesRead, Permission::IntegrationsWrite],
        )
    }

    /// A member of the project, whatever the rights.
    pub(crate) fn is_member(&self, project: &str) -> bool {
        self.all || self.projects.contains_key(project)
    }

    pub(crate) fn allows(&self, project: &str, permission: Permission) -> bool {
        let has = |wanted| {
            self.projects
                .get(project)
                .is_some_and(|set| set.contains(&wanted))
        };
        self.all
            || has(permission)
            || (permission == Permission::IntegrationsRead && has(Permission::IntegrationsWrite))
    }
}

/// A token that was handed out.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) secret: String,
    pub(crate) spec: TokenSpec,
    pub(crate) revoked: bool,
}

impl Token {
    pub(crate) fn new(spec: TokenSpec) -> Self {
        let secret = format!("sim-token-{}", uuid::Uuid::new_v4().simple());
        Self {
            secret,
            spec,
            revoked: false,
        }
    }
}
