//! From what is known to what to do: one verdict for each service, the hosts
//! to publish, and the writes that Aiven still lacks.
//!
//! Pure: the same facts and rules give the same plan, and carrying a plan's
//! actions out leaves nothing for the next one to do.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::endpoint::EndpointFact;
use super::hosts::ScrapeHost;
use super::inventory::{Inventory, Known, Missing};
use super::resolution::{Addresses, Failing};
use super::selection::Selection;
use super::service::{Power, Service};
use super::verdict::Verdict;

mod publication;

use publication::{failing_hosts, published_hosts};

/// What the operator wants of a project.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Which services are meant (`services.*`).
    pub selection: &'a Selection,
    /// Whether anything may be created at Aiven (`integration.create`).
    pub create: bool,
}

/// What is known of a project.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Its services.
    pub inventory: &'a Inventory,
    /// The types that Aiven's Prometheus integration supports, once asked.
    pub supported: Option<&'a SupportedTypes>,
    /// The integration endpoint to use.
    pub endpoint: &'a EndpointFact,
    /// What became of requested integrations, by service.
    pub attempts: &'a Attempts,
    /// The addresses of host names.
    pub addresses: &'a Addresses,
}

/// `source_service_types` of Aiven's integration type `prometheus`.
pub type SupportedTypes = BTreeSet<Arc<str>>;

/// The newest outcome of requesting an integration, by service name.
pub type Attempts = BTreeMap<Arc<str>, Attempt>;

/// What became of the request to integrate one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Aiven took it, or had it already; a listing will show it.
    Requested,
    /// Aiven refused it, in these words.
    Refused(Arc<str>),
    /// It could not be made now, for this reason, and will be tried again.
    Postponed(Arc<str>),
}

/// A write that Aiven still lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make sure that the project's integration endpoint exists.
    EnsureEndpoint,
    /// Make sure that this service is integrated with it.
    Integrate(Arc<str>),
}

/// What to do in a project and what to publish of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProjectPlan {
    /// One entry for each known service, by name.
    pub services: Vec<PlannedService>,
    /// Pending writes, the endpoint's first.
    pub actions: Vec<Action>,
    /// Host names whose addresses are wanted.
    pub lookups: Vec<Arc<str>>,
}

/// One service with its verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedService {
    /// The service as last observed.
    pub service: Arc<Service>,
    /// Why it is, or is not, scraped.
    pub verdict: Verdict,
    /// The verdict's evidence and remedy, where it needs any.
    pub cause: Option<Cow<'static, str>>,
    /// What is published of it: hosts with at least one address.
    pub hosts: Box<[PublishedHost]>,
    /// Host names of it that DNS does not answer now.
    pub failing: Box<[(Arc<str>, Failing)]>,
    /// Set while the listing lacks it.
    pub missing: Option<Box<Missing>>,
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
            .map(move |ip| SocketAddr::new(*ip, port))
    }
}

/// A host name with the addresses that are scraped under it.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedHost {
    /// Name and port.
    pub host: ScrapeHost,
    /// Node addresses, sorted, none of them under two hosts of one service.
    pub addresses: Arc<[IpAddr]>,
}

/// Plans one project.
pub fn plan(facts: Facts<'_>, rules: Rules<'_>) -> ProjectPlan {
    let mut plan = ProjectPlan::default();
    if rules.create && matches!(facts.endpoint, EndpointFact::Missing { .. }) {
        plan.actions.push(Action::EnsureEndpoint);
    }
    plan.services.reserve_exact(facts.inventory.iter().len());
    for known in facts.inventory.iter() {
        let judged = judge(known, facts, rules);
        if judged.integrate {
            let name = Arc::clone(&known.service.name);
            plan.actions.push(Action::Integrate(name));
        }
        if judged.publish {
            let hosts = known.service.hosts.iter();
            plan.lookups
                .extend(hosts.map(|host| Arc::clone(&host.name)));
        }
        plan.services.push(planned(known, judged, facts.addresses));
    }
    plan
}

/// What is decided about a service before its addresses are looked at.
struct Judgement {
    verdict: Verdict,
    cause: Option<Cow<'static, str>>,
    /// Whether its hosts are to be published.
    publish: bool,
    /// Whether an integration is to be made.
    integrate: bool,
}

impl Judgement {
    fn left_alone(verdict: Verdict, cause: impl Into<Cow<'static, str>>) -> Self {
        Judgement {
            verdict,
            cause: Some(cause.into()),
            publish: false,
            integrate: false,
        }
    }
}

fn judge(known: &Known, facts: Facts<'_>, rules: Rules<'_>) -> Judgement {
    let service = &*known.service;
    if let Some(cause) = exclusion(service, rules.selection) {
        return Judgement::left_alone(Verdict::NotSelected, cause);
    }
    if known.missing.is_some() {
        return Judgement {
            verdict: Verdict::Leaving,
            cause: Some(leaving_cause(known.missing.as_deref())),
            publish: service.power == Power::On && service.serves_metrics(),
            integrate: false,
        };
    }
    if service.power == Power::Off {
        return Judgement::left_alone(Verdict::PoweredOff, "Aiven reports its state as POWEROFF");
    }
    if service.serves_metrics() {
        return Judgement {
            verdict: Verdict::Published,
            cause: None,
            publish: true,
            integrate: false,
        };
    }
    judge_without_metrics(service, facts, rules)
}

