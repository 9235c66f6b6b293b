//! The results of scraping targets, and the verdict that follows for a service.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answering::Answering;
use super::plan::PlannedService;
use super::verdict::Verdict;

mod finding;

pub use finding::Finding;

/// A target: an address, and the service whose metrics are scraped there. Two
/// services can share an address, so the address alone is not enough.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Project of the service.
    pub project: Arc<str>,
    /// The service.
    pub service: Arc<str>,
    /// The node.
    pub address: SocketAddr,
}

/// The kind of a failed scrape, as in metrics and `/status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No connection to the node could be made.
    Connect,
    /// The node did not accept the connection or answer in time.
    Timeout,
    /// The node could not prove that it belongs to the service.
    Tls,
    /// The node refused all known credentials, or none are known.
    Unauthorised,
    /// The node answered, but not with a page of metrics that Prometheus accepts.
    Status,
    /// Either side ended the scrape in the middle.
    Aborted,
}

/// A failed scrape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its kind.
    pub class: FailureKind,
    /// What was found; it has the remedy.
    #[serde(default)]
    pub finding: Finding,
    /// The evidence, in one line.
    pub cause: String,
}

impl Failure {
    /// A failure with its evidence.
    pub fn new(finding: Finding, cause: impl Into<String>) -> Failure {
        Failure {
            class: finding.class(),
            finding,
            cause: cause.into(),
        }
    }
}

/// What is known about a target from scraping it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetHealth {
    /// When the last scrape ended.
    pub at: Timestamp,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// When a scrape last succeeded.
    pub last_success: Option<Timestamp>,
    /// When the first of the scrapes ended that have failed since the last success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// When the node's certificate expires.
    pub certificate_expires: Option<Timestamp>,
    /// The name that the certificate was verified for.
    pub verified_name: Option<Arc<str>>,
    /// Which credentials the node last accepted: an id that is valid in this process only.
    #[serde(skip)]
    pub accepted: Option<u64>,
    /// How it answers.
    #[serde(skip)]
    pub answering: Answering,
}

/// What one scrape learnt about its node, whether it succeeded or not.
#[derive(Debug, Clone, Default)]
pub struct NodeFacts {
    /// See [`TargetHealth`].
    pub certificate_expires: Option<Timestamp>,
    /// See [`TargetHealth`].
    pub verified_name: Option<Arc<str>>,
    /// See [`TargetHealth`].
    pub accepted: Option<u64>,
    /// See [`TargetHealth`].
    pub answering: Option<Answering>,
}

/// The results of all scrapes in this run.
#[derive(Debug, Clone, Default)]
pub struct Scrapes {
    /// The last scrape of each target.
    pub targets: HashMap<Target, Arc<TargetHealth>>,
    /// When Prometheus last asked for anything.
    pub last_request: Option<Timestamp>,
}

impl Scrapes {
    /// Notes that a scrape ended at `at`, after `took`. Facts about the node that
    /// it did not learn stay as they were.
    pub fn note(
        &mut self,
        target: &Target,
        at: Timestamp,
        took: Duration,
        failure: Option<Failure>,
        learnt: NodeFacts,
    ) {
        let before = self.targets.get(target);
        let last_success = match failure {
            None => Some(at),
            Some(_) => before.and_then(|before| before.last_success),
        };
        let failing_since = failure.as_ref().map(|_| {
            let before = before.and_then(|before| before.failing_since);
            before.unwrap_or(at)
        });
        let next = TargetHealth {
            at,
            seconds: took.as_secs_f64(),
            failure,
            last_success,
            failing_since,
            certificate_expires: learnt
                .certificate_expires
                .or_else(|| before?.certificate_expires),
            verified_name: learnt
                .verified_name
                .or_else(|| before?.verified_name.clone()),
            accepted: learnt.accepted.or_else(|| before?.accepted),
            answering: learnt
                .answering
                .or_else(|| Some(before?.answering))
                .unwrap_or_default(),
        };
        self.targets.insert(target.clone(), Arc::new(next));
    }

    /// The verdict on a service of `project`, and the failure behind it, if any.
    pub fn verdict(
        &self,
        project: &Arc<str>,
        planned: &PlannedService,
    ) -> (Verdict, Option<&Failure>) {
        let health = |address| {
            let target = Target {
                project: Arc::clone(project),
                service: Arc::clone(&planned.service.name),
                address,
            };
            self.targets.get(&target).map(|known| &**known)
        };
        verdict(planned, health)
    }
}

impl FailureKind {
    /// Every variant.
    pub const ALL: [FailureKind; 6] = [
        FailureKind::Connect,
        FailureKind::Timeout,
        FailureKind::Tls,
        FailureKind::Unauthorised,
        FailureKind::Status,
        FailureKind::Aborted,
    ];

    /// The label value, and the word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            FailureKind::Connect => "connect",
            FailureKind::Timeout => "timeout",
            FailureKind::Tls => "tls",
            FailureKind::Unauthorised => "unauthorised",
            FailureKind::Status => "status",
            FailureKind::Aborted => "aborted",
        }
    }

    /// The verdict on a service if every node fails like this.
    fn verdict(self) -> Verdict {
        match self {
            FailureKind::Tls => Verdict::TlsFailed,
            FailureKind::Unauthorised => Verdict::Unauthorised,
            FailureKind::Connect
            | FailureKind::Timeout
            | FailureKind::Status
            | FailureKind::Aborted => Verdict::Unreachable,
        }
    }

    /// If nodes fail in several ways, the failure that ranks highest is shown.
    fn rank(self) -> u8 {
        match self {
            FailureKind::Tls => 2,
            FailureKind::Unauthorised => 1,
            _ => 0,
        }
    }
}

/// The verdict on a service, given what is known about each of its targets.
///
/// Scraping decides only about published services: `scraped` if the last scrape
/// of at least one node succeeded, a failure if the last scrape of every node
/// failed.
fn verdict<'a>(
    planned: &PlannedService,
    health: impl Fn(SocketAddr) -> Option<&'a TargetHealth>,
) -> (Verdict, Option<&'a Failure>) {
    if planned.verdict != Verdict::Published {
        return (planned.verdict, None);
    }
    judge(planned.targets().map(health))
}

/// The verdict on a published service, given the last scrape of each of its
/// targets, and the failure behind it, if any.
pub(super) fn judge<'a>(
    scrapes: impl Iterator<Item = Option<&'a TargetHealth>>,
) -> (Verdict, Option<&'a Failure>) {
    let mut worst: Option<&Failure> = None;
    let mut untried = false;
    for last in scrapes {
        match last.map(|last| &last.failure) {
            Some(None) => return (Verdict::Scraped, None),
            Some(Some(failure)) => {
                let outranks = |than: &Failure| failure.class.rank() > than.class.rank();
                if worst.is_none_or(outranks) {
                    worst = Some(failure);
                }
            }
            None => untried = true,
        }
    }
    match worst {
        Some(failure) if !untried => (failure.class.verdict(), Some(failure)),
        _ => (Verdict::Published, None),
    }
}

#[cfg(test)]
mod tests;
