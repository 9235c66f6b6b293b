//! The page as it is sent: its size, its headers, and that nothing of what others
//! wrote is markup in it.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::fixtures::{planned, snapshot};
use crate::model::history::{History, between};
use crate::model::page::MAX_PAGE;
use crate::model::plan::PlannedService;
use crate::model::scrape::{Failure, Finding, NodeFacts, Scrapes, Target};
use crate::model::service::Service;
use crate::model::situation::judged;
use crate::model::snapshot::Snapshot;
use crate::model::surroundings::{Holder, LostLines, OwnCertificate, Surroundings};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A project of services of which every text is `text`, and all of whose scrapes fail.
fn hostile(text: &str, services: usize) -> (Snapshot, Scrapes, Vec<Arc<Event>>) {
    let service = |number: usize| {
        let name = format!("{text}{number}");
        let one = planned(&name, &["10.0.0.1", "10.0.0.2"]);
        let mut service: Service = (*one.service).clone();
        service.service_type = text.into();
        service.plan = text.into();
        service.cloud = text.into();
        let mut hosts = one.hosts.to_vec();
        hosts[0].host.name = text.into();
        PlannedService {
            service: Arc::new(service),
            hosts: hosts.into(),
            cause: Some(text.to_owned().into()),
            ..one
        }
    };
    let mut after = snapshot((0..services).map(service).collect());
    after.projects[0].name = text.into();
    after.projects[0].stages.list.failed(at(0), text);
    let mut scrapes = Scrapes::default();
    for (project, planned) in after.services() {
        for address in planned.targets() {
            let target = Target {
                project: Arc::clone(&project.name),
                service: Arc::clone(&planned.service.name),
                address,
            };
            let learnt = NodeFacts {
                certificate_expires: Some(at(100)),
                ..NodeFacts::default()
            };
            let failure = Failure::new(Finding::Refused, text);
            scrapes.note(&target, at(0), Duration::ZERO, Some(failure), learnt);
        }
    }
    let mut before = after.clone();
    before.projects[0].plan = Arc::default();
    before.projects[0].stages = Default::default();
    let mut history = History::default();
    history.record(between(&before, &after, at(1)));
    (after, scrapes, history.newest_first())
}

/// A log that is lost and certificates that end, in which every text is `text`.
fn hostile_surroundings(text: &str) -> Surroundings {
    let certificate = |number| OwnCertificate {
        certificate: Holder::Project,
        project: Some(text.into()),
        subject: format!("{text}{number}"),
        ends: at(number),
    };
    Surroundings {
        log: Some(LostLines {
            since: at(0),
            lines: 1,
            cause: text.to_owned(),
        }),
        certificates: (0..20).map(certificate).collect(),
        ..Surroundings::default()
    }
}

/// The overview, the page of the first service, and that of one that is not there.
fn pages(text: &str, services: usize) -> [String; 3] {
    let (snapshot, scrapes, events) = hostile(text, services);
    let situation = Situation {
        snapshot: &snapshot,
        scrapes: &scrapes,
        services: &judged(&snapshot, &scrapes),
        restarts: &[],
        surroundings: &hostile_surroundings(text),
        events: &events,
        started: at(0),
        at: at(10),
    };
    let pairs = [
        ("q", text),
        ("event_service", text),
        ("org", text),
        ("verdict", text),
    ];
    let query = Query::of(pairs.into_iter());
    let filtered = overview(situation, query).render().unwrap();
    let first = &snapshot.projects[0].plan.services[0].service.name;
    let name = format!("{}/{first}", snapshot.projects[0].name);
    // A name with a slash is not told from a project and a name.
    let (_, one) = service_page(situation, &name, Some("127.0.0.1:9275".parse().unwrap()));
    let all = overview(situation, Query::default()).render().unwrap();
    let (code, none) = service_page(situation, &format!("{text}/{text}"), None);
    assert_eq!(code, StatusCode::NOT_FOUND);
    assert!(none.unwrap().len() <= MAX_PAGE);
    [filtered, all, one.unwrap()]
}

/// The page without all that the templates themselves have.
fn tags(page: &str) -> Vec<&str> {
    let without_style = page.replace(STYLE, "");
    assert!(without_style.len() < page.len());
    page.split('<')
        .skip(1)
        .map(|rest| rest.split([' ', '>', '\n']).next().unwrap())
        .collect()
}

