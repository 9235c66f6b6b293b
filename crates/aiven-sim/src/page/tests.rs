//! What must hold of every page, in every state and at every time.

use std::collections::{BTreeMap, HashMap, HashSet};

use clap::ValueEnum;
use proptest::prelude::*;
use proptest::sample::select;

use crate::conditions::{Life, NodeLife, State};
use crate::families::{self, Kind};
use crate::page::{Layout, Line, family, measurement_name};
use crate::scenario::services;
use crate::truth::Truth;

/// The sources that the top of `families` names.
const SOURCES: [&str; 11] = [
    "doc", "dev", "exa", "do", "gds", "adm", "nais", "qub", "ts", "tel", "sim",
];

/// A quiet day, and then the state.
const ENTERED: f64 = 1_800_000_000.0;

/// A service that was put into the state, if it can be.
fn life(service: &str, state: State) -> Life {
    let seeded = services()
        .into_iter()
        .find(|seeded| seeded.spec.name == service);
    let spec = seeded.unwrap().spec;
    let mut life = Life::of("project", &spec);
    let numbers: Vec<usize> = (1..=spec.nodes).collect();
    life.has_nodes(&numbers, ENTERED - 86_400.0);
    life.plays(state, ENTERED);
    life
}

/// Every service in every state that is its own, that is, not of all types; and healthy.
fn lives() -> impl Iterator<Item = Life> {
    services().into_iter().flat_map(|seeded| {
        let spec = seeded.spec;
        let is_own = |state: &&State| {
            let of_all = state.is_for("grafana", spec.nodes);
            let can_be = state.is_for(&spec.service_type, spec.nodes);
            **state == State::Healthy || (can_be && !of_all)
        };
        let states = State::value_variants().iter().filter(is_own);
        let lives: Vec<Life> = states.map(|state| life(&spec.name, *state)).collect();
        lives
    })
}

fn pages(life: &Life, at: f64) -> BTreeMap<String, Layout> {
    let moment = life.moment(at);
    let nodes = moment
        .answering()
        .map(|node| (life.host(node.number), Layout::of(life, node, at)));
    nodes.collect()
}

/// A service, and a state that it was put into.
fn any_life() -> impl Strategy<Value = Life> {
    let names: Vec<String> = services()
        .into_iter()
        .map(|seeded| seeded.spec.name)
        .collect();
    (select(names), select(State::value_variants())).prop_map(|(name, state)| life(&name, state))
}

fn families_of(page: &Layout) -> HashSet<&str> {
    page.lines.iter().map(|line| &*line.family).collect()
}

fn hosts_with<'a>(pages: &'a BTreeMap<String, Layout>, prefix: &str) -> Vec<&'a str> {
    let shows = |page: &Layout| {
        page.lines
            .iter()
            .any(|line| line.family.starts_with(prefix))
    };
    let hosts = pages.iter().filter(|(_, page)| shows(page));
    hosts.map(|(host, _)| host.as_str()).collect()
}

#[test]
fn every_family_of_every_page_has_a_source() {
    for row in services()
        .iter()
        .flat_map(|seeded| families::rows(&seeded.spec.service_type))
    {
        let mut sources = row.sources.split(", ");
        assert!(sources.all(|source| SOURCES.contains(&source)), "{row:?}");
    }
    for life in lives() {
        let known: HashMap<String, Kind> = families::rows(&life.service_type)
            .flat_map(|row| row.numbers().map(move |field| (row, field)))
            .map(|(row, field)| {
                let measurement = measurement_name(&life, row.measurement);
                (family(&life, &measurement, field), row.kind)
            })
            .collect();
        for page in pages(&life, ENTERED + 30.0).values() {
            for line in &page.lines {
                let kind = known.get(&*line.family);
                assert_eq!(
                    kind,
                    Some(&line.kind),
                    "{} of {}",
                    line.family,
                    life.service
                );
            }
        }
    }
}

