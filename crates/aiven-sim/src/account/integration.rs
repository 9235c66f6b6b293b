//! Service integrations: from requested to active to gone.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::account::Project;
use crate::refusal::Refusal;
use crate::shared::{Pace, Shared};
use crate::spec::ServiceState;

/// A service integration as it is at Aiven.
#[derive(Clone, Debug, PartialEq)]
pub struct Integration {
    /// `service_integration_id`
    pub id: String,
    /// `integration_type`, such as `prometheus`
    pub integration_type: String,
    /// `source_service`
    pub source_service: String,
    /// `source_service_type`
    pub source_service_type: String,
    /// `dest_endpoint_id`, for an integration with an endpoint
    pub dest_endpoint_id: Option<String>,
    /// `dest_endpoint`, its name
    pub dest_endpoint: Option<String>,
    /// `dest_service`, for an integration with another service
    pub dest_service: Option<String>,
    /// Carried out by the nodes.
    pub active: bool,
    /// Switched on.
    pub enabled: bool,
    /// `user_config`
    pub user_config: Value,
}

impl Integration {
    pub(crate) fn json(&self, project: &str) -> Value {
        let status = match (self.enabled, self.active) {
            (true, true) => "running",
            (true, false) => "starting",
            (false, _) => "inactive",
        };
        let with_service = self.dest_service.is_some();
        json!({
            "active": self.active,
            "description": match &self.dest_endpoint {
                Some(endpoint) => format!("Integrate {} with endpoint {endpoint}", self.source_service),
                None => format!("Send {} of {}", self.integration_type, self.source_service),
            },
            "dest_endpoint": self.dest_endpoint,
            "dest_endpoint_id": self.dest_endpoint_id,
            "dest_project": with_service.then_some(project),
            "dest_service": self.dest_service,
            "dest_service_type": Value::Null,
            "enabled": self.enabled,
            "integration_status": {
                "state": {"errors": [], "likely_error_cause": null, "nodes": {}, "status": status},
                "status_user_desc": format!("Integration is {status}"),
            },
            "integration_type": self.integration_type,
            "service_integration_id": self.id,
            "source_endpoint": null,
            "source_endpoint_id": null,
            "source_project": project,
            "source_service": self.source_service,
            "source_service_type": self.source_service_type,
            "user_config": self.user_config,
        })
    }
}

/// What a `POST …/integration` asks for.
pub(crate) struct NewIntegration<'a> {
    pub(crate) integration_type: &'a str,
    pub(crate) source_service: &'a str,
    pub(crate) dest_endpoint_id: &'a str,
    pub(crate) user_config: Value,
}

impl NewIntegration<'_> {
    fn made(self, source_type: String, endpoint_name: String, active: bool) -> Integration {
        Integration {
            id: Uuid::new_v4().to_string(),
            integration_type: self.integration_type.to_owned(),
            source_service: self.source_service.to_owned(),
            source_service_type: source_type,
            dest_endpoint_id: Some(self.dest_endpoint_id.to_owned()),
            dest_endpoint: Some(endpoint_name),
            dest_service: None,
            active,
            enabled: true,
            user_config: self.user_config,
        }
    }
}

impl Shared {
    /// As by API, with every refusal that Aiven has for it.
    pub(crate) fn create_integration(
        self: &Arc<Self>,
        project_name: &str,
        new: NewIntegration<'_>,
    ) -> Result<Integration, Refusal> {
        let mut account = self.account();
        let supported = new.integration_type != "prometheus" || {
            let service = account.service(project_name, new.source_service)?;
            account
                .prometheus_types
                .contains(&service.spec.service_type)
        };
        let project = account.project_mut(project_name)?;
        let endpoint = project
            .endpoint(new.dest_endpoint_id)
            .map(|endpoint| endpoint.name.clone());
        let service = project
            .services
            .get_mut(new.source_service)
            .ok_or_else(|| Refusal::no_service(new.source_service))?;
        if service.creation_lag > 0 {
            service.creation_lag -= 1;
            return Err(Refusal::no_service(new.source_service));
        }
        if let Some(refusal) = &service.refusal {
            return Err(refusal.clone());
        }
        let endpoint_name = endpoint?;
        service.check_integrable(supported)?;
        if !self.settings.duplicate_integrations {
            service.check_not_integrated(new.dest_endpoint_id)?;
        }
        let active = self.settings.activation == Pace::Immediately;
        let integration = new.made(service.spec.service_type.clone(), endpoint_name, active);
        service.integrations.push(integration.clone());
        service.settle(self, &project.endpoints);
        drop(account);
        if let Pace::After(delay) = self.settings.activation {
            self.activate_later(delay, project_name, &integration);
        }
        self.changed();
        Ok(integration)
    }

    fn activate_later(
        self: &Arc<Self>,
        delay: std::time::Duration,
        project: &str,
        integration: &Integration,
    ) {
        let shared = Arc::clone(self);
        let (project, id) = (project.to_owned(), integration.id.clone());
        self.spawn(async move {
            tokio::time::sleep(delay).await;
            // Refused if it has been deleted since.
            let _ = shared.edit_integration(&project, &id, |integration| {
                integration.active = integration.enabled
            });
        });
    }

