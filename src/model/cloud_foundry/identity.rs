//! What is published of whose an Aiven service is.
//!
//! A wrong label is worse than none, since access will rest on labels. So:
//!
//! - Cloud Controller wins over tags, wherever it has said something.
//! - A GUID, once published, is replaced only by one that Cloud Controller knows. Tags
//!   that somebody edits are shown as a [`Disagreement`], and change nothing by themselves.
//! - A service that is named after an instance which Cloud Controller has confirmed is that
//!   one: nobody can change a service's name.
//! - What one pass misses stays. A name goes only with the GUID that it belongs to.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CLAIM_TAGS, Claim, Foundation, Guid, Name};
use crate::model::outside_text::Secrets;

/// Whose a service is, as far as it is known. In `/status` and `state.json` its members
/// have the names of the labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The service instance.
    #[serde(rename = "service_instance_guid")]
    pub instance: Guid,
    /// `service_instance_name`
    #[serde(
        rename = "service_instance_name",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub instance_name: Option<Name>,
    /// `space_guid`: the space that owns the instance. Without it the service is nobody's
    /// but the operators'.
    #[serde(
        rename = "space_guid",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub space: Option<Guid>,
    /// `space_name`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space_name: Option<Name>,
    /// `organization_guid`
    #[serde(
        rename = "organization_guid",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub organization: Option<Guid>,
    /// `organization_name`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<Name>,
    /// Whether Cloud Controller has said that this instance exists; until then the GUIDs
    /// are those that Aiven names.
    #[serde(default)]
    pub confirmed: bool,
}

/// Aiven's word about whose a service is differs from what is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The label that is about it.
    pub label: Label,
    /// What the tag, or for an instance perhaps the name, says.
    pub aiven: Guid,
    /// What is published.
    pub published: Guid,
}

/// A label with a GUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Label {
    /// The service instance.
    #[serde(rename = "service_instance_guid")]
    Instance,
    /// Its space.
    #[serde(rename = "space_guid")]
    Space,
    /// The space's organization.
    #[serde(rename = "organization_guid")]
    Organization,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Disagreement {
            label,
            aiven,
            published,
        } = self;
        let (label, tag) = (label.as_str(), label.tag());
        write!(
            f,
            "{label} is published as {published}, and the tag {tag} at Aiven says {aiven}"
        )
    }
}

impl Label {
    /// The tag of Aiven's that says the same.
    fn tag(self) -> &'static str {
        let [instance, space, organization] = CLAIM_TAGS;
        match self {
            Label::Instance => instance,
            Label::Space => space,
            Label::Organization => organization,
        }
    }

    /// The label's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Label::Instance => "service_instance_guid",
            Label::Space => "space_guid",
            Label::Organization => "organization_guid",
        }
    }
}

/// Aiven's word: the tags and the name of one service.
#[derive(Debug, Clone, Copy)]
pub struct Word<'a> {
    /// The name of the service.
    pub service: &'a str,
    /// Its tags.
    pub claim: Claim,
}

impl Word<'_> {
    /// The instances that it may be: the one of its tag, then the one of its name.
    pub fn instances(&self) -> impl Iterator<Item = Guid> {
        let name = Guid::at_end_of(self.service);
        let name = name.filter(|guid| Some(*guid) != self.claim.instance);
        self.claim.instance.into_iter().chain(name)
    }

    /// What it says: the tag before the name. Of those that Cloud Controller knows the
    /// name counts, since a tag can be edited and a name cannot.
    fn instance(&self, foundation: &Foundation) -> Option<Guid> {
        let is_known = |guid: &Guid| foundation.instances.contains_key(guid);
        let known = self.instances().filter(is_known).last();
        known.or_else(|| self.instances().next())
    }

    /// The tags, if they are about this instance.
    fn claim_about(&self, instance: Guid) -> Claim {
        match self.claim.instance {
            Some(other) if other != instance => Claim::default(),
            _ => self.claim,
        }
    }
}

