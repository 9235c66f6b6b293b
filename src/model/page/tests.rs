//! What the page says of what is published.

use std::net::SocketAddr;

use super::*;
use crate::model::diagnose::diagnose;
use crate::model::fixtures::{HOST, planned, scraped, situation, snapshot};
use crate::model::scrape::{Finding, Scrapes};
use crate::model::verdict::Verdict;

fn asked(pairs: &[(&str, &str)]) -> Query {
    Query::of(pairs.iter().copied())
}

#[test]
fn problems_lead_to_the_pages_of_their_services() {
    let names: Vec<_> = (0..5).map(|number| format!("s-{number}")).collect();
    let services = names.iter().map(|name| planned(name, &["10.0.0.1"]));
    let all = snapshot(services.collect());
    let mut scrapes = Scrapes::default();
    for name in &names {
        scraped(&mut scrapes, name, "10.0.0.1:9273", Some(Finding::Refused));
    }
    let diagnosis = diagnose(situation(&all, &scrapes));
    let (rows, more) = problem_rows(&diagnosis);
    assert_eq!((rows.len(), more), (1, 0));
    assert_eq!(rows[0].services.len(), 3);
    assert_eq!(rows[0].services[0].1, "/?service=shop%2Fs-0");
    assert_eq!(
        rows[0].all.as_deref(),
        Some("/?verdict=unreachable#services")
    );
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
        let list = service_list(situation(&all, &scrapes), &asked(pairs));
        list.rows.into_iter().map(|row| row.name).collect()
    };
    assert_eq!(found(&[]).len(), 3);
    assert_eq!(found(&[("q", "ORD")]), ["orders"]);
    assert_eq!(found(&[("q", "shop/log")]), ["logs"]);
    assert_eq!(found(&[("q", "10.0.0.2:9273")]), ["logs"]);
    assert_eq!(found(&[("q", HOST)]).len(), 3);
    assert_eq!(
        found(&[("q", &format!("https://{HOST}:9273/metrics"))]).len(),
        3
    );
    for pasted in [
        "\"orders\",",
        "shop orders",
        "SHOP%2FORDERS",
        "http://10.0.0.1:9273/metrics",
        "http://10.0.0.1:9273/metrics?aiven_service=shop%2Forders",
        r#"up{aiven_project="shop", aiven_service_name="orders"}"#,
    ] {
        assert_eq!(found(&[("q", pasted)]), ["orders"], "{pasted}");
    }
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
        let list = service_list(situation(&all, &scrapes), &query);
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
    let beyond = service_list(situation(&all, &scrapes), &asked(&[("from", "99999")]));
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
    let view = service_view(situation(&all, &scrapes), "shop/a'b\"c", Some(proxy)).unwrap();
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
    let unknown = service_view(situation(&all, &scrapes), "shop/a'b\"", None).unwrap_err();
    assert_eq!(unknown.near, ["shop/a'b\"c"]);
}
