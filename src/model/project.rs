//! Everything that is known about one project. It absorbs reports, and yields
//! the plan, the wishes for the stages that carry it out, and events.
//!
//! Reports arrive in any order, late, twice, or not at all. Only this module
//! decides what they may change.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::cloud_foundry::{Foundation, Guid};
use super::endpoint::EndpointFact;
use super::explain::remedy::MEND_DNS;
use super::inventory::Inventory;
use super::needed_endpoints::NeededEndpoints;
use super::odd_rows::OddRows;
use super::plan::{
    Action, Attempt, Attempts, Facts, Identities, ProjectPlan, Rules, SupportedTypes, plan,
};
use super::reason::Reason;
use super::resolution::{Addresses, none_resolves};
use super::snapshot::{DistrustedListing, Origin, ProjectSnapshot, Stages};

mod listings;
mod recovery;
mod report;
mod setup;

use listings::UnjudgedListing;
pub use listings::UnlistedServices;
pub use report::{Absorbed, Event, Report};
use setup::UnreadLists;

/// What the last run knew about a project.
#[derive(Debug, Default)]
pub struct Saved {
    /// The services.
    pub inventory: Inventory,
    /// The types that the integration supported.
    pub supported: Option<SupportedTypes>,
    /// The integration endpoint.
    pub endpoint_id: Option<Arc<str>>,
    /// Whose the services were.
    pub identities: Identities,
}

/// What making a new plan changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replanned {
    /// Whether the plan differs from the one before.
    pub differs: bool,
    /// Whether it differs in whose services are, which is worth saving.
    pub identities: bool,
    /// How many labels have another name of the same thing than before.
    pub renames: usize,
}

/// Writes that Aiven lacks, for the integrate stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingWrites {
    /// The integration endpoint is missing.
    pub endpoint_missing: bool,
    /// The integration endpoint, once it is there.
    pub endpoint_id: Option<Arc<str>>,
    /// Services that lack the integration.
    pub services: Arc<[Arc<str>]>,
}

/// One project.
#[derive(Debug)]
pub struct Project {
    name: Arc<str>,
    /// How each stage is doing.
    pub stages: Stages,
    inventory: Inventory,
    supported: Option<SupportedTypes>,
    endpoint: EndpointFact,
    odd_types: Arc<OddRows>,
    odd_endpoints: Arc<OddRows>,
    unread: UnreadLists,
    attempts: Attempts,
    origin: Origin,
    /// Listed in this run, but some host names have never been looked up.
    awaits_lookups: bool,
    unlisted: UnlistedServices,
    /// The newest listing, while answers about services that it lacks are awaited.
    /// Until then it is neither trusted nor distrusted.
    unjudged_listing: Option<UnjudgedListing>,
    /// Whether the answers about `unlisted` are awaited.
    asking: bool,
    /// The last listing in this run that was not trusted.
    distrusted: Option<DistrustedListing>,
    plan: Arc<ProjectPlan>,
    identities: Identities,
    /// Whether something changed since the plan was made.
    outdated: bool,
}

