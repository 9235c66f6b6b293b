//! What is said of it: how many, what to do, and what holds meanwhile.

use super::*;
use crate::model::explain::remedy::{MEND_DNS, UNRESOLVED};

#[test]
fn what_is_not_meant_to_be_scraped_is_counted_apart() {
    let off = |name: &str| PlannedService {
        verdict: Verdict::PoweredOff,
        ..planned(name, &[])
    };
    let answer = |services: Vec<PlannedService>| {
        let snapshot = snapshot(services);
        let mut scrapes = Scrapes::default();
        scraped(&mut scrapes, "logs", "10.0.0.1:9273", None);
        told(situation(&snapshot, &scrapes)).1
    };
    let logs = || planned("logs", &["10.0.0.1"]);
    assert_eq!(
        [
            answer(vec![logs(), off("a")]),
            answer(vec![logs(), off("a"), off("b")]),
            answer(vec![off("a")]),
            answer(vec![]),
        ],
        [
            "All is well: 1 of 1 service is scraped (1 more is not meant to be).",
            "All is well: 1 of 1 service is scraped (2 more are not meant to be).",
            "All is well: no service is meant to be scraped.",
            "All is well: there is no service to scrape.",
        ]
    );
}

/// A name that DNS denies may be that of a service which is being built; one about
/// which DNS is silent tells nothing about the service.
#[test]
fn names_that_dns_denies_and_those_it_is_silent_about_have_other_remedies() {
    let remedy = |cause: &str| {
        let failing = Failing {
            since: at(0),
            cause: cause.into(),
            remedy: None,
        };
        let service = PlannedService {
            verdict: Verdict::Unresolved,
            cause: Some(Cow::from(cause.to_owned())),
            failing: Box::new([("logs.test".into(), failing)]),
            ..planned("logs", &[])
        };
        let snapshot = snapshot(vec![service]);
        let scrapes = Scrapes::default();
        let found = diagnose(situation(&snapshot, &scrapes));
        found.problems[0].remedy.clone()
    };
    assert_eq!(remedy("DNS knows no such name (NXDOMAIN)"), UNRESOLVED);
    assert_eq!(remedy("DNS lookup (A) failed: no answer"), MEND_DNS);
}

#[test]
fn a_comfort_is_given_where_something_is_known() {
    let meanwhile = |origin: Origin| {
        let mut snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
        snapshot.projects[0].origin = origin;
        let mut other = snapshot.projects[0].clone();
        other.name = "other".into();
        other.origin = Origin::Api;
        snapshot.projects[0]
            .stages
            .list
            .failed(at(1), "no such project");
        snapshot.projects.push(other);
        let scrapes = Scrapes::default();
        let found = diagnose(situation(&snapshot, &scrapes));
        let problem = found.problems.into_iter().next().unwrap();
        problem.remedy
    };
    assert!(meanwhile(Origin::Api).contains("targets that are known stay"));
    assert!(meanwhile(Origin::Nothing).contains("until then nothing is published"));
}
