//! Says why: one service's way to being scraped, step by step, for somebody who
//! is woken at three in the morning and does not know the code. Everything is
//! read off the daemon's status.

use jiff::Timestamp;
use serde::Serialize;

use super::counted::counted;
use super::resolution::Failing;
use super::snapshot::Origin;
use super::status::{ProjectStatus, ServiceStatus, Status};
use super::verdict::Verdict;

mod asked;
mod meant;
pub(super) mod nodes;
mod ownership;
mod pasted;
pub(crate) mod remedy;
mod trouble;

pub use asked::MatchedBy;
pub use meant::{Unknown, find, is_at, told_of, unknown};
pub use nodes::Node;
pub(in crate::model) use {asked::place, pasted::readings};

/// One service explained.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// Its project.
    pub project: String,
    /// Its name.
    pub service: String,
    /// What of it is what was asked for.
    pub matched_by: MatchedBy,
    /// Why it is, or is not, scraped.
    pub verdict: Verdict,
    /// Its way, up to the first step that fails.
    pub steps: Vec<Step>,
    /// What happened last at each of its nodes, and when. Empty while the scrape proxy is
    /// off: then only Prometheus knows.
    pub nodes: Vec<Node>,
    /// The true cause and what to do, unless all is well.
    pub trouble: Option<Trouble>,
    /// Whose it is, if `cloud_foundry` is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<String>,
}

/// One step.
#[derive(Debug, Serialize)]
pub struct Step {
    /// `listed`, `selected`, `eligible`, `integrated`, `resolved`, `published`, `scraped`.
    pub name: &'static str,
    /// Whether it is done.
    pub ok: bool,
    /// What shows it.
    pub evidence: String,
    /// When that was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// Why the first failing step fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// In one line.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
    /// Since when, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// Explains every service that is meant: by its name (`SERVICE` or `PROJECT/SERVICE`), a
/// host name or an address of its nodes, its Cloud Foundry service instance's GUID or
/// name, or its project, as people paste these.
///
/// # Errors
/// When there is none.
pub fn explain(status: &Status, text: &str) -> Result<Vec<Explanation>, Unknown> {
    let explained: Vec<_> = find(status, text)
        .into_iter()
        .map(|(one, matched_by)| explain_one(status, one, matched_by))
        .collect();
    match explained.is_empty() {
        true => Err(unknown(status, text)),
        false => Ok(explained),
    }
}

fn explain_one(status: &Status, service: &ServiceStatus, matched_by: MatchedBy) -> Explanation {
    let project = status
        .projects
        .iter()
        .find(|one| one.name == service.project);
    let case = Case {
        status,
        service,
        project,
    };
    let mut steps = Vec::new();
    let mut trouble = None;
    let all = [
        Case::listed,
        Case::selected,
        Case::eligible,
        Case::integrated,
        Case::resolved,
        Case::published,
        Case::scraped,
    ];
    for step in all {
        let (step, failed) = step(&case);
        steps.push(step);
        if failed.is_some() {
            trouble = failed;
            break;
        }
    }
    Explanation {
        project: service.project.clone(),
        service: service.service.clone(),
        matched_by,
        verdict: service.verdict,
        steps,
        nodes: match status.scrape_proxy {
            Some(_) => nodes::of(service),
            None => Vec::new(),
        },
        trouble: trouble.or_else(|| case.trouble_behind()),
        ownership: ownership::explained(status, service),
    }
}

/// A service with its surroundings.
struct Case<'a> {
    status: &'a Status,
    service: &'a ServiceStatus,
    project: Option<&'a ProjectStatus>,
}

type Outcome = (Step, Option<Trouble>);

