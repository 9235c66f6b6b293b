//! What is found wrong with what is published.

use std::borrow::Cow;
use std::sync::Arc;

use super::*;
use crate::model::expiry::expiries;
use crate::model::fixtures::{HOST, at, planned, scraped, situation, snapshot};
use crate::model::history::{History, between};
use crate::model::plan::PlannedService;
use crate::model::reason::Reason;
use crate::model::resolution::{Addresses, Failing, Resolution, none_resolves};
use crate::model::scrape::{Finding, Scrapes};
use crate::model::snapshot::{Origin, Snapshot};
use crate::model::task::{Restarted, Task};
use crate::model::verdict::Verdict;

mod said;

/// `RANK: TITLE` of each problem, and the answer.
fn told(situation: Situation<'_>) -> (Vec<String>, String) {
    let found = diagnose(situation);
    let titles = found.problems.iter();
    let titles = titles.map(|one| format!("{:?}: {}", one.rank, one.title));
    (titles.collect(), found.summary)
}

#[test]
fn all_is_well_when_all_is_scraped() {
    let snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
    let mut scrapes = Scrapes::default();
    scraped(&mut scrapes, "logs", "10.0.0.1:9273", None);
    let (titles, answer) = told(situation(&snapshot, &scrapes));
    assert_eq!(
        (titles.len(), &*answer),
        (0, "All is well: 1 of 1 service is scraped.")
    );
}

#[test]
fn what_only_waits_is_not_wrong_and_not_well_either() {
    let waiting = PlannedService {
        verdict: Verdict::AwaitingIntegration,
        cause: Some(Cow::from("not integrated yet")),
        ..planned("logs", &[])
    };
    let snapshot = snapshot(vec![waiting]);
    let scrapes = Scrapes::default();
    let (titles, answer) = told(situation(&snapshot, &scrapes));
    assert_eq!(
        titles,
        ["Note: One service waits for its integration (awaiting_integration)"]
    );
    assert_eq!(
        answer,
        "Nothing is wrong, but so far 0 of 1 service is scraped."
    );
}

#[test]
fn what_waits_for_somebody_is_wrong() {
    let stuck = PlannedService {
        verdict: Verdict::AwaitingIntegration,
        cause: Some(Cow::from("its Prometheus integration is disabled")),
        stuck: true,
        ..planned("logs", &[])
    };
    let snapshot = snapshot(vec![stuck]);
    let scrapes = Scrapes::default();
    let (titles, answer) = told(situation(&snapshot, &scrapes));
    assert_eq!(
        titles,
        ["Service: One service will not be integrated by itself (awaiting_integration)"]
    );
    assert_eq!(answer, "One thing is wrong, and 0 of 1 service is scraped.");
}

#[test]
fn services_that_fail_alike_are_one_problem_with_cause_and_remedy() {
    let names: Vec<_> = (0..1000).map(|number| format!("s-{number:04}")).collect();
    let services = names.iter().map(|name| planned(name, &["10.0.0.1"]));
    let snapshot = snapshot(services.collect());
    let mut scrapes = Scrapes::default();
    for name in &names {
        scraped(&mut scrapes, name, "10.0.0.1:9273", Some(Finding::Refused));
    }
    let situation = situation(&snapshot, &scrapes);
    let (titles, answer) = told(situation);
    assert_eq!(
        titles,
        ["Service: 1000 services cannot be scraped (unreachable)"]
    );
    assert_eq!(
        answer,
        "One thing is wrong, and 0 of 1000 services are scraped."
    );
    let found = diagnose(situation);
    assert_eq!(found.more, 0);
    let problems = found.problems;
    assert_eq!(
        problems[0].cause,
        "node 10.0.0.1:9273: 10.0.0.1:9273: refused"
    );
    assert_eq!(problems[0].remedy, Finding::Refused.remedy());
    assert_eq!(problems[0].services.len(), 3);
    assert_eq!(problems[0].services[0], "shop/s-0000");
    assert_eq!(problems[0].count, 1000);
    assert_eq!(problems[0].verdict, Some(Verdict::Unreachable));
}

