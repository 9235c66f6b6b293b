//! Services that are put into states: pages and nodes show it, and the truth says it.

use aiven_sim::{ServiceSpec, State};
use serde_json::Value;

use crate::client::GOOD;
use crate::fixture::{Fixture, fixture, opensearch};

/// The value of the first series that begins so.
async fn shown(fixture: &Fixture, node: usize, series: &str) -> Option<f64> {
    let page = fixture.scrape(node, Some(GOOD)).await.unwrap().body;
    let page = String::from_utf8(page).unwrap();
    let mut lines = page.lines().filter(|line| line.starts_with(series));
    lines
        .next()
        .map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
}

/// What a signal must be of the whole service, or of this host.
fn truth(fixture: &Fixture, signal: &str, host: Option<&str>) -> Option<f64> {
    let truth = fixture.sim.truth();
    let values = truth[signal].as_array()?;
    let is_it = |sample: &&Value| sample["labels"]["host"].as_str() == host;
    values.iter().find(is_it)?["value"].as_f64()
}

const STATUS: &str = "opensearch_cluster_health_status_code{";

#[tokio::test]
async fn a_red_cluster_is_red_on_its_pages_until_it_is_healthy() {
    let fixture = fixture(opensearch(3)).await;
    assert_eq!(shown(&fixture, 0, STATUS).await, Some(1.0));
    fixture.sim.enter_state("proj", "os-1", State::Red);
    assert_eq!(shown(&fixture, 0, STATUS).await, Some(3.0));
    assert_eq!(truth(&fixture, "search_status", None), Some(3.0));
    assert_eq!(truth(&fixture, "search_nodes_missing", None), Some(1.0));
    fixture.sim.enter_state("proj", "os-1", State::Healthy);
    assert_eq!(shown(&fixture, 0, STATUS).await, Some(1.0));
    assert_eq!(truth(&fixture, "search_status", None), Some(1.0));
}

#[tokio::test]
async fn what_is_shown_is_what_is_true() {
    let fixture = fixture(opensearch(1)).await;
    let idle = shown(
        &fixture,
        0,
        "cpu_usage_idle{cloud=\"aws-eu-west-2\",cpu=\"cpu-total\"",
    )
    .await;
    let busy = truth(&fixture, "cpu_busy", Some("os-1-1")).unwrap();
    assert!(
        (100.0 - idle.unwrap() - busy).abs() < 0.5,
        "{idle:?} {busy}"
    );
}

#[tokio::test]
async fn a_node_that_is_down_refuses_and_is_not_counted() {
    let fixture = fixture(opensearch(3)).await;
    fixture.sim.enter_state("proj", "os-1", State::NodeDown);
    assert!(fixture.scrape(2, Some(GOOD)).await.is_err());
    assert_eq!(fixture.status(0, GOOD).await, 200);
    assert_eq!(truth(&fixture, "nodes_up", None), Some(2.0));
    assert_eq!(truth(&fixture, "nodes_expected", None), Some(3.0));
    fixture.sim.enter_state("proj", "os-1", State::ServiceDown);
    assert!(fixture.scrape(0, Some(GOOD)).await.is_err());
    fixture.sim.enter_state("proj", "os-1", State::Healthy);
    assert_eq!(fixture.status(0, GOOD).await, 200);
    assert_eq!(fixture.status(2, GOOD).await, 200);
    assert_eq!(truth(&fixture, "nodes_up", None), Some(3.0));
}

#[tokio::test]
async fn a_replaced_node_has_the_next_number_and_counts_from_zero() {
    let fixture = fixture(opensearch(3)).await;
    fixture.sim.enter_state("proj", "os-1", State::NodeReplaced);
    assert_eq!(
        fixture.sim.nodes("proj", "os-1").len(),
        4,
        "both run for a while"
    );
    let uptime = shown(
        &fixture,
        3,
        "system_uptime{cloud=\"aws-eu-west-2\",host=\"os-1-4\"",
    )
    .await;
    assert!(uptime.unwrap() < 60.0, "{uptime:?}");
    assert_eq!(truth(&fixture, "nodes_expected", None), Some(4.0));
    fixture.sim.enter_state("proj", "os-1", State::Healthy);
    assert_eq!(fixture.sim.nodes("proj", "os-1").len(), 3);
    assert!(
        shown(
            &fixture,
            2,
            "system_uptime{cloud=\"aws-eu-west-2\",host=\"os-1-4\""
        )
        .await
        .is_some()
    );
}

#[tokio::test]
async fn a_new_primary_reports_the_replication() {
    let fixture = fixture(ServiceSpec::new("os-1", "pg").nodes(2)).await;
    let behind = "postgresql_pg_stat_replication_bytes_diff{";
    let old = fixture.sim.addresses("proj", "os-1")[0];
    assert!(shown(&fixture, 0, behind).await.is_some());
    assert!(shown(&fixture, 1, behind).await.is_none());
    fixture.sim.enter_state("proj", "os-1", State::PrimaryMoved);
    assert_eq!(
        fixture.sim.addresses("proj", "os-1")[1],
        old,
        "the old one is the standby"
    );
    assert!(shown(&fixture, 0, behind).await.is_some());
}

#[tokio::test]
async fn a_state_of_another_type_leaves_a_service_healthy() {
    let fixture = fixture(opensearch(1)).await;
    let (before, healthy) = (truth(&fixture, "search_status", None), Some(1.0));
    fixture.sim.enter_state("proj", "os-1", State::PgLongQuery);
    assert_eq!(
        (before, truth(&fixture, "search_status", None)),
        (healthy, healthy)
    );
}