/// A selected, powered-on service whose nodes serve no metrics yet.
fn judge_without_metrics(service: &Service, facts: Facts<'_>, rules: Rules<'_>) -> Judgement {
    use Verdict::{AwaitingIntegration, Ineligible, IntegrationFailed};
    if let Some(integration) = service.integration(facts.endpoint.id()) {
        return match &integration.failure {
            _ if !integration.enabled => Judgement::left_alone(
                AwaitingIntegration,
                format!(
                    "its Prometheus integration {} is disabled; enable it at Aiven",
                    integration.id
                ),
            ),
            Some(reason) => Judgement::left_alone(IntegrationFailed, reason.to_string()),
            None => Judgement::left_alone(
                AwaitingIntegration,
                "integrated; Aiven has not activated it yet (about a minute as a rule)",
            ),
        };
    }
    let Some(supported) = facts.supported else {
        return Judgement::left_alone(
            AwaitingIntegration,
            "Aiven has not yet said which service types can have the integration",
        );
    };
    if let Some(parse_problem) = &service.parse_problem {
        return Judgement::left_alone(
            AwaitingIntegration,
            format!("Aiven's answer about it could not be understood: {parse_problem}"),
        );
    }
    if !supported.contains(&service.service_type) {
        return Judgement::left_alone(
            Ineligible,
            format!(
                "Aiven's Prometheus integration does not support {}",
                service.service_type
            ),
        );
    }
    if !rules.create {
        let cause = match facts.endpoint {
            EndpointFact::Missing { .. } => {
                "not integrated, the project has no integration endpoint of the configured name, and integration.create is false; make both by hand, or set it to true"
            }
            _ => {
                "not integrated, and integration.create is false; integrate it by hand, or set it to true"
            }
        };
        return Judgement::left_alone(AwaitingIntegration, cause);
    }
    let (verdict, cause) = match (facts.endpoint, facts.attempts.get(&service.name)) {
        (EndpointFact::Unusable(reason), _)
        | (
            EndpointFact::Missing {
                cause: Some(reason),
            },
            _,
        ) => (IntegrationFailed, Cow::from(reason.to_string())),
        (_, Some(Attempt::Refused(reason))) => (IntegrationFailed, Cow::from(reason.to_string())),
        (_, Some(Attempt::Postponed(reason))) => {
            (AwaitingIntegration, Cow::from(reason.to_string()))
        }
        (_, Some(Attempt::Requested)) => (
            AwaitingIntegration,
            Cow::from("integration requested; Aiven's listing does not show it yet"),
        ),
        (EndpointFact::Missing { .. }, None) => (
            AwaitingIntegration,
            Cow::from(
                "the project has no integration endpoint of the configured name (new project, or deleted by hand); it is being created",
            ),
        ),
        (EndpointFact::Unknown, None) => (
            AwaitingIntegration,
            Cow::from("the project's integration endpoint is not known yet"),
        ),
        (_, None) => (
            AwaitingIntegration,
            Cow::from("not integrated yet; waiting for its turn"),
        ),
    };
    Judgement {
        verdict,
        cause: Some(cause),
        publish: false,
        integrate: matches!(
            facts.endpoint,
            EndpointFact::Present(_) | EndpointFact::Missing { .. }
        ),
    }
}

fn leaving_cause(missing: Option<&Missing>) -> Cow<'static, str> {
    Cow::from(match missing.and_then(|gone| gone.confirmed) {
        Some(_) => "Aiven says that it does not exist; the removal grace runs",
        None => "missing from Aiven's listing, which alone proves nothing; Aiven is asked by name",
    })
}

/// Why the configuration excludes a service, if it does.
fn exclusion(service: &Service, selection: &Selection) -> Option<String> {
    let (service_type, cloud) = (&*service.service_type, &*service.cloud);
    if selection.exclude.is_match(&*service.name) {
        return Some("services.exclude names it".to_owned());
    }
    if !selection.types.is_empty() && !selection.types.contains(service_type) {
        return Some(format!("services.types does not list {service_type}"));
    }
    if !selection.clouds.is_empty() && !selection.clouds.contains(cloud) {
        return Some(format!("services.clouds does not list {cloud}"));
    }
    let wrong = selection
        .tags
        .iter()
        .find(|(key, value)| service.tag(key) != Some(value))?;
    Some(format!(
        "services.tags asks for {}={}, which it does not have",
        wrong.0, wrong.1
    ))
}

fn planned(known: &Known, judged: Judgement, addresses: &Addresses) -> PlannedService {
    let mut planned = PlannedService {
        service: Arc::clone(&known.service),
        verdict: judged.verdict,
        cause: judged.cause,
        hosts: Box::default(),
        failing: Box::default(),
        missing: known.missing.clone(),
    };
    if !judged.publish {
        return planned;
    }
    let hosts = &known.service.hosts;
    planned.hosts = published_hosts(hosts, addresses);
    planned.failing = failing_hosts(hosts, addresses);
    if planned.hosts.is_empty() && planned.verdict == Verdict::Published {
        planned.verdict = Verdict::Unresolved;
        planned.cause = Some(unresolved_cause(&planned));
    }
    planned
}

fn unresolved_cause(planned: &PlannedService) -> Cow<'static, str> {
    match (planned.failing.first(), planned.service.hosts.first()) {
        (Some((host, failing)), _) => Cow::from(format!("{host}: {}", failing.cause)),
        (None, Some(host)) => Cow::from(format!("{} has not been looked up yet", host.name)),
        (None, None) => Cow::from("Aiven names no host for it yet"),
    }
}

#[cfg(test)]
mod tests;
