//! What changes at Aiven: integrations, endpoints, services.

use std::time::Duration;

use aiven_sim::{NodeView, Operation, Pace, ServiceSpec, ServiceState, Simulator};
use serde_json::{Value, json};

use crate::client::Api;

pub async fn start(builder: aiven_sim::Builder) -> (Simulator, Api) {
    let sim = builder.project("proj").start().await.unwrap();
    let api = Api::new(&sim);
    (sim, api)
}

fn body(service: &str, endpoint: &str) -> Value {
    json!({"integration_type": "prometheus", "source_service": service, "dest_endpoint_id": endpoint,
        "dest_service": null, "source_endpoint_id": null, "user_config": {}})
}

async fn prometheus_components(api: &Api, service: &str) -> Vec<Value> {
    let service = api
        .get(&format!("/project/proj/service/{service}"))
        .await
        .json();
    let components = service["service"]["components"].as_array().unwrap().iter();
    components
        .filter(|component| component["component"] == "prometheus")
        .cloned()
        .collect()
}

#[tokio::test]
async fn integration_opens_the_port_and_lists_the_component() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.add_service("proj", ServiceSpec::new("os-1", "opensearch").nodes(2));
    let endpoint = json!({"endpoint_name": "aiven-metrics", "endpoint_type": "prometheus",
        "user_config": {"basic_auth_username": "metrics", "basic_auth_password": "a-good-password"}});
    let created = api
        .post("/project/proj/integration_endpoint", endpoint)
        .await;
    let id = created.json()["service_integration_endpoint"]["endpoint_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(!created.text.contains("a-good-password"));
    let created = api
        .post("/project/proj/integration", body("os-1", &id))
        .await;
    assert_eq!(created.status, 200);
    let integration = created.json()["service_integration"].clone();
    assert_eq!(
        (&integration["active"], &integration["enabled"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(integration["dest_endpoint"], "aiven-metrics");
    let listed = api.get("/project/proj/service").await.json()["services"][0].clone();
    assert_eq!(listed["service_integrations"][0], integration);
    assert_eq!(
        prometheus_components(&api, "os-1").await,
        [
            json!({"component": "prometheus", "host": sim.host("proj", "os-1"), "port": 9273,
            "route": "dynamic", "usage": "primary"})
        ]
    );
    assert!(sim.nodes("proj", "os-1").iter().all(NodeView::is_running));
    assert_eq!(sim.serving_addresses("proj").len(), 2);

    let id = integration["service_integration_id"].as_str().unwrap();
    assert_eq!(
        api.get(&format!("/project/proj/integration/{id}"))
            .await
            .json()["service_integration"],
        integration
    );
    assert_eq!(
        api.delete(&format!("/project/proj/integration/{id}"))
            .await
            .status,
        200
    );
    assert!(prometheus_components(&api, "os-1").await.is_empty());
    assert!(!sim.node("proj", "os-1", 0).is_running());
}

#[tokio::test]
async fn second_integration_with_the_same_endpoint_is_409() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.add_service("proj", ServiceSpec::new("os-1", "opensearch"));
    let first = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    let second = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    assert_eq!(
        api.post("/project/proj/integration", body("os-1", &first))
            .await
            .status,
        200
    );
    let got = api
        .post("/project/proj/integration", body("os-1", &first))
        .await;
    assert_eq!(got.status, 409);
    assert!(
        got.json()["message"]
            .as_str()
            .unwrap()
            .contains("already exists")
    );
    assert_eq!(sim.integrations("proj").len(), 1);
    assert_eq!(
        api.post("/project/proj/integration", body("os-1", &second))
            .await
            .status,
        200
    );
    assert_eq!(sim.integrations_of("proj", "os-1").len(), 2);
}

#[tokio::test]
async fn endpoint_names_are_unique_only_when_asked() {
    let wanted = json!({"endpoint_name": "e", "endpoint_type": "prometheus", "user_config": {}});
    let (sim, api) = start(Simulator::builder()).await;
    for _ in 0..2 {
        assert_eq!(
            api.post("/project/proj/integration_endpoint", wanted.clone())
                .await
                .status,
            200
        );
    }
    assert_eq!(sim.endpoints("proj").len(), 2);
    assert!(
        sim.endpoints("proj")[0].username.len() >= 5,
        "left out, so made up"
    );

    let (_sim, api) = start(Simulator::builder().unique_endpoint_names()).await;
    assert_eq!(
        api.post("/project/proj/integration_endpoint", wanted.clone())
            .await
            .status,
        200
    );
    assert_eq!(
        api.post("/project/proj/integration_endpoint", wanted)
            .await
            .status,
        409
    );
}

#[tokio::test]
async fn illegal_credentials_are_refused() {
    let (_sim, api) = start(Simulator::builder()).await;
    for (username, password) in [
        ("abc", "long-enough"),
        ("UPPER", "long-enough"),
        ("metrics", "short"),
    ] {
        let user_config = json!({"basic_auth_username": username, "basic_auth_password": password});
        let wanted = json!({"endpoint_name": "e", "endpoint_type": "prometheus", "user_config": user_config});
        assert_eq!(
            api.post("/project/proj/integration_endpoint", wanted)
                .await
                .status,
            400,
            "{username} {password}"
        );
    }
}

#[tokio::test]
async fn endpoint_password_shows_only_when_asked_for() {
    let (sim, api) = start(Simulator::builder()).await;
    let id = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    let path = format!("/project/proj/integration_endpoint/{id}");
    assert!(
        !api.get("/project/proj/integration_endpoint?include_secrets=true")
            .await
            .text
            .contains("a-good-password")
    );
    assert!(!api.get(&path).await.text.contains("a-good-password"));
    let shown = api
        .get(&format!("{path}?include_secrets=true"))
        .await
        .json();
    assert_eq!(
        shown["service_integration_endpoint"]["user_config"]["basic_auth_password"],
        "a-good-password"
    );
    let user_config = json!({"user_config": {"basic_auth_username": "metrics", "basic_auth_password": "a-newer-password"}});
    assert_eq!(api.put(&path, user_config).await.status, 200);
    assert_eq!(sim.endpoints("proj")[0].password, "a-newer-password");
    assert_eq!(api.delete(&path).await.status, 200);
    assert!(sim.endpoints("proj").is_empty());
}

#[tokio::test]
async fn integration_waits_for_its_activation_by_hand_or_by_time() {
    let (sim, api) = start(Simulator::builder().integration_delay(Pace::ByHand)).await;
    sim.add_service("proj", ServiceSpec::new("pg-1", "pg"));
    let endpoint = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    sim.add_integration("proj", "pg-1", &endpoint);
    assert!(!sim.integrations("proj")[0].active);
    assert!(prometheus_components(&api, "pg-1").await.is_empty());
    sim.activate("proj", "pg-1");
    assert_eq!(prometheus_components(&api, "pg-1").await.len(), 1);

    let (sim, _) = start(Simulator::builder().integration_delay(Duration::from_millis(30))).await;
    sim.add_service("proj", ServiceSpec::new("pg-1", "pg"));
    let endpoint = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    sim.add_integration("proj", "pg-1", &endpoint);
    assert!(!sim.integrations("proj")[0].active);
    sim.wait_until("the integration is active", |sim| {
        sim.integrations("proj")[0].active
    })
    .await;
}

#[tokio::test]
async fn refusals_name_their_cause() {
    let (sim, api) = start(Simulator::builder()).await;
    let endpoint = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    sim.add_service(
        "proj",
        ServiceSpec::new("off", "pg").state(ServiceState::PowerOff),
    );
    sim.add_service("proj", ServiceSpec::new("grafana", "grafana"));
    sim.add_service("proj", ServiceSpec::new("refused", "pg"));
    sim.add_service("proj", ServiceSpec::new("new", "pg").creation_lag(2));
    sim.refuse_integration("proj", "refused", 403, "Not for you");
    let create = async |service: &str| {
        api.post("/project/proj/integration", body(service, &endpoint))
            .await
    };
    assert_eq!(create("off").await.status, 400);
    assert_eq!(create("grafana").await.status, 400);
    let got = create("refused").await;
    assert_eq!(
        (got.status, &got.json()["message"]),
        (403, &json!("Not for you"))
    );
    for _ in 0..2 {
        let got = create("new").await;
        assert_eq!(
            (got.status, &got.json()["message"]),
            (404, &json!("Service new does not exist"))
        );
    }
    assert_eq!(create("new").await.status, 200);
    assert_eq!(
        api.post("/project/proj/integration", body("refused", "no-such-id"))
            .await
            .status,
        403
    );
    sim.allow_integration("proj", "refused");
    let got = api
        .post("/project/proj/integration", body("refused", "no-such-id"))
        .await;
    assert_eq!(got.status, 404);
    assert!(
        !got.json()["message"]
            .as_str()
            .unwrap()
            .contains("Service refused does not exist")
    );
    assert_eq!(create("refused").await.status, 200);
    assert_eq!(sim.count(Operation::CreateIntegration), 9);
}

#[tokio::test]
async fn vpc_and_replicas_are_listed_under_all_their_names() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.add_service("proj", ServiceSpec::new("pg-1", "pg").nodes(2).vpc());
    let endpoint = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    sim.add_integration("proj", "pg-1", &endpoint);
    let host = sim.host("proj", "pg-1");
    let listed: Vec<_> = prometheus_components(&api, "pg-1")
        .await
        .iter()
        .map(|it| ["host", "route", "usage"].map(|key| it[key].as_str().unwrap().to_owned()))
        .collect();
    let expected = [
        [host.as_str(), "dynamic", "primary"],
        [&format!("public-{host}"), "public", "primary"],
        [&format!("replica-{host}"), "dynamic", "replica"],
        [&format!("public-replica-{host}"), "public", "replica"],
    ];
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn services_come_change_and_go() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.add_service("proj", ServiceSpec::new("os-1", "opensearch").nodes(2));
    let endpoint = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    sim.add_integration("proj", "os-1", &endpoint);
    let before = sim.addresses("proj", "os-1");

    sim.fail_over("proj", "os-1");
    let after = sim.addresses("proj", "os-1");
    assert!(before.iter().all(|old| !after.contains(old)) && after.len() == 2);

    sim.start_recycling("proj", "os-1");
    assert_eq!(sim.addresses("proj", "os-1").len(), 4);
    assert!(
        after
            .iter()
            .all(|old| sim.addresses("proj", "os-1").contains(old))
    );
    sim.finish_recycling("proj", "os-1");
    let recycled = sim.addresses("proj", "os-1");
    assert!(after.iter().all(|old| !recycled.contains(old)) && recycled.len() == 2);

    sim.power_off("proj", "os-1");
    let off = api.get("/project/proj/service/os-1").await.json()["service"].clone();
    assert_eq!(
        (&off["state"], &off["components"]),
        (&json!("POWEROFF"), &json!([]))
    );
    assert!(off["service_uri_params"].get("host").is_none());
    assert!(sim.serving_addresses("proj").is_empty());

    sim.power_on("proj", "os-1");
    assert!(
        sim.serving_addresses("proj")
            .iter()
            .all(|address| !recycled.contains(address))
    );
    assert_eq!(prometheus_components(&api, "os-1").await.len(), 1);

    sim.change_plan("proj", "os-1", "business-8", 3);
    sim.set_tags("proj", "os-1", [("new", "tag")]);
    sim.set_state("proj", "os-1", ServiceState::Rebalancing);
    let changed = api.get("/project/proj/service").await.json()["services"][0].clone();
    assert_eq!(changed["plan"], "business-8");
    assert_eq!(changed["tags"], json!({"new": "tag"}));
    assert_eq!(changed["state"], "REBALANCING");
    assert_eq!(sim.serving_addresses("proj").len(), 3);

    sim.delete_service("proj", "os-1");
    assert!(api.service_names("proj").await.is_empty());
    assert_eq!(api.get("/project/proj/service/os-1").await.status, 404);
}

#[tokio::test]
async fn touch_changes_bytes_and_nothing_else() {
    let (sim, api) = start(Simulator::builder()).await;
    sim.add_service("proj", ServiceSpec::new("pg-1", "pg"));
    let first = api.get("/project/proj/service").await;
    assert_eq!(
        api.get("/project/proj/service").await.text,
        first.text,
        "the same until something happens"
    );
    sim.touch("proj", "pg-1");
    let mut second = api.get("/project/proj/service").await.json();
    let mut first = first.json();
    assert_ne!(first, second);
    for listing in [&mut first, &mut second] {
        listing["services"][0]["update_time"] = Value::Null;
    }
    assert_eq!(first, second);
}
