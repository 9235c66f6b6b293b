//! Shapes of the API's answers.

use aiven_sim::{Operation, Permission, SERVICE_PASSWORD, ServiceSpec, Simulator, TokenSpec};
use serde_json::json;

use crate::client::Api;

async fn simulator() -> (Simulator, Api) {
    let sim = Simulator::builder().project("proj").start().await.unwrap();
    sim.add_service(
        "proj",
        ServiceSpec::new("os-1", "opensearch")
            .nodes(3)
            .plan("business-4")
            .tag("k", "v"),
    );
    let api = Api::new(&sim);
    (sim, api)
}

#[tokio::test]
async fn listing_has_the_fields_that_aiven_documents_and_no_secret() {
    let (sim, api) = simulator().await;
    let got = api.get("/project/proj/service?limit=999").await;
    let service = &got.json()["services"][0];
    assert_eq!(service["service_name"], "os-1");
    assert_eq!(service["service_type"], "opensearch");
    assert_eq!(service["state"], "RUNNING");
    assert_eq!(service["plan"], "business-4");
    assert_eq!(service["cloud_name"], "aws-eu-west-2");
    assert_eq!(service["node_count"], 3);
    assert_eq!(service["tags"], json!({"k": "v"}));
    assert_eq!(
        service["service_uri_params"]["host"],
        sim.host("proj", "os-1")
    );
    assert_eq!(service["service_uri_params"]["port"], "443");
    assert_eq!(service["components"][0]["component"], "opensearch");
    assert_eq!(service["components"][0]["route"], "dynamic");
    assert_eq!(
        service["components"].as_array().unwrap().len(),
        1,
        "no prometheus before it is integrated"
    );
    assert_eq!(service["node_states"].as_array().unwrap().len(), 3);
    assert!(
        service["user_config"]["ip_filter"][0].is_string()
            && service["user_config"]["ip_filter"][1].is_object()
    );
    assert!(service["service_uri"].is_null());
    assert!(!got.text.contains(SERVICE_PASSWORD));
    assert!(
        (5_000..22_000).contains(&got.text.len()),
        "realistic size: {}",
        got.text.len()
    );
}

#[tokio::test]
async fn secrets_show_only_on_single_reads_that_ask_or_in_accounts_that_leak() {
    let (_sim, api) = simulator().await;
    assert!(
        !api.get("/project/proj/service?include_secrets=true")
            .await
            .text
            .contains(SERVICE_PASSWORD)
    );
    assert!(
        !api.get("/project/proj/service/os-1")
            .await
            .text
            .contains(SERVICE_PASSWORD)
    );
    assert!(
        api.get("/project/proj/service/os-1?include_secrets=true")
            .await
            .text
            .contains(SERVICE_PASSWORD)
    );

    let leaky = Simulator::builder()
        .project("proj")
        .secrets_in_listings()
        .start()
        .await
        .unwrap();
    leaky.add_service("proj", ServiceSpec::new("pg-1", "pg"));
    assert!(
        Api::new(&leaky)
            .get("/project/proj/service")
            .await
            .text
            .contains(SERVICE_PASSWORD)
    );
}

