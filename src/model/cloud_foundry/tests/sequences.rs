//! Generated sequences: instances made, renamed, moved, deleted and made anew under the
//! same name, passes that miss some, tags that are lost or edited, and restarts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::identity::Word;
use super::super::{Claim, Foundation, Guid, Identity, Instance, Name, Space};
use super::{guid, name};

/// What happens. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Event {
    /// An instance is made with a service at Aiven: by the broker, named after it or
    /// not, with tags or without.
    Make {
        named: bool,
        tagged: bool,
    },
    Rename {
        which: usize,
        to: u8,
    },
    RenameSpace {
        which: usize,
        to: u8,
    },
    RenameOrganization {
        which: usize,
        to: u8,
    },
    Move {
        which: usize,
        to: usize,
    },
    Delete {
        which: usize,
    },
    /// Its tags are lost, or name another instance.
    LoseTags {
        which: usize,
    },
    EditTags {
        which: usize,
        other: usize,
    },
    /// A pass, which misses some instances, and lacks details of others.
    Pass {
        missed: u64,
        lacks: u64,
    },
    Restart,
}

#[derive(Debug, Default)]
struct World {
    made: u32,
    /// At Cloud Foundry, each with its name and its space.
    instances: BTreeMap<Guid, (Name, Guid)>,
    spaces: BTreeMap<Guid, (Name, Guid)>,
    organizations: BTreeMap<Guid, Name>,
    /// At Aiven, by the service's name; with the instance that it truly is.
    services: BTreeMap<String, (Guid, Claim)>,
    /// Services whose tags somebody edited.
    edited: BTreeSet<String>,
    /// What the daemon knows.
    foundation: Foundation,
    identities: BTreeMap<String, Identity>,
    /// What was ever true.
    names: BTreeMap<Guid, BTreeSet<Name>>,
    places: BTreeMap<Guid, BTreeSet<Guid>>,
}

impl World {
    fn new() -> World {
        let mut world = World::default();
        for organization in [901, 902] {
            world.organizations.insert(guid(organization), name("org"));
        }
        for (space, organization) in [(801, 901), (802, 901), (803, 902)] {
            let row = (name("space"), guid(organization));
            world.spaces.insert(guid(space), row);
        }
        world.note_truth();
        world
    }

