//! The state of the simulated Cloud Foundry: what exists, and who may see it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::cloud_foundry::controller::Limiter;
use crate::cloud_foundry::spec::{InstanceSpec, InstanceType, Role};
use crate::cloud_foundry::uaa::{OtherUaa, Uaa, UaaRelease};
use crate::refusal::Refusal;

/// Everything that exists, by GUID.
pub(crate) struct Foundation {
    pub(crate) organizations: BTreeMap<String, Organization>,
    pub(crate) spaces: BTreeMap<String, Space>,
    pub(crate) instances: BTreeMap<String, Instance>,
    pub(crate) plans: BTreeMap<(String, String), Plan>,
    roles: BTreeSet<(String, Role, String)>,
    pub(crate) uaa: Uaa,
    /// Whose tokens the Cloud Controller takes instead.
    pub(crate) other_uaa: Option<OtherUaa>,
    pub(crate) limiter: Limiter,
    next_id: u64,
}

/// The order of making: Cloud Controller breaks ties by its own id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Made {
    pub(crate) at: Timestamp,
    pub(crate) id: u64,
}

#[derive(Debug)]
pub(crate) struct Organization {
    pub(crate) guid: String,
    pub(crate) name: String,
    pub(crate) made: Made,
}

#[derive(Debug)]
pub(crate) struct Space {
    pub(crate) guid: String,
    pub(crate) name: String,
    pub(crate) organization: String,
    pub(crate) made: Made,
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) guid: String,
    pub(crate) name: String,
    pub(crate) instance_type: InstanceType,
    pub(crate) space: String,
    /// Key of its plan: offering and name.
    pub(crate) plan: (String, String),
    /// Spaces that it is shared with.
    pub(crate) shared_to: BTreeSet<String>,
    pub(crate) made: Made,
}

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) guid: String,
    pub(crate) offering_guid: String,
    pub(crate) made: Made,
}

pub(crate) fn new_guid() -> String {
    Uuid::new_v4().to_string()
}

fn missing(what: &str, guid: &str) -> Refusal {
    Refusal::new(
        404,
        format!("{what} {guid} does not exist in Cloud Foundry"),
    )
}

/// Names are unique within what holds them.
fn taken(name: &str) -> Refusal {
    Refusal::new(422, format!("the name {name:?} is taken in Cloud Foundry"))
}

/// What is there.
impl Foundation {
    pub(crate) fn new(release: UaaRelease, uaa_url: String) -> Self {
        Self {
            organizations: BTreeMap::new(),
            spaces: BTreeMap::new(),
            instances: BTreeMap::new(),
            plans: BTreeMap::new(),
            roles: BTreeSet::new(),
            uaa: Uaa::new(release, uaa_url),
            other_uaa: None,
            limiter: Limiter::default(),
            next_id: 0,
        }
    }

    pub(crate) fn organization(&self, guid: &str) -> Result<&Organization, Refusal> {
        let found = self.organizations.get(guid);
        found.ok_or_else(|| missing("organization", guid))
    }

    pub(crate) fn space(&self, guid: &str) -> Result<&Space, Refusal> {
        self.spaces.get(guid).ok_or_else(|| missing("space", guid))
    }

    pub(crate) fn instance(&self, guid: &str) -> Result<&Instance, Refusal> {
        let found = self.instances.get(guid);
        found.ok_or_else(|| missing("service instance", guid))
    }

    fn instance_mut(&mut self, guid: &str) -> Result<&mut Instance, Refusal> {
        let found = self.instances.get_mut(guid);
        found.ok_or_else(|| missing("service instance", guid))
    }

    /// Names and places by GUID, for scripts.
    pub(crate) fn summary(&self) -> Value {
        let organizations = self
            .organizations
            .values()
            .map(|it| (it.guid.clone(), json!({"name": it.name})));
        let spaces = self.spaces.values().map(|it| {
            (
                it.guid.clone(),
                json!({"name": it.name, "organization": it.organization}),
            )
        });
        let instances = self.instances.values().map(|it| {
            let value = json!({"name": it.name, "space": it.space, "type": it.instance_type, "shared_to": it.shared_to});
            (it.guid.clone(), value)
        });
        json!({
            "organizations": organizations.collect::<Map<_, _>>(),
            "spaces": spaces.collect::<Map<_, _>>(),
            "instances": instances.collect::<Map<_, _>>(),
        })
    }