#[test]
fn the_worst_comes_first_and_each_says_since_when() {
    let failing = Failing {
        since: at(-60),
        cause: "SERVFAIL".into(),
        remedy: None,
    };
    let stale = PlannedService {
        failing: [(HOST.into(), failing)].into(),
        ..planned("stale", &["10.0.0.2"])
    };
    let refused = PlannedService {
        verdict: Verdict::IntegrationFailed,
        cause: Some(Cow::from("quota")),
        ..planned("refused", &[])
    };
    let mut snapshot = snapshot(vec![
        planned("half", &["10.0.0.1", "10.0.0.9"]),
        refused,
        stale,
    ]);
    snapshot.projects[0]
        .stages
        .list
        .failed(at(-30), "token rejected");
    snapshot.projects[0]
        .stages
        .publish
        .failed(at(-10), "disk full");
    let mut scrapes = Scrapes::default();
    scraped(&mut scrapes, "half", "10.0.0.1:9273", None);
    scraped(
        &mut scrapes,
        "half",
        "10.0.0.9:9273",
        Some(Finding::NoAnswer),
    );
    scraped(&mut scrapes, "stale", "10.0.0.2:9273", None);
    let restarts = [Restarted {
        task: Task::List,
        project: None,
        restarts: 2,
        last: at(0),
        cause: "a panic".to_owned(),
    }];
    let situation = Situation {
        restarts: &restarts,
        ..situation(&snapshot, &scrapes)
    };
    let (titles, answer) = told(situation);
    assert_eq!(
        titles,
        [
            "Daemon: The daemon's task list failed 2 times and was started again",
            "Daemon: shop: writing the target list (publish) fails",
            "Source: shop: listing services (list) fails",
            "Service: One service cannot be integrated (integration_failed)",
            "Partly: One service is scraped without some of its nodes",
            "Partly: One service is scraped at its last known addresses",
        ]
    );
    assert_eq!(
        answer,
        "6 things are wrong, and 2 of 3 services are scraped."
    );
    let problems = diagnose(situation).problems;
    let since: Vec<_> = problems.iter().map(|one| one.since).collect();
    assert_eq!(since[1..3], [Some(at(-10)), Some(at(-30))]);
    assert_eq!(since[5], Some(at(-60)));
    assert!(
        problems
            .iter()
            .all(|one| !one.cause.is_empty() && !one.remedy.is_empty())
    );
}

#[test]
fn since_when_a_service_fails_is_taken_from_the_history() {
    let snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
    let mut before = snapshot.clone();
    before.projects[0].plan = Arc::default();
    let mut history = History::default();
    history.record(between(&before, &snapshot, at(3)));
    let events = history.newest_first();
    let mut scrapes = Scrapes::default();
    scraped(
        &mut scrapes,
        "logs",
        "10.0.0.1:9273",
        Some(Finding::Refused),
    );
    let situation = Situation {
        events: &events,
        ..situation(&snapshot, &scrapes)
    };
    let problems = diagnose(situation).problems;
    assert_eq!(problems[0].since, Some(at(3)));
}

#[test]
fn a_prometheus_that_asks_for_nothing_is_named_after_three_minutes() {
    let snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
    let scrapes = Scrapes::default();
    let after = |second| {
        let situation = Situation {
            at: at(second),
            ..situation(&snapshot, &scrapes)
        };
        told(situation).0
    };
    assert_eq!(after(179), [""; 0]);
    assert_eq!(after(180), ["Source: No scrape comes through the proxy"]);
    let late = Situation {
        at: at(180),
        ..situation(&snapshot, &scrapes)
    };
    assert_eq!(
        told(late).1,
        "One thing is wrong, and no service is scraped now."
    );
    let mut direct = snapshot.clone();
    direct.through_proxy = false;
    let situation = Situation {
        at: at(999),
        ..situation(&direct, &scrapes)
    };
    assert_eq!(told(situation).0, [""; 0], "only Prometheus knows");
}

#[test]
fn while_nothing_is_known_that_is_the_answer() {
    let nothing = Snapshot::default();
    let scrapes = Scrapes::default();
    let (titles, _) = told(situation(&nothing, &scrapes));
    assert_eq!(titles, ["Daemon: Nothing is published yet"]);
}

