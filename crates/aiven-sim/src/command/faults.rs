//! Commands that make things go wrong, and right again.

use std::sync::Arc;

use serde::Deserialize;

use crate::command::{NodeId, Outcome};
use crate::fault::{ApiFault, DnsFault, Fault, NodeFault};
use crate::fault_book::FaultId;
use crate::refusal::Refusal;
use crate::shared::Shared;

type Done = Result<(), Refusal>;

/// Which API requests meet which fault.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arm {
    #[serde(default)]
    pub(crate) on: Fault,
    pub(crate) fault: ApiFault,
}

/// What happens to a name, or to all (`*`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DnsTrouble {
    pub(crate) name: String,
    pub(crate) fault: DnsFault,
}

/// What happens to a node.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeTrouble {
    pub(crate) project: String,
    pub(crate) service: String,
    pub(crate) node: usize,
    pub(crate) fault: NodeFault,
}

impl Arm {
    pub(super) fn apply(self, to: &Shared) -> Outcome {
        let FaultId(id) = to.faults().arm(self.on, self.fault);
        to.changed();
        Outcome::Armed { id }
    }
}

impl DnsTrouble {
    pub(super) fn apply(self, to: &Shared) -> Done {
        to.zone.set_fault(&self.name, Some(self.fault));
        to.changed();
        Ok(())
    }
}

impl NodeTrouble {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Done {
        let node = NodeId {
            project: self.project,
            service: self.service,
            node: self.node,
        };
        node.set_fault(to, Some(self.fault))
    }
}

impl NodeId {
    pub(super) fn clear_fault(&self, to: &Arc<Shared>) -> Done {
        self.set_fault(to, None)
    }

    fn set_fault(&self, to: &Arc<Shared>, fault: Option<NodeFault>) -> Done {
        let account = to.account();
        let service = account.service(&self.project, &self.service)?;
        service.node(self.node)?.server.set_fault(to, fault);
        drop(account);
        to.changed();
        Ok(())
    }
}

pub(super) fn disarm(to: &Shared, id: u64) -> Done {
    to.faults().clear(FaultId(id));
    to.changed();
    Ok(())
}

pub(super) fn clear_dns(to: &Shared, name: &str) -> Done {
    to.zone.set_fault(name, None);
    to.changed();
    Ok(())
}

pub(super) fn clear_all(to: &Arc<Shared>) -> Done {
    to.faults().clear_all();
    to.zone.clear_faults();
    if let Ok(cloud_foundry) = to.cloud_foundry() {
        cloud_foundry.controller.set_fault(to, None);
        cloud_foundry.uaa.set_fault(to, None);
    }
    for project in to.account().projects.values() {
        for node in project.services.values().flat_map(|service| &service.nodes) {
            node.server.set_fault(to, None);
        }
    }
    to.changed();
    Ok(())
}

pub(super) fn forget_requests(to: &Shared) -> Done {
    to.log().forget();
    to.zone.forget_queries();
    Ok(())
}
