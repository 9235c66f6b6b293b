//! The integration endpoints whose credentials a project needs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::endpoint::EndpointFact;
use super::plan::ProjectPlan;

/// The endpoints of a project whose credentials are needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeededEndpoints {
    /// The endpoint of `integration.endpoint_name`, or `.endpoint_id`, once known.
    pub ours: Option<Arc<str>>,
    /// Every endpoint that a service to be scraped is integrated with.
    pub endpoints: BTreeSet<Arc<str>>,
}

impl NeededEndpoints {
    /// The endpoints that the plan of a project needs.
    pub fn of(plan: &ProjectPlan, endpoint: &EndpointFact) -> NeededEndpoints {
        let scraped = plan
            .services
            .iter()
            .filter(|planned| !planned.hosts.is_empty());
        let endpoints = scraped.flat_map(|planned| planned.service.endpoint_ids(endpoint.id()));
        NeededEndpoints {
            ours: endpoint.id().map(Arc::from),
            endpoints: endpoints.collect(),
        }
    }

    /// All endpoints, ours included.
    pub fn all(&self) -> BTreeSet<Arc<str>> {
        self.endpoints.iter().chain(&self.ours).cloned().collect()
    }
}