#[test]
fn every_family_of_the_table_is_on_the_page_of_a_healthy_service() {
    for seeded in services() {
        let life = life(&seeded.spec.name, State::Healthy);
        let pages = pages(&life, ENTERED + 30.0);
        let shown: HashSet<&str> = pages.values().flat_map(families_of).collect();
        for row in families::rows(&seeded.spec.service_type) {
            let measurement = measurement_name(&life, row.measurement);
            for field in row.numbers() {
                let name = family(&life, &measurement, field);
                // What a primary has of its replicas, where there are none.
                let replica = name.contains("replication_") && seeded.spec.nodes == 1;
                assert!(replica || shown.contains(name.as_str()), "{name}");
            }
        }
    }
}

#[test]
fn what_the_cluster_says_comes_from_one_node_and_moves_with_an_overlap() {
    for (service, state, prefix) in [
        ("search", State::ElectedMoved, "opensearch_clusterstats_"),
        (
            "old-search",
            State::ElectedMoved,
            "elasticsearch_clusterstats_",
        ),
        (
            "events",
            State::ElectedMoved,
            "kafka_consumer_group_rep_lag",
        ),
        (
            "orders",
            State::PrimaryMoved,
            "postgresql_pg_stat_replication_",
        ),
        ("cache", State::PrimaryMoved, "valkey_replication_"),
    ] {
        let life = life(service, state);
        let at = |at: f64| pages(&life, ENTERED + at);
        let host = |number| life.host(number);
        assert_eq!(hosts_with(&at(-1.0), prefix), [host(1)], "{service} before");
        assert_eq!(hosts_with(&at(120.0), prefix), [host(2)], "{service} after");
        let between = at(30.0);
        let between = hosts_with(&between, prefix);
        assert!(between.contains(&host(2).as_str()), "{service} {between:?}");
    }
}

#[test]
fn a_dead_database_leaves_its_machines_families() {
    let life = life("orders", State::DatabaseDead);
    assert_eq!(
        hosts_with(&pages(&life, ENTERED + 30.0), "postgresql_").len(),
        2
    );
    let later = pages(&life, ENTERED + 61.0);
    assert_eq!(later.len(), 2);
    assert!(hosts_with(&later, "postgresql_").is_empty());
    assert_eq!(hosts_with(&later, "cpu_usage_idle").len(), 2);
}

#[test]
fn a_replaced_node_is_a_new_host_whose_counters_begin_at_zero() {
    let life = life("search", State::NodeReplaced);
    let hosts = |at: f64| pages(&life, ENTERED + at).into_keys().collect::<Vec<_>>();
    assert_eq!(hosts(-1.0), ["search-1", "search-2", "search-3"]);
    assert_eq!(
        hosts(300.0),
        ["search-1", "search-2", "search-3", "search-4"]
    );
    assert_eq!(hosts(3600.0), ["search-1", "search-2", "search-4"]);
    let pages = pages(&life, ENTERED + 300.0);
    let uptime = |host: &str| value(&pages[host], "system_uptime", ENTERED + 300.0);
    assert_eq!(uptime("search-4"), 300.0);
    assert!(uptime("search-1") > 86_400.0);
}

#[test]
fn the_status_is_a_label_that_changes() {
    let life = life("search", State::Yellow);
    for (at, status, code) in [(-1.0, "green", 1.0), (1.0, "yellow", 2.0)] {
        for page in pages(&life, ENTERED + at).values() {
            let line = line(page, "opensearch_cluster_health_status_code");
            assert_eq!(line.labels.pairs["status"], status);
            assert_eq!(line.value.at(ENTERED + at), code);
        }
    }
}

#[test]
fn kafkas_names_have_colons_where_wanted() {
    let mut life = life("events", State::Healthy);
    let name = "kafka_server:ReplicaManager_LeaderCount_Value";
    let underscored = name.replace(':', "_");
    assert!(families_of(&pages(&life, ENTERED)["events-1"]).contains(underscored.as_str()));
    life.naming.colons = true;
    assert!(families_of(&pages(&life, ENTERED)["events-1"]).contains(name));
}

