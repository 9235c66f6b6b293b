//! Commands on services and their nodes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::account::{Replacement, Service};
use crate::bulk;
use crate::conditions::State;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::spec::{ServiceSpec, ServiceState};

type Done = Result<(), Refusal>;

/// Which service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceId {
    pub(crate) project: String,
    pub(crate) service: String,
}

/// Which node of a service; the first is 0.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeId {
    pub(crate) project: String,
    pub(crate) service: String,
    pub(crate) node: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddService {
    pub(crate) project: String,
    pub(crate) service: ServiceSpec,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddBulk {
    pub(crate) project: String,
    pub(crate) services: usize,
    pub(crate) bytes: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetState {
    pub(crate) project: String,
    pub(crate) service: String,
    pub(crate) state: ServiceState,
}

/// Which services enter which state; those that are not named, all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnterState {
    pub(crate) state: State,
    #[serde(default)]
    pub(crate) project: Option<String>,
    #[serde(default)]
    pub(crate) service: Option<String>,
    /// For which a node that is replaced runs beside the new one.
    #[serde(default = "two_minutes")]
    pub(crate) overlap_seconds: u64,
}

fn two_minutes() -> u64 {
    120
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePlan {
    pub(crate) project: String,
    pub(crate) service: String,
    pub(crate) plan: String,
    pub(crate) nodes: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetTags {
    pub(crate) project: String,
    pub(crate) service: String,
    pub(crate) tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefuseIntegration {
    pub(crate) project: String,
    pub(crate) service: String,
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl ServiceId {
    fn edit(&self, to: &Arc<Shared>, edit: impl FnOnce(&mut Service)) -> Done {
        to.edit_service(&self.project, &self.service, edit)
    }

    fn replace_nodes(&self, to: &Arc<Shared>, how: Replacement) -> Done {
        to.replace_nodes(&self.project, &self.service, None, how)
    }

    pub(super) fn power_off(&self, to: &Arc<Shared>) -> Done {
        self.edit(to, |service| service.spec.state = ServiceState::PowerOff)
    }

    pub(super) fn power_on(&self, to: &Arc<Shared>) -> Done {
        self.replace_nodes(to, Replacement::AtOnce)?;
        self.edit(to, |service| service.spec.state = ServiceState::Running)
    }

    pub(super) fn fail_over(&self, to: &Arc<Shared>) -> Done {
        self.replace_nodes(to, Replacement::AtOnce)
    }

    pub(super) fn start_recycling(&self, to: &Arc<Shared>) -> Done {
        self.replace_nodes(to, Replacement::Beside)
    }

    pub(super) fn promote_standby(&self, to: &Arc<Shared>) -> Done {
        self.edit(to, |service| service.nodes.rotate_left(1))
    }

    pub(super) fn touch(&self, to: &Arc<Shared>) -> Done {
        self.edit(to, |service| service.touches += 1)
    }

    pub(super) fn allow_integration(&self, to: &Arc<Shared>) -> Done {
        self.edit(to, |service| service.refusal = None)
    }
}

impl AddBulk {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Done {
        to.add_services(&self.project, bulk::specs(self.services, self.bytes))?;
        to.add_bulk_instances(self.services)
    }
}

impl SetState {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Done {
        to.edit_service(&self.project, &self.service, |service| {
            service.spec.state = self.state;
        })
    }
}

impl EnterState {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Done {
        let (project, service) = (self.project.as_deref(), self.service.as_deref());
        let overlap = Duration::from_secs(self.overlap_seconds);
        to.enter_state(project, service, self.state, overlap)
    }
}

impl ChangePlan {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Done {
        let (nodes, how) = (Some(self.nodes), Replacement::AtOnce);
        to.replace_nodes(&self.project, &self.service, nodes, how)?;
        to.edit_service(&self.project, &self.service, |service| {
            service.spec.plan = self.plan;
        })
    }
}

impl SetTags {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Done {
        to.edit_service(&self.project, &self.service, |service| {
            service.spec.tags = self.tags;
        })
    }
}

impl RefuseIntegration {
    pub(super) fn apply(self, to: &Arc<Shared>) -> Done {
        let refusal = Refusal::new(self.status, self.message);
        to.edit_service(&self.project, &self.service, |service| {
            service.refusal = Some(refusal);
        })
    }
}
