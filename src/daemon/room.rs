//! All that is known of one project, and the plan that follows from it.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::integrate::{Outcome, PendingWrites};
use crate::model::credentials::NeededEndpoints;
use crate::model::inventory::Inventory;
use crate::model::plan::{
    Action, Addresses, Attempt, Attempts, EndpointFact, Facts, ProjectPlan, Rules, SupportedTypes,
    plan,
};
use crate::model::snapshot::{Origin, ProjectSnapshot, Stages};
use crate::observe::Observation;
use crate::publish::state::{ProjectState, ProjectToSave};

/// One project.
pub(super) struct Room {
    pub(super) name: Arc<str>,
    pub(super) stages: Stages,
    inventory: Inventory,
    supported: Option<SupportedTypes>,
    endpoint: EndpointFact,
    attempts: Attempts,
    origin: Origin,
    /// Listed in this run, while some host names were never looked up.
    settling: bool,
    plan: Arc<ProjectPlan>,
    pending_writes: watch::Sender<PendingWrites>,
    wanted: watch::Sender<NeededEndpoints>,
    /// Whether something changed that the plan does not know of.
    outdated: bool,
}

impl Room {
    /// The project as `saved`, and where the writes it owes can be watched.
    pub(super) fn new(
        name: Arc<str>,
        saved: ProjectState,
        saved_at: Option<Timestamp>,
    ) -> (Room, watch::Receiver<PendingWrites>) {
        let (pending_writes, watched) = watch::channel(PendingWrites::default());
        let origin = match saved_at {
            Some(at) if !saved.inventory.is_empty() => Origin::Saved(at),
            _ => Origin::Nothing,
        };
        let room = Room {
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
            plan: Arc::default(),
            pending_writes,
            wanted: watch::Sender::default(),
            outdated: true,
        };
        (room, watched)
    }

    /// Takes an observation in. Returns whether it is worth saving.
    pub(super) fn take_observed(&mut self, observed: Observation) -> bool {
        match observed {
            Observation::Listed { at, distrust: None } => {
                self.stages.list.succeeded(at);
                self.note_integration(at);
                return false;
            }
            Observation::Listed {
                at,
                distrust: Some(distrust),
            } => {
                let cause = format!("the listing is not trusted: {}", distrust.as_str());
                self.stages.list.failed(at, cause);
                return false;
            }
            Observation::Failed { at, cause } => {
                self.stages.list.failed(at, cause);
                return false;
            }
            Observation::Services(inventory) => self.take_services(inventory),
            Observation::Supported(types) if self.supported.as_ref() == Some(&types) => {
                return false;
            }
            Observation::Supported(types) => self.supported = Some(types),
            Observation::Endpoint(fact) => return self.take_endpoint(fact),
        }
        self.outdated = true;
        true
    }