const OURS: [&str; 47] = [
    "!doctype", "html", "head", "meta", "title", "link", "style", "body", "a", "header", "p",
    "nav", "ul", "li", "main", "footer", "code", "h1", "h2", "h3", "section", "ol", "dl", "dt",
    "dd", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "time", "br", "span",
    "form", "label", "input", "select", "option", "button", "pre", "strong", "small", "hr", "em",
];

#[test]
fn no_page_is_larger_than_it_may_be_whatever_the_names() {
    for text in [
        "logs",
        &"<".repeat(255),
        &"\u{4e2d}".repeat(255),
        &"'\"&".repeat(85),
    ] {
        for page in pages(text, 300) {
            assert!(page.len() <= MAX_PAGE, "{} bytes with {text}", page.len());
        }
    }
}

#[test]
fn ten_thousand_services_fit() {
    for page in pages("a-service-of-an-ordinary-name-", 10_000) {
        assert!(page.len() <= MAX_PAGE, "{} bytes", page.len());
    }
}

#[test]
fn what_would_be_markup_is_text() {
    let evil = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    for page in pages(evil, 3) {
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("<img"), "{page}");
        assert!(
            page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"),
            "{page}"
        );
        assert!(!page.contains("\"'><"), "{page}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_of_others_is_ever_markup(text in "[<>&\"'/= a-zA-Z\u{202e}\u{0}\n-]{1,80}") {
        for page in pages(&text, 2) {
            let odd: Vec<_> = tags(&page)
                .into_iter()
                .filter(|tag| !OURS.contains(&tag.trim_start_matches('/')))
                .collect();
            prop_assert!(odd.is_empty(), "{:?}", odd);
            // Every attribute is one of ours: none begins with `on`, and quotes are even.
            for tag in page.replace(STYLE, "").split('<').skip(1) {
                let inside = tag.split('>').next().unwrap();
                prop_assert_eq!(inside.matches('"').count() % 2, 0, "{}", inside);
                let outside_of_quotes: String = inside.split('"').step_by(2).collect();
                prop_assert!(!outside_of_quotes.contains(" on"), "{}", inside);
            }
            prop_assert!(page.len() <= MAX_PAGE);
        }
    }
}

#[test]
fn the_style_is_the_only_thing_that_the_policy_allows() {
    let policy = POLICY.to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    let page = overview(
        Situation {
            snapshot: &Snapshot::default(),
            scrapes: &Scrapes::default(),
            services: &[],
            restarts: &[],
            surroundings: &Surroundings::default(),
            events: &[],
            started: at(0),
            at: at(0),
        },
        Query::default(),
    );
    let page = page.render().unwrap();
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let hash = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
    assert!(policy.contains(&STANDARD.encode(hash)), "{policy}");
    assert_eq!(page.matches("<style").count(), 1);
    assert!(!page.contains("style=\"") && !page.contains("<script"));
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "no outside address"
    );
}

#[test]
fn a_form_and_a_link_keep_what_the_other_form_asks_for() {
    let (snapshot, scrapes, events) = hostile("logs", 300);
    let situation = Situation {
        snapshot: &snapshot,
        scrapes: &scrapes,
        services: &judged(&snapshot, &scrapes),
        restarts: &[],
        surroundings: &Surroundings::default(),
        events: &events,
        started: at(0),
        at: at(10),
    };
    let pairs = [("q", "logs"), ("event_kind", "scrape_failing")];
    let page = overview(situation, Query::of(pairs.into_iter()));
    let page = page.render().unwrap();
    for kept in [
        r#"<input type="hidden" name="q" value="logs">"#,
        r#"<input type="hidden" name="event_kind" value="scrape_failing">"#,
        r#"<a href="/?q=logs&#38;event_kind=scrape_failing&#38;from="#,
    ] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    let one = [("q", "logs299")];
    let page = overview(situation, Query::of(one.into_iter()));
    let page = page.render().unwrap();
    assert!(page.contains("of 1 that match"), "{page}");
    assert!(
        !page.contains("Pages of services"),
        "an empty list of pages"
    );
}
