//! A page of `GET /v3/service_instances`, read row by row: an odd row, or an odd member
//! of a row, is something untold, and makes nothing else unreadable.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::api_client::lenient::{Member, Object, Rows, Text};
use crate::api_client::object;
use crate::model::cloud_foundry::{Foundation, Guid, Instance, Name, Space};
use crate::model::outside_text::Secrets;

/// Most spaces that an instance is told to be shared with. More are not kept.
const MAX_SHARED: usize = 100;

/// What is said of a page besides its rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outline {
    /// How many rows it has, readable or not.
    pub(super) rows: u64,
    /// The instances of its readable rows.
    pub(super) instances: BTreeSet<Guid>,
    /// Whether it names a next page.
    pub(super) has_next: bool,
    /// `total_results`, if it can be read.
    pub(super) total: Option<u64>,
}

/// What the rows told so far of the instances that are needed. Where two rows
/// contradict each other about whose something is, neither is believed.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    foundation: Foundation,
    doubtful_instances: BTreeSet<Guid>,
    doubtful_spaces: BTreeSet<Guid>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    pagination: Object<Pagination<'a>>,
    #[serde(borrow)]
    resources: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    included: Member<Object<Included<'a>>>,
}

#[derive(Deserialize)]
struct Pagination<'a> {
    /// Required: without it nobody knows whether the list is whole.
    #[serde(borrow)]
    next: &'a RawValue,
    #[serde(default)]
    total_results: Member<u64>,
}

#[derive(Deserialize)]
struct Included<'a> {
    #[serde(borrow, default)]
    spaces: Rows<Object<Row<'a>>>,
    #[serde(borrow, default)]
    organizations: Rows<Object<Row<'a>>>,
}

/// An instance, a space or an organization.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow, default)]
    guid: Member<Text<'a>>,
    #[serde(borrow, default)]
    name: Member<Text<'a>>,
    #[serde(borrow, default)]
    relationships: Member<Object<Relationships<'a>>>,
}

#[derive(Deserialize)]
struct Relationships<'a> {
    #[serde(borrow, default)]
    space: Member<Object<Related<'a>>>,
    #[serde(borrow, default)]
    organization: Member<Object<Related<'a>>>,
}

#[derive(Deserialize)]
struct Related<'a> {
    #[serde(borrow, default)]
    data: Member<Object<Reference<'a>>>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow, default)]
    guid: Member<Text<'a>>,
}

impl Row<'_> {
    fn guid(&self) -> Option<Guid> {
        guid(&self.guid)
    }

    fn name(&self, secrets: &Secrets) -> Option<Name> {
        self.name.told().and_then(|name| Name::new(name, secrets))
    }

    fn space(&self) -> Option<Guid> {
        related(&self.relationships.told()?.space)
    }

    fn organization(&self) -> Option<Guid> {
        related(&self.relationships.told()?.organization)
    }
}

fn related(to: &Member<Object<Related<'_>>>) -> Option<Guid> {
    guid(&to.told()?.data.told()?.guid)
}

fn guid(text: &Member<Text<'_>>) -> Option<Guid> {
    text.told()?.parse().ok()
}

impl Gathered {
    /// Reads a page, and keeps what it tells of the `needed` instances.
    ///
    /// # Errors
    /// What is wrong with the page as a whole; nothing of it is kept then.
    pub(super) fn read(
        &mut self,
        body: &[u8],
        needed: &BTreeSet<Guid>,
        secrets: &Secrets,
    ) -> Result<Outline, String> {
        let page: Page<'_> = object(body)?;
        let mut instances = BTreeSet::new();
        for row in &page.resources {
            let row: Option<Object<Row<'_>>> = serde_json::from_str(row.get()).ok();
            let Some((guid, row)) = row.and_then(|row| Some((row.guid()?, row))) else {
                continue;
            };
            instances.insert(guid);
            if needed.contains(&guid) {
                self.instance(guid, row.name(secrets), row.space());
            }
        }
        if let Some(included) = page.included.told() {
            self.include(included, secrets);
        }
        // Memory follows what is needed, not what there is.
        self.foundation.retain(needed);
        Ok(Outline {
            rows: page.resources.len() as u64,
            instances,
            has_next: page.pagination.next.get() != "null",
            total: page.pagination.total_results.told().copied(),
        })
    }

    fn include(&mut self, included: &Included<'_>, secrets: &Secrets) {
        for row in &included.spaces.rows {
            if let Some(guid) = row.guid() {
                self.space(guid, row.name(secrets), row.organization());
            }
        }
        for row in &included.organizations.rows {
            if let (Some(guid), Some(name)) = (row.guid(), row.name(secrets)) {
                self.foundation.organizations.insert(guid, name);
            }
        }
    }

    fn instance(&mut self, guid: Guid, name: Option<Name>, space: Option<Guid>) {
        let known = self.foundation.instances.entry(guid).or_default();
        if contradict(known.space, space) {
            self.doubtful_instances.insert(guid);
        }
        *known = Instance {
            name: name.or_else(|| known.name.take()),
            space: space.or(known.space),
        };
    }

    fn space(&mut self, guid: Guid, name: Option<Name>, organization: Option<Guid>) {
        let known = self.foundation.spaces.entry(guid).or_default();
        if contradict(known.organization, organization) {
            self.doubtful_spaces.insert(guid);
        }
        *known = Space {
            name: name.or_else(|| known.name.take()),
            organization: organization.or(known.organization),
        };
    }

    /// All that was told and not contradicted.
    pub(super) fn finish(mut self, needed: &BTreeSet<Guid>) -> Foundation {
        for guid in &self.doubtful_instances {
            if let Some(instance) = self.foundation.instances.get_mut(guid) {
                instance.space = None;
            }
        }
        for guid in &self.doubtful_spaces {
            if let Some(space) = self.foundation.spaces.get_mut(guid) {
                space.organization = None;
            }
        }
        self.foundation.retain(needed);
        self.foundation
    }
}

fn contradict(one: Option<Guid>, other: Option<Guid>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// How many rows a list has in all, by any of its pages.
///
/// # Errors
/// What is wrong with the page.
pub(super) fn total(body: &[u8]) -> Result<u64, String> {
    let page: Page<'_> = object(body)?;
    let total = page.pagination.total_results.told().copied();
    total.ok_or_else(|| "it does not say how many rows there are".to_owned())
}

/// The spaces in an answer of `…/relationships/shared_spaces`, each once.
///
/// # Errors
/// What is wrong with it as a whole.
pub(crate) fn shared_spaces(body: &[u8]) -> Result<Vec<Guid>, String> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
    }
    let answer: Answer<'_> = object(body)?;
    let spaces: BTreeSet<Guid> = answer
        .data
        .iter()
        .filter_map(|row| {
            let row: Object<Reference<'_>> = serde_json::from_str(row.get()).ok()?;
            guid(&row.guid)
        })
        .collect();
    Ok(spaces.into_iter().take(MAX_SHARED).collect())
}

#[cfg(test)]
mod tests;
