//! Where a plan and a running daemon differ.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde::Serialize;

use crate::model::status::{ServiceStatus, Status};
use crate::model::verdict::Verdict;

/// A service of which the running daemon says something else than the plan.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub(super) project: String,
    pub(super) service: String,
    /// What the plan says; `None` if it does not know the service.
    pub(super) planned: Option<Verdict>,
    /// What the daemon says; `None` if it does not know the service.
    pub(super) running: Option<Verdict>,
    /// Why the daemon says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<String>,
    /// Published by the plan alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) only_planned: Vec<SocketAddr>,
    /// Published by the daemon alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) only_running: Vec<SocketAddr>,
}

/// The differences, of the projects that the plan could observe, in order.
pub(super) fn differences(
    planned: &[ServiceStatus],
    running: &Status,
    is_observed: impl Fn(&str) -> bool,
) -> Vec<Difference> {
    let mut both: BTreeMap<_, (Option<&ServiceStatus>, Option<&ServiceStatus>)> = BTreeMap::new();
    for one in planned {
        both.entry(key(one)).or_default().0 = Some(one);
    }
    for one in running
        .services
        .iter()
        .filter(|one| is_observed(&one.project))
    {
        both.entry(key(one)).or_default().1 = Some(one);
    }
    let both = both.into_iter();
    both.filter_map(|((project, service), (planned, running))| {
        let verdicts = [planned, running].map(|one| one.map(|one| before_scrapes(one.verdict)));
        let [is_planned, is_running] = [planned, running].map(targets);
        if verdicts[0] == verdicts[1] && is_planned == is_running {
            return None;
        }
        Some(Difference {
            project: project.to_owned(),
            service: service.to_owned(),
            planned: planned.map(|one| one.verdict),
            running: running.map(|one| one.verdict),
            cause: running.and_then(|one| one.cause.clone()),
            only_planned: is_planned.difference(&is_running).copied().collect(),
            only_running: is_running.difference(&is_planned).copied().collect(),
        })
    })
    .collect()
}

fn key(service: &ServiceStatus) -> (&str, &str) {
    (&service.project, &service.service)
}

fn targets(service: Option<&ServiceStatus>) -> BTreeSet<SocketAddr> {
    let hosts = service.into_iter().flat_map(|one| &one.hosts);
    hosts.flat_map(|host| &host.targets).copied().collect()
}

/// A plan scrapes nothing, so how scrapes end is no difference.
fn before_scrapes(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Scraped | Verdict::Unreachable | Verdict::TlsFailed | Verdict::Unauthorised => {
            Verdict::Published
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(name: &str, verdict: &str, targets: &[&str]) -> ServiceStatus {
        serde_json::from_value(json!({
            "project": "shop", "service": name, "service_type": "pg", "plan": "", "cloud": "",
            "node_count": null, "verdict": verdict,
            "hosts": [{"hostname": "a.example", "targets": targets}],
        }))
        .unwrap()
    }

    fn running(services: Vec<ServiceStatus>) -> Status {
        let mut status: Status = serde_json::from_value(json!({
            "version": "", "instance_index": 0, "at": "2026-01-01T00:00:00Z", "ready": true,
            "projects": [], "services": [],
        }))
        .unwrap();
        status.services = services;
        status
    }

    #[test]
    fn what_scrapes_found_is_no_difference_and_all_else_is() {
        let (one, other) = ("192.0.2.1:9273", "192.0.2.2:9273");
        let planned = [
            service("down", "published", &[one]),
            service("moved", "published", &[one]),
            service("new", "awaiting_integration", &[]),
            service("off", "powered_off", &[]),
            service("same", "published", &[one]),
        ];
        let running = running(vec![
            service("down", "unreachable", &[one]),
            service("gone", "scraped", &[one]),
            service("moved", "scraped", &[other]),
            service("off", "scraped", &[one]),
            service("same", "scraped", &[one]),
        ]);
        let found = differences(&planned, &running, |_| true);
        let names: Vec<_> = found.iter().map(|one| &*one.service).collect();
        assert_eq!(names, ["gone", "moved", "new", "off"]);
        assert_eq!(found[0].planned, None);
        assert_eq!(found[1].only_planned, [one.parse().unwrap()]);
        assert_eq!(found[1].only_running, [other.parse().unwrap()]);
        assert_eq!(found[2].running, None);
        assert_eq!(found[3].running, Some(Verdict::Scraped));
    }

    #[test]
    fn a_project_that_could_not_be_observed_differs_in_nothing() {
        let running = running(vec![service("a", "scraped", &["192.0.2.1:9273"])]);
        assert_eq!(differences(&[], &running, |project| project != "shop"), []);
    }
}