    /// Changes one integration, wherever it is embedded.
    pub(crate) fn edit_integration(
        self: &Arc<Self>,
        project: &str,
        id: &str,
        edit: impl Fn(&mut Integration),
    ) -> Result<Integration, Refusal> {
        let mut account = self.account();
        let project = account.project_mut(project)?;
        for service in project.services.values_mut() {
            let mut found = service
                .integrations
                .iter_mut()
                .filter(|integration| integration.id == id)
                .peekable();
            if found.peek().is_some() {
                found.for_each(&edit);
                service.settle(self, &project.endpoints);
            }
        }
        let edited = project.integration(id)?.clone();
        drop(account);
        self.changed();
        Ok(edited)
    }

    pub(crate) fn delete_integration(
        self: &Arc<Self>,
        project: &str,
        id: &str,
    ) -> Result<(), Refusal> {
        let mut account = self.account();
        let project = account.project_mut(project)?;
        project.integration(id)?;
        for service in project.services.values_mut() {
            let before = service.integrations.len();
            service
                .integrations
                .retain(|integration| integration.id != id);
            if service.integrations.len() != before {
                service.settle(self, &project.endpoints);
            }
        }
        drop(account);
        self.changed();
        Ok(())
    }

    /// Every active or waiting prometheus integration of one service becomes active.
    pub(crate) fn activate(self: &Arc<Self>, project: &str, service: &str) -> Result<(), Refusal> {
        self.edit_service(project, service, |service| {
            for integration in &mut service.integrations {
                integration.active |= integration.enabled;
            }
        })
    }

    /// An integration of another kind, from one service to another; listed with both.
    pub(crate) fn link_services(
        self: &Arc<Self>,
        project: &str,
        integration_type: &str,
        source: &str,
        dest: &str,
    ) -> Result<String, Refusal> {
        let mut account = self.account();
        let project = account.project_mut(project)?;
        project.service(dest)?;
        let integration = Integration {
            id: Uuid::new_v4().to_string(),
            integration_type: integration_type.to_owned(),
            source_service: source.to_owned(),
            source_service_type: project.service(source)?.spec.service_type.clone(),
            dest_endpoint_id: None,
            dest_endpoint: None,
            dest_service: Some(dest.to_owned()),
            active: true,
            enabled: true,
            user_config: json!({}),
        };
        embed(project, self, &[source, dest], &integration)?;
        drop(account);
        self.changed();
        Ok(integration.id)
    }

    /// Integrates every eligible service that isn't, at once and active.
    pub(crate) fn integrate_all(
        self: &Arc<Self>,
        project: &str,
        endpoint_id: &str,
    ) -> Result<usize, Refusal> {
        let mut account = self.account();
        let types = account.prometheus_types.clone();
        let project = account.project_mut(project)?;
        let endpoint_name = project.endpoint(endpoint_id)?.name.clone();
        let mut count = 0;
        for service in project.services.values_mut() {
            let supported = types.contains(&service.spec.service_type);
            let integrable = service
                .check_integrable(supported)
                .and_then(|()| service.check_not_integrated(endpoint_id));
            if integrable.is_err() {
                continue;
            }
            let new = NewIntegration {
                integration_type: "prometheus",
                source_service: &service.spec.name,
                dest_endpoint_id: endpoint_id,
                user_config: json!({}),
            };
            let source_type = service.spec.service_type.clone();
            let integration = new.made(source_type, endpoint_name.clone(), true);
            service.integrations.push(integration);
            service.settle(self, &project.endpoints);
            count += 1;
        }
        drop(account);
        self.changed();
        Ok(count)
    }
}

fn embed(
    project: &mut Project,
    shared: &Arc<Shared>,
    services: &[&str],
    integration: &Integration,
) -> Result<(), Refusal> {
    for name in services {
        let service = project
            .services
            .get_mut(*name)
            .ok_or_else(|| Refusal::no_service(name))?;
        service.integrations.push(integration.clone());
        service.settle(shared, &project.endpoints);
    }
    Ok(())
}

impl crate::account::Service {
    fn check_integrable(&self, supported: bool) -> Result<(), Refusal> {
        if self.spec.state == ServiceState::PowerOff {
            return Err(Refusal::new(
                400,
                "Cannot modify integrations of a powered off service",
            ));
        }
        if !supported {
            let message = format!(
                "Service type {} is not supported as source of prometheus",
                self.spec.service_type
            );
            return Err(Refusal::new(400, message));
        }
        Ok(())
    }

    /// Refused where the service already has an integration with this endpoint.
    fn check_not_integrated(&self, endpoint_id: &str) -> Result<(), Refusal> {
        let duplicate = |other: &Integration| {
            other.source_service == self.spec.name
                && other.dest_endpoint_id.as_deref() == Some(endpoint_id)
        };
        if self.integrations.iter().any(duplicate) {
            return Err(Refusal::new(409, "Service integration already exists"));
        }
        Ok(())
    }
}