#[test]
fn all_topics_together_have_an_empty_name() {
    let page = &pages(&life("events", State::Healthy), ENTERED)["events-1"];
    let name = "kafka_server_BrokerTopicMetrics_BytesInPerSec_Count";
    let (all, topics): (Vec<_>, Vec<_>) = page
        .lines
        .iter()
        .filter(|line| *line.family == *name)
        .partition(|line| line.labels.pairs["topic"].is_empty());
    let sum: f64 = topics.iter().map(|line| line.value.at(ENTERED)).sum();
    assert_eq!(all.len(), 1);
    assert!((sum - all[0].value.at(ENTERED)).abs() < 1.0, "{sum}");
}

#[test]
fn every_state_is_told_from_health_by_some_signal() {
    // Which node is the elected one makes no difference to any.
    let silent = [State::Healthy, State::ElectedMoved];
    let at = ENTERED + 5400.0;
    let truth = |name: &str, state| {
        let life = life(name, state);
        serde_json::to_value(Truth::of([&life], at - 600.0, at)).unwrap()
    };
    for state in State::value_variants()
        .iter()
        .filter(|state| !silent.contains(state))
    {
        let services = services().into_iter();
        let mut can_be =
            services.filter(|seeded| state.is_for(&seeded.spec.service_type, seeded.spec.nodes));
        let name = can_be.next().unwrap().spec.name;
        assert_ne!(
            truth(&name, *state),
            truth(&name, State::Healthy),
            "{state:?}"
        );
    }
}

fn line<'a>(page: &'a Layout, family: &str) -> &'a Line {
    let mut lines = page.lines.iter();
    lines.find(|line| *line.family == *family).unwrap()
}

fn value(page: &Layout, family: &str, at: f64) -> f64 {
    line(page, family).value.at(at)
}

/// Counters by what does not change about them.
fn counters(life: &Life, node: &NodeLife, at: f64) -> HashMap<String, f64> {
    let lines = Layout::of(life, node, at).lines.into_iter();
    let counters = lines.filter(|line| matches!(line.value, crate::page::Shown::Count { .. }));
    counters
        .map(|line| {
            let mut labels = line.labels.pairs.clone();
            labels.remove("status");
            (format!("{} {labels:?}", line.family), line.value.at(at))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn counters_never_fall(life in any_life(), from in -3600.0..7200.0, later in 1.0..3600.0) {
        let (from, to) = (ENTERED + from, ENTERED + from + later);
        for node in life.moment(from).answering() {
            let then = counters(&life, node, to);
            for (name, before) in counters(&life, node, from) {
                if let Some(after) = then.get(&name) {
                    prop_assert!(*after >= before, "{name}: {before} {after}");
                }
            }
        }
    }

    #[test]
    fn shares_are_shares_and_parts_make_the_whole(life in any_life(), at in -3600.0..90_000.0) {
        let at = ENTERED + at;
        for page in pages(&life, at).values() {
            for line in &page.lines {
                let value = line.value.at(at);
                prop_assert!(value >= 0.0, "{} {value}", line.family);
                let share = line.family.contains("percent") || line.family.starts_with("cpu_");
                prop_assert!(!share || value <= 100.0, "{} {value}", line.family);
            }
            for path in ["/", "/srv"] {
                let of_path = |field: &str| {
                    let family = format!("disk_{field}");
                    let mut lines = page.lines.iter();
                    let line = lines.find(|line| {
                        *line.family == *family && line.labels.pairs["path"] == path
                    });
                    line.unwrap().value.at(at)
                };
                let (free, used, total) = (of_path("free"), of_path("used"), of_path("total"));
                prop_assert!((free + used - total).abs() < 1.0, "{free} {used} {total}");
            }
            let memory = |field: &str| value(page, &format!("mem_{field}"), at);
            let parts = memory("free") + memory("used") + memory("cached") + memory("buffered");
            prop_assert!((parts - memory("total")).abs() < 1.0);
        }
    }
}
