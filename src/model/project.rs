//! All that is known of one project, in one place: it absorbs reports and
//! yields the plan, the wishes of the stages that carry it out, and what
//! happened.
//!
//! Reports come in from outside in any order, late, twice, or not at all. What
//! they may change is decided here and nowhere else.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::endpoint::EndpointFact;
use super::inventory::{Distrust, Inventory};
use super::needed_endpoints::NeededEndpoints;
use super::plan::{Action, Attempt, Attempts, Facts, ProjectPlan, Rules, SupportedTypes, plan};
use super::resolution::Addresses;
use super::snapshot::{Origin, ProjectSnapshot, Stages};

mod report;

pub use report::{Absorbed, Event, Report};

/// Unlisted services that are asked for by name after one listing. Aiven counts
/// requests per user (120 a minute have been seen), so this must stay small.
const MAX_UNLISTED: usize = 10;

/// What the last run knew of a project.
#[derive(Debug, Default)]
pub struct Saved {
    /// The services.
    pub inventory: Inventory,
    /// The types that the integration supported.
    pub supported: Option<SupportedTypes>,
    /// The integration endpoint.
    pub endpoint_id: Option<Arc<str>>,
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

/// Services to ask Aiven for by name, for the observe stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnlistedServices {
    /// Counts the lists below; a new one asks again, even for the same names.
    pub round: u64,
    /// Their names.
    pub names: Arc<[Arc<str>]>,
}

/// One project.
#[derive(Debug)]
pub struct Project {
    name: Arc<str>,
    /// How each stage fares.
    pub stages: Stages,
    inventory: Inventory,
    supported: Option<SupportedTypes>,
    endpoint: EndpointFact,
    attempts: Attempts,
    origin: Origin,
    /// Listed in this run, while some host names were never looked up.
    settling: bool,
    unlisted: UnlistedServices,
    /// The newest listing, while answers about services that it lacks are due.
    open_listing: Option<Timestamp>,
    plan: Arc<ProjectPlan>,
    /// Whether something changed that the plan does not know of.
    outdated: bool,
}

impl Project {
    /// The project as the last run knew it; `saved_at` is unset if there was none.
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
            attempts: Attempts::default(),
            origin,
            settling: false,
            unlisted: UnlistedServices::default(),
            open_listing: None,
            plan: Arc::default(),
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

    /// The types that Aiven's integration supports, once it said so.
    pub fn supported(&self) -> Option<&SupportedTypes> {
        self.supported.as_ref()
    }

    /// Its integration endpoint.
    pub fn endpoint(&self) -> &EndpointFact {
        &self.endpoint
    }

    /// Whether anything is known of it, from Aiven or from the last run.
    pub fn is_known(&self) -> bool {
        self.origin != Origin::Nothing
    }

    /// Takes a report in. [`Project::replan`] draws the conclusions.
    pub fn absorb(&mut self, report: Report) -> Absorbed {
        match report {
            Report::Listed { at, listing } => self.absorb_listing(at, &listing),
            Report::ListingFailed {
                at,
                cause,
                distrust,
            } => {
                let before = self.close_listing(None);
                self.stages.list.failed(at, cause);
                self.ask_for_unlisted(at);
                let missing = None;
                let distrusted =
                    distrust.map(|reason| Event::ListingDistrusted { reason, missing });
                Absorbed::of_events(before.into_iter().chain(distrusted))
            }
            Report::AskedByName { at, answers } => self.absorb_answers(at, answers),
            Report::SupportedTypes(types) => {
                let differs = self.supported.as_ref() != Some(&types);
                self.supported = Some(types);
                self.changed_if(differs)
            }
            Report::Endpoint(fact) => {
                let differs = self.learn_endpoint(fact);
                self.changed_if(differs)
            }
            Report::Attempted { service, attempt } => {
                self.attempts.insert(service, attempt);
                self.outdated = true;
                Absorbed::default()
            }
        }
    }

    /// Forgets the services that Aiven denied by name, once their removal grace is over.
    pub fn depart(&mut self, now: Timestamp, grace: Duration) -> Absorbed {
        let gone = self.inventory.depart(now, grace);
        let mut absorbed = self.changed_if(!gone.is_empty());
        absorbed.events = gone.into_iter().map(Event::Departed).collect();
        absorbed
    }

    /// When [`Project::depart`] next has something to forget.
    pub fn next_departure(&self, grace: Duration) -> Option<Timestamp> {
        self.inventory.next_departure(grace)
    }

    /// Notes that some host names resolve differently.
    pub fn addresses_changed(&mut self) {
        self.outdated = true;
    }

    /// Notes the end of a round of lookups.
    pub fn note_resolve_round(&mut self, at: Timestamp, addresses: &Addresses) {
        let needed = &self.plan.lookups;
        let answers = |name: &Arc<str>| {
            addresses
                .get(name)
                .is_some_and(|known| known.failing.is_none())
        };
        if needed.is_empty() || needed.iter().any(answers) {
            self.stages.resolve.succeeded(at);
        } else {
            self.stages.resolve.failed(
                at,
                "no host name of the project can be resolved; check dns.nameservers",
            );
        }
    }

