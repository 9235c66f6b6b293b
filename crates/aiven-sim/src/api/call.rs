//! The calls themselves: JSON in, the account's operations, JSON out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::account::{Account, NewIntegration, Service};
use crate::api::answer::Answer;
use crate::api::route::Route;
use crate::fault::Operation;
use crate::refusal::Refusal;
use crate::render::{self, Filler, FillerKey, Row, Secrets};
use crate::service_type::{self, TYPES};
use crate::shared::Shared;

impl Shared {
    /// Carries out what the token may do.
    pub(super) fn call(
        self: &Arc<Self>,
        route: &Route,
        token: Option<usize>,
        body: Value,
    ) -> Result<Answer, Refusal> {
        let project = route.project.as_deref().unwrap_or_default();
        let service = route.service.as_deref().unwrap_or_default();
        let id = route.id.as_str();
        match route.operation {
            Operation::ListProjects => Ok(self.list_projects(token)),
            Operation::ListServices => self.list_services(project, route.limit),
            Operation::GetService => self.get_service(project, service, route.include_secrets),
            Operation::GetServiceTags => self.get_tags(project, service),
            Operation::UpdateServiceTags => self.update_tags(project, service, &body, route.merge),
            Operation::GetProjectCa => self.get_ca(project),
            Operation::ListServiceTypes => Ok(service_types()),
            Operation::ListIntegrationTypes => {
                Ok(integration_types(&self.account().prometheus_types))
            }
            Operation::ListEndpointTypes => Ok(endpoint_types(&self.account().prometheus_types)),
            Operation::ListEndpoints => self.list_endpoints(project),
            Operation::CreateEndpoint => self.create_endpoint_by_api(project, &body),
            Operation::GetEndpoint => self.get_endpoint(project, id, route.include_secrets),
            Operation::UpdateEndpoint => {
                let endpoint = self.update_endpoint(project, id, &body["user_config"])?;
                Ok(endpoint_answer(&endpoint.json(false)))
            }
            Operation::DeleteEndpoint => self.delete_endpoint(project, id).map(|()| done()),
            Operation::ListServiceIntegrations => self.list_integrations(project, service),
            Operation::CreateIntegration => self.create_integration_by_api(project, &body),
            Operation::GetIntegration => self.get_integration(project, id),
            Operation::UpdateIntegration => self.update_integration(project, id, &body),
            Operation::DeleteIntegration => self.delete_integration(project, id).map(|()| done()),
            // Cloud Foundry's do not come here.
            _ => Err(Refusal::new(404, "Not found")),
        }
    }

    fn get_tags(&self, project: &str, service: &str) -> Result<Answer, Refusal> {
        let account = self.account();
        let tags = &account.service(project, service)?.spec.tags;
        Ok(Answer::object(&json!({"tags": tags})))
    }

    fn get_ca(&self, project: &str) -> Result<Answer, Refusal> {
        let pem = self.account().project(project)?.authority.pem();
        Ok(Answer::object(&json!({"certificate": pem})))
    }

    fn list_endpoints(&self, project: &str) -> Result<Answer, Refusal> {
        let account = self.account();
        let endpoints = account.project(project)?.endpoints.iter();
        let rows = endpoints.map(|endpoint| endpoint.json(false));
        Ok(Answer::list("service_integration_endpoints", rows))
    }

    fn create_endpoint_by_api(&self, project: &str, body: &Value) -> Result<Answer, Refusal> {
        let name = required(body, "endpoint_name")?;
        let endpoint_type = required(body, "endpoint_type")?;
        let endpoint = self.create_endpoint(project, name, endpoint_type, &body["user_config"])?;
        Ok(endpoint_answer(&endpoint.json(false)))
    }

    fn get_endpoint(&self, project: &str, id: &str, secrets: bool) -> Result<Answer, Refusal> {
        let account = self.account();
        let endpoint = account.project(project)?.endpoint(id)?;
        Ok(endpoint_answer(&endpoint.json(secrets)))
    }

