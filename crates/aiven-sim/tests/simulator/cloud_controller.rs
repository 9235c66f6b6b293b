//! The Cloud Controller: who sees what, in which pages, and what is refused.

use std::collections::BTreeSet;
use std::time::Duration;

use aiven_sim::{ClientSpec, InstanceSpec, Operation, service_name};
use serde_json::json;

use crate::foundry::{foundry, read};

#[tokio::test]
async fn one_call_gives_all_names() {
    let it = foundry().await;
    let got = it
        .ask(
            "/v3/service_instances?type=managed&per_page=5000&order_by=created_at\
              &fields%5Bspace%5D=guid,name,relationships.organization\
              &fields%5Bspace.organization%5D=guid,name\
              &fields%5Bservice_plan.service_offering%5D=name",
        )
        .await;
    let page = got.json();
    assert_eq!(got.rows("name"), ["search", "logs", "orders"]);
    assert_eq!(got.rows("guid"), it.instances);
    let first = &page["resources"][0];
    assert_eq!(
        first["relationships"]["space"]["data"]["guid"],
        it.spaces[0]
    );
    assert_eq!(first["type"], "managed");
    assert_eq!(
        page["included"]["spaces"][1],
        json!({"guid": it.spaces[1], "name": "staging",
            "relationships": {"organization": {"data": {"guid": it.organizations[0]}}}})
    );
    assert_eq!(
        page["included"]["organizations"][1],
        json!({"guid": it.organizations[1], "name": "payments"})
    );
    assert_eq!(
        page["included"]["service_offerings"],
        json!([{"name": "opensearch"}])
    );
    assert_eq!(page["pagination"]["total_results"], 3);
    assert_eq!(page["pagination"]["next"], json!(null));
}

#[tokio::test]
async fn an_aiven_service_is_named_and_tagged_after_its_instance() {
    let it = foundry().await;
    let name = service_name("Prod-LON", &it.instances[0]);
    assert_eq!(name, format!("prod-lon-{}", it.instances[0]));
    assert!(it.sim.services("proj").contains(&name));
    let url = format!("{}/v1/project/proj/service/{name}", it.sim.api_url());
    let request = it
        .http
        .get(url)
        .header("Authorization", format!("aivenv1 {}", it.sim.token()));
    let tags = read(request).await.unwrap().json()["service"]["tags"].clone();
    assert_eq!(
        (
            &tags["service_id"],
            &tags["space_id"],
            &tags["organization_id"],
            &tags["deploy_env"]
        ),
        (
            &json!(it.instances[0]),
            &json!(it.spaces[0]),
            &json!(it.organizations[0]),
            &json!("Prod-LON")
        )
    );
    it.sim.deprovision("proj", &it.instances[0]);
    assert!(!it.sim.services("proj").contains(&name));
    assert_eq!(
        it.ask("/v3/service_instances").await.rows("name"),
        ["logs", "orders"]
    );
}

#[tokio::test]
async fn pages_lead_from_one_to_the_next() {
    let it = foundry().await;
    let token = it.client_token().await;
    let mut next = Some(format!(
        "{}/v3/service_instances?per_page=2&order_by=-created_at&type=managed",
        it.sim.cf_url()
    ));
    let mut seen = Vec::new();
    while let Some(url) = next {
        let got = it.get(&url, &token).await.unwrap();
        seen.push(got.rows("name"));
        assert_eq!(got.json()["pagination"]["total_pages"], 2);
        next = got.json()["pagination"]["next"]["href"]
            .as_str()
            .map(str::to_owned);
    }
    assert_eq!(seen, [vec!["orders", "logs"], vec!["search"]]);
}