impl Case<'_> {
    fn listed(&self) -> Outcome {
        let list = self.project.map(|project| &project.stages.list);
        let at = list.and_then(|list| list.last_success);
        if self.service.verdict == Verdict::Leaving {
            let remedy = remedy::LEAVING;
            return self.fails("listed", at, self.cause(), remedy);
        }
        let origin = self.project.map(|project| &project.origin);
        let evidence = match (at, origin) {
            (Some(_), _) => "in Aiven's listing of the project",
            (None, Some(Origin::Api)) => "in a listing of Aiven's that is not trusted as a whole",
            (None, _) => "known from before the start; Aiven has not listed the project since",
        };
        ok("listed", evidence, at)
    }

    fn selected(&self) -> Outcome {
        match self.service.verdict {
            Verdict::NotSelected => {
                let remedy = remedy::NOT_SELECTED;
                self.fails("selected", None, self.cause(), remedy)
            }
            _ => ok("selected", "nothing in services.* excludes it", None),
        }
    }

    fn eligible(&self) -> Outcome {
        let kind = &self.service.service_type;
        match self.service.verdict {
            Verdict::PoweredOff => {
                let remedy = remedy::POWERED_OFF;
                self.fails("eligible", None, self.cause(), remedy)
            }
            Verdict::Ineligible => {
                let remedy = remedy::INELIGIBLE;
                self.fails("eligible", None, self.cause(), remedy)
            }
            _ => ok("eligible", format!("powered on, of type {kind}"), None),
        }
    }

    fn integrated(&self) -> Outcome {
        let at = self.project.and_then(|one| one.stages.list.last_success);
        let of_the_cause = self.service.remedy.as_deref();
        let tried_again = |remedy: &str| format!("{remedy}; {}", remedy::TRIED_AGAIN);
        let remedy = match (self.service.verdict, of_the_cause) {
            (Verdict::AwaitingIntegration, None) => self.remedy_for_waiting().to_owned(),
            (Verdict::IntegrationFailed, None) => tried_again(remedy::INTEGRATION_REFUSED),
            (Verdict::AwaitingIntegration | Verdict::IntegrationFailed, Some(own)) => {
                tried_again(own)
            }
            _ => return ok("integrated", self.integration(), at),
        };
        self.fails("integrated", at, self.cause(), &remedy)
    }

    fn remedy_for_waiting(&self) -> &'static str {
        let mut integrations = self.service.integrations.iter();
        if integrations.any(|one| !one.enabled) {
            return remedy::INTEGRATION_DISABLED;
        }
        if self.service.stuck {
            let endpoint = self.project.and_then(|one| one.endpoint_id.as_ref());
            return match endpoint {
                Some(_) => remedy::INTEGRATION_BY_HAND,
                None => remedy::ENDPOINT_BY_HAND,
            };
        }
        remedy::INTEGRATION_AWAITED
    }

    fn integration(&self) -> String {
        let ours = self.project.and_then(|one| one.endpoint_id.as_deref());
        let mut enabled = self.service.integrations.iter().filter(|one| one.enabled);
        match enabled.next() {
            Some(one) if Some(&*one.endpoint_id) == ours => {
                format!(
                    "integration {} with our endpoint {}",
                    one.id, one.endpoint_id
                )
            }
            Some(one) => format!(
                "integration {} with another endpoint, {}, adopted as it is",
                one.id, one.endpoint_id
            ),
            None => "integrated when last seen".to_owned(),
        }
    }

    fn resolved(&self) -> Outcome {
        let at = self.project.and_then(|one| one.stages.resolve.last_success);
        if self.service.verdict == Verdict::Unresolved {
            let unanswered = &self.service.unanswered;
            let remedy = match unanswered.values().all(Failing::is_denied) {
                _ if unanswered.is_empty() => remedy::NAMELESS,
                true => remedy::UNRESOLVED,
                false => remedy::MEND_DNS,
            };
            return self.fails("resolved", at, self.cause(), remedy);
        }
        let hosts = self.service.hosts.iter();
        let mut found: Vec<_> = hosts
            .map(|host| {
                let addresses = counted(host.targets.len(), "address");
                format!("{}: {addresses}", host.hostname)
            })
            .collect();
        let stale = self.service.unanswered.iter();
        found.extend(stale.map(|(name, failing)| {
            format!(
                "{name}: last known addresses, since {}: {}",
                failing.since, failing.cause
            )
        }));
        ok("resolved", found.join("; "), at)
    }

    fn published(&self) -> Outcome {
        let publish = self.project.map(|one| &one.stages.publish);
        let at = publish.and_then(|stage| stage.last_success);
        if let Some(failing) = publish.and_then(|stage| stage.failing.as_ref()) {
            let remedy = remedy::UNWRITTEN;
            let failed = self.fails("published", at, failing.cause.to_string(), remedy);
            return since(failed, failing.since);
        }
        let targets: Vec<_> = self
            .service
            .hosts
            .iter()
            .flat_map(|host| &host.targets)
            .collect();
        let targets: Vec<_> = targets.iter().map(ToString::to_string).collect();
        ok("published", format!("as {}", targets.join(", ")), at)
    }

    fn scraped(&self) -> Outcome {
        let Some(proxy) = &self.status.scrape_proxy else {
            let evidence =
                "the scrape proxy is off, so only Prometheus knows: see its page /targets";
            return ok("scraped", evidence, None);
        };
        let scrapes = &self.service.scrapes;
        let last = scrapes.values().map(|one| one.at).max();
        if self.service.verdict == Verdict::Scraped {
            let good = scrapes.values().filter(|one| one.failure.is_none()).count();
            let evidence = format!(
                "{good} of {} at the last scrape",
                counted(scrapes.len(), "node")
            );
            return ok("scraped", evidence, last);
        }
        if let Some((address, failure)) = self.deciding_failure() {
            let remedy = failure.finding.remedy();
            let cause = format!("node {address}: {}", failure.cause);
            return self.fails("scraped", last, cause, remedy);
        }
        let (cause, remedy) = match proxy.last_request {
            None => (
                "Prometheus has not asked the scrape proxy for anything since the daemon started",
                remedy::NOBODY_ASKS,
            ),
            Some(_) => (
                "Prometheus asks for other targets, not yet for every node of this service",
                remedy::NOT_ASKED_YET,
            ),
        };
        self.fails("scraped", proxy.last_request, cause.to_owned(), remedy)
    }

    fn cause(&self) -> String {
        let behind = self
            .project
            .and_then(|one| one.stages.list.failing.as_ref());
        let own = self.service.cause.clone();
        match (own, behind) {
            (own, Some(failing)) => {
                let own = own.unwrap_or_default();
                format!("{own} (and Aiven cannot be asked: {})", failing.cause)
            }
            (Some(own), None) => own,
            (None, None) => "no cause is known; please report this".to_owned(),
        }
    }

    fn fails(
        &self,
        name: &'static str,
        at: Option<Timestamp>,
        cause: String,
        remedy: &str,
    ) -> Outcome {
        let step = Step {
            name,
            ok: false,
            evidence: cause.clone(),
            at,
        };
        let trouble = Trouble {
            cause,
            remedy: remedy.to_owned(),
            since: self.since(),
        };
        (step, Some(trouble))
    }
}

/// The same, known to last since then.
fn since((step, trouble): Outcome, since: Timestamp) -> Outcome {
    let since = Some(since);
    (step, trouble.map(|trouble| Trouble { since, ..trouble }))
}

fn ok(name: &'static str, evidence: impl Into<String>, at: Option<Timestamp>) -> Outcome {
    let step = Step {
        name,
        ok: true,
        evidence: evidence.into(),
        at,
    };
    (step, None)
}

#[cfg(test)]
mod tests;
