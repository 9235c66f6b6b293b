//! A listing proves presence, never absence: whatever the API answers, no
//! target is lost, and each listing that is not trusted is counted and said.

use aiven_sim::{ApiFault, Fault, OddRow, Operation, ServiceSpec, Simulator};
use serde_json::{Value, json};
use testkit::{Config, Daemon, PROJECT, aiven, integrate_all};

use crate::binary::start;

/// Cycles of trouble to live through; a target that one cycle loses is missed at once.
const CYCLES: usize = 6;

/// More than are asked for by name in one cycle.
const SERVICES: usize = 14;

/// A daemon that has published all of [`SERVICES`] services.
struct Scene {
    sim: Simulator,
    daemon: Daemon,
    config: Config,
    /// `targets.json` as it has to stay.
    list: String,
}

impl Scene {
    async fn new() -> Scene {
        let sim = aiven().await;
        for number in 0..SERVICES {
            let spec = ServiceSpec::new(format!("os-{number}"), "opensearch").nodes(2);
            sim.add_service(PROJECT, spec);
        }
        integrate_all(&sim);
        // Were a listing believed, the grace would be over in the next cycle.
        let config = Config::quick(&sim)
            .with("targets.removal_grace", "0s")
            .with("aiven.request_timeout", "2s");
        let daemon = start(&config).await;
        daemon.publishes(sim.serving_addresses(PROJECT)).await;
        let list = config.targets_text();
        Scene {
            sim,
            daemon,
            config,
            list,
        }
    }

    /// Lets every listing meet `fault` for [`CYCLES`] cycles.
    async fn endure(&self, fault: ApiFault) {
        let before = self.sim.count(Operation::ListServices);
        self.sim.inject(Fault::new(Operation::ListServices), fault);
        self.sim
            .wait_until("it lists on and on", |sim| {
                sim.count(Operation::ListServices) > before + CYCLES
            })
            .await;
        self.nothing_is_lost().await;
    }

