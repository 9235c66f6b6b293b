//! What is wrong: which failure decides, what lies behind a service that still does well,
//! and since when.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::super::scrape::{Failure, TargetHealth, judge};
use super::super::stage::Stage;
use super::super::verdict::Verdict;
use super::{Case, Trouble, remedy};

impl Case<'_> {
    /// Trouble that no step shows, because the service still does well on what
    /// was known before.
    pub(super) fn trouble_behind(&self) -> Option<Trouble> {
        if let Some((address, last, failure)) = self.failures().next() {
            return Some(Trouble {
                cause: format!("node {address}: {}", failure.cause),
                remedy: failure.finding.remedy().to_owned(),
                since: last.failing_since,
            });
        }
        let project = self.project?;
        let is_resolving = project.stages.resolve.failing.is_none();
        if let Some((host, failing)) = self
            .service
            .unanswered
            .iter()
            .next()
            .filter(|_| is_resolving)
        {
            return Some(Trouble {
                cause: format!("{host}: {}", failing.cause),
                remedy: remedy::STALE.to_owned(),
                since: Some(failing.since),
            });
        }
        let failing = |stage: &Stage| stage.failing.clone();
        let failing = failing(&project.stages.list).or_else(|| failing(&project.stages.resolve))?;
        let known_before = remedy::KNOWN_BEFORE;
        Some(Trouble {
            cause: format!("{}: {}", project.name, failing.cause),
            remedy: match failing.remedy {
                Some(remedy) => format!("{remedy}; {known_before}"),
                None => format!("do what the cause says; {known_before}"),
            },
            since: Some(failing.since),
        })
    }

    /// Of several failed scrapes the one that made the verdict, with its node.
    pub(super) fn deciding_failure(&self) -> Option<(&SocketAddr, &Failure)> {
        let targets = self.service.hosts.iter().flat_map(|host| &host.targets);
        let (_, failure) = judge(targets.map(|address| self.service.scrapes.get(address)));
        let failure = failure?;
        let mut failures = self.failures();
        let (address, ..) = failures.find(|(_, _, own)| std::ptr::eq(*own, failure))?;
        Some((address, failure))
    }

    /// The nodes whose last scrape failed.
    fn failures(&self) -> impl Iterator<Item = (&SocketAddr, &TargetHealth, &Failure)> {
        let scrapes = self.service.scrapes.iter();
        scrapes.filter_map(|(address, last)| Some((address, last, last.failure.as_ref()?)))
    }

    /// Since when the step that fails at this verdict has failed.
    pub(super) fn since(&self) -> Option<Timestamp> {
        match self.service.verdict {
            Verdict::Leaving => self.service.missing_since,
            Verdict::Unresolved => {
                let unanswered = self.service.unanswered.values();
                unanswered.map(|failing| failing.since).min()
            }
            Verdict::Unreachable | Verdict::TlsFailed | Verdict::Unauthorised => {
                // The service failed when the last of its nodes did.
                let failures = self.failures();
                failures.filter_map(|(_, last, _)| last.failing_since).max()
            }
            _ => None,
        }
    }
}
