//! What is committed is what the table makes, and the table says nothing that it cannot show.

use std::collections::BTreeSet;

use signals::Sources;
use signals::table::{Confidence, Table};
use signals::uses::Place;

fn table() -> Table {
    signals::table::read(&signals::folder()).expect("the table can be read")
}

fn sources() -> Sources {
    Sources::read().expect("the guide and the simulator's truth can be read")
}

#[test]
fn committed_files_are_what_the_table_makes() {
    let stale: Vec<_> = signals::made::files(&table(), &sources())
        .expect("every expression is PromQL")
        .into_iter()
        .filter(|made| {
            std::fs::read_to_string(signals::repository().join(&made.path))
                .ok()
                .as_ref()
                != Some(&made.text)
        })
        .map(|made| made.path)
        .collect();
    assert!(
        stale.is_empty(),
        "`cargo run -q -p signals -- write` makes others: {stale:?}"
    );
}

#[test]
fn every_board_is_a_template_of_the_job() {
    let job =
        std::fs::read_to_string(signals::repository().join("jobs/aiven-metrics-dashboards/spec"))
            .unwrap();
    for family in table().families {
        let line = format!("  {uid}.json.erb: {uid}.json\n", uid = family.board.uid);
        assert!(job.contains(&line), "{line}");
    }
}

#[test]
fn metrics_toml_has_what_is_read_and_nothing_else() {
    let table = table();
    let uses = signals::made::everywhere(&table, &sources()).unwrap();
    let recorded: BTreeSet<_> = uses
        .iter()
        .filter_map(|used| match &used.place {
            Place::Rule { record, .. } => Some(record.clone()),
            _ => None,
        })
        .collect();
    let read: BTreeSet<_> = uses.iter().flat_map(|used| used.metrics.clone()).collect();
    let unknown: Vec<_> = read
        .iter()
        .filter(|name| !recorded.contains(*name) && table.metrics.find(name).is_none())
        .collect();
    assert!(unknown.is_empty(), "no source is known of {unknown:?}");
    let unread: Vec<_> = recorded
        .iter()
        .filter(|name| !read.contains(*name))
        .collect();
    assert!(
        unread.is_empty(),
        "recorded, and nobody reads it: {unread:?}"
    );
    let variables = BTreeSet::from(["aiven_metrics_build_info"]);
    let idle: Vec<_> = table
        .metrics
        .iter()
        .map(|metric| metric.name)
        .filter(|name| !read.contains(*name) && !variables.contains(name))
        .collect();
    assert!(idle.is_empty(), "known, and nobody reads it: {idle:?}");
}

#[test]
fn ids_are_unique_and_name_what_is_there() {
    let table = table();
    let ids: Vec<_> = table
        .signals()
        .map(|(_, signal)| signal.id.clone())
        .collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "an id twice");
    let named = table
        .families
        .iter()
        .flat_map(|family| family.board.also.iter());
    let named = named.chain(
        table
            .signals()
            .filter_map(|(_, signal)| signal.beside.as_ref()),
    );
    let missing: Vec<_> = named.filter(|id| !unique.contains(id)).collect();
    assert!(missing.is_empty(), "no such signal: {missing:?}");
}

#[test]
fn what_is_unsure_says_what_empty_means() {
    let table = table();
    let uses = signals::made::everywhere(&table, &sources()).unwrap();
    for (_, signal) in table.signals() {
        let mut names = uses
            .iter()
            .filter(|used| used.id == signal.id)
            .flat_map(|used| &used.metrics)
            .peekable();
        let unsure = names.peek().is_some()
            && names.all(|name| {
                table
                    .metrics
                    .find(name)
                    .is_some_and(|metric| metric.confidence == Confidence::Plugin)
            });
        assert!(
            !(unsure && signal.empty.split_whitespace().count() < 2),
            "{} rests on names that nobody has confirmed; say in `empty` what nothing means",
            signal.id
        );
    }
}

/// The strict diet drops single processors.
#[test]
fn nobody_reads_a_single_processor() {
    let uses = signals::made::everywhere(&table(), &sources()).unwrap();
    let single: Vec<_> = uses
        .iter()
        .filter(|used| {
            used.plain.matches("cpu_usage_").count()
                != used.plain.matches("cpu=\"cpu-total\"").count()
        })
        .map(|used| &used.id)
        .collect();
    assert!(single.is_empty(), "{single:?}");
}

#[test]
fn the_strict_diet_keeps_what_is_read_and_nothing_else() {
    let table = table();
    let kept = signals::diet::kept(
        &table,
        &signals::made::everywhere(&table, &sources()).unwrap(),
    );
    assert!(
        kept.contains("disk_used_percent")
            && kept.contains("opensearch_cluster_health_status_code")
    );
    // Prometheus' own, what rules record, and what only the operators' board reads.
    for other in [
        "up",
        "aiven_node:cpu_busy:percent",
        "caddy_http_requests_in_flight",
        "mem_used_percent",
    ] {
        assert!(!kept.contains(other), "{other}");
    }
}

/// What this release exposes itself is in a document, which is compared with the code.
#[test]
fn names_of_ours_are_in_their_document() {
    let table = table();
    for metric in table
        .metrics
        .iter()
        .filter(|metric| metric.source.starts_with("docs/"))
    {
        let document = std::fs::read_to_string(signals::repository().join(metric.source)).unwrap();
        let documented = metric.name.trim_end_matches("_bucket");
        assert!(
            document.contains(documented),
            "{} is not in {}",
            metric.name,
            metric.source
        );
    }
}