#[tokio::test]
async fn filters_choose_rows() {
    let it = foundry().await;
    let [retail, _] = &it.organizations;
    let user_provided = InstanceSpec::new("own", &it.spaces[2]).user_provided();
    it.sim.add_instance(user_provided);
    let cases = [
        ("type=user-provided".to_owned(), vec!["own"]),
        ("names=logs,orders".into(), vec!["logs", "orders"]),
        (format!("guids={}", it.instances[1]), vec!["logs"]),
        (
            format!("space_guids={}", it.spaces[2]),
            vec!["orders", "own"],
        ),
        (
            format!("organization_guids={retail}"),
            vec!["search", "logs"],
        ),
        (
            "order_by=name".into(),
            vec!["logs", "orders", "own", "search"],
        ),
    ];
    for (query, names) in cases {
        assert_eq!(
            it.ask(&format!("/v3/service_instances?{query}"))
                .await
                .rows("name"),
            names,
            "{query}"
        );
    }
    let spaces = it
        .ask(&format!(
            "/v3/spaces?organization_guids={retail}&include=organization"
        ))
        .await;
    assert_eq!(spaces.rows("guid"), it.spaces[..2]);
    assert_eq!(
        spaces.json()["included"]["organizations"][0]["name"],
        "retail"
    );
    assert_eq!(
        it.ask("/v3/organizations").await.rows("guid"),
        it.organizations
    );
}

#[tokio::test]
async fn wrong_queries_are_refused_as_cloud_controller_does() {
    let it = foundry().await;
    let cases = [
        (
            "/v3/service_instances?per_page=5001",
            "Per page must be between 1 and 5000",
        ),
        (
            "/v3/service_instances?per_page=0",
            "Per page must be a positive integer",
        ),
        (
            "/v3/service_instances?page=-1",
            "Page must be a positive integer",
        ),
        (
            "/v3/service_instances?order_by=space",
            "Order by can only be",
        ),
        ("/v3/service_instances?type=broken", "Type must be one of"),
        (
            "/v3/service_instances?nonsense=1",
            "Unknown query parameter(s): 'nonsense'",
        ),
        (
            "/v3/service_instances?fields%5Bspace%5D=guid,quota",
            "valid keys for 'space'",
        ),
        (
            "/v3/service_instances?fields%5Bapp%5D=guid",
            "valid resources are",
        ),
        ("/v3/spaces?include=app", "Invalid included resource: 'app'"),
    ];
    for (path, detail) in cases {
        let got = it.ask(path).await;
        let error = got.json()["errors"][0].clone();
        assert_eq!(
            (got.status, &error["code"], &error["title"]),
            (400, &json!(10005), &json!("CF-BadQueryParameter")),
            "{path}"
        );
        assert!(
            error["detail"].as_str().unwrap().contains(detail),
            "{path}: {error}"
        );
    }
    assert_eq!(it.ask("/v3/apps").await.json()["errors"][0]["code"], 10000);
}

#[tokio::test]
async fn a_request_needs_a_good_token_with_the_right_scope() {
    let it = foundry().await;
    let url = format!("{}/v3/spaces", it.sim.cf_url());
    let code = |got: &crate::foundry::Got| (got.status, got.json()["errors"][0]["code"].clone());
    let without = read(it.http.get(&url)).await.unwrap();
    assert_eq!(code(&without), (401, json!(10002)));
    assert_eq!(
        code(&it.get(&url, "nonsense").await.unwrap()),
        (401, json!(1000))
    );

    it.sim
        .add_client(ClientSpec::new("poor", "secret").authorities(["uaa.resource"]));
    it.sim
        .add_client(ClientSpec::new("blind", "secret").authorities(["cloud_controller.read"]));
    let mut answers = Vec::new();
    for id in ["poor", "blind"] {
        let got = it
            .token((id, "secret"), &[("grant_type", "client_credentials")])
            .await;
        let token = got.json()["access_token"].as_str().unwrap().to_owned();
        answers.push(it.get(&url, &token).await.unwrap());
    }
    // Its audience is not the Cloud Controller.
    assert_eq!(code(&answers[0]), (401, json!(1000)));
    assert_eq!((answers[1].status, answers[1].rows("guid").len()), (200, 0));

    it.sim
        .add_client(ClientSpec::new("writer", "secret").authorities(["cloud_controller.write"]));
    let got = it
        .token(
            ("writer", "secret"),
            &[("grant_type", "client_credentials")],
        )
        .await;
    let token = got.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        code(&it.get(&url, &token).await.unwrap()),
        (403, json!(10003))
    );
}

