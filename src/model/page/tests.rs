//! What the page says of what is published.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use super::*;
use crate::model::fixtures::{HOST, planned, snapshot};
use crate::model::history::{History, between};
use crate::model::plan::PlannedService;
use crate::model::resolution::Failing;
use crate::model::scrape::{Failure, Finding, NodeFacts, Target};
use crate::model::task::Task;
use crate::model::verdict::Verdict;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// Notes a scrape of a service's first node.
fn scraped(scrapes: &mut Scrapes, service: &str, address: &str, failure: Option<Finding>) {
    let target = Target {
        project: "shop".into(),
        service: service.into(),
        address: address.parse().unwrap(),
    };
    let failure = failure.map(|finding| Failure::new(finding, format!("{address}: refused")));
    let learnt = NodeFacts {
        certificate_expires: Some(at(20 * 24 * 3600)),
        ..NodeFacts::default()
    };
    scrapes.note(&target, at(0), Duration::from_millis(20), failure, learnt);
    scrapes.last_request = Some(at(0));
}

fn facts<'a>(snapshot: &'a Snapshot, scrapes: &'a Scrapes) -> Facts<'a> {
    Facts {
        snapshot,
        scrapes,
        services: judged(snapshot, scrapes).leak(),
        restarts: &[],
        events: &[],
        started: at(0),
        at: at(10),
    }
}

/// `RANK: TITLE` of each problem, and the answer.
fn told(facts: Facts<'_>) -> (Vec<String>, String) {
    let (problems, _) = problems(facts, &expiries(facts));
    let titles = problems.iter();
    let titles = titles.map(|one| format!("{:?}: {}", one.rank, one.title));
    (titles.collect(), summary(facts, &problems).answer)
}