    /// Where the Cloud Controller says that tokens come from.
    pub(crate) fn uaa_url(&self) -> String {
        let other = self.other_uaa.as_ref().map(|other| other.url.as_str());
        other.unwrap_or(self.uaa.url()).to_owned()
    }

    /// The Cloud Controller takes the tokens of another UAA from now on.
    pub(crate) fn trust_uaa(&mut self, url: &str) {
        self.other_uaa = Some(OtherUaa::at(url));
    }

    fn made(&mut self, at: Option<Timestamp>) -> Made {
        self.next_id += 1;
        Made {
            at: at.unwrap_or_else(Timestamp::now),
            id: self.next_id,
        }
    }
}

/// Making and changing.
impl Foundation {
    pub(crate) fn add_organization(
        &mut self,
        name: String,
        guid: Option<String>,
    ) -> Result<String, Refusal> {
        if self.organizations.values().any(|it| it.name == name) {
            return Err(taken(&name));
        }
        let guid = guid.unwrap_or_else(new_guid);
        let organization = Organization {
            guid: guid.clone(),
            name,
            made: self.made(None),
        };
        self.organizations.insert(guid.clone(), organization);
        Ok(guid)
    }

    pub(crate) fn add_space(
        &mut self,
        organization: String,
        name: String,
        guid: Option<String>,
    ) -> Result<String, Refusal> {
        self.organization(&organization)?;
        let is_same = |it: &Space| it.organization == organization && it.name == name;
        if self.spaces.values().any(is_same) {
            return Err(taken(&name));
        }
        let guid = guid.unwrap_or_else(new_guid);
        let space = Space {
            guid: guid.clone(),
            name,
            organization,
            made: self.made(None),
        };
        self.spaces.insert(guid.clone(), space);
        Ok(guid)
    }

    /// Does not look whether the name is free, which costs time with ten thousand instances and
    /// which a lying Cloud Controller may not do either.
    pub(crate) fn add_instance(&mut self, spec: InstanceSpec) -> Result<String, Refusal> {
        self.space(&spec.space)?;
        let guid = spec.guid.unwrap_or_else(new_guid);
        let plan = (spec.offering, spec.plan);
        if spec.instance_type == InstanceType::Managed {
            self.ensure_plan(&plan);
        }
        let instance = Instance {
            guid: guid.clone(),
            name: spec.name,
            instance_type: spec.instance_type,
            space: spec.space,
            plan,
            shared_to: BTreeSet::new(),
            made: self.made(spec.created_at),
        };
        self.instances.insert(guid.clone(), instance);
        Ok(guid)
    }

    fn ensure_plan(&mut self, key: &(String, String)) {
        if self.plans.contains_key(key) {
            return;
        }
        let sibling = self
            .plans
            .iter()
            .find(|((offering, _), _)| *offering == key.0);
        let offering_guid = sibling.map_or_else(new_guid, |(_, plan)| plan.offering_guid.clone());
        let plan = Plan {
            guid: new_guid(),
            offering_guid,
            made: self.made(None),
        };
        self.plans.insert(key.clone(), plan);
    }

    /// GUID of an instance's plan; empty for a user-provided one.
    pub(crate) fn plan_guid(&self, instance: &Instance) -> String {
        let plan = self.plans.get(&instance.plan);
        plan.map(|plan| plan.guid.clone()).unwrap_or_default()
    }

    /// An organization, a space or a service instance.
    pub(crate) fn rename(&mut self, guid: &str, name: String) -> Result<(), Refusal> {
        let organization = self.organizations.get_mut(guid).map(|it| &mut it.name);
        let space = self.spaces.get_mut(guid).map(|it| &mut it.name);
        let instance = self.instances.get_mut(guid).map(|it| &mut it.name);
        let found = organization.or(space).or(instance);
        *found.ok_or_else(|| missing("nothing with the GUID", guid))? = name;
        Ok(())
    }

