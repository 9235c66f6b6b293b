//! The state of the simulated Aiven: projects and what is in them.
//!
//! Pure data plus lookups; the operations on it are in `account/`, as methods of
//! [`Shared`](crate::shared::Shared), since they also start servers and timers.

mod endpoint;
mod integration;
mod project;
mod replacement;
mod service;
mod state;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::authority::Authority;
use crate::refusal::Refusal;
use crate::render::{Filler, FillerKey};
use crate::token::Token;

pub(crate) use endpoint::Credentials;
pub use endpoint::Endpoint;
pub use integration::Integration;
pub(crate) use integration::NewIntegration;
pub(crate) use replacement::Replacement;
pub(crate) use service::{Node, Service};

/// Everything that exists.
pub(crate) struct Account {
    pub(crate) projects: BTreeMap<String, Project>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) prometheus_types: BTreeSet<String>,
    pub(crate) public_authority: Arc<Authority>,
    pub(crate) fillers: HashMap<FillerKey, Arc<Filler>>,
}

/// One project.
pub(crate) struct Project {
    pub(crate) name: String,
    pub(crate) authority: Arc<Authority>,
    pub(crate) services: BTreeMap<String, Service>,
    pub(crate) endpoints: Vec<Endpoint>,
}

impl Account {
    pub(crate) fn project(&self, name: &str) -> Result<&Project, Refusal> {
        self.projects
            .get(name)
            .ok_or_else(|| Refusal::no_project(name))
    }

    pub(crate) fn project_mut(&mut self, name: &str) -> Result<&mut Project, Refusal> {
        self.projects
            .get_mut(name)
            .ok_or_else(|| Refusal::no_project(name))
    }

    pub(crate) fn service(&self, project: &str, service: &str) -> Result<&Service, Refusal> {
        self.project(project)?.service(service)
    }
}

impl Project {
    pub(crate) fn new(name: &str) -> Result<Self, rcgen::Error> {
        Ok(Self {
            name: name.to_owned(),
            authority: Arc::new(Authority::new(&format!("{name} Project CA"))?),
            services: BTreeMap::new(),
            endpoints: Vec::new(),
        })
    }

    pub(crate) fn service(&self, name: &str) -> Result<&Service, Refusal> {
        self.services
            .get(name)
            .ok_or_else(|| Refusal::no_service(name))
    }

    pub(crate) fn endpoint(&self, id: &str) -> Result<&Endpoint, Refusal> {
        self.endpoints
            .iter()
            .find(|endpoint| endpoint.id == id)
            .ok_or_else(|| Refusal::no_endpoint(id))
    }

    /// Every integration, once, whichever service it starts from.
    pub(crate) fn integrations(&self) -> impl Iterator<Item = &Integration> {
        self.services.values().flat_map(|service| {
            service
                .integrations
                .iter()
                .filter(|integration| integration.source_service == service.spec.name)
        })
    }

    pub(crate) fn integration(&self, id: &str) -> Result<&Integration, Refusal> {
        self.integrations()
            .find(|integration| integration.id == id)
            .ok_or_else(|| Refusal::no_integration(id))
    }
}
