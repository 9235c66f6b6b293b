//! Every eligible service has the integration, once, and nothing else is touched.

use std::time::Duration;

use aiven_sim::{ApiFault, Fault, Operation, Request, ServiceSpec, Simulator};
use serde_json::json;
use testkit::{Config, PASSWORD, PROJECT, USERNAME, aiven, aiven_from};

use crate::binary::start;

/// Longer than from one turn of writing to the next but one.
const TURNS: Duration = Duration::from_secs(25);

/// Writes that have arrived, whatever became of them.
fn writes(sim: &Simulator) -> Vec<String> {
    let requests = sim.requests();
    let writes = requests.iter().filter(|request| request.method != "GET");
    writes
        .map(|request| format!("{} {}", request.method, request.uri))
        .collect()
}

/// When such requests arrived.
fn times(sim: &Simulator, wanted: impl Fn(&Request) -> bool) -> Vec<Duration> {
    let requests = sim.requests();
    let wanted = requests.iter().filter(|request| wanted(request));
    wanted.map(|request| request.at).collect()
}

/// When it was tried to integrate a service.
fn attempts(sim: &Simulator, service: &str) -> Vec<Duration> {
    times(sim, |request| {
        request.operation == Operation::CreateIntegration
            && request.service.as_deref() == Some(service)
    })
}

#[tokio::test]
async fn every_type_that_aiven_names_is_integrated_and_published() {
    let sim = aiven().await;
    sim.set_prometheus_types(["elasticsearch", "opensearch", "influxdb", "quantumdb"]);
    let types = ["elasticsearch", "opensearch", "influxdb", "quantumdb"];
    for service_type in types {
        sim.add_service(
            PROJECT,
            ServiceSpec::new(format!("a-{service_type}"), service_type),
        );
    }
    sim.add_service(PROJECT, ServiceSpec::new("a-flink", "flink"));
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    sim.wait_until("all four are integrated", |sim| {
        sim.integrations(PROJECT).len() == 4
    })
    .await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;

    let endpoints = sim.endpoints(PROJECT);
    assert_eq!(endpoints.len(), 1);
    assert_eq!(endpoints[0].name, "aiven-metrics");
    for integration in sim.integrations(PROJECT) {
        assert_eq!(
            integration.dest_endpoint_id.as_ref(),
            Some(&endpoints[0].id)
        );
        assert!(integration.enabled);
    }
    let flink = daemon.verdict("a-flink", "ineligible").await;
    assert!(
        flink["cause"].as_str().unwrap().contains("flink"),
        "{flink}"
    );
    assert_eq!(writes(&sim).len(), 5, "{:?}", writes(&sim));
    let created = "aiven_metrics_integrations_created_total{project=\"shop\"}";
    assert_eq!(daemon.metric(created).await, 4.0);
}

#[tokio::test]
async fn the_endpoint_has_the_configured_credentials() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with("integration.endpoint_name", "metrics-for-users");
    let _daemon = start(&config).await;
    sim.wait_until("the endpoint is made", |sim| {
        !sim.endpoints(PROJECT).is_empty()
    })
    .await;
    let requests = sim.requests();
    let create = requests
        .iter()
        .find(|one| one.operation == Operation::CreateEndpoint)
        .unwrap();
    assert_eq!(
        create.body,
        Some(json!({
            "endpoint_name": "metrics-for-users",
            "endpoint_type": "prometheus",
            "user_config": {"basic_auth_username": USERNAME, "basic_auth_password": PASSWORD},
        }))
    );
}

#[tokio::test]
async fn two_instances_started_together_create_each_thing_once() {
    let sim = aiven_from(
        Simulator::builder()
            .project(PROJECT)
            .duplicate_integrations(),
    )
    .await;
    for number in 0..12 {
        sim.add_service(
            PROJECT,
            ServiceSpec::new(format!("os-{number}"), "opensearch"),
        );
    }
    let configs = [0, 1].map(|index| Config::quick(&sim).with("instance_index", index));
    let daemons = [start(&configs[0]).await, start(&configs[1]).await];
    sim.wait_until("all are integrated", |sim| {
        (0..12).all(|number| {
            !sim.integrations_of(PROJECT, &format!("os-{number}"))
                .is_empty()
        })
    })
    .await;
    for daemon in &daemons {
        daemon.publishes(sim.serving_addresses(PROJECT)).await;
    }
    assert_eq!(sim.endpoints(PROJECT).len(), 1);
    assert_eq!(sim.integrations(PROJECT).len(), 12);
}

