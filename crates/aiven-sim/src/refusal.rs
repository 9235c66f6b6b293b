//! Why Aiven would say no: an HTTP status and a message.

use serde_json::{Value, json};

/// A refused request, or a mutation of something that isn't there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {message}")]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Aiven's `message`.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub(crate) fn no_project(project: &str) -> Self {
        Self::new(404, format!("Project {project} does not exist"))
    }

    pub(crate) fn no_service(service: &str) -> Self {
        Self::new(404, format!("Service {service} does not exist"))
    }

    pub(crate) fn no_token() -> Self {
        Self::new(404, "No such token was made")
    }

    /// Not worded `Service X does not exist`, which clients take for creation lag.
    pub(crate) fn no_endpoint(id: &str) -> Self {
        Self::new(404, format!("Service integration endpoint {id} not found"))
    }

    pub(crate) fn no_integration(id: &str) -> Self {
        Self::new(404, format!("Service integration {id} not found"))
    }

    /// Aiven's error body. `error_code` is there only for what clients are
    /// known to see it on.
    pub(crate) fn body(&self) -> Value {
        let mut error = json!({"message": self.message, "status": self.status});
        if self.status == 404
            && self.message.starts_with("Service ")
            && self.message.ends_with("does not exist")
        {
            error["error_code"] = json!("service_not_found");
        }
        json!({"errors": [error], "message": self.message})
    }
}
