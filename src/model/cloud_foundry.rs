//! Whose service is it: Cloud Foundry's service instance, space and organization
//! of an Aiven service.
//!
//! Two know something. The tags that a broker gave the service at Aiven, or else the
//! end of its name, make a [`Claim`]: it is there from the first listing. Cloud
//! Controller is read now and then into a [`Foundation`]: it confirms GUIDs and knows
//! names. [`identity`] decides what follows from both.
//!
//! Sources: the names and tags are those of `alphagov/paas-aiven-broker`
//! (`provider/provider.go`); the rows those of Cloud Controller's V3 API,
//! `GET /v3/service_instances` with `fields[space]` and `fields[space.organization]`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::outside_text::{MAX_NAME, OutsideText, Secrets};
use super::reason::Reason;

mod guid;
pub mod identity;
mod knowledge;
mod ownership;

pub use guid::Guid;
pub use identity::{Disagreement, Identity};
pub use knowledge::Knowledge;
pub use ownership::Ownership;

/// The tags of an Aiven service that a [`Claim`] is read from.
pub const CLAIM_TAGS: [&str; 3] = ["service_id", "space_id", "organization_id"];

/// So many characters of a name are looked at: enough for [`MAX_NAME`] cleaned ones. To look for
/// secrets in a megabyte, again in every pass, takes seconds.
const MOST_READ: usize = 4 * MAX_NAME;

/// What an Aiven service's tags say about whose it is. A tag that is no GUID says
/// nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// `service_id`: the service instance, not the offering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Guid>,
    /// `space_id`: where the instance was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<Guid>,
    /// `organization_id`: the space's organization then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Guid>,
}

/// What one pass over Cloud Controller told of the instances that were asked about.
/// What it lacks was not told, and stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foundation {
    /// The service instances.
    pub instances: BTreeMap<Guid, Instance>,
    /// Their spaces.
    pub spaces: BTreeMap<Guid, Space>,
    /// The names of the spaces' organizations.
    pub organizations: BTreeMap<Guid, Name>,
    /// The spaces that an instance is shared with, besides the one that owns it.
    pub shared_with: BTreeMap<Guid, Arc<[Guid]>>,
}

/// A service instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instance {
    /// Its name, if it was told.
    pub name: Option<Name>,
    /// The space that owns it, if it was told.
    pub space: Option<Guid>,
}

/// A space.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Space {
    /// Its name, if it was told.
    pub name: Option<Name>,
    /// Its organization, if it was told.
    pub organization: Option<Guid>,
}

/// A name that people gave. It is for the eye: it changes, and proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Name(OutsideText);

/// The service instances that Aiven's services claim to be: those to look for.
pub type NeededInstances = Arc<BTreeSet<Guid>>;

/// What the stage `cloud_foundry` reports.
#[derive(Debug)]
pub enum Report {
    /// A pass over all service instances ended.
    Read {
        /// When.
        at: Timestamp,
        /// The rows about instances that were looked for.
        foundation: Foundation,
        /// How many instances were looked for.
        needed: usize,
    },
    /// New instances were looked for by GUID, between two passes.
    Found(Foundation),
    /// The spaces that these instances are shared with, besides the one that owns them.
    Shared(BTreeMap<Guid, Arc<[Guid]>>),
    /// A pass failed. Everything stays as it was.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Reason,
    },
}

impl Foundation {
    /// Takes in what another reading told. Returns whether anything is new.
    pub fn absorb(&mut self, other: Foundation) -> bool {
        let mut changed = false;
        for (guid, told) in other.instances {
            let known = self.instances.entry(guid).or_default();
            changed |= take(&mut known.name, told.name) | take(&mut known.space, told.space);
        }
        for (guid, told) in other.spaces {
            let known = self.spaces.entry(guid).or_default();
            changed |= take(&mut known.name, told.name);
            changed |= take(&mut known.organization, told.organization);
        }
        for (guid, told) in other.organizations {
            changed |= self.organizations.get(&guid) != Some(&told);
            self.organizations.insert(guid, told);
        }
        for (guid, told) in other.shared_with {
            changed |= self.shared_with.get(&guid) != Some(&told);
            self.shared_with.insert(guid, told);
        }
        changed
    }

    /// Forgets the instances that are not needed, and what only they needed.
    pub fn retain(&mut self, needed: &BTreeSet<Guid>) {
        self.instances.retain(|guid, _| needed.contains(guid));
        self.shared_with.retain(|guid, _| needed.contains(guid));
        let spaces: BTreeSet<Guid> = self
            .instances
            .values()
            .filter_map(|one| one.space)
            .collect();
        self.spaces.retain(|guid, _| spaces.contains(guid));
        let organizations: BTreeSet<Guid> = self
            .spaces
            .values()
            .filter_map(|one| one.organization)
            .collect();
        self.organizations
            .retain(|guid, _| organizations.contains(guid));
    }
}

/// Takes what was told; nothing told changes nothing.
fn take<T: PartialEq>(known: &mut Option<T>, told: Option<T>) -> bool {
    let differs = told.is_some() && *known != told;
    if differs {
        *known = told;
    }
    differs
}

impl Name {
    /// A name as Cloud Controller has it. What is not for the eye in it is made
    /// visible, and what no label, file or terminal should hold is cut off. `None` if
    /// nothing is left.
    pub fn new(raw: &str, secrets: &Secrets) -> Option<Name> {
        let end = raw.char_indices().nth(MOST_READ).map(|(end, _)| end);
        let raw = end.and_then(|end| raw.get(..end)).unwrap_or(raw);
        let text = OutsideText::name(raw)
            .unwrap_or_else(|_| OutsideText::prose_within(raw, MAX_NAME, secrets));
        (!text.is_empty()).then_some(Name(text))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a file holds need not have been cleaned by us.
impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Name, D::Error> {
        let raw = std::borrow::Cow::<'de, str>::deserialize(from)?;
        let name = Name::new(&raw, &Secrets::default());
        name.ok_or_else(|| serde::de::Error::custom("an empty name"))
    }
}

#[cfg(test)]
mod tests;