#[tokio::test]
async fn two_instances_that_stand_at_the_same_point_create_each_thing_once() {
    let sim = aiven_from(
        Simulator::builder()
            .project(PROJECT)
            .duplicate_integrations(),
    )
    .await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    // Both have seen that there is no endpoint before either learns anything new.
    let held = sim.inject(Fault::new(Operation::ListEndpoints), ApiFault::Hold);
    let configs = [0, 1].map(|index| {
        Config::quick(&sim)
            .with("instance_index", index)
            .with("aiven.request_timeout", "60s")
    });
    let _daemons = [start(&configs[0]).await, start(&configs[1]).await];
    sim.wait_until("both ask for endpoints", |sim| {
        sim.count(Operation::ListEndpoints) >= 2
    })
    .await;
    sim.clear_fault(held);
    sim.wait_until("it is integrated", |sim| {
        !sim.integrations(PROJECT).is_empty()
    })
    .await;
    // Each of them looks at least once more at what it might write.
    let listed = sim.count(Operation::ListServices);
    sim.wait_until("both go on", |sim| {
        sim.count(Operation::ListServices) > listed + 60
    })
    .await;
    assert_eq!(sim.endpoints(PROJECT).len(), 1);
    assert_eq!(sim.integrations(PROJECT).len(), 1);
}

#[tokio::test]
async fn what_has_an_integration_or_is_not_selected_is_left_alone() {
    let sim = aiven().await;
    let foreign = sim.add_endpoint(PROJECT, "somebody-elses", "somebody", "something-secret");
    for name in ["adopted", "disabled", "excluded-1", "fresh", "off"] {
        sim.add_service(PROJECT, ServiceSpec::new(name, "opensearch"));
    }
    sim.add_integration(PROJECT, "adopted", &foreign);
    let disabled = sim.add_integration(PROJECT, "disabled", &foreign);
    sim.disable_integration(PROJECT, &disabled);
    sim.power_off(PROJECT, "off");
    let config = Config::quick(&sim).with("services.exclude", json!(["excluded-*"]));
    let daemon = start(&config).await;
    sim.wait_until("the fresh one is integrated", |sim| {
        !sim.integrations_of(PROJECT, "fresh").is_empty()
    })
    .await;

    // The adopted one's nodes serve, and so are published.
    let addresses = ["adopted", "fresh"].map(|name| sim.addresses(PROJECT, name));
    daemon.publishes(addresses.concat()).await;
    daemon.verdict("adopted", "published").await;
    let disabled = daemon.verdict("disabled", "awaiting_integration").await;
    assert!(
        disabled["cause"].as_str().unwrap().contains("disabled"),
        "{disabled}"
    );
    daemon.verdict("excluded-1", "not_selected").await;
    daemon.verdict("off", "powered_off").await;
    assert_eq!(sim.integrations(PROJECT).len(), 3);
    for untouched in ["adopted", "disabled", "excluded-1", "off"] {
        assert!(attempts(&sim, untouched).is_empty(), "{untouched}");
    }
}

#[tokio::test]
async fn one_services_trouble_does_not_hold_up_the_others() {
    let sim = aiven().await;
    let names = [
        "conflict",
        "hangs",
        "just-made",
        "lost-answer",
        "plain",
        "refused",
    ];
    for name in names {
        sim.add_service(PROJECT, ServiceSpec::new(name, "opensearch"));
    }
    sim.add_service(
        PROJECT,
        ServiceSpec::new("just-made", "opensearch").creation_lag(1),
    );
    sim.refuse_integration(PROJECT, "refused", 403, "Plan hobbyist has no integrations");
    let create = |service: &str| Fault::new(Operation::CreateIntegration).service(service);
    // Another client was first, and Aiven says so only to this one.
    let conflict = ApiFault::status(409);
    sim.inject(create("conflict").after_effect().times(1), conflict);
    sim.inject(
        create("lost-answer").after_effect().times(1),
        ApiFault::Reset,
    );
    sim.inject(create("hangs"), ApiFault::Hang);
    let config = Config::quick(&sim).request_timeout(Duration::from_secs(5));
    let daemon = start(&config).await;

    for name in ["conflict", "just-made", "lost-answer", "plain"] {
        daemon.verdict(name, "published").await;
        assert_eq!(sim.integrations_of(PROJECT, name).len(), 1, "{name}");
    }
    let refused = daemon.verdict("refused", "integration_failed").await;
    let cause = refused["cause"].as_str().unwrap();
    assert!(
        cause.contains("Plan hobbyist has no integrations"),
        "{cause}"
    );
    daemon.verdict("hangs", "awaiting_integration").await;
    let refused = attempts(&sim, "refused");
    assert!(
        refused.windows(2).all(|two| two[1] - two[0] > TURNS),
        "a refusal is repeated at once: {refused:?}"
    );
    assert!(
        attempts(&sim, "just-made").len() >= 2,
        "a 404 for a new service means later"
    );
}

