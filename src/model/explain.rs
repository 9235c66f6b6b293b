//! Says why: one service's way to being scraped, step by step, for somebody who
//! is woken at three in the morning and does not know the code. Everything is
//! read off the daemon's status.

use std::net::SocketAddr;

use jiff::Timestamp;
use serde::Serialize;

use super::scrape::{Failure, judge};
use super::stage::Stage;
use super::status::{ProjectStatus, ServiceStatus, Status};
use super::verdict::Verdict;

mod ownership;
mod remedy;

/// How alike a name must be to be suggested (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;

/// Most names that are suggested.
const SUGGESTIONS: usize = 3;

/// One service explained.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// Its project.
    pub project: String,
    /// Its name.
    pub service: String,
    /// Why it is, or is not, scraped.
    pub verdict: Verdict,
    /// Its way, up to the first step that fails.
    pub steps: Vec<Step>,
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
}

/// A name that no known service has.
#[derive(Debug, Serialize)]
pub struct Unknown {
    /// Known names that look alike, the likeliest first.
    pub near: Vec<String>,
    /// Projects that could not be listed, and why: it may be one of theirs.
    pub unlisted: Vec<String>,
}

/// Explains every service of that name (`SERVICE` or `PROJECT/SERVICE`).
///
/// # Errors
/// When there is none.
pub fn explain(status: &Status, name: &str) -> Result<Vec<Explanation>, Unknown> {
    let (project, service) = match name.split_once('/') {
        Some((project, service)) => (Some(project), service),
        None => (None, name),
    };
    let meant = |one: &&ServiceStatus| {
        one.service == service && project.is_none_or(|project| one.project == project)
    };
    let found: Vec<_> = status.services.iter().filter(meant).collect();
    if found.is_empty() {
        return Err(unknown(status, service));
    }
    Ok(found
        .into_iter()
        .map(|one| explain_one(status, one))
        .collect())
}

fn unknown(status: &Status, service: &str) -> Unknown {
    let mut near: Vec<(f64, String)> = status
        .services
        .iter()
        .map(|one| (strsim::jaro_winkler(&one.service, service), one))
        .filter(|(alike, one)| *alike >= ALIKE || one.service.contains(service))
        .map(|(alike, one)| (alike, format!("{}/{}", one.project, one.service)))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.truncate(SUGGESTIONS);
    let unlisted = status.projects.iter().filter_map(|project| {
        let failing = project.stages.list.failing.as_ref()?;
        Some(format!("{}: {}", project.name, failing.cause))
    });
    Unknown {
        near: near.into_iter().map(|(_, name)| name).collect(),
        unlisted: unlisted.collect(),
    }
}

fn explain_one(status: &Status, service: &ServiceStatus) -> Explanation {
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
        verdict: service.verdict,
        steps,
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
        let never = "known from before the start; Aiven has not listed the project since";
        let evidence = match at {
            Some(_) => "in Aiven's listing of the project",
            None => never,
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
        let remedy = match self.service.verdict {
            Verdict::AwaitingIntegration => self.remedy_for_waiting(),
            Verdict::IntegrationFailed => remedy::INTEGRATION_REFUSED,
            _ => return ok("integrated", self.integration(), at),
        };
        self.fails("integrated", at, self.cause(), remedy)
    }

    fn remedy_for_waiting(&self) -> &'static str {
        let mut integrations = self.service.integrations.iter();
        if integrations.any(|one| !one.enabled) {
            return remedy::INTEGRATION_DISABLED;
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
            let remedy = remedy::UNRESOLVED;
            return self.fails("resolved", at, self.cause(), remedy);
        }
        let hosts = self.service.hosts.iter();
        let mut found: Vec<_> = hosts
            .map(|host| match host.targets.len() {
                1 => format!("{}: 1 address", host.hostname),
                count => format!("{}: {count} addresses", host.hostname),
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
            return self.fails("published", at, failing.cause.to_string(), remedy);
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
            let evidence = format!("{good} of {} nodes at their last scrape", scrapes.len());
            return ok("scraped", evidence, last);
        }
        if let Some(failure) = self.deciding_failure() {
            let remedy = failure.finding.remedy();
            return self.fails("scraped", last, failure.cause.clone(), remedy);
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

    /// Trouble that no step shows, because the service still does well on what
    /// was known before.
    fn trouble_behind(&self) -> Option<Trouble> {
        if let Some((address, failure)) = self.failures().next() {
            return Some(Trouble {
                cause: format!("node {address}: {}", failure.cause),
                remedy: failure.finding.remedy().to_owned(),
            });
        }
        let project = self.project?;
        let failing = |stage: &Stage| stage.failing.clone();
        let failing = failing(&project.stages.list).or_else(|| failing(&project.stages.resolve))?;
        Some(Trouble {
            cause: format!(
                "{}: {} (since {})",
                project.name, failing.cause, failing.since
            ),
            remedy: remedy::KNOWN_BEFORE.to_owned(),
        })
    }

    /// Of several failed scrapes the one that made the verdict.
    fn deciding_failure(&self) -> Option<&Failure> {
        let targets = self.service.hosts.iter().flat_map(|host| &host.targets);
        let (_, failure) = judge(targets.map(|address| self.service.scrapes.get(address)));
        failure
    }

    /// The nodes whose last scrape failed.
    fn failures(&self) -> impl Iterator<Item = (&SocketAddr, &Failure)> {
        let scrapes = self.service.scrapes.iter();
        scrapes.filter_map(|(address, last)| Some((address, last.failure.as_ref()?)))
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
        let remedy = remedy.to_owned();
        (step, Some(Trouble { cause, remedy }))
    }
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
