//! What a user or client sees.

use std::collections::BTreeSet;

use super::authenticate::Caller;
use crate::cloud_foundry::foundation::{Foundation, Instance, Organization, Space};

/// GUIDs of what is seen; `None`: everything.
pub(super) struct Sight {
    spaces: Option<BTreeSet<String>>,
    organizations: Option<BTreeSet<String>>,
}

impl Sight {
    pub(super) fn of(caller: &Caller, foundation: &Foundation) -> Self {
        if caller.reads_globally() {
            return Self {
                spaces: None,
                organizations: None,
            };
        }
        let owned = |guids: BTreeSet<&str>| Some(guids.into_iter().map(str::to_owned).collect());
        Self {
            spaces: owned(foundation.spaces_of(&caller.id)),
            organizations: owned(foundation.organizations_of(&caller.id)),
        }
    }

    fn has_space(&self, guid: &str) -> bool {
        self.spaces
            .as_ref()
            .is_none_or(|spaces| spaces.contains(guid))
    }

    pub(super) fn organization(&self, organization: &Organization) -> bool {
        let seen = self.organizations.as_ref();
        seen.is_none_or(|seen| seen.contains(&organization.guid))
    }

    pub(super) fn space(&self, space: &Space) -> bool {
        self.has_space(&space.guid)
    }

    /// Its space, or one that it is shared with [cc service_instance_list_fetcher.rb].
    pub(super) fn instance(&self, instance: &Instance) -> bool {
        let mut spaces = std::iter::once(&instance.space).chain(&instance.shared_to);
        spaces.any(|space| self.has_space(space))
    }
}