impl Project {
    /// The project as the last run knew it; `saved_at` is unset if there was no last run.
    pub fn new(name: Arc<str>, saved: Saved, saved_at: Option<Timestamp>) -> Project {
        let origin = match saved_at {
            Some(at) if !saved.inventory.is_empty() => Origin::Saved(at),
            _ => Origin::Nothing,
        };
        Project {
            name,
            stages: Stages::default(),
            inventory: saved.inventory,
            supported: saved.supported,
            endpoint: saved
                .endpoint_id
                .map_or_else(EndpointFact::default, EndpointFact::Present),
            odd_types: Arc::default(),
            odd_endpoints: Arc::default(),
            unread: UnreadLists::default(),
            attempts: Attempts::default(),
            origin,
            awaits_lookups: false,
            unlisted: UnlistedServices::default(),
            unjudged_listing: None,
            asking: false,
            distrusted: None,
            plan: Arc::default(),
            identities: saved.identities,
            outdated: true,
        }
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its services.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The service types that Aiven's integration supports, once known.
    pub fn supported(&self) -> Option<&SupportedTypes> {
        self.supported.as_ref()
    }

    /// Its integration endpoint.
    pub fn endpoint(&self) -> &EndpointFact {
        &self.endpoint
    }

    /// Whether anything is known about it, from Aiven or from the last run.
    pub fn is_known(&self) -> bool {
        self.origin != Origin::Nothing
    }

    /// Takes a report in. Call [`Project::replan`] afterwards to update the plan.
    pub fn absorb(&mut self, report: Report) -> Absorbed {
        match report {
            Report::Listed { at, listing } => self.absorb_listing(at, &listing),
            Report::ListingFailed {
                at,
                reason,
                distrust,
            } => self.absorb_failure(at, reason, distrust),
            Report::AskedByName { at, answers } => self.absorb_answers(at, answers),
            Report::SupportedTypes(listed) => self.absorb_types(listed),
            Report::OddEndpoints(odd) => self.absorb_odd_endpoints(odd),
            Report::SetupFailed { at, list, reason } => {
                self.note_setup_failure(at, list, reason);
                Absorbed::default()
            }
            Report::Endpoint(fact) => {
                let differs = self.note_endpoint(fact);
                self.note_change(differs)
            }
            Report::Attempted { service, attempt } => {
                self.attempts.insert(service, attempt);
                self.outdated = true;
                Absorbed::default()
            }
        }
    }

    /// Forgets the services that Aiven has denied by name and whose removal grace is over.
    pub fn forget_departed(&mut self, now: Timestamp, grace: Duration) -> Absorbed {
        let gone = self.inventory.forget_departed(now, grace);
        let mut absorbed = self.note_change(!gone.is_empty());
        absorbed.events = gone.into_iter().map(Event::Departed).collect();
        absorbed
    }

    /// When [`Project::forget_departed`] next has a service to forget.
    pub fn next_departure(&self, grace: Duration) -> Option<Timestamp> {
        self.inventory.next_departure(grace)
    }

    /// Notes that the addresses of some host names changed, or what Cloud Foundry told.
    pub fn surroundings_changed(&mut self) {
        self.outdated = true;
    }

    /// Notes that a round of lookups ended.
    pub fn note_resolve_round(&mut self, at: Timestamp, addresses: &Addresses) {
        let needed = &self.plan.lookups;
        let resolves = |name: &Arc<str>| addresses.get(name).is_some_and(|known| known.is_answered);
        if needed.is_empty() || needed.iter().any(resolves) {
            self.stages.resolve.succeeded(at);
        } else {
            let cause = none_resolves(needed, addresses);
            let reason = Reason::new(cause, Some(MEND_DNS));
            self.stages.resolve.failed(at, reason);
        }
    }

    /// Whether something changed since the plan was made.
    pub fn is_outdated(&self) -> bool {
        self.outdated
    }

    /// Makes a new plan if the old one is outdated.
    pub fn replan(
        &mut self,
        addresses: &Addresses,
        foundation: Option<&Foundation>,
        rules: Rules<'_>,
    ) -> Replanned {
        if !std::mem::take(&mut self.outdated) {
            return Replanned::default();
        }
        let facts = Facts {
            inventory: &self.inventory,
            supported: self.supported.as_ref(),
            endpoint: &self.endpoint,
            attempts: &self.attempts,
            addresses,
            foundation,
            identities: &self.identities,
        };
        let next = plan(facts, rules);
        if self.awaits_lookups && next.lookups.iter().all(|name| addresses.contains(name)) {
            self.awaits_lookups = false;
            self.origin = Origin::Api;
        }
        if next == *self.plan {
            return Replanned::default();
        }
        self.plan = Arc::new(next);
        let (identities, renames) = self.keep_identities();
        Replanned {
            differs: true,
            identities,
            renames,
        }
    }

    /// Remembers whose the planned services are. Returns whether that differs from
    /// before, and how many names changed.
    fn keep_identities(&mut self) -> (bool, usize) {
        let planned = self.plan.services.iter().filter_map(|planned| {
            let identity = &planned.ownership.as_ref()?.identity;
            Some((Arc::clone(&planned.service.name), Arc::clone(identity)))
        });
        let now: Identities = planned.collect();
        let renames = now.iter().filter_map(|(name, identity)| {
            let before = self.identities.get(name)?;
            Some(identity.renames_since(before))
        });
        let renames = renames.sum();
        let differs = now != self.identities;
        self.identities = now;
        (differs, renames)
    }

    /// Whose the services are.
    pub fn identities(&self) -> &Identities {
        &self.identities
    }

    /// The service instances that the services claim to be, or are known as.
    pub fn instances(&self) -> impl Iterator<Item = Guid> {
        let services = self.plan.services.iter();
        services.flat_map(|planned| {
            let known = planned.ownership.as_ref().map(|one| one.identity.instance);
            planned
                .service
                .word()
                .instances()
                .collect::<Vec<_>>()
                .into_iter()
                .chain(known)
        })
    }

    /// The host names whose addresses are needed.
    pub fn needed_hosts(&self) -> &[Arc<str>] {
        &self.plan.lookups
    }

    /// The endpoints whose credentials are needed.
    pub fn needed_endpoints(&self) -> NeededEndpoints {
        NeededEndpoints::of(&self.plan, &self.endpoint)
    }

    /// The writes that Aiven lacks.
    pub fn pending_writes(&self) -> PendingWrites {
        let services = self.plan.actions.iter().filter_map(|action| match action {
            Action::Integrate(service) => Some(Arc::clone(service)),
            Action::EnsureEndpoint => None,
        });
        PendingWrites {
            endpoint_missing: self.plan.actions.contains(&Action::EnsureEndpoint),
            endpoint_id: self.endpoint.id().map(Arc::from),
            services: services.collect(),
        }
    }

    /// The services to ask Aiven for by name.
    pub fn unlisted_services(&self) -> &UnlistedServices {
        &self.unlisted
    }

    /// This project's part of a snapshot.
    pub fn snapshot(&self) -> ProjectSnapshot {
        ProjectSnapshot {
            name: Arc::clone(&self.name),
            origin: self.origin,
            plan: Arc::clone(&self.plan),
            endpoint: self.endpoint.clone(),
            stages: self.stages.clone(),
            odd_rows: [Arc::clone(&self.odd_types), Arc::clone(&self.odd_endpoints)],
            distrusted: self.distrusted.clone(),
        }
    }

    fn note_change(&mut self, changed: bool) -> Absorbed {
        self.outdated |= changed;
        Absorbed {
            worth_saving: changed,
            events: Vec::new(),
        }
    }

    /// Once a service has an integration, the attempt to create it no longer matters.
    fn forget_finished_attempts(&mut self) {
        let inventory = &self.inventory;
        self.attempts.retain(|name, _| {
            let known = inventory.get(name);
            known.is_some_and(|known| known.service.integrations.rows().is_empty())
        });
    }

    fn note_endpoint(&mut self, fact: EndpointFact) -> bool {
        // A list that still lacks the endpoint says nothing about the cause.
        let adds_nothing = matches!(fact, EndpointFact::Missing { why: None })
            && matches!(self.endpoint, EndpointFact::Missing { .. });
        if adds_nothing || fact == self.endpoint {
            return false;
        }
        self.endpoint = fact;
        true
    }

    /// The integrate stage works, unless the endpoint cannot be used or created, a list
    /// that it needs cannot be read, or an attempt was postponed.
    fn note_integration(&mut self, at: Timestamp) {
        let postponed = self.attempts.values().find_map(|attempt| match attempt {
            Attempt::Postponed(why) => Some(why.clone()),
            _ => None,
        });
        let endpoint = self.endpoint.obstacle().cloned();
        let reason = endpoint.or_else(|| self.unread.reason());
        match reason.or(postponed) {
            None => self.stages.integrate.succeeded(at),
            Some(reason) => self.stages.integrate.failed(at, reason),
        }
    }
}

/// The host names that all of `projects` need.
pub fn needed_hosts<'a>(projects: impl Iterator<Item = &'a Project>) -> BTreeSet<Arc<str>> {
    projects.flat_map(Project::needed_hosts).cloned().collect()
}

#[cfg(test)]
mod tests;