    /// No real instance moves: a Cloud Controller that says so is wrong, or was restored.
    pub(crate) fn move_instance(&mut self, guid: &str, space: String) -> Result<(), Refusal> {
        self.space(&space)?;
        self.instance_mut(guid)?.space = space;
        Ok(())
    }

    /// No real space moves either.
    pub(crate) fn move_space(&mut self, guid: &str, organization: String) -> Result<(), Refusal> {
        self.organization(&organization)?;
        let space = self.spaces.get_mut(guid);
        space.ok_or_else(|| missing("space", guid))?.organization = organization;
        Ok(())
    }

    pub(crate) fn share(&mut self, guid: &str, space: String) -> Result<(), Refusal> {
        self.space(&space)?;
        self.instance_mut(guid)?.shared_to.insert(space);
        Ok(())
    }

    pub(crate) fn unshare(&mut self, guid: &str, space: &str) -> Result<(), Refusal> {
        self.instance_mut(guid)?.shared_to.remove(space);
        Ok(())
    }

    /// An instance, a space with all in it, or an organization with all in it.
    pub(crate) fn delete(&mut self, guid: &str) -> Result<(), Refusal> {
        let known = self.instances.remove(guid).is_some()
            || self.spaces.contains_key(guid)
            || self.organizations.remove(guid).is_some();
        if !known {
            return Err(missing("nothing with the GUID", guid));
        }
        self.spaces
            .retain(|own, space| own != guid && space.organization != guid);
        let Self {
            spaces, instances, ..
        } = self;
        instances.retain(|_, instance| spaces.contains_key(&instance.space));
        for instance in instances.values_mut() {
            instance
                .shared_to
                .retain(|space| spaces.contains_key(space));
        }
        let Self {
            organizations,
            roles,
            ..
        } = self;
        roles.retain(|(_, _, at)| self.spaces.contains_key(at) || organizations.contains_key(at));
        Ok(())
    }
}

/// Roles.
impl Foundation {
    /// A role in a space makes its holder a user of the organization, as `cf set-space-role` does.
    pub(crate) fn grant(&mut self, user: &str, role: Role, at: String) -> Result<(), Refusal> {
        let user = self.uaa.user_guid(user);
        if role.is_in_space() {
            let organization = self.space(&at)?.organization.clone();
            self.roles
                .insert((user.clone(), Role::OrganizationUser, organization));
        } else {
            self.organization(&at)?;
        }
        self.roles.insert((user, role, at));
        Ok(())
    }

    pub(crate) fn revoke(&mut self, user: &str, role: Role, at: String) -> Result<(), Refusal> {
        let user = self.uaa.user_guid(user);
        let had = self.roles.remove(&(user, role, at));
        had.then_some(())
            .ok_or_else(|| Refusal::new(404, "no such role was granted"))
    }

    fn roles_of(&self, user: &str) -> impl Iterator<Item = (Role, &str)> {
        let roles = self.roles.iter().filter(move |(holder, ..)| holder == user);
        roles.map(|(_, role, at)| (*role, at.as_str()))
    }

    /// GUIDs of the spaces that a user sees [cc permissions.rb `ROLES_FOR_SPACE_READING`].
    pub(crate) fn spaces_of(&self, user: &str) -> BTreeSet<&str> {
        let held: Vec<(Role, &str)> = self.roles_of(user).collect();
        let sees = |space: &&Space| {
            held.iter().any(|(role, at)| match role {
                Role::OrganizationManager => *at == space.organization,
                role => role.is_in_space() && *at == space.guid,
            })
        };
        let seen = self.spaces.values().filter(sees);
        seen.map(|space| space.guid.as_str()).collect()
    }

    /// GUIDs of the organizations that a user sees [cc permissions.rb `ROLES_FOR_ORG_READING`].
    pub(crate) fn organizations_of(&self, user: &str) -> BTreeSet<&str> {
        let roles = self.roles_of(user).filter(|(role, _)| !role.is_in_space());
        roles.map(|(_, at)| at).collect()
    }
}