    /// Whether something changed that the plan does not know of.
    pub fn is_outdated(&self) -> bool {
        self.outdated
    }

    /// Plans again if need be. Returns whether the plan differs from before.
    pub fn replan(&mut self, addresses: &Addresses, rules: Rules<'_>) -> bool {
        if !std::mem::take(&mut self.outdated) {
            return false;
        }
        let facts = Facts {
            inventory: &self.inventory,
            supported: self.supported.as_ref(),
            endpoint: &self.endpoint,
            attempts: &self.attempts,
            addresses,
        };
        let next = plan(facts, rules);
        if self.settling && next.lookups.iter().all(|name| addresses.contains(name)) {
            self.settling = false;
            self.origin = Origin::Api;
        }
        let differs = next != *self.plan;
        if differs {
            self.plan = Arc::new(next);
        }
        differs
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
        }
    }

    fn absorb_listing(&mut self, at: Timestamp, listing: &super::inventory::Listing) -> Absorbed {
        let mut events: Vec<_> = self.close_listing(None).into_iter().collect();
        let merge = self.inventory.merge(listing, at);
        let is_first = self.origin != Origin::Api && !self.settling;
        match self.origin {
            Origin::Nothing => self.settling = true,
            Origin::Saved(_) => self.origin = Origin::Api,
            Origin::Api => {}
        }
        if merge.changed {
            self.forget_settled_attempts();
        }
        self.open_listing = Some(at);
        self.ask_for_unlisted(at);
        if merge.distrust.is_some() || self.unlisted.names.is_empty() {
            events.extend(self.close_listing(merge.distrust));
        }
        Absorbed {
            events,
            ..self.changed_if(merge.changed || is_first)
        }
    }

    fn absorb_answers(&mut self, at: Timestamp, answers: report::Answers) -> Absorbed {
        let mut lied = false;
        let mut changed = false;
        for (name, answer) in answers {
            lied |= self.inventory.is_missing(&name) && answer.exists();
            changed |= self.inventory.answer(&name, answer, at);
        }
        let event = self.close_listing(lied.then_some(Distrust::Shrunk));
        Absorbed {
            events: event.into_iter().collect(),
            ..self.changed_if(changed)
        }
    }

    /// The verdict on the newest listing, once no answer about it is due.
    fn close_listing(&mut self, distrust: Option<Distrust>) -> Option<Event> {
        let at = self.open_listing.take()?;
        let Some(reason) = distrust else {
            self.stages.list.succeeded(at);
            self.note_integration(at);
            return None;
        };
        let cause = format!("the listing is not trusted: {}", reason.as_str());
        self.stages.list.failed(at, cause);
        let missing = Some(self.inventory.missing());
        Some(Event::ListingDistrusted { reason, missing })
    }

    fn ask_for_unlisted(&mut self, now: Timestamp) {
        let names = self.inventory.next_to_ask(MAX_UNLISTED, now);
        if !(names.is_empty() && self.unlisted.names.is_empty()) {
            self.unlisted = UnlistedServices {
                round: self.unlisted.round + 1,
                names: names.into(),
            };
        }
    }

    fn changed_if(&mut self, changed: bool) -> Absorbed {
        self.outdated |= changed;
        Absorbed {
            worth_saving: changed,
            events: Vec::new(),
        }
    }

    /// A service that has an integration needs no attempt any more.
    fn forget_settled_attempts(&mut self) {
        let inventory = &self.inventory;
        self.attempts.retain(|name, _| {
            let known = inventory.get(name);
            known.is_some_and(|known| known.service.integrations.is_empty())
        });
    }

    fn learn_endpoint(&mut self, fact: EndpointFact) -> bool {
        // A listing that still lacks the endpoint does not say why.
        let is_known = matches!(fact, EndpointFact::Missing { cause: None })
            && matches!(self.endpoint, EndpointFact::Missing { .. });
        if is_known || fact == self.endpoint {
            return false;
        }
        self.endpoint = fact;
        true
    }

    /// The integrate stage works unless Aiven could not be asked to integrate.
    fn note_integration(&mut self, at: Timestamp) {
        let postponed = self.attempts.values().find_map(|attempt| match attempt {
            Attempt::Postponed(cause) => Some(Arc::clone(cause)),
            _ => None,
        });
        let endpoint = match &self.endpoint {
            EndpointFact::Unusable(cause) | EndpointFact::Missing { cause: Some(cause) } => {
                Some(Arc::clone(cause))
            }
            _ => None,
        };
        match endpoint.or(postponed) {
            None => self.stages.integrate.succeeded(at),
            Some(cause) => self.stages.integrate.failed(at, cause),
        }
    }
}

/// The host names that all of `projects` need.
pub fn needed_hosts<'a>(projects: impl Iterator<Item = &'a Project>) -> BTreeSet<Arc<str>> {
    projects.flat_map(Project::needed_hosts).cloned().collect()
}

#[cfg(test)]
mod tests;
