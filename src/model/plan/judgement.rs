//! Judges one service before its addresses are looked at: an ordered list of
//! rules, of which the first that applies decides.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Attempt, Facts, Rules};
use crate::model::endpoint::EndpointFact;
use crate::model::inventory::{Known, Missing};
use crate::model::reason::Reason;
use crate::model::selection::Selection;
use crate::model::service::Service;
use crate::model::verdict::Verdict;

/// What follows for a service.
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    /// Why it has this verdict, if that needs saying.
    pub(super) cause: Option<Cow<'static, str>>,
    /// See [`PlannedService::remedy`](super::PlannedService::remedy).
    pub(super) remedy: Option<Arc<str>>,
    /// Whether to publish its hosts.
    pub(super) publish: bool,
    /// Whether to create an integration.
    pub(super) integrate: bool,
    /// See [`PlannedService::stuck`](super::PlannedService::stuck).
    pub(super) stuck: bool,
}

/// A service, and everything that its judgement may depend on.
struct Case<'a> {
    known: &'a Known,
    service: &'a Service,
    facts: Facts<'a>,
    rules: Rules<'a>,
}

/// A rule: its judgement, if it applies.
type Rule = fn(&Case<'_>) -> Option<Judgement>;

/// The rules, in the order in which they are tried.
const RULES: [Rule; 12] = [
    not_selected,
    missing_from_the_listing,
    powered_off,
    not_understood,
    serving_metrics,
    integrated_without_metrics,
    in_doubt,
    supported_types_unknown,
    type_not_supported,
    nothing_may_be_created,
    endpoint_not_usable,
    integration_attempted,
];

/// Judges one service.
pub(super) fn judge(known: &Known, facts: Facts<'_>, rules: Rules<'_>) -> Judgement {
    let case = Case {
        known,
        service: &known.service,
        facts,
        rules,
    };
    let mut judgements = RULES.iter().filter_map(|rule| rule(&case));
    judgements
        .next()
        .unwrap_or_else(|| not_integrated_yet(&case))
}

impl Judgement {
    fn published(verdict: Verdict, cause: Option<Cow<'static, str>>) -> Judgement {
        Judgement {
            verdict,
            cause,
            remedy: None,
            publish: true,
            integrate: false,
            stuck: false,
        }
    }

    /// The service is neither published nor integrated.
    fn left_alone(verdict: Verdict, cause: impl Into<Cow<'static, str>>) -> Judgement {
        Judgement {
            verdict,
            cause: Some(cause.into()),
            remedy: None,
            publish: false,
            integrate: false,
            stuck: false,
        }
    }

    /// The same while it waits for what nobody does by itself.
    fn stuck(cause: impl Into<Cow<'static, str>>) -> Judgement {
        Judgement {
            stuck: true,
            ..Judgement::left_alone(Verdict::AwaitingIntegration, cause)
        }
    }
}

impl Case<'_> {
    /// The service lacks an integration. It is created once the project's endpoint
    /// is known.
    fn to_integrate(&self, verdict: Verdict, cause: impl Into<Cow<'static, str>>) -> Judgement {
        let endpoint_is_known = matches!(
            self.facts.endpoint,
            EndpointFact::Present(_) | EndpointFact::Missing { .. }
        );
        Judgement {
            integrate: endpoint_is_known,
            ..Judgement::left_alone(verdict, cause)
        }
    }

    /// The same, for a reason that was found when it was tried.
    fn tried(&self, verdict: Verdict, reason: &Reason) -> Judgement {
        Judgement {
            remedy: reason.remedy.clone(),
            ..self.to_integrate(verdict, reason.cause.to_string())
        }
    }
}

fn not_selected(case: &Case<'_>) -> Option<Judgement> {
    let cause = exclusion(case.service, case.rules.selection)?;
    Some(Judgement::left_alone(Verdict::NotSelected, cause))
}

fn missing_from_the_listing(case: &Case<'_>) -> Option<Judgement> {
    let missing = case.known.missing.as_deref()?;
    Some(Judgement {
        // What was not published while it was listed is not published for being missing.
        publish: case.service.is_served() && not_told(case.service).is_none(),
        ..Judgement::left_alone(Verdict::Leaving, leaving_cause(missing))
    })
}

fn powered_off(case: &Case<'_>) -> Option<Judgement> {
    let cause = "Aiven reports its state as POWEROFF";
    let is_off = case.service.is_off();
    is_off.then(|| Judgement::left_alone(Verdict::PoweredOff, cause))
}

fn serving_metrics(case: &Case<'_>) -> Option<Judgement> {
    let serves = case.service.serves_metrics();
    serves.then(|| Judgement::published(Verdict::Published, None))
}

fn integrated_without_metrics(case: &Case<'_>) -> Option<Judgement> {
    let integration = case.service.integration(case.facts.endpoint.id())?;
    if !integration.enabled {
        let cause = format!(
            "its Prometheus integration {} is disabled at Aiven",
            integration.id
        );
        return Some(Judgement::stuck(cause));
    }
    Some(match &integration.failure {
        Some(cause) => Judgement::left_alone(Verdict::IntegrationFailed, cause.to_string()),
        None => Judgement::left_alone(
            Verdict::AwaitingIntegration,
            "integrated; Aiven has not activated it yet (this usually takes about a minute)",
        ),
    })
}