#[test]
fn all_is_well_when_all_is_scraped() {
    let snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
    let mut scrapes = Scrapes::default();
    scraped(&mut scrapes, "logs", "10.0.0.1:9273", None);
    let (titles, answer) = told(facts(&snapshot, &scrapes));
    assert_eq!(
        (titles.len(), &*answer),
        (0, "All is well: 1 of 1 services are scraped.")
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
    let (titles, answer) = told(facts(&snapshot, &scrapes));
    assert_eq!(
        titles,
        ["Note: One service waits for its integration (awaiting_integration)"]
    );
    assert_eq!(
        answer,
        "Nothing is wrong, but so far 0 of 1 services are scraped."
    );
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
    let facts = facts(&snapshot, &scrapes);
    let (titles, answer) = told(facts);
    assert_eq!(
        titles,
        ["Service: 1000 services cannot be scraped (unreachable)"]
    );
    assert_eq!(
        answer,
        "One thing is wrong, and 0 of 1000 services are scraped."
    );
    let (problems, more) = problems(facts, &expiries(facts));
    assert_eq!(more, 0);
    assert_eq!(problems[0].cause, "10.0.0.1:9273: refused");
    assert_eq!(problems[0].remedy, Finding::Refused.remedy());
    assert_eq!(problems[0].services.len(), 3);
    assert_eq!(problems[0].services[0].1, "/?service=shop%2Fs-0000");
    assert_eq!(
        problems[0].all.as_deref(),
        Some("/?verdict=unreachable#services")
    );
}

#[test]
fn the_worst_comes_first_and_each_says_since_when() {
    let failing = Failing {
        since: at(-60),
        cause: "SERVFAIL".into(),
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
    let facts = Facts {
        restarts: &restarts,
        ..facts(&snapshot, &scrapes)
    };
    let (titles, answer) = told(facts);
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
    let (problems, _) = problems(facts, &expiries(facts));
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
    let facts = Facts {
        events: &events,
        ..facts(&snapshot, &scrapes)
    };
    let (problems, _) = problems(facts, &expiries(facts));
    assert_eq!(problems[0].since, Some(at(3)));
}

#[test]
fn a_prometheus_that_asks_for_nothing_is_named_after_three_minutes() {
    let snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
    let scrapes = Scrapes::default();
    let after = |second| {
        let facts = Facts {
            at: at(second),
            ..facts(&snapshot, &scrapes)
        };
        told(facts).0
    };
    assert_eq!(after(179), [""; 0]);
    assert_eq!(after(180), ["Source: Prometheus scrapes nothing"]);
    let late = Facts {
        at: at(180),
        ..facts(&snapshot, &scrapes)
    };
    assert_eq!(
        told(late).1,
        "One thing is wrong, and no service is scraped now."
    );
    let mut direct = snapshot.clone();
    direct.through_proxy = false;
    let facts = Facts {
        at: at(999),
        ..facts(&direct, &scrapes)
    };
    assert_eq!(told(facts).0, [""; 0], "only Prometheus knows");
}

#[test]
fn while_nothing_is_known_that_is_the_answer() {
    let nothing = Snapshot::default();
    let scrapes = Scrapes::default();
    let (titles, _) = told(facts(&nothing, &scrapes));
    assert_eq!(titles, ["Daemon: Nothing is published yet"]);
}

#[test]
fn certificates_that_end_soon_are_listed_the_first_first() {
    let snapshot = snapshot(vec![planned("logs", &["10.0.0.1"])]);
    let mut scrapes = Scrapes::default();
    scraped(&mut scrapes, "logs", "10.0.0.1:9273", None);
    let soon = expiries(facts(&snapshot, &scrapes));
    assert_eq!((soon.rows.len(), soon.known), (1, 1));
    assert_eq!(soon.rows[0].name, "shop/logs");
    let early = Facts {
        at: at(-40 * 24 * 3600),
        ..facts(&snapshot, &scrapes)
    };
    assert_eq!(expiries(early).rows.len(), 0);
    let late = Facts {
        at: at(14 * 24 * 3600),
        ..facts(&snapshot, &scrapes)
    };
    let (problems, _) = problems(late, &expiries(late));
    let ends = problems.iter().find(|one| one.rank == Rank::Soon).unwrap();
    assert!(ends.title.contains("certificate"), "{}", ends.title);
}

fn asked(pairs: &[(&str, &str)]) -> Query {
    Query::of(pairs.iter().copied())
}

#[test]
fn services_are_found_by_name_host_address_and_filters() {
    let all = snapshot(vec![
        planned("orders", &["10.0.0.1"]),
        planned("logs", &["10.0.0.2"]),
        planned("off", &[]),
    ]);
    let scrapes = Scrapes::default();
    let found = |pairs: &[(&str, &str)]| -> Vec<String> {
        let list = service_list(facts(&all, &scrapes), &asked(pairs));
        list.rows.into_iter().map(|row| row.name).collect()
    };
    assert_eq!(found(&[]).len(), 3);
    assert_eq!(found(&[("q", "ORD")]), ["orders"]);
    assert_eq!(found(&[("q", "shop/log")]), ["logs"]);
    assert_eq!(found(&[("q", "10.0.0.2:9273")]), ["logs"]);
    assert_eq!(found(&[("q", HOST)]).len(), 3);
    assert_eq!(
        found(&[("type", "opensearch"), ("project", "shop")]).len(),
        3
    );
    assert_eq!(found(&[("type", "pg")]), [""; 0]);
    assert_eq!(found(&[("verdict", "published"), ("q", "off")]), ["off"]);
    assert_eq!(found(&[("verdict", "scraped")]), [""; 0]);
    assert_eq!(found(&[("space", "dev")]), [""; 0]);
}

#[test]
fn pages_of_services_lead_through_all_of_them() {
    let names: Vec<_> = (0..137).map(|number| format!("s-{number:03}")).collect();
    let all = snapshot(names.iter().map(|name| planned(name, &[])).collect());
    let scrapes = Scrapes::default();
    let (mut seen, mut from) = (Vec::new(), "0".to_owned());
    loop {
        let query = asked(&[("from", &from), ("type", "opensearch")]);
        let list = service_list(facts(&all, &scrapes), &query);
        assert_eq!(list.matching, 137);
        seen.extend(list.rows.into_iter().map(|row| row.name));
        let Some(later) = list.later else {
            break;
        };
        assert!(later.starts_with("/?type=opensearch&from="), "{later}");
        from = seen.len().to_string();
        assert!(later.contains(&format!("from={from}#")), "{later}");
    }
    assert_eq!(seen, names);
    let beyond = service_list(facts(&all, &scrapes), &asked(&[("from", "99999")]));
    assert_eq!(beyond.rows.len(), 1);
}

#[test]
fn a_service_is_shown_with_its_steps_nodes_and_what_shows_the_same() {
    let all = snapshot(vec![planned("a'b\"c", &["10.0.0.1"])]);
    let mut scrapes = Scrapes::default();
    scraped(
        &mut scrapes,
        "a'b\"c",
        "10.0.0.1:9273",
        Some(Finding::Refused),
    );
    let proxy: SocketAddr = "127.0.0.1:9275".parse().unwrap();
    let view = service_view(facts(&all, &scrapes), "shop/a'b\"c", Some(proxy)).unwrap();
    assert_eq!(view.explanation.verdict, Verdict::Unreachable);
    assert_eq!(view.nodes.len(), 1);
    assert_eq!(
        view.nodes[0].failure.as_deref(),
        Some("10.0.0.1:9273: refused")
    );
    assert_eq!(view.nodes[0].seconds.as_deref(), Some("0.020 s"));
    let by_hand: Vec<_> = view.by_hand.iter().map(|(_, command)| &**command).collect();
    assert_eq!(
        by_hand[..2],
        [
            "curl -sS -x http://127.0.0.1:9275 'http://10.0.0.1:9273/metrics?aiven_service=shop%2Fa%27b%22c' | head",
            r#"up{aiven_project="shop", aiven_service_name="a'b\"c"}"#,
        ]
    );
    let unknown = service_view(facts(&all, &scrapes), "shop/a'b\"", None).unwrap_err();
    assert_eq!(unknown.near, ["shop/a'b\"c"]);
}
