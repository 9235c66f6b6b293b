//! What a test says about Cloud Foundry's things before they exist. Only data.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who made a service instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceType {
    /// A service broker.
    #[default]
    Managed,
    /// A user, by hand; it has no plan.
    UserProvided,
}

/// A service instance to be added with [`crate::Simulator::add_instance`] or
/// [`crate::Simulator::provision`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceSpec {
    pub(crate) name: String,
    pub(crate) space: String,
    #[serde(default, rename = "type")]
    pub(crate) instance_type: InstanceType,
    #[serde(default = "default_offering")]
    pub(crate) offering: String,
    #[serde(default = "default_plan")]
    pub(crate) plan: String,
    #[serde(default)]
    pub(crate) guid: Option<String>,
    #[serde(default)]
    pub(crate) created_at: Option<Timestamp>,
}

fn default_offering() -> String {
    "opensearch".into()
}

fn default_plan() -> String {
    "small".into()
}

impl InstanceSpec {
    /// A managed instance in the space with this GUID, of the plan `small` of `opensearch`, made now.
    pub fn new(name: impl Into<String>, space: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            space: space.into(),
            instance_type: InstanceType::Managed,
            offering: default_offering(),
            plan: default_plan(),
            guid: None,
            created_at: None,
        }
    }

    /// User-provided instead of managed.
    pub fn user_provided(mut self) -> Self {
        self.instance_type = InstanceType::UserProvided;
        self
    }

    /// Service offering and service plan.
    pub fn plan(mut self, offering: impl Into<String>, plan: impl Into<String>) -> Self {
        self.offering = offering.into();
        self.plan = plan.into();
        self
    }

    /// Its GUID instead of a random one.
    pub fn guid(mut self, guid: impl Into<String>) -> Self {
        self.guid = Some(guid.into());
        self
    }

    /// When it was made: listings are ordered by that.
    pub fn created_at(mut self, at: Timestamp) -> Self {
        self.created_at = Some(at);
        self
    }
}

/// What a user may do in an organization or a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// In a space; sees it.
    SpaceDeveloper,
    /// In a space; sees it.
    SpaceManager,
    /// In a space; sees it.
    SpaceAuditor,
    /// In a space; sees it.
    SpaceSupporter,
    /// In an organization; sees all its spaces.
    OrganizationManager,
    /// In an organization; sees none of its spaces.
    OrganizationAuditor,
    /// In an organization; sees none of its spaces.
    OrganizationUser,
    /// In an organization; sees none of its spaces.
    OrganizationBillingManager,
}

impl Role {
    pub(crate) fn is_in_space(self) -> bool {
        matches!(
            self,
            Self::SpaceDeveloper | Self::SpaceManager | Self::SpaceAuditor | Self::SpaceSupporter
        )
    }
}

/// A user of the UAA, to be added with [`crate::Simulator::add_user`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    pub(crate) name: String,
    pub(crate) password: String,
    #[serde(default = "default_origin")]
    pub(crate) origin: String,
    #[serde(default = "default_groups")]
    pub(crate) groups: BTreeSet<String>,
    #[serde(default)]
    pub(crate) guid: Option<String>,
}

fn default_origin() -> String {
    "uaa".into()
}

/// What UAA gives every user of a Cloud Foundry.
fn default_groups() -> BTreeSet<String> {
    set([
        "openid",
        "uaa.user",
        "cloud_controller.read",
        "cloud_controller.write",
        "password.write",
    ])
}

fn set<S: Into<String>>(words: impl IntoIterator<Item = S>) -> BTreeSet<String> {
    words.into_iter().map(Into::into).collect()
}

impl UserSpec {
    /// A usual user of the UAA's own (`origin` `uaa`).
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            password: password.into(),
            origin: default_origin(),
            groups: default_groups(),
            guid: None,
        }
    }

    /// From this identity provider. The simulator checks the password all the same.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = origin.into();
        self
    }

    /// One more group, such as `cloud_controller.admin_read_only`: a scope of the user's tokens.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.groups.insert(group.into());
        self
    }

    /// Its GUID instead of a random one.
    pub fn guid(mut self, guid: impl Into<String>) -> Self {
        self.guid = Some(guid.into());
        self
    }
}

/// A client of the UAA, to be added with [`crate::Simulator::add_client`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientSpec {
    pub(crate) id: String,
    /// Empty: a public client, as `cf`.
    #[serde(default)]
    pub(crate) secret: String,
    #[serde(default)]
    pub(crate) authorities: BTreeSet<String>,
    #[serde(default)]
    pub(crate) scopes: BTreeSet<String>,
    #[serde(default)]
    pub(crate) grant_types: BTreeSet<String>,
    #[serde(default)]
    pub(crate) redirect_uris: Vec<String>,
    #[serde(default, with = "optional_duration")]
    pub(crate) token_lifetime: Option<Duration>,
}

mod optional_duration {
    pub(super) use jiff::fmt::serde::unsigned_duration::friendly::compact::optional::deserialize;
}

impl ClientSpec {
    /// A client that may do nothing yet.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            authorities: BTreeSet::new(),
            scopes: BTreeSet::new(),
            grant_types: BTreeSet::new(),
            redirect_uris: Vec::new(),
            token_lifetime: None,
        }
    }

    /// Gets tokens for itself (`client_credentials`) with these authorities.
    pub fn authorities<S: Into<String>>(
        mut self,
        authorities: impl IntoIterator<Item = S>,
    ) -> Self {
        self.authorities.extend(set(authorities));
        self.grant_types.insert("client_credentials".into());
        self
    }

    /// Gets users' tokens, with no other scopes than these, by these grant types (`password`,
    /// `refresh_token`, `authorization_code`).
    pub fn users<S: Into<String>, G: Into<String>>(
        mut self,
        scopes: impl IntoIterator<Item = S>,
        grant_types: impl IntoIterator<Item = G>,
    ) -> Self {
        self.scopes.extend(set(scopes));
        self.grant_types.extend(set(grant_types));
        self
    }

    /// Where a browser may be sent back to.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// How long its tokens live, instead of [`crate::Simulator::set_token_lifetime`].
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = Some(lifetime);
        self
    }
}
