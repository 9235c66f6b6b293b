//! Integration endpoints, and how a change of their credentials reaches nodes.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::node::NodeServer;
use crate::refusal::Refusal;
use crate::shared::{Pace, Shared};

/// A basic-auth pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

/// An integration endpoint as it is at Aiven. Names are not unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `endpoint_id`
    pub id: String,
    /// `endpoint_name`
    pub name: String,
    /// `endpoint_type`, `prometheus` as a rule
    pub endpoint_type: String,
    /// `basic_auth_username`
    pub username: String,
    /// `basic_auth_password`
    pub password: String,
}

impl Endpoint {
    pub(crate) fn credentials(&self) -> Credentials {
        Credentials {
            username: self.username.clone(),
            password: self.password.clone(),
        }
    }

    pub(crate) fn json(&self, with_secrets: bool) -> Value {
        let mut user_config = json!({"basic_auth_username": self.username});
        if with_secrets {
            user_config["basic_auth_password"] = json!(self.password);
        }
        json!({
            "endpoint_config": {},
            "endpoint_id": self.id,
            "endpoint_name": self.name,
            "endpoint_type": self.endpoint_type,
            "user_config": user_config,
        })
    }

    /// Takes over what `user_config` names, after checking it.
    fn configure(&mut self, user_config: &Value) -> Result<(), Refusal> {
        let text = |key: &str| match &user_config[key] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            _ => Err(invalid(format!("'{key}' must be a string"))),
        };
        let (username, password) = (text("basic_auth_username")?, text("basic_auth_password")?);
        if let Some(username) = &username {
            check_username(username)?;
        }
        if let Some(password) = &password
            && !(8..=64).contains(&password.chars().count())
        {
            return Err(invalid(
                "'basic_auth_password' must have 8 to 64 characters",
            ));
        }
        self.username = username.unwrap_or_else(|| std::mem::take(&mut self.username));
        self.password = password.unwrap_or_else(|| std::mem::take(&mut self.password));
        Ok(())
    }
}

fn invalid(message: impl std::fmt::Display) -> Refusal {
    Refusal::new(400, format!("Invalid input for user_config: {message}"))
}

/// `^[a-z0-9\-@_]{5,32}$`
fn check_username(username: &str) -> Result<(), Refusal> {
    let legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-@_".contains(&byte);
    if (5..=32).contains(&username.len()) && username.bytes().all(legal) {
        Ok(())
    } else {
        Err(invalid(
            "'basic_auth_username' does not match '^[a-z0-9\\\\-@_]{5,32}$'",
        ))
    }
}

impl Shared {
    /// As by API: what is left out of `user_config` is made up, as Aiven does (?).
    pub(crate) fn create_endpoint(
        &self,
        project: &str,
        name: &str,
        endpoint_type: &str,
        user_config: &Value,
    ) -> Result<Endpoint, Refusal> {
        let mut endpoint = Endpoint {
            id: Uuid::new_v4().to_string(),
            name: name.to_owned(),
            endpoint_type: endpoint_type.to_owned(),
            username: format!("user-{}", &Uuid::new_v4().simple().to_string()[..12]),
            password: Uuid::new_v4().simple().to_string(),
        };
        endpoint.configure(user_config)?;
        let mut account = self.account();
        let project = account.project_mut(project)?;
        if self.settings.unique_endpoint_names
            && project.endpoints.iter().any(|other| other.name == name)
        {
            return Err(Refusal::new(
                409,
                "Service integration endpoint with the name already exists",
            ));
        }
        project.endpoints.push(endpoint.clone());
        drop(account);
        self.changed();
        Ok(endpoint)
    }

    /// Changes credentials at Aiven; nodes follow at [`Pace`] `rollout`.
    pub(crate) fn update_endpoint(
        self: &Arc<Self>,
        project: &str,
        id: &str,
        user_config: &Value,
    ) -> Result<Endpoint, Refusal> {
        let mut account = self.account();
        let project = account.project_mut(project)?;
        let endpoint = project
            .endpoints
            .iter_mut()
            .find(|endpoint| endpoint.id == id)
            .ok_or_else(|| Refusal::no_endpoint(id))?;
        endpoint.configure(user_config)?;
        let endpoint = endpoint.clone();
        for service in project.services.values() {
            if service.serving_endpoint() == Some(id) {
                let servers = service.nodes.iter().map(|node| Arc::clone(&node.server));
                self.roll_out(&endpoint.credentials(), servers.collect());
            }
        }
        drop(account);
        self.changed();
        Ok(endpoint)
    }

    /// The n-th node of a service follows after n delays, so that for a while
    /// one service has both kinds.
    fn roll_out(self: &Arc<Self>, credentials: &Credentials, servers: Vec<Arc<NodeServer>>) {
        let delay = match self.settings.rollout {
            Pace::ByHand => return,
            Pace::Immediately => {
                for server in servers {
                    server.set_credentials(Some(credentials.clone()));
                }
                return;
            }
            Pace::After(delay) => delay,
        };
        let (shared, credentials) = (Arc::clone(self), credentials.clone());
        self.spawn(async move {
            for server in servers {
                tokio::time::sleep(delay).await;
                server.set_credentials(Some(credentials.clone()));
                shared.changed();
            }
        });
    }

    /// One node takes the credentials that its endpoint has now.
    pub(crate) fn roll_out_to(
        &self,
        project: &str,
        service: &str,
        node: usize,
    ) -> Result<(), Refusal> {
        let account = self.account();
        let project = account.project(project)?;
        let service = project.service(service)?;
        let credentials = service.credentials(&project.endpoints);
        service.node(node)?.server.set_credentials(credentials);
        drop(account);
        self.changed();
        Ok(())
    }

    /// Deletes the endpoint and the integrations with it.
    pub(crate) fn delete_endpoint(
        self: &Arc<Self>,
        project: &str,
        id: &str,
    ) -> Result<(), Refusal> {
        let mut account = self.account();
        let project = account.project_mut(project)?;
        project.endpoint(id)?;
        project.endpoints.retain(|endpoint| endpoint.id != id);
        for service in project.services.values_mut() {
            let before = service.integrations.len();
            service
                .integrations
                .retain(|integration| integration.dest_endpoint_id.as_deref() != Some(id));
            if service.integrations.len() != before {
                service.settle(self, &project.endpoints);
            }
        }
        drop(account);
        self.changed();
        Ok(())
    }
}