#[test]
fn certificates_that_end_soon_are_listed_the_first_first() {
    let snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
    let mut scrapes = Scrapes::default();
    scraped(&mut scrapes, "logs", "10.0.0.1:9273", None);
    let soon = expiries(&scrapes, at(10));
    assert_eq!((soon.first.len(), soon.known), (1, 1));
    assert_eq!(&*soon.first[0].0.service, "logs");
    assert_eq!(expiries(&scrapes, at(-40 * 24 * 3600)).first.len(), 0);
    let late = Situation {
        at: at(14 * 24 * 3600),
        ..situation(&snapshot, &scrapes)
    };
    let problems = diagnose(late).problems;
    let ends = problems.iter().find(|one| one.rank == Rank::Soon).unwrap();
    assert!(ends.title.contains("certificate"), "{}", ends.title);
}

#[test]
fn stages_that_fail_for_the_same_cause_are_one_problem() {
    let mut all = snapshot(vec![planned("logs", &["10.0.0.1"])]);
    let mut bank = all.projects[0].clone();
    bank.name = "bank".into();
    all.projects.push(bank);
    for (project, stages) in all.projects.iter_mut().zip([1, 2]) {
        project.stages.list.failed(at(stages), "token rejected");
        let cause = "endpoints cannot be read: token rejected";
        project.stages.integrate.failed(at(5), cause);
    }
    all.projects[0].stages.resolve.failed(at(0), "no answer");
    let mut scrapes = Scrapes::default();
    scraped(&mut scrapes, "logs", "10.0.0.1:9273", None);
    let found = diagnose(situation(&all, &scrapes)).problems;
    let titles: Vec<_> = found.iter().take(2).map(|one| &*one.title).collect();
    assert_eq!(
        titles,
        [
            "shop, bank: listing services (list) and integrating services (integrate) fail",
            "shop: looking host names up (resolve) fails",
        ]
    );
    assert_eq!((found[0].rank, found[0].since), (Rank::Source, Some(at(1))));
    assert_eq!(found[0].cause, "token rejected");
}

#[test]
fn before_the_first_listing_a_cause_of_its_failure_is_the_answer() {
    let mut nothing = snapshot(vec![]);
    nothing.projects[0].origin = Origin::Nothing;
    nothing.projects[0].stages.list.failed(at(0), "no answer");
    let scrapes = Scrapes::default();
    let (titles, _) = told(situation(&nothing, &scrapes));
    assert_eq!(titles, ["Daemon: shop: listing services (list) fails"]);
}

#[test]
fn where_no_name_resolves_that_is_the_one_problem_and_it_has_the_evidence() {
    let failing = Failing {
        since: at(-60),
        cause: "SERVFAIL".into(),
        remedy: None,
    };
    let stale = PlannedService {
        failing: [(HOST.into(), failing.clone())].into(),
        ..planned("stale", &["10.0.0.2"])
    };
    let mut snapshot = snapshot(vec![stale]);
    let known = Resolution::restored([], Some(failing));
    let mut addresses = Addresses::default();
    addresses.restore(HOST.into(), known);
    let cause = none_resolves(&[HOST.into()], &addresses);
    snapshot.projects[0].stages.resolve.failed(at(-60), cause);
    let mut scrapes = Scrapes::default();
    scraped(&mut scrapes, "stale", "10.0.0.2:9273", None);
    let found = diagnose(situation(&snapshot, &scrapes)).problems;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].cause,
        "no host name of the project can be resolved; logs.test: SERVFAIL"
    );
}

#[test]
fn integrating_that_fails_for_what_the_services_say_is_no_second_problem() {
    let refused = PlannedService {
        verdict: Verdict::IntegrationFailed,
        cause: Some(Cow::from("no right")),
        ..planned("refused", &[])
    };
    let mut snapshot = snapshot(vec![refused]);
    let stages = &mut snapshot.projects[0].stages;
    stages.integrate.failed(at(-10), "no right");
    // Of the daemon itself it is one all the same.
    stages.publish.failed(at(-10), "disk full");
    let (titles, _) = told(situation(&snapshot, &Scrapes::default()));
    assert_eq!(
        titles,
        [
            "Daemon: shop: writing the target list (publish) fails",
            "Service: One service cannot be integrated (integration_failed)",
        ]
    );
}

#[test]
fn a_stage_has_the_remedy_of_its_cause_and_says_what_becomes_of_the_services() {
    let mut snapshot = snapshot(Vec::new());
    let reason = Reason::new("token rejected", Some("make a token"));
    snapshot.projects[0].stages.list.failed(at(0), reason);
    let found = diagnose(situation(&snapshot, &Scrapes::default())).problems;
    assert!(found[0].remedy.starts_with("make a token; "), "{found:?}");
}
