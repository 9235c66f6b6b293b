//! Nodes that are replaced, all of a service or one.

use std::sync::Arc;

use jiff::Timestamp;

use crate::account::Service;
use crate::authority::Authority;
use crate::refusal::Refusal;
use crate::shared::Shared;

/// How nodes are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replacement {
    /// New ones at once, old ones gone at once.
    AtOnce,
    /// New ones beside the old ones, which leave by [`Shared::finish_recycling`].
    Beside,
}

impl Shared {
    /// Replaces all nodes with `count` new ones at new addresses.
    pub(crate) fn replace_nodes(
        self: &Arc<Self>,
        project: &str,
        service: &str,
        count: Option<usize>,
        how: Replacement,
    ) -> Result<(), Refusal> {
        self.edit_nodes(project, service, |service, authority| {
            service.spec.nodes = count.unwrap_or(service.spec.nodes);
            let mut old = std::mem::take(&mut service.nodes);
            service.add_nodes(service.spec.nodes, authority, &self.settings)?;
            if how == Replacement::Beside {
                old.iter_mut().for_each(|node| node.leaving = true);
                // The old primary stays the first until it leaves.
                let new = std::mem::replace(&mut service.nodes, old);
                service.nodes.extend(new);
            }
            Ok(())
        })
    }

    /// A new node beside the others, the last of which is leaving from now on.
    pub(crate) fn add_node(self: &Arc<Self>, project: &str, service: &str) -> Result<(), Refusal> {
        self.edit_nodes(project, service, |service, authority| {
            if let Some(last) = service.nodes.last_mut() {
                last.leaving = true;
            }
            service.add_nodes(1, authority, &self.settings)
        })
    }

    /// The nodes that are leaving are gone.
    pub(crate) fn finish_recycling(
        self: &Arc<Self>,
        project: &str,
        service: &str,
    ) -> Result<(), Refusal> {
        self.edit_service(project, service, |service| {
            service.nodes.retain(|node| !node.leaving);
        })
    }

    /// Changes a service's nodes; the new ones show certificates by the authority.
    fn edit_nodes(
        self: &Arc<Self>,
        project: &str,
        service: &str,
        edit: impl FnOnce(&mut Service, &Arc<Authority>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut account = self.account();
        let public = Arc::clone(&account.public_authority);
        let project = account.project_mut(project)?;
        let authority = Arc::clone(&project.authority);
        let service = project
            .services
            .get_mut(service)
            .ok_or_else(|| Refusal::no_service(service))?;
        let is_public = service.spec.public_ca;
        edit(service, if is_public { &public } else { &authority })?;
        service.updated = Timestamp::now();
        service.settle(self, &project.endpoints);
        drop(account);
        self.changed();
        Ok(())
    }
}