impl Identity {
    /// What is to be published, given what was published before.
    pub fn settled(
        before: Option<&Identity>,
        word: Word<'_>,
        foundation: &Foundation,
    ) -> Option<Identity> {
        let instance = settled_instance(before, word, foundation)?;
        let before = before.filter(|before| before.instance == instance);
        let claim = word.claim_about(instance);
        let row = foundation.instances.get(&instance);
        let space = row
            .and_then(|row| row.space)
            .or_else(|| before.and_then(|before| before.space))
            .or(claim.space);
        let same_space = before.filter(|before| before.space == space);
        let space_row = space.and_then(|guid| foundation.spaces.get(&guid));
        let tagged = claim.organization.filter(|_| claim.space == space);
        let organization = space_row
            .and_then(|row| row.organization)
            .or_else(|| same_space.and_then(|before| before.organization))
            .or(tagged);
        let same_organization = before.filter(|before| before.organization == organization);
        let organization_row = organization.and_then(|guid| foundation.organizations.get(&guid));
        Some(Identity {
            instance,
            instance_name: row
                .and_then(|row| row.name.as_ref())
                .or_else(|| before.and_then(|before| before.instance_name.as_ref()))
                .cloned(),
            space,
            space_name: space_row
                .and_then(|row| row.name.as_ref())
                .or_else(|| same_space.and_then(|before| before.space_name.as_ref()))
                .cloned(),
            organization,
            organization_name: organization_row
                .or_else(|| same_organization.and_then(|before| before.organization_name.as_ref()))
                .cloned(),
            confirmed: row.is_some() || before.is_some_and(|before| before.confirmed),
        })
    }

    /// Where Aiven's word differs from what is published.
    pub fn disagreements(&self, word: Word<'_>) -> Vec<Disagreement> {
        let claim = word.claim_about(self.instance);
        let instance = word.instances().find(|guid| *guid != self.instance);
        let pairs = [
            (Label::Instance, instance, Some(self.instance)),
            (Label::Space, claim.space, self.space),
            (Label::Organization, claim.organization, self.organization),
        ];
        let differing = pairs.into_iter().filter_map(|(label, aiven, published)| {
            let (aiven, published) = (aiven?, published?);
            (aiven != published).then_some(Disagreement {
                label,
                aiven,
                published,
            })
        });
        differing.collect()
    }

    /// The labels of a target, in order of their names. What is unknown has no label.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        let guid = |guid: Option<Guid>| guid.map(|guid| guid.to_string());
        let name = |name: &Option<Name>| name.as_ref().map(|name| name.as_str().to_owned());
        let all = [
            ("organization_guid", guid(self.organization)),
            ("organization_name", name(&self.organization_name)),
            ("service_instance_guid", Some(self.instance.to_string())),
            ("service_instance_name", name(&self.instance_name)),
            ("space_guid", guid(self.space)),
            ("space_name", name(&self.space_name)),
        ];
        let known = all.into_iter();
        known.filter_map(|(label, value)| Some((label, value?)))
    }

    /// What the labels of a target say, for a start without a saved state.
    pub fn of_labels<'a>(label: impl Fn(&str) -> Option<String> + 'a) -> Option<Identity> {
        let guid = |key: &str| label(key)?.parse().ok();
        let name = |key: &str| Name::new(&label(key)?, &Secrets::default());
        let instance_name = name("service_instance_name");
        Some(Identity {
            instance: guid("service_instance_guid")?,
            // Only Cloud Controller knows names.
            confirmed: instance_name.is_some(),
            instance_name,
            space: guid("space_guid"),
            space_name: name("space_name"),
            organization: guid("organization_guid"),
            organization_name: name("organization_name"),
        })
    }

    /// How many names of the same things differ: each begins new series.
    pub fn renames_since(&self, before: &Identity) -> usize {
        let renamed = |is_same: bool, before: &Option<Name>, now: &Option<Name>| {
            is_same && before.is_some() && before != now
        };
        let all = [
            renamed(
                self.instance == before.instance,
                &before.instance_name,
                &self.instance_name,
            ),
            renamed(
                self.space == before.space,
                &before.space_name,
                &self.space_name,
            ),
            renamed(
                self.organization == before.organization,
                &before.organization_name,
                &self.organization_name,
            ),
        ];
        all.into_iter().filter(|renamed| *renamed).count()
    }
}

/// Which instance a service is. Before anything is published Aiven's word counts; after
/// that only one that Cloud Controller knows takes another's place, and none that of an
/// instance that the service is named after and that Cloud Controller has confirmed.
fn settled_instance(
    before: Option<&Identity>,
    word: Word<'_>,
    foundation: &Foundation,
) -> Option<Guid> {
    let said = word.instance(foundation);
    let Some(before) = before else {
        return said;
    };
    if before.confirmed && Guid::at_end_of(word.service) == Some(before.instance) {
        return Some(before.instance);
    }
    let is_confirmed = |guid: &Guid| foundation.instances.contains_key(guid);
    Some(said.filter(is_confirmed).unwrap_or(before.instance))
}
