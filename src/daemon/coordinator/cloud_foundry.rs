//! What the coordinator does with what Cloud Foundry tells.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Coordinator, send_if_different};
use crate::model::cloud_foundry::{NeededInstances, Report};

impl Coordinator {
    /// The service instances to look for in Cloud Foundry.
    pub(in crate::daemon) fn needed_instances(&self) -> watch::Receiver<NeededInstances> {
        self.needed_instances.subscribe()
    }

    /// Takes a report in. Plans are made anew only if it told something new.
    pub(super) fn absorb_cloud_foundry(&mut self, report: Report) {
        let known = self.cloud_foundry.as_mut();
        if known.is_some_and(|known| known.absorb(report)) {
            let projects = self.projects.iter_mut();
            projects.for_each(|entry| entry.project.surroundings_changed());
        }
    }

    /// Sends the service instances to look for, and forgets what was told of others.
    pub(super) fn send_needed_instances(&mut self) {
        let Some(known) = &mut self.cloud_foundry else {
            return;
        };
        let projects = self.projects.iter();
        let needed = projects
            .flat_map(|entry| entry.project.instances())
            .collect();
        known.retain(&needed);
        send_if_different(&self.needed_instances, Arc::new(needed));
    }
}
