//! From a request to the target it means, by the published snapshot alone.

use std::net::SocketAddr;
use std::sync::Arc;

use super::request::{Refusal, ScrapeRequest};
use crate::model::plan::PlannedService;
use crate::model::scrape::Target;
use crate::model::snapshot::{ProjectSnapshot, Snapshot};

/// A published target with all that relaying to it takes.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub target: Target,
    /// The names that the node's certificate may be for: the host name that
    /// the address is published under first, then the service's others.
    pub names: Vec<Arc<str>>,
    /// The integration endpoints whose credentials the node may ask for, the
    /// likeliest first; empty for a service that is known from `targets.json` alone.
    pub endpoint_ids: Vec<Arc<str>>,
}

/// Whether a target is published for its service.
pub(super) fn is_published(snapshot: &Snapshot, target: &Target) -> bool {
    find(snapshot, &target.project, &target.service)
        .is_some_and(|(_, planned)| host_of(planned, target.address).is_some())
}

impl Route {
    /// The route to the target that the request means.
    ///
    /// # Errors
    /// When that address is not published for that service.
    pub fn find(snapshot: &Snapshot, request: &ScrapeRequest) -> Result<Route, Refusal> {
        let (project, planned) =
            find(snapshot, &request.project, &request.service).ok_or(Refusal::NotPublished)?;
        let name = host_of(planned, request.address).ok_or(Refusal::NotPublished)?;
        let others = planned.service.hosts.rows().iter().map(|host| &host.name);
        let others = others.filter(|other| *other != name).cloned();
        Ok(Route {
            target: Target {
                project: Arc::clone(&project.name),
                service: Arc::clone(&planned.service.name),
                address: request.address,
            },
            names: std::iter::once(Arc::clone(name)).chain(others).collect(),
            endpoint_ids: planned.service.endpoint_ids(project.endpoint.id()),
        })
    }
}

/// The service, by name: both lists are in the order of their names.
fn find<'a>(
    snapshot: &'a Snapshot,
    project: &str,
    service: &str,
) -> Option<(&'a ProjectSnapshot, &'a PlannedService)> {
    let project = snapshot.projects.iter().find(|one| *one.name == *project)?;
    let services = &project.plan.services;
    let index = services
        .binary_search_by(|one| (*one.service.name).cmp(service))
        .ok()?;
    services.get(index).map(|service| (project, service))
}

/// The host name under which the address is published.
fn host_of(planned: &PlannedService, address: SocketAddr) -> Option<&Arc<str>> {
    planned
        .hosts
        .iter()
        .find(|published| published.targets().any(|target| target == address))
        .map(|published| &published.host.name)
}
