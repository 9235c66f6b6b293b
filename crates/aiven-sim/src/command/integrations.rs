//! Commands on endpoints and integrations, as people make and unmake them by hand.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::NewIntegration;
use crate::command::{Applied, Outcome};
use crate::refusal::Refusal;
use crate::shared::Shared;

/// Which endpoint, by its id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointId {
    pub(crate) project: String,
    pub(crate) endpoint: String,
}

/// Which integration, by its id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntegrationId {
    pub(crate) project: String,
    pub(crate) integration: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddEndpoint {
    pub(crate) project: String,
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeEndpoint {
    pub(crate) project: String,
    pub(crate) endpoint: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddIntegration {
    pub(crate) project: String,
    pub(crate) service: String,
    pub(crate) endpoint: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkServices {
    pub(crate) project: String,
    pub(crate) integration_type: String,
    pub(crate) source: String,
    pub(crate) dest: String,
}

impl EndpointId {
    pub(super) fn integrate_all(&self, to: &Arc<Shared>) -> Applied {
        let integrated = to.integrate_all(&self.project, &self.endpoint)?;
        Ok(Outcome::Integrated { integrated })
    }
}

impl IntegrationId {
    pub(super) fn enable(&self, to: &Arc<Shared>, enabled: bool) -> Result<(), Refusal> {
        to.edit_integration(&self.project, &self.integration, |integration| {
            integration.enabled = enabled;
            integration.active = enabled;
        })
        .map(drop)
    }
}

impl AddEndpoint {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Applied {
        let user_config = user_config(&self.username, &self.password);
        let endpoint = to.create_endpoint(&self.project, &self.name, "prometheus", &user_config)?;
        Ok(Outcome::Made { id: endpoint.id })
    }
}

impl ChangeEndpoint {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Result<(), Refusal> {
        let user_config = user_config(&self.username, &self.password);
        to.update_endpoint(&self.project, &self.endpoint, &user_config)
            .map(drop)
    }
}

impl AddIntegration {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Applied {
        let new = NewIntegration {
            integration_type: "prometheus",
            source_service: &self.service,
            dest_endpoint_id: &self.endpoint,
            user_config: json!({}),
        };
        let integration = to.create_integration(&self.project, new)?;
        Ok(Outcome::Made { id: integration.id })
    }
}

impl LinkServices {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Applied {
        let integration_type = &self.integration_type;
        let id = to.link_services(&self.project, integration_type, &self.source, &self.dest)?;
        Ok(Outcome::Made { id })
    }
}

fn user_config(username: &str, password: &str) -> Value {
    json!({"basic_auth_username": username, "basic_auth_password": password})
}
