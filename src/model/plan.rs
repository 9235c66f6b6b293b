//! From what is known to what to do: one verdict for each service, the hosts
//! to publish, and the writes that Aiven still lacks.
//!
//! Pure: the same facts and rules give the same plan, and after a plan's actions
//! are carried out, the next plan has none.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::address::NodeAddress;
use super::cloud_foundry::{Foundation, Identity, Ownership};
use super::endpoint::EndpointFact;
use super::hosts::ScrapeHost;
use super::inventory::{Inventory, Known, Missing};
use super::reason::Reason;
use super::resolution::{Addresses, Failing};
use super::selection::Selection;
use super::service::Service;
use super::verdict::Verdict;

mod judgement;
mod publication;

use judgement::{Judgement, judge};
use publication::{failing_hosts, published_hosts};

/// The configuration that decides what happens in a project.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Which services are selected (`services.*`).
    pub selection: &'a Selection,
    /// Whether anything may be created at Aiven (`integration.create`).
    pub create: bool,
}

/// What is known about a project.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Its services.
    pub inventory: &'a Inventory,
    /// The types that Aiven's Prometheus integration supports, once known.
    pub supported: Option<&'a SupportedTypes>,
    /// The integration endpoint to use.
    pub endpoint: &'a EndpointFact,
    /// What became of requested integrations, by service.
    pub attempts: &'a Attempts,
    /// The addresses of host names.
    pub addresses: &'a Addresses,
    /// What Cloud Controller told, if it is to be asked.
    pub foundation: Option<&'a Foundation>,
    /// Whose each service was so far.
    pub identities: &'a Identities,
}

/// Whose services are, by the service's name.
pub type Identities = BTreeMap<Arc<str>, Arc<Identity>>;

/// `source_service_types` of Aiven's integration type `prometheus`.
pub type SupportedTypes = BTreeSet<Arc<str>>;

/// The outcome of the last request for an integration, by service name.
pub type Attempts = BTreeMap<Arc<str>, Attempt>;

/// What became of the request to integrate one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Aiven accepted it, or had it already; a listing will show it.
    Requested,
    /// Aiven refused it, for this reason.
    Refused(Reason),
    /// It could not be created now, for this reason, and will be tried again.
    Postponed(Reason),
}

/// A write that Aiven still lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make sure that the project's integration endpoint exists.
    EnsureEndpoint,
    /// Make sure that this service is integrated with it.
    Integrate(Arc<str>),
}

/// What to do in a project, and what to publish.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProjectPlan {
    /// One entry for each known service, by name.
    pub services: Vec<PlannedService>,
    /// Pending writes, the endpoint's first.
    pub actions: Vec<Action>,
    /// Host names whose addresses are needed.
    pub lookups: Vec<Arc<str>>,
}

/// One service with its verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedService {
    /// The service as last observed.
    pub service: Arc<Service>,
    /// Why it is, or is not, scraped.
    pub verdict: Verdict,
    /// Why it has this verdict, if that needs saying.
    pub cause: Option<Cow<'static, str>>,
    /// What to do about the cause, where that tells more than the verdict.
    pub remedy: Option<Arc<str>>,
    /// It awaits its integration, and only somebody's act at Aiven or in the
    /// configuration will end that.
    pub stuck: bool,
    /// The published hosts: those with at least one address.
    pub hosts: Box<[PublishedHost]>,
    /// Its host names that cannot be resolved now.
    pub failing: Box<[(Arc<str>, Failing)]>,
    /// Set while the listing lacks it.
    pub missing: Option<Box<Missing>>,
    /// Whose it is, if that is known.
    pub ownership: Option<Box<Ownership>>,
}

impl PlannedService {
    /// The published targets, host by host.
    pub fn targets(&self) -> impl Iterator<Item = SocketAddr> {
        self.hosts.iter().flat_map(PublishedHost::targets)
    }
}

impl PublishedHost {
    /// The targets under this name.
    pub fn targets(&self) -> impl Iterator<Item = SocketAddr> {
        let port = self.host.port;
        self.addresses
            .iter()
            .map(move |address| SocketAddr::new(address.ip(), port))
    }
}

/// A host name with the addresses that are scraped under it.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedHost {
    /// Name and port.
    pub host: ScrapeHost,
    /// Node addresses, sorted. No address is under two hosts of one service.
    pub addresses: Arc<[NodeAddress]>,
}

/// Plans one project.
pub fn plan(facts: Facts<'_>, rules: Rules<'_>) -> ProjectPlan {
    let mut plan = ProjectPlan::default();
    if rules.create && matches!(facts.endpoint, EndpointFact::Missing { .. }) {
        plan.actions.push(Action::EnsureEndpoint);
    }
    plan.services.reserve_exact(facts.inventory.iter().len());
    for known in facts.inventory.iter() {
        let judgement = judge(known, facts, rules);
        if judgement.integrate {
            let name = Arc::clone(&known.service.name);
            plan.actions.push(Action::Integrate(name));
        }
        if judgement.publish {
            let hosts = known.service.hosts.rows().iter();
            plan.lookups
                .extend(hosts.map(|host| Arc::clone(&host.name)));
        }
        let mut planned = planned(known, judgement, facts.addresses);
        planned.ownership = ownership(&known.service, facts);
        plan.services.push(planned);
    }
    plan
}

fn planned(known: &Known, judgement: Judgement, addresses: &Addresses) -> PlannedService {
    let mut planned = PlannedService {
        service: Arc::clone(&known.service),
        verdict: judgement.verdict,
        cause: judgement.cause,
        remedy: judgement.remedy,
        stuck: judgement.stuck,
        hosts: Box::default(),
        failing: Box::default(),
        missing: known.missing.clone(),
        ownership: None,
    };
    if !judgement.publish {
        return planned;
    }
    let hosts = known.service.hosts.rows();
    planned.hosts = published_hosts(hosts, addresses);
    planned.failing = failing_hosts(hosts, addresses);
    if planned.hosts.is_empty() && planned.verdict == Verdict::Published {
        planned.verdict = Verdict::Unresolved;
        planned.cause = Some(unresolved_cause(&planned));
    }
    planned
}

fn ownership(service: &Service, facts: Facts<'_>) -> Option<Box<Ownership>> {
    let foundation = facts.foundation?;
    let before = facts.identities.get(&service.name);
    Ownership::settled(before, service.word(), foundation).map(Box::new)
}

fn unresolved_cause(planned: &PlannedService) -> Cow<'static, str> {
    match (
        planned.failing.first(),
        planned.service.hosts.rows().first(),
    ) {
        (Some((host, failing)), _) => Cow::from(format!("{host}: {}", failing.cause)),
        (None, Some(host)) => Cow::from(format!("{} has not been looked up yet", host.name)),
        (None, None) => Cow::from("Aiven names no host for it yet"),
    }
}

#[cfg(test)]
mod tests;