fn supported_types_unknown(case: &Case<'_>) -> Option<Judgement> {
    let cause = "Aiven has not yet said which service types can have the integration";
    let is_unknown = case.facts.supported.is_none();
    is_unknown.then(|| Judgement::left_alone(Verdict::AwaitingIntegration, cause))
}

/// What no answer has said yet, and everything else depends on.
fn not_told(service: &Service) -> Option<&'static str> {
    match service {
        service if !service.service_type.is_known() => Some("service_type"),
        service if !service.power.is_known() => Some("state"),
        service if service.integrations.is_unknown() => Some("service_integrations"),
        _ => None,
    }
}

/// Aiven is asked by name for what no answer has said yet.
fn not_understood(case: &Case<'_>) -> Option<Judgement> {
    let unknown = not_told(case.service)?;
    let cause = format!(
        "Aiven's answers about it have no {unknown} that can be read; Aiven is asked by name"
    );
    Some(Judgement::left_alone(Verdict::AwaitingIntegration, cause))
}

/// Nothing is created on the strength of a row that is not believed.
fn in_doubt(case: &Case<'_>) -> Option<Judgement> {
    case.known.doubt.as_ref()?;
    let cause = "Aiven's listing lacks or contradicts what was known of it; Aiven is asked by name";
    Some(Judgement::left_alone(Verdict::AwaitingIntegration, cause))
}

fn type_not_supported(case: &Case<'_>) -> Option<Judgement> {
    let service_type = case.service.service_type.text();
    if case.facts.supported?.contains(service_type) {
        return None;
    }
    let cause = format!("Aiven's Prometheus integration does not support {service_type}");
    Some(Judgement::left_alone(Verdict::Ineligible, cause))
}

fn nothing_may_be_created(case: &Case<'_>) -> Option<Judgement> {
    if case.rules.create {
        return None;
    }
    let cause = match case.facts.endpoint {
        EndpointFact::Missing { .. } => {
            "not integrated, the project has no integration endpoint of the configured name, and integration.create is false"
        }
        _ => "not integrated, and integration.create is false",
    };
    Some(Judgement::stuck(cause))
}

fn endpoint_not_usable(case: &Case<'_>) -> Option<Judgement> {
    let why = case.facts.endpoint.obstacle()?;
    Some(case.tried(Verdict::IntegrationFailed, why))
}

fn integration_attempted(case: &Case<'_>) -> Option<Judgement> {
    Some(match case.facts.attempts.get(&case.service.name)? {
        Attempt::Refused(why) => case.tried(Verdict::IntegrationFailed, why),
        Attempt::Postponed(why) => case.tried(Verdict::AwaitingIntegration, why),
        Attempt::Requested => case.to_integrate(
            Verdict::AwaitingIntegration,
            "integration requested; Aiven's listing does not show it yet",
        ),
    })
}

/// The judgement if no rule applies.
fn not_integrated_yet(case: &Case<'_>) -> Judgement {
    let cause = match case.facts.endpoint {
        EndpointFact::Missing { .. } => {
            "the project has no integration endpoint of the configured name (new project, or deleted by hand); it is being created"
        }
        EndpointFact::Unknown => "the project's integration endpoint is not known yet",
        EndpointFact::Unusable(_) | EndpointFact::Present(_) => {
            "it has no integration; the daemon makes one when its turn comes"
        }
    };
    case.to_integrate(Verdict::AwaitingIntegration, cause)
}

fn leaving_cause(missing: &Missing) -> &'static str {
    match missing.confirmed {
        Some(_) => {
            "Aiven, asked for it by name, says that it does not exist; its targets go once targets.removal_grace is over"
        }
        None => "missing from Aiven's listing, which alone proves nothing; Aiven is asked by name",
    }
}

/// Why the configuration excludes a service, if it does.
fn exclusion(service: &Service, selection: &Selection) -> Option<String> {
    let (service_type, cloud) = (service.service_type.text(), service.cloud.text());
    if selection.exclude.is_match(&*service.name) {
        return Some("services.exclude names it".to_owned());
    }
    let is_of_type = !service.service_type.is_known() || selection.types.contains(service_type);
    if !selection.types.is_empty() && !is_of_type {
        return Some(format!("services.types does not list {service_type}"));
    }
    if !selection.clouds.is_empty() && !service.cloud.is_known() {
        return Some("services.clouds is set, and Aiven does not say its cloud".to_owned());
    }
    if !selection.clouds.is_empty() && !selection.clouds.contains(cloud) {
        return Some(format!("services.clouds does not list {cloud}"));
    }
    let (key, value) = selection
        .tags
        .iter()
        .find(|(key, value)| service.tag(key) != Some(value))?;
    let lacks = match service.tags.is_whole() {
        true => "which it does not have",
        false => "and Aiven does not say its tags",
    };
    Some(format!("services.tags asks for {key}={value}, {lacks}"))
}