    fn list_integrations(&self, project: &str, service: &str) -> Result<Answer, Refusal> {
        let account = self.account();
        let integrations = account.service(project, service)?.integrations.iter();
        let rows = integrations.map(|integration| integration.json(project));
        Ok(Answer::list("service_integrations", rows))
    }

    fn get_integration(&self, project: &str, id: &str) -> Result<Answer, Refusal> {
        let account = self.account();
        let integration = account.project(project)?.integration(id)?;
        Ok(integration_answer(&integration.json(project)))
    }

    fn update_integration(
        self: &Arc<Self>,
        project: &str,
        id: &str,
        body: &Value,
    ) -> Result<Answer, Refusal> {
        let edited = self.edit_integration(project, id, |integration| {
            integration.user_config = body["user_config"].clone();
        })?;
        Ok(integration_answer(&edited.json(project)))
    }

    fn list_projects(&self, token: Option<usize>) -> Answer {
        let account = self.account();
        let spec = token
            .and_then(|number| account.tokens.get(number))
            .map(|token| &token.spec);
        let mine: Vec<&String> = account
            .projects
            .keys()
            .filter(|name| spec.is_some_and(|spec| spec.is_member(name)))
            .collect();
        let membership: BTreeMap<&String, &str> =
            mine.iter().map(|name| (*name, "admin")).collect();
        let row = |name: &&String| json!({"project_name": name, "tech_emails": [], "tags": {}, "vat_id": ""});
        let projects: Vec<Value> = mine.iter().map(row).collect();
        Answer::object(&json!({"project_membership": membership, "projects": projects}))
    }

    fn list_services(&self, project: &str, limit: Option<usize>) -> Result<Answer, Refusal> {
        let secrets = if self.settings.secrets_in_listings {
            Secrets::Shown
        } else {
            Secrets::Hidden
        };
        let limit = limit
            .into_iter()
            .chain(self.settings.listing_cap)
            .min()
            .unwrap_or(usize::MAX);
        let mut account = self.account();
        let Account {
            projects, fillers, ..
        } = &mut *account;
        let project = projects
            .get_mut(project)
            .ok_or_else(|| Refusal::no_project(project))?;
        let rows = project.services.values_mut().take(limit).map(|service| {
            if let Some(row) = &service.listed {
                return Arc::clone(row);
            }
            let row = Arc::new(render::row(
                service,
                &filler(fillers, service, secrets),
                secrets,
            ));
            service.listed = Some(Arc::clone(&row));
            row
        });
        Ok(Answer::rows("services", rows.collect()))
    }

    fn get_service(
        &self,
        project: &str,
        service: &str,
        include_secrets: bool,
    ) -> Result<Answer, Refusal> {
        let secrets = if include_secrets {
            Secrets::Shown
        } else {
            Secrets::Hidden
        };
        let mut account = self.account();
        let Account {
            projects, fillers, ..
        } = &mut *account;
        let project = projects
            .get(project)
            .ok_or_else(|| Refusal::no_project(project))?;
        let service = project.service(service)?;
        let row: Row = render::row(service, &filler(fillers, service, secrets), secrets);
        let bytes = [b"{\"service\":".as_slice(), &row.join(), b"}"].concat();
        Ok(Answer {
            content: super::answer::Content::Object(bytes),
            ..done()
        })
    }

    fn update_tags(
        self: &Arc<Self>,
        project: &str,
        service: &str,
        body: &Value,
        merge: bool,
    ) -> Result<Answer, Refusal> {
        let tags = serde_json::from_value::<BTreeMap<String, String>>(body["tags"].clone())
            .map_err(|_| Refusal::new(400, "Invalid input: tags must be an object of strings"))?;
        self.edit_service(project, service, |service| {
            if !merge {
                service.spec.tags.clear();
            }
            service.spec.tags.extend(tags);
        })?;
        Ok(done())
    }