#[tokio::test]
async fn listing_stops_at_the_limit_and_at_the_cap() {
    let (sim, api) = simulator().await;
    sim.add_bulk("proj", 9, 6_000);
    assert_eq!(
        api.get("/project/proj/service?limit=4").await.json()["services"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert_eq!(api.service_names("proj").await.len(), 10);

    let capped = Simulator::builder()
        .project("proj")
        .listing_cap(3)
        .start()
        .await
        .unwrap();
    capped.add_bulk("proj", 9, 6_000);
    assert_eq!(Api::new(&capped).service_names("proj").await.len(), 3);
}

#[tokio::test]
async fn missing_things_are_refused_in_aivens_words() {
    let (_sim, api) = simulator().await;
    let got = api.get("/project/proj/service/nope").await;
    assert_eq!(got.status, 404);
    assert_eq!(got.json()["message"], "Service nope does not exist");
    assert_eq!(got.json()["errors"][0]["status"], 404);
    assert_eq!(got.json()["errors"][0]["error_code"], "service_not_found");
    let got = api.get("/project/nowhere/service").await;
    assert_eq!(
        (got.status, &got.json()["message"]),
        (404, &json!("Project nowhere does not exist"))
    );
    assert_eq!(api.get("/elsewhere").await.status, 404);
}

#[tokio::test]
async fn path_elements_are_percent_decoded() {
    let (sim, api) = simulator().await;
    assert_eq!(
        api.get("/project/pr%6Fj/service/os%2D1").await.json()["service"]["service_name"],
        "os-1"
    );
    assert_eq!(
        sim.requests().last().unwrap().service.as_deref(),
        Some("os-1")
    );
}

#[tokio::test]
async fn wrong_token_is_401_and_missing_rights_are_403() {
    let (sim, _) = simulator().await;
    sim.add_project("other");
    let services = "/project/proj/service";
    assert_eq!(
        Api::with_token(&sim, "nonsense").get(services).await.status,
        401
    );

    let token = sim.add_token(TokenSpec::new().smallest("proj"));
    let api = Api::with_token(&sim, &token);
    assert_eq!(api.get(services).await.status, 200);
    assert_eq!(
        api.get("/project/proj/integration_endpoint").await.status,
        200
    );
    assert_eq!(api.get("/project/proj/kms/ca").await.status, 403);
    assert_eq!(api.get("/project/proj/service/os-1/tags").await.status, 403);
    let got = api.get("/project/other/service").await;
    assert_eq!(
        (got.status, &got.json()["message"]),
        (403, &json!("Not a project member"))
    );
    assert_eq!(
        api.get("/project").await.json()["projects"],
        json!([{"project_name": "proj", "tech_emails": [], "tags": {}, "vat_id": ""}])
    );

    let reader = sim.add_token(TokenSpec::new().allow(
        "proj",
        [Permission::ServicesRead, Permission::IntegrationsRead],
    ));
    let id = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    let reader = Api::with_token(&sim, &reader);
    assert_eq!(
        reader
            .get(&format!("/project/proj/integration_endpoint/{id}"))
            .await
            .status,
        200
    );
    assert_eq!(
        reader
            .get(&format!(
                "/project/proj/integration_endpoint/{id}?include_secrets=true"
            ))
            .await
            .status,
        403
    );
    assert_eq!(
        reader
            .post("/project/proj/integration_endpoint", json!({}))
            .await
            .status,
        403
    );

    sim.revoke_token(&token);
    assert_eq!(api.get(services).await.status, 401);
}

#[tokio::test]
async fn types_name_the_same_services_from_both_sides() {
    let (sim, api) = simulator().await;
    let types = api.get("/project/proj/integration_types").await.json();
    let row = types["integration_types"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["integration_type"] == "prometheus");
    let sources = row.unwrap()["source_service_types"].clone();
    for supported in ["opensearch", "elasticsearch", "influxdb", "kafka", "pg"] {
        assert!(
            sources.as_array().unwrap().contains(&json!(supported)),
            "{supported}"
        );
    }
    assert!(!sources.as_array().unwrap().contains(&json!("grafana")));
    let types = api
        .get("/project/proj/integration_endpoint_types")
        .await
        .json();
    let row = types["endpoint_types"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["endpoint_type"] == "prometheus");
    assert_eq!(row.unwrap()["service_types"], sources);

    sim.set_prometheus_types(["quantumdb"]);
    let types = api.get("/project/proj/integration_types").await.text;
    assert!(types.contains("quantumdb"));
}

#[tokio::test]
async fn ca_and_tags_and_service_types_are_readable() {
    let (sim, api) = simulator().await;
    assert_eq!(
        api.get("/project/proj/kms/ca").await.json()["certificate"],
        sim.ca_pem("proj")
    );
    assert_eq!(
        api.get("/project/proj/service/os-1/tags").await.json(),
        json!({"tags": {"k": "v"}})
    );
    api.put(
        "/project/proj/service/os-1/tags",
        json!({"tags": {"a": "b"}}),
    )
    .await;
    assert_eq!(
        api.get("/project/proj/service/os-1").await.json()["service"]["tags"],
        json!({"a": "b"})
    );
    assert!(
        api.get("/project/proj/service_types")
            .await
            .text
            .contains("kafka_connect")
    );
}

#[tokio::test]
async fn requests_are_logged_and_counted_in_order() {
    let (sim, api) = simulator().await;
    api.service_names("proj").await;
    api.get("/project/proj/service/os-1").await;
    api.get("/project/proj/service/nope").await;
    let log: Vec<_> = sim
        .requests()
        .into_iter()
        .map(|it| (it.operation, it.service, it.token, it.status))
        .collect();
    assert_eq!(
        log,
        [
            (Operation::ListServices, None, Some(0), Some(200)),
            (
                Operation::GetService,
                Some("os-1".into()),
                Some(0),
                Some(200)
            ),
            (
                Operation::GetService,
                Some("nope".into()),
                Some(0),
                Some(404)
            ),
        ]
    );
    assert_eq!(sim.count(Operation::GetService), 2);
    assert_eq!(sim.count(Operation::CreateIntegration), 0);
    sim.forget_requests();
    assert_eq!(
        (sim.requests().len(), sim.count(Operation::GetService)),
        (0, 0)
    );
}

#[tokio::test]
async fn unknown_values_and_odd_shapes_can_be_listed() {
    let (sim, api) = simulator().await;
    let spec = ServiceSpec::new("odd", "quantumdb")
        .state(aiven_sim::ServiceState::Other("HIBERNATING".into()));
    sim.add_service("proj", spec.port_as_string().without_uri_host());
    let service = api.get("/project/proj/service/odd").await.json()["service"].clone();
    assert_eq!(service["state"], "HIBERNATING");
    assert_eq!(service["components"][0]["port"], "443");
    assert!(service["service_uri_params"].get("host").is_none());
}