#[tokio::test]
async fn the_rate_limit_counts_each_client() {
    let it = foundry().await;
    let token = it.client_token().await;
    let url = format!("{}/v3/spaces", it.sim.cf_url());
    it.sim.set_rate_limit(2, Duration::from_secs(3600));
    let first = it.get(&url, &token).await.unwrap();
    assert_eq!(
        (
            first.header("x-ratelimit-limit"),
            first.header("x-ratelimit-remaining")
        ),
        ("2", "1")
    );
    assert_eq!(it.get(&url, &token).await.unwrap().status, 200);
    let refused = it.get(&url, &token).await.unwrap();
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["code"]),
        (429, &json!(10013))
    );
    assert_eq!(
        refused.header("retry-after"),
        refused.header("x-ratelimit-reset")
    );
    let reset: i64 = refused.header("x-ratelimit-reset").parse().unwrap();
    assert!(reset > 1_700_000_000, "epoch seconds, not a wait: {reset}");

    it.sim.add_client(
        ClientSpec::new("admin", "x").authorities(["cloud_controller.admin_read_only"]),
    );
    let got = it
        .token(("admin", "x"), &[("grant_type", "client_credentials")])
        .await;
    let admin = got.json()["access_token"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        assert_eq!(
            it.get(&url, &admin).await.unwrap().status,
            200,
            "administrators are exempt"
        );
    }
    it.sim.clear_rate_limit();
    assert_eq!(it.get(&url, &token).await.unwrap().status, 200);
}

#[tokio::test]
async fn names_change_and_guids_stay() {
    let it = foundry().await;
    it.sim.rename(&it.instances[0], "find\nme \"\u{202e}");
    it.sim.rename(&it.spaces[0], "live");
    it.sim.rename(&it.organizations[0], "shops");
    it.sim.move_instance(&it.instances[1], &it.spaces[2]);
    it.sim.move_space(&it.spaces[1], &it.organizations[1]);
    it.sim.delete(&it.instances[2]);
    let again = it
        .sim
        .add_instance(InstanceSpec::new("orders", &it.spaces[2]));
    assert_ne!(again, it.instances[2]);

    let got = it
        .ask("/v3/service_instances?fields%5Bspace%5D=guid,name")
        .await;
    assert_eq!(got.rows("name"), ["find\nme \"\u{202e}", "logs", "orders"]);
    assert_eq!(
        got.rows("guid"),
        [&*it.instances[0], &*it.instances[1], &*again]
    );
    let moved = &got.json()["resources"][1]["relationships"]["space"]["data"]["guid"];
    assert_eq!(moved, &json!(it.spaces[2]));
    assert_eq!(got.json()["included"]["spaces"][0]["name"], "live");
    assert_eq!(
        it.ask("/v3/organizations").await.rows("name"),
        ["shops", "payments"]
    );

    it.sim.delete(&it.organizations[1]);
    assert_eq!(
        it.ask("/v3/service_instances").await.rows("guid"),
        [it.instances[0].as_str()]
    );
    assert_eq!(
        it.ask("/v3/spaces").await.rows("guid"),
        [it.spaces[0].as_str()]
    );
}

#[tokio::test]
async fn a_shared_instance_stays_in_its_space() {
    let it = foundry().await;
    it.sim.share_instance(&it.instances[0], &it.spaces[2]);
    let path = format!(
        "/v3/service_instances/{}/relationships/shared_spaces?fields%5Bspace%5D=guid,name",
        it.instances[0]
    );
    let shared = it.ask(&path).await.json();
    assert_eq!(shared["data"], json!([{"guid": it.spaces[2]}]));
    assert_eq!(
        shared["included"]["spaces"],
        json!([{"guid": it.spaces[2], "name": "production"}])
    );
    let listed = it
        .ask(&format!(
            "/v3/service_instances?space_guids={}",
            it.spaces[2]
        ))
        .await;
    let names: BTreeSet<String> = listed.rows("name").into_iter().collect();
    assert_eq!(names, ["orders".to_owned(), "search".to_owned()].into());
    assert_eq!(
        listed.json()["resources"][0]["relationships"]["space"]["data"]["guid"],
        it.spaces[0]
    );
    it.sim.unshare_instance(&it.instances[0], &it.spaces[2]);
    assert_eq!(it.ask(&path).await.json()["data"], json!([]));
    assert_eq!(it.sim.count(Operation::ListSharedSpaces), 2);
}