    async fn nothing_is_lost(&self) {
        assert_eq!(
            self.config.targets_text(),
            self.list,
            "{}",
            self.daemon.printed()
        );
        assert_eq!(self.daemon.sd().await.len(), 2 * SERVICES);
        let services = self.daemon.status().await["services"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(services, SERVICES);
    }

    /// The trouble ends: the daemon must be as before.
    async fn recover(&self) {
        self.sim.clear_faults();
        let well = |project: &serde_json::Value| project["stages"]["list"]["failing"].is_null();
        self.daemon.project_when(PROJECT, well).await;
        for number in 0..SERVICES {
            self.daemon
                .verdict(&format!("os-{number}"), "published")
                .await;
        }
        self.nothing_is_lost().await;
    }

    fn distrusted(reason: &str) -> String {
        let name = "aiven_metrics_listings_distrusted_total";
        format!("{name}{{project=\"{PROJECT}\",reason=\"{reason}\"}}")
    }

    /// Many listings were counted under `reason`.
    async fn is_counted_in_the_past(&self, reason: &str) {
        self.daemon
            .metric_reaches(&Self::distrusted(reason), 3.0)
            .await;
    }

    /// Each of many listings is counted under `reason`.
    async fn is_counted(&self, reason: &str) {
        self.daemon
            .metric_reaches(&Self::distrusted(reason), 3.0)
            .await;
        let problem = self.daemon.project_when(PROJECT, |project| {
            !project["stages"]["list"]["failing"].is_null()
        });
        problem.await;
    }
}

#[tokio::test]
async fn an_empty_list_loses_nothing() {
    let scene = Scene::new().await;
    scene.endure(ApiFault::EmptyList).await;
    scene.is_counted("empty").await;
    let line = scene.daemon.log.line("listing not trusted").await;
    assert_eq!(line["reason"], "empty");
    assert_eq!(line["missing"], SERVICES);
    scene.recover().await;
}

#[tokio::test]
async fn an_empty_list_with_no_answer_by_name_loses_nothing() {
    let scene = Scene::new().await;
    scene
        .sim
        .inject(Fault::new(Operation::GetService), ApiFault::Html(404));
    scene.endure(ApiFault::EmptyList).await;
    scene.is_counted("empty").await;
    scene.recover().await;
}

#[tokio::test]
async fn half_a_list_loses_nothing() {
    let scene = Scene::new().await;
    scene.endure(ApiFault::HalfList).await;
    scene.is_counted("shrunk").await;
    let line = scene.daemon.log.line("listing not trusted").await;
    assert_eq!(line["reason"], "shrunk");
    scene.recover().await;
}

#[tokio::test]
async fn one_service_missing_from_the_list_is_not_lost_while_it_exists() {
    let scene = Scene::new().await;
    scene.endure(ApiFault::Without(vec!["os-3".into()])).await;
    // That it still exists is what proves the listing wrong.
    let counted = Scene::distrusted("shrunk");
    scene.daemon.metric_reaches(&counted, 3.0).await;
    assert!(scene.sim.count(Operation::GetService) > 0);
    scene.recover().await;
}

#[tokio::test]
async fn an_empty_object_loses_nothing() {
    let scene = Scene::new().await;
    scene.endure(ApiFault::EmptyObject).await;
    scene.is_counted("malformed").await;
    scene.daemon.log.line("targets stay as they are").await;
    scene.recover().await;
}

#[tokio::test]
async fn malformed_json_loses_nothing() {
    let scene = Scene::new().await;
    scene.endure(ApiFault::Malformed).await;
    scene.is_counted("malformed").await;
    scene.daemon.log.line("targets stay as they are").await;
    scene.recover().await;
}

#[tokio::test]
async fn json_that_is_cut_off_loses_nothing() {
    let scene = Scene::new().await;
    scene.endure(ApiFault::CutJson).await;
    scene.is_counted("truncated").await;
    let line = scene.daemon.log.line("targets stay as they are").await;
    assert!(
        line["error"].as_str().unwrap().contains("ended after"),
        "{line}"
    );
    scene.recover().await;
}

#[tokio::test]
async fn html_instead_of_a_list_loses_nothing() {
    let scene = Scene::new().await;
    scene.endure(ApiFault::Html(200)).await;
    scene.is_counted("malformed").await;
    scene.recover().await;
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_body_loses_nothing() {
    for fault in [ApiFault::CutConnection, ApiFault::ResetMidBody] {
        let scene = Scene::new().await;
        scene.endure(fault).await;
        scene.daemon.log.line("targets stay as they are").await;
        scene.recover().await;
    }
}

#[tokio::test]
async fn an_error_in_a_good_status_loses_nothing_and_is_said() {
    let scene = Scene::new().await;
    scene
        .endure(ApiFault::ErrorKey("Backend is in maintenance".into()))
        .await;
    let line = scene.daemon.log.line("targets stay as they are").await;
    assert!(
        line["error"]
            .as_str()
            .unwrap()
            .contains("Backend is in maintenance"),
        "{line}"
    );
    scene.recover().await;
}

#[tokio::test]
async fn server_errors_lose_nothing() {
    for fault in [
        ApiFault::status(500),
        ApiFault::status(503),
        ApiFault::Html(502),
    ] {
        let scene = Scene::new().await;
        scene.endure(fault).await;
        let failing = |project: &serde_json::Value| !project["stages"]["list"]["failing"].is_null();
        scene.daemon.project_when(PROJECT, failing).await;
        scene.recover().await;
    }
}

#[tokio::test]
async fn a_hanging_or_refusing_api_loses_nothing() {
    for fault in [ApiFault::Hang, ApiFault::Reset] {
        let scene = Scene::new().await;
        scene.endure(fault).await;
        scene.daemon.log.line("targets stay as they are").await;
        scene.recover().await;
    }
}

#[tokio::test]
async fn odd_rows_and_unknown_fields_lose_nothing() {
    use OddRow::{MissingType, Null, NumericName};
    for odd in [NumericName, MissingType, Null] {
        let scene = Scene::new().await;
        let before = scene.sim.count(Operation::ListServices);
        scene
            .sim
            .inject(Fault::new(Operation::ListServices), ApiFault::OddRow(odd));
        scene
            .sim
            .wait_until("it lists on", |sim| {
                sim.count(Operation::ListServices) > before + 3
            })
            .await;
        assert_eq!(scene.config.targets_text(), scene.list, "{odd:?}");
    }
    let scene = Scene::new().await;
    scene.endure(ApiFault::UnknownFields).await;
    assert_eq!(scene.daemon.log.count("not trusted"), 0);
}

#[tokio::test]
async fn a_listing_of_one_service_loses_no_other() {
    let scene = Scene::new().await;
    let all_but_first = (1..SERVICES).map(|number| format!("os-{number}")).collect();
    scene.endure(ApiFault::Without(all_but_first)).await;
    scene.is_counted("shrunk").await;
    scene.recover().await;
}

#[tokio::test]
async fn every_answer_empty_loses_nothing_either() {
    let scene = Scene::new().await;
    let before = scene.sim.count(Operation::ListServices);
    scene.sim.inject(Fault::any(), ApiFault::EmptyList);
    scene
        .sim
        .wait_until("it lists on and on", |sim| {
            sim.count(Operation::ListServices) > before + CYCLES
        })
        .await;
    scene.nothing_is_lost().await;
    // Nothing may be written on the strength of such answers.
    assert_eq!(scene.sim.count(Operation::CreateIntegration), 0);
    scene.recover().await;
}

/// Every row of every listing has this member replaced, or lacks it.
fn every_row(member: &str, value: Option<Value>) -> ApiFault {
    let member = member.to_owned();
    ApiFault::EveryRow { member, value }
}

#[tokio::test]
async fn rows_without_their_integrations_lose_nothing_and_write_nothing() {
    let odd = [
        json!(null),
        json!([]),
        json!("x"),
        json!([null]),
        json!([{"integration_type": "prometheus"}]),
    ];
    let scene = Scene::new().await;
    for value in odd.into_iter().map(Some).chain([None]) {
        scene.sim.forget_requests();
        scene.endure(every_row("service_integrations", value)).await;
        assert_eq!(scene.sim.count(Operation::CreateIntegration), 0);
        assert!(scene.sim.count(Operation::GetService) > 0);
        scene.recover().await;
    }
    scene.is_counted_in_the_past("malformed").await;
    scene.is_counted_in_the_past("shrunk").await;
}

#[tokio::test]
async fn rows_without_other_details_lose_nothing() {
    let scene = Scene::new().await;
    for member in [
        "state",
        "service_type",
        "components",
        "cloud_name",
        "plan",
        "node_count",
        "node_states",
        "tags",
        "service_uri_params",
    ] {
        for value in [None, Some(json!(null)), Some(json!(true))] {
            scene.endure(every_row(member, value)).await;
            scene.sim.clear_faults();
        }
    }
    scene.recover().await;
}

#[tokio::test]
async fn a_listing_that_calls_all_services_powered_off_loses_nothing_while_they_run() {
    let scene = Scene::new().await;
    scene
        .endure(every_row("state", Some(json!("POWEROFF"))))
        .await;
    scene.is_counted("shrunk").await;
    scene.recover().await;
}