    fn note_truth(&mut self) {
        let instances = self.instances.iter();
        let instances = instances.map(|(guid, (name, space))| (*guid, name, Some(*space)));
        let spaces = self.spaces.iter();
        let spaces = spaces.map(|(guid, (name, place))| (*guid, name, Some(*place)));
        let organizations = self
            .organizations
            .iter()
            .map(|(guid, name)| (*guid, name, None));
        for (guid, name, place) in instances.chain(spaces).chain(organizations) {
            self.names.entry(guid).or_default().insert(name.clone());
            self.places.entry(guid).or_default().extend(place);
        }
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Make { named, tagged } => self.make(named, tagged),
            Event::Rename { which, to } => {
                if let Some((name, _)) = nth_mut(&mut self.instances, which) {
                    *name = some_name(to);
                }
            }
            Event::RenameSpace { which, to } => {
                if let Some((name, _)) = nth_mut(&mut self.spaces, which) {
                    *name = some_name(to);
                }
            }
            Event::RenameOrganization { which, to } => {
                if let Some(name) = nth_mut(&mut self.organizations, which) {
                    *name = some_name(to);
                }
            }
            Event::Move { which, to } => {
                let spaces: Vec<_> = self.spaces.keys().copied().collect();
                if let Some((_, space)) = nth_mut(&mut self.instances, which) {
                    *space = spaces[to % spaces.len()];
                }
            }
            Event::Delete { which } => self.delete(which),
            Event::LoseTags { which } => {
                if let Some((_, claim)) = nth_mut(&mut self.services, which) {
                    *claim = Claim::default();
                }
            }
            Event::EditTags { which, other } => self.edit_tags(which, other),
            Event::Pass { missed, lacks } => self.pass(missed, lacks),
            Event::Restart => self.restart(),
        }
        self.note_truth();
    }

    fn make(&mut self, named: bool, tagged: bool) {
        self.made += 1;
        let instance = guid(self.made);
        let spaces: Vec<_> = self
            .spaces
            .iter()
            .map(|(guid, (_, of))| (*guid, *of))
            .collect();
        let (space, organization) = spaces[self.made as usize % spaces.len()];
        // Always the same name: it is made anew.
        self.instances.insert(instance, (name("db"), space));
        let claim = match tagged {
            true => Claim {
                instance: Some(instance),
                space: Some(space),
                organization: Some(organization),
            },
            false => Claim::default(),
        };
        let service = match named {
            true => format!("prod-{instance}"),
            false => format!("hand-made-{}", self.made),
        };
        self.services.insert(service, (instance, claim));
    }

    /// Somebody gives a service the tags of another instance. Of a service whose name
    /// carries no GUID, that says whose it is.
    fn edit_tags(&mut self, which: usize, other: usize) {
        let count = self.instances.len().max(1);
        let Some((other, (_, space))) = self.instances.iter().nth(other % count) else {
            return;
        };
        let edited = Claim {
            instance: Some(*other),
            space: Some(*space),
            organization: self
                .spaces
                .get(space)
                .map(|(_, organization)| *organization),
        };
        let count = self.services.len().max(1);
        if let Some((service, (truth, claim))) = self.services.iter_mut().nth(which % count) {
            *claim = edited;
            self.edited.insert(service.clone());
            if Guid::at_end_of(service).is_none() {
                *truth = *other;
            }
        }
    }

    fn delete(&mut self, which: usize) {
        let Some(instance) = self
            .instances
            .keys()
            .nth(which % self.instances.len().max(1))
        else {
            return;
        };
        let instance = *instance;
        self.instances.remove(&instance);
        self.services.retain(|_, (of, _)| *of != instance);
        let services = &self.services;
        self.identities
            .retain(|service, _| services.contains_key(service));
    }

    /// Rows that the pass misses are not told; details that it lacks are told as unknown.
    fn pass(&mut self, missed: u64, lacks: u64) {
        let mut told = Foundation::default();
        for (at, (guid, (name, space))) in self.instances.iter().enumerate() {
            if missed >> (at % 64) & 1 == 1 {
                continue;
            }
            let is_told = |detail: usize| lacks >> ((5 * at + detail) % 64) & 1 == 0;
            let instance = Instance {
                name: is_told(0).then(|| name.clone()),
                space: is_told(1).then_some(*space),
            };
            told.instances.insert(*guid, instance);
            let (space_name, organization) = &self.spaces[space];
            let row = Space {
                name: is_told(2).then(|| space_name.clone()),
                organization: is_told(3).then_some(*organization),
            };
            told.spaces.insert(*space, row);
            if is_told(4) {
                let name = self.organizations[organization].clone();
                told.organizations.insert(*organization, name);
            }
        }
        self.foundation.absorb(told);
        let words = self.services.iter().flat_map(|(service, (_, claim))| {
            let word = Word {
                service,
                claim: *claim,
            };
            word.instances().collect::<Vec<_>>()
        });
        let known = self.identities.values().map(|identity| identity.instance);
        let needed = words.chain(known).collect();
        self.foundation.retain(&needed);
    }

    /// Only identities are saved, as JSON.
    fn restart(&mut self) {
        let json = serde_json::to_string(&self.identities).expect("JSON");
        self.identities = serde_json::from_str(&json).expect("what was saved");
        self.foundation = Foundation::default();
    }

    /// Settles all services, and holds the result against the truth.
    fn settle(&mut self) -> Result<(), TestCaseError> {
        for (service, (truth, claim)) in &self.services {
            let word = Word {
                service,
                claim: *claim,
            };
            let before = self.identities.get(service);
            let Some(now) = Identity::settled(before, word, &self.foundation) else {
                prop_assert!(before.is_none(), "{service} lost its identity");
                continue;
            };
            if let Some(before) = before {
                self.changes_only_by_cloud_controllers_word(before, &now)?;
            }
            let is_sure =
                !self.edited.contains(service) || self.foundation.instances.contains_key(truth);
            if Guid::at_end_of(service).is_some() && is_sure {
                prop_assert_eq!(now.instance, *truth, "{} has another's label", service);
            }
            self.was_once_true(&now)?;
            self.identities.insert(service.clone(), now);
        }
        Ok(())
    }

    fn changes_only_by_cloud_controllers_word(
        &self,
        before: &Identity,
        now: &Identity,
    ) -> Result<(), TestCaseError> {
        let row = self.foundation.instances.get(&now.instance);
        if before.instance != now.instance {
            prop_assert!(row.is_some(), "{} is not known", now.instance);
            return Ok(());
        }
        let is_told = row.is_some_and(|row| row.space == now.space);
        let is_new = before.space.is_none();
        prop_assert!(before.space == now.space || is_told || is_new);
        if before.space == now.space && before.organization.is_some() {
            prop_assert_eq!(before.organization, now.organization);
        }
        prop_assert!(before.instance_name.is_none() || now.instance_name.is_some());
        Ok(())
    }

    /// Each label was true of what it is about, at some time.
    fn was_once_true(&self, now: &Identity) -> Result<(), TestCaseError> {
        let things = [
            (Some(now.instance), &now.instance_name),
            (now.space, &now.space_name),
            (now.organization, &now.organization_name),
        ];
        for (guid, name) in things {
            let Some(name) = name else { continue };
            let Some(guid) = guid else {
                return Err(TestCaseError::fail("a name of nothing"));
            };
            prop_assert!(
                self.names[&guid].contains(name),
                "{guid} was never {name:?}"
            );
        }
        if let Some(space) = now.space {
            prop_assert!(
                self.places[&now.instance].contains(&space),
                "never in {space}"
            );
            if let Some(organization) = now.organization {
                prop_assert!(self.places[&space].contains(&organization));
            }
        }
        Ok(())
    }
}