    /// Takes the outcome of a write in. Returns whether it is worth saving.
    pub(super) fn take_outcome(&mut self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Endpoint(fact) => self.take_endpoint(fact),
            Outcome::Service(service, attempt) => {
                self.attempts.insert(service, attempt);
                self.outdated = true;
                false
            }
        }
    }

    /// Notes that some host names resolve differently.
    pub(super) fn addresses_changed(&mut self) {
        self.outdated = true;
    }

    /// Notes the end of a pass over the host names.
    pub(super) fn note_pass(&mut self, at: Timestamp, addresses: &Addresses) {
        let lookups = &self.plan.lookups;
        let answers = |name: &Arc<str>| {
            addresses
                .get(name)
                .is_some_and(|known| known.failing.is_none())
        };
        match lookups.is_empty() || lookups.iter().any(answers) {
            true => self.stages.resolve.succeeded(at),
            false => self.stages.resolve.failed(
                at,
                "no host name of the project can be resolved; check dns.nameservers",
            ),
        }
    }

    /// Plans again if need be. Returns whether the plan differs from before.
    pub(super) fn replan(&mut self, addresses: &Addresses, rules: Rules<'_>) -> bool {
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
        if self.settling && next.lookups.iter().all(|name| addresses.contains_key(name)) {
            self.settling = false;
            self.origin = Origin::Api;
        }
        self.tell_what_is_owed(&next);
        let wanted = NeededEndpoints::of(&next, &self.endpoint);
        self.wanted.send_if_modified(|known| {
            let differs = *known != wanted;
            *known = wanted;
            differs
        });
        if next == *self.plan {
            return false;
        }
        self.plan = Arc::new(next);
        true
    }

    /// The host names whose addresses are wanted.
    pub(super) fn lookups(&self) -> &[Arc<str>] {
        &self.plan.lookups
    }

    /// This project's part of a snapshot.
    pub(super) fn snapshot(&self) -> ProjectSnapshot {
        ProjectSnapshot {
            name: Arc::clone(&self.name),
            origin: self.origin,
            plan: Arc::clone(&self.plan),
            endpoint: self.endpoint.clone(),
            stages: self.stages.clone(),
        }
    }

    /// This project's part of the state.
    pub(super) fn to_save(&self) -> ProjectToSave<'_> {
        ProjectToSave {
            name: &self.name,
            inventory: &self.inventory,
            supported: self.supported.as_ref(),
            endpoint_id: self.endpoint.id(),
        }
    }

    /// Where the endpoints whose credentials are needed can be watched.
    pub(super) fn watch_wanted(&self) -> watch::Receiver<NeededEndpoints> {
        self.wanted.subscribe()
    }

    /// Whether anything is known of the project, from Aiven or from before.
    pub(super) fn is_known(&self) -> bool {
        self.origin != Origin::Nothing
    }

    /// The services known so far.
    pub(super) fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    fn take_services(&mut self, inventory: Inventory) {
        self.inventory = inventory;
        match self.origin {
            Origin::Nothing => self.settling = true,
            Origin::Saved(_) => self.origin = Origin::Api,
            Origin::Api => {}
        }
        let inventory = &self.inventory;
        self.attempts.retain(|name, _| {
            let known = inventory.get(name);
            known.is_some_and(|known| known.service.integrations.is_empty())
        });
    }

    fn take_endpoint(&mut self, fact: EndpointFact) -> bool {
        // A listing that still lacks the endpoint does not say why.
        let is_known_refusal = matches!(fact, EndpointFact::Missing { refusal: None })
            && matches!(self.endpoint, EndpointFact::Missing { .. });
        if is_known_refusal || fact == self.endpoint {
            return false;
        }
        self.endpoint = fact;
        self.outdated = true;
        true
    }

    /// The integrate stage works unless Aiven could not be asked to integrate.
    fn note_integration(&mut self, at: Timestamp) {
        let put_off = self.attempts.values().find_map(|attempt| match attempt {
            Attempt::Postponed(cause) => Some(Arc::clone(cause)),
            _ => None,
        });
        let endpoint = match &self.endpoint {
            EndpointFact::Unusable(cause)
            | EndpointFact::Missing {
                refusal: Some(cause),
            } => Some(Arc::clone(cause)),
            _ => None,
        };
        match endpoint.or(put_off) {
            None => self.stages.integrate.succeeded(at),
            Some(cause) => self.stages.integrate.failed(at, cause),
        }
    }

    fn tell_what_is_owed(&self, plan: &ProjectPlan) {
        let services = plan.actions.iter().filter_map(|action| match action {
            Action::Integrate(service) => Some(Arc::clone(service)),
            Action::EnsureEndpoint => None,
        });
        let next = PendingWrites {
            endpoint_missing: plan.actions.contains(&Action::EnsureEndpoint),
            endpoint_id: self.endpoint.id().map(Arc::from),
            services: services.collect(),
        };
        self.pending_writes.send_if_modified(|pending_writes| {
            let differs = *pending_writes != next;
            *pending_writes = next;
            differs
        });
    }
}