#[tokio::test]
async fn no_more_is_created_in_a_minute_than_allowed() {
    let sim = aiven().await;
    for number in 0..5 {
        sim.add_service(
            PROJECT,
            ServiceSpec::new(format!("os-{number}"), "opensearch"),
        );
    }
    let config = Config::quick(&sim).with("integration.creates_per_minute", 2);
    let _daemon = start(&config).await;
    sim.wait_until("two are integrated", |sim| {
        sim.integrations(PROJECT).len() == 2
    })
    .await;
    // The daemon goes on observing, for more than a whole round of turns.
    let listed = sim.count(Operation::ListServices);
    sim.wait_until("it goes on", |sim| {
        sim.count(Operation::ListServices) > listed + 75
    })
    .await;
    // On a slow machine that may have taken more than a minute.
    let created = times(&sim, |request| {
        request.operation == Operation::CreateIntegration
    });
    let minute = created[0] + Duration::from_secs(60);
    let at_once = created.iter().filter(|at| **at < minute).count();
    assert_eq!(at_once, 2, "{created:?}");
}

#[tokio::test]
async fn with_create_switched_off_nothing_is_written() {
    let sim = aiven().await;
    let endpoint = sim.add_endpoint(PROJECT, "by-hand", USERNAME, PASSWORD);
    sim.add_service(
        PROJECT,
        ServiceSpec::new("integrated", "opensearch").nodes(3),
    );
    sim.add_integration(PROJECT, "integrated", &endpoint);
    sim.add_service(PROJECT, ServiceSpec::new("not-integrated", "opensearch"));
    let config = Config::quick(&sim).with("integration", json!({"create": false}));
    let daemon = start(&config).await;
    daemon.publishes(sim.addresses(PROJECT, "integrated")).await;
    let other = daemon
        .verdict("not-integrated", "awaiting_integration")
        .await;
    assert!(
        other["cause"]
            .as_str()
            .unwrap()
            .contains("integration.create"),
        "{other}"
    );
    // More than one turn of writing goes by.
    sim.wait_until("it goes on", |sim| sim.count(Operation::ListServices) > 75)
        .await;
    assert_eq!(writes(&sim), Vec::<String>::new());
}

#[tokio::test]
async fn the_given_endpoint_is_used() {
    let sim = aiven().await;
    sim.add_endpoint(PROJECT, "another", "somebody", "something-secret");
    let given = sim.add_endpoint(PROJECT, "given", "somebody", "something-secret");
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with("integration", json!({"endpoint_id": given}));
    let daemon = start(&config).await;
    daemon.verdict("logs", "published").await;
    let integration = &sim.integrations(PROJECT)[0];
    assert_eq!(integration.dest_endpoint_id.as_ref(), Some(&given));
    assert_eq!(sim.endpoints(PROJECT).len(), 2);
}

#[tokio::test]
async fn a_given_endpoint_that_is_not_there_is_said_and_nothing_is_created() {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    let config = Config::quick(&sim).with("integration", json!({"endpoint_id": "11-22-33"}));
    let daemon = start(&config).await;
    let logs = daemon.verdict("logs", "integration_failed").await;
    let cause = logs["cause"].as_str().unwrap();
    assert!(
        cause.contains("integration.endpoint_id 11-22-33"),
        "{cause}"
    );
    let project = daemon
        .project_when(PROJECT, |one| !one["endpoint_problem"].is_null())
        .await;
    assert!(
        project["endpoint_problem"]
            .as_str()
            .unwrap()
            .contains("11-22-33")
    );
    assert_eq!(writes(&sim), Vec::<String>::new());
}

#[tokio::test]
async fn an_integration_that_is_not_active_yet_is_awaited_and_then_published() {
    let sim = aiven_from(
        Simulator::builder()
            .project(PROJECT)
            .integration_delay(aiven_sim::Pace::ByHand),
    )
    .await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch").nodes(2));
    let config = Config::quick(&sim);
    let daemon = start(&config).await;
    sim.wait_until("it is integrated", |sim| {
        !sim.integrations(PROJECT).is_empty()
    })
    .await;
    let logs = daemon.service_when("logs", |one| {
        one["cause"]
            .as_str()
            .is_some_and(|cause| cause.contains("not activated"))
    });
    assert_eq!(logs.await["verdict"], "awaiting_integration");
    assert_eq!(daemon.targets(), Vec::<String>::new());
    sim.activate(PROJECT, "logs");
    daemon.publishes(sim.addresses(PROJECT, "logs")).await;
    assert_eq!(sim.count(Operation::CreateIntegration), 1);
}
