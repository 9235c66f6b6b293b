//! What is known of Cloud Foundry in this run, and how reading it is doing.

use std::collections::BTreeSet;

use super::{Foundation, Guid, Report};
use crate::model::reason::Reason;
use crate::model::stage::Stage;

/// What was told so far. It is not saved: what followed from it is, as the
/// [`Identity`](super::Identity) of each service.
#[derive(Debug, Default)]
pub struct Knowledge {
    foundation: Foundation,
    stage: Stage,
}

impl Knowledge {
    /// What Cloud Controller told.
    pub fn foundation(&self) -> &Foundation {
        &self.foundation
    }

    /// How reading it is doing.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Takes a report in. Returns whether plans may differ because of it.
    pub fn absorb(&mut self, report: Report) -> bool {
        match report {
            Report::Found(foundation) => self.foundation.absorb(foundation),
            Report::Shared(shared_with) => self.foundation.absorb(Foundation {
                shared_with,
                ..Foundation::default()
            }),
            Report::Failed { at, reason } => {
                self.stage.failed(at, reason);
                false
            }
            Report::Read {
                at,
                foundation,
                needed,
            } => {
                match foundation.instances.len() {
                    0 if needed > 0 => self.stage.failed(at, lists_none_of(needed)),
                    _ => self.stage.succeeded(at),
                }
                self.foundation.absorb(foundation)
            }
        }
    }

    /// Forgets the instances that no service claims to be any more.
    pub fn retain(&mut self, needed: &BTreeSet<Guid>) {
        self.foundation.retain(needed);
    }
}

/// A client without the right is not refused: it is shown a list without rows.
fn lists_none_of(needed: usize) -> Reason {
    let instances = match needed {
        1 => "the one service instance".to_owned(),
        count => format!("any of the {count} service instances"),
    };
    let cause = format!("Cloud Controller does not list {instances} that Aiven's services name");
    let remedy = "give the UAA client cloud_foundry.client_id the authority cloud_controller.global_auditor; if it has it, see that cloud_foundry.api_url is the Cloud Foundry whose broker made them";
    Reason::new(cause, Some(remedy))
}
