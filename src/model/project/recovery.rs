//! A project after a defect: what was half done is given up for what was published.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Project, Saved};
use crate::model::inventory::Inventory;
use crate::model::snapshot::{Origin, ProjectSnapshot};

impl Project {
    /// Replaces what is known by what was last `published`, as a restart would. The
    /// next reports from Aiven bring it up to date.
    pub fn go_back_to(&mut self, published: &ProjectSnapshot, now: Timestamp) {
        let services = published.plan.services.iter();
        let services =
            services.map(|planned| (Arc::clone(&planned.service), planned.missing.clone()));
        let saved = Saved {
            inventory: Inventory::restore(services.collect::<Vec<_>>()),
            supported: self.supported.take(),
            endpoint_id: None,
            identities: std::mem::take(&mut self.identities),
        };
        let mut restored = Project::new(Arc::clone(&published.name), saved, Some(now));
        restored.endpoint = published.endpoint.clone();
        restored.stages = published.stages.clone();
        restored.distrusted = published.distrusted.clone();
        restored.plan = Arc::clone(&published.plan);
        // A known project without services is known all the same.
        restored.origin = match published.origin {
            Origin::Api => Origin::Saved(now),
            before => before,
        };
        // Questions go on where they were, so that the next one is new.
        restored.unlisted.round = self.unlisted.round;
        *self = restored;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{addresses_of, at, listed, new_project, published};
    use super::*;

    #[test]
    fn a_project_that_goes_back_publishes_what_it_did_and_follows_reports_again() {
        let addresses = addresses_of(["a", "b", "c"]);
        let mut project = new_project();
        project.absorb(listed(0, &["a", "b"]));
        assert_eq!(published(&mut project, &addresses), ["a", "b"]);
        let before = project.snapshot();
        // What a panic half way may leave behind.
        project.inventory = Inventory::default();
        project.asking = true;
        project.go_back_to(&before, at(1));
        assert!(project.is_known());
        assert_eq!(published(&mut project, &addresses), ["a", "b"]);
        project.absorb(listed(2, &["a", "b", "c"]));
        assert_eq!(published(&mut project, &addresses), ["a", "b", "c"]);
    }
}