fn nth_mut<Key: Ord, Value>(map: &mut BTreeMap<Key, Value>, which: usize) -> Option<&mut Value> {
    let count = map.len().max(1);
    map.values_mut().nth(which % count)
}

fn some_name(number: u8) -> Name {
    name(&format!("name {}", number % 4))
}

fn events() -> impl Strategy<Value = Event> {
    let which = 0..20_usize;
    prop_oneof![
        3 => any::<(bool, bool)>().prop_map(|(named, tagged)| Event::Make { named, tagged }),
        1 => (which.clone(), any::<u8>()).prop_map(|(which, to)| Event::Rename { which, to }),
        1 => (which.clone(), any::<u8>()).prop_map(|(which, to)| Event::RenameSpace { which, to }),
        1 => (which.clone(), any::<u8>()).prop_map(|(which, to)| Event::RenameOrganization { which, to }),
        1 => (which.clone(), which.clone()).prop_map(|(which, to)| Event::Move { which, to }),
        1 => which.clone().prop_map(|which| Event::Delete { which }),
        1 => which.clone().prop_map(|which| Event::LoseTags { which }),
        1 => (which.clone(), which).prop_map(|(which, other)| Event::EditTags { which, other }),
        4 => any::<(u64, u64, u64)>().prop_map(|(missed, lacks, fewer)| Event::Pass {
            missed,
            lacks: lacks & fewer,
        }),
        2 => Just(Event::Restart),
    ]
}

proptest! {
    #[test]
    fn a_label_is_never_anothers_and_changes_only_by_cloud_controllers_word(
        events in prop::collection::vec(events(), 1..60)
    ) {
        let mut world = World::new();
        for event in events {
            world.apply(event);
            world.settle()?;
        }
    }
}