    fn create_integration_by_api(
        self: &Arc<Self>,
        project: &str,
        body: &Value,
    ) -> Result<Answer, Refusal> {
        let new = NewIntegration {
            integration_type: required(body, "integration_type")?,
            source_service: required(body, "source_service")?,
            dest_endpoint_id: required(body, "dest_endpoint_id")?,
            user_config: if body["user_config"].is_object() {
                body["user_config"].clone()
            } else {
                json!({})
            },
        };
        let integration = self.create_integration(project, new)?;
        Ok(integration_answer(&integration.json(project)))
    }
}

fn filler(
    fillers: &mut std::collections::HashMap<FillerKey, Arc<Filler>>,
    service: &Service,
    secrets: Secrets,
) -> Arc<Filler> {
    let key = render::filler_key(service, secrets);
    if let Some(filler) = fillers.get(&key) {
        return Arc::clone(filler);
    }
    let filler = Arc::new(Filler::new(&key));
    fillers.insert(key, Arc::clone(&filler));
    filler
}

fn required<'a>(body: &'a Value, field: &str) -> Result<&'a str, Refusal> {
    body[field]
        .as_str()
        .ok_or_else(|| Refusal::new(400, format!("Invalid input: '{field}' is required")))
}

fn done() -> Answer {
    Answer::object(&json!({}))
}

fn endpoint_answer(endpoint: &Value) -> Answer {
    Answer::object(&json!({"service_integration_endpoint": endpoint}))
}

fn integration_answer(integration: &Value) -> Answer {
    Answer::object(&json!({"service_integration": integration}))
}

fn service_types() -> Answer {
    let types: BTreeMap<&str, Value> = TYPES
        .iter()
        .map(|facts| {
            (
                facts.name,
                json!({"description": facts.description, "service_plans": []}),
            )
        })
        .collect();
    Answer::object(&json!({"service_types": types}))
}

fn integration_types(prometheus: &BTreeSet<String>) -> Answer {
    let all: Vec<&str> = TYPES.iter().map(|facts| facts.name).collect();
    let row = |name: &str, source: Value, dest: Value, description: &str| {
        json!({
            "dest_description": description, "dest_service_type": Value::Null, "dest_service_types": dest,
            "integration_type": name, "source_description": description,
            "source_service_types": source,
            "user_config_schema": {"additionalProperties": false, "properties": {}, "type": "object"},
        })
    };
    Answer::list(
        "integration_types",
        [
            row(
                "datadog",
                json!(all),
                json!([]),
                "Send service metrics to Datadog",
            ),
            row(
                "logs",
                json!(all),
                json!(["elasticsearch", "opensearch", "kafka"]),
                "Send service logs",
            ),
            row(
                "metrics",
                json!(all),
                json!(["influxdb", "m3db", "pg", "thanos"]),
                "Send service metrics",
            ),
            row(
                "prometheus",
                json!(prometheus),
                json!([]),
                "Expose Prometheus metrics of the service",
            ),
        ],
    )
}

fn endpoint_types(prometheus: &BTreeSet<String>) -> Answer {
    let all: Vec<&str> = service_type::TYPES.iter().map(|facts| facts.name).collect();
    let schema = json!({"additionalProperties": false, "type": "object", "properties": {
        "basic_auth_password": {"maxLength": 64, "minLength": 8, "title": "Prometheus basic authentication password", "type": "string"},
        "basic_auth_username": {"maxLength": 32, "minLength": 5, "pattern": "^[a-z0-9\\-@_]{5,32}$",
            "title": "Prometheus basic authentication username", "type": "string"}}});
    Answer::list(
        "endpoint_types",
        [
            json!({"endpoint_type": "datadog", "service_types": all, "title": "Datadog", "user_config_schema": {}}),
            json!({"endpoint_type": "prometheus", "service_types": prometheus, "title": "Prometheus",
                "user_config_schema": schema}),
        ],
    )
}
