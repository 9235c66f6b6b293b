//! The binary and its control, as a shell script drives them.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

struct Binary {
    child: Child,
    addresses: Value,
}

async fn start(arguments: &[&str]) -> Binary {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aiven-sim"))
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .await
        .unwrap();
    Binary {
        child,
        addresses: serde_json::from_str(&line).unwrap(),
    }
}

impl Binary {
    async fn http(&self, server: &str, request: &str) -> (u16, Value) {
        let server = self.addresses[server]
            .as_str()
            .unwrap()
            .trim_start_matches("http://");
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            head[9..12].parse().unwrap(),
            serde_json::from_str(body).unwrap(),
        )
    }

    async fn command(&self, command: Value) -> (u16, Value) {
        let body = command.to_string();
        let length = body.len();
        self.http("control", &format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"))
            .await
    }

    async fn get(&self, server: &str, path: &str) -> (u16, Value) {
        let token = self.addresses["token"].as_str().unwrap();
        let auth = format!("Authorization: aivenv1 {token}");
        self.http(
            server,
            &format!("GET {path} HTTP/1.1\r\nHost: x\r\n{auth}\r\nConnection: close\r\n\r\n"),
        )
        .await
    }
}

#[tokio::test]
async fn demo_has_a_dozen_services_and_obeys_the_control() {
    let binary = start(&["demo"]).await;
    assert_eq!(
        binary.addresses["projects"],
        json!(["platform-ireland", "platform-london"])
    );
    let (_, state) = binary.get("control", "/state").await;
    let counts = ["platform-ireland", "platform-london"].map(|project| {
        state["projects"][project]["services"]
            .as_object()
            .unwrap()
            .len()
    });
    assert_eq!(counts, [4, 8]);

    let project = "platform-ireland";
    let add = json!({"do": "add_service", "project": project, "service": {"name": "new", "type": "pg", "nodes": 2}});
    assert_eq!(binary.command(add).await.0, 200);
    let endpoint = json!({"do": "add_endpoint", "project": project, "name": "e", "username": "metrics", "password": "a-good-password"});
    let id = binary.command(endpoint).await.1["id"].clone();
    let integrate =
        json!({"do": "add_integration", "project": project, "service": "new", "endpoint": id});
    assert_eq!(binary.command(integrate).await.0, 200);
    let (_, state) = binary.get("control", "/state").await;
    let before = state["projects"][project]["services"]["new"].clone();
    assert_eq!(
        (&before["integrated"], &before["nodes"][1]["running"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        binary
            .command(json!({"do": "fail_over", "project": project, "service": "new"}))
            .await
            .0,
        200
    );
    let (_, state) = binary.get("control", "/state").await;
    assert_ne!(
        state["projects"][project]["services"]["new"]["nodes"],
        before["nodes"]
    );
}

#[tokio::test]
async fn control_injects_faults_and_names_mistakes() {
    let binary = start(&["empty"]).await;
    binary
        .command(json!({"do": "add_project", "project": "p"}))
        .await;
    let fault = json!({"do": "api_fault", "on": {"operation": "list_services", "times": 1},
        "fault": {"status": {"code": 503, "message": "no"}}});
    assert_eq!(binary.command(fault).await.0, 200);
    assert_eq!(binary.get("api", "/v1/project/p/service").await.0, 503);
    assert_eq!(
        binary.get("api", "/v1/project/p/service").await,
        (200, json!({"services": []}))
    );
    let trickle = json!({"do": "api_fault", "fault": {"trickle": {"bytes": 10, "every": "250ms"}}});
    assert_eq!(binary.command(trickle).await.0, 200);
    assert_eq!(binary.command(json!({"do": "clear_faults"})).await.0, 200);
    let (status, error) = binary.command(json!({"do": "dance"})).await;
    assert_eq!(status, 400);
    assert!(error["error"].as_str().unwrap().contains("dance"));
    assert_eq!(
        binary
            .command(json!({"do": "fail_over", "project": "p", "service": "x"}))
            .await
            .0,
        422
    );
    let misspelt = json!({"do": "fail_over", "project": "p", "servise": "x"});
    let (status, error) = binary.command(misspelt).await;
    assert_eq!(status, 400);
    assert!(error["error"].as_str().unwrap().contains("servise"));
    assert_eq!(binary.get("control", "/nowhere").await.0, 404);
    let (_, requests) = binary.get("control", "/requests").await;
    assert_eq!(requests[0]["operation"], "list_services");
    assert_eq!(requests[0]["status"], 503);
}

#[tokio::test]
async fn sigterm_ends_it_cleanly() {
    let mut binary = start(&[
        "bulk",
        "--services",
        "20",
        "--bytes",
        "6000",
        "--without-nodes",
    ])
    .await;
    let (_, listing) = binary.get("api", "/v1/project/bulk/service").await;
    assert_eq!(listing["services"].as_array().unwrap().len(), 20);
    let pid = binary.child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    assert!(binary.child.wait().await.unwrap().success());
}

#[tokio::test]
async fn demo_shows_whose_services_are() {
    let binary = start(&["demo", "--cloud-foundry"]).await;
    let cloud_foundry = &binary.addresses["cloud_foundry"];
    assert!(
        cloud_foundry["api"]
            .as_str()
            .unwrap()
            .starts_with("https://127.0.0.1:")
    );
    assert!(
        cloud_foundry["ca"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE-----")
    );
    let (_, state) = binary.get("control", "/state").await;
    let counts = ["organizations", "spaces", "instances"]
        .map(|kind| state["cloud_foundry"][kind].as_object().unwrap().len());
    assert_eq!(counts, [2, 3, 8]);
    let (guid, instance) = state["cloud_foundry"]["instances"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    let service = format!("prod-lon-{guid}");
    assert!(
        state["projects"]["platform-london"]["services"][&service].is_object(),
        "{service}"
    );
    let rename = json!({"do": "cloud_foundry", "rename": {"guid": guid, "name": "find"}});
    assert_eq!(binary.command(rename).await, (200, json!({})));
    let rotate = json!({"do": "cloud_foundry", "rotate_keys": null});
    assert_eq!(binary.command(rotate).await, (200, json!({"id": "key-2"})));
    let fault =
        json!({"do": "cloud_foundry", "server_fault": {"server": "uaa", "fault": "other_ca"}});
    assert_eq!(binary.command(fault).await.0, 200);
    let (_, after) = binary.get("control", "/state").await;
    let after = &after["cloud_foundry"]["instances"][guid];
    assert_eq!(
        (&after["name"], &after["space"]),
        (&json!("find"), &instance["space"])
    );
    let misspelt = json!({"do": "cloud_foundry", "rename": {"guid": guid, "nam": "find"}});
    let (status, error) = binary.command(misspelt).await;
    assert_eq!(status, 400);
    assert!(error["error"].as_str().unwrap().contains("nam"), "{error}");
    let nobody = json!({"do": "cloud_foundry", "delete": {"guid": "nobody"}});
    assert_eq!(binary.command(nobody).await.0, 422);
}

#[tokio::test]
async fn all_services_enter_a_state_and_the_truth_is_told() {
    let sim = start(&["states"]).await;
    for project in ["platform-london", "platform-ireland"] {
        let endpoint = json!({"do": "add_endpoint", "project": project, "name": "metrics",
            "username": "metrics", "password": "a-good-password"});
        let (status, made) = sim.command(endpoint).await;
        assert_eq!(status, 200, "{made}");
        let all = json!({"do": "integrate_all", "project": project, "endpoint": made["id"]});
        assert_eq!(sim.command(all).await.0, 200);
    }
    let (status, truth) = sim.get("control", "/truth").await;
    assert_eq!(status, 200);
    assert_eq!(
        truth["nodes_up"].as_array().unwrap().len(),
        15,
        "every service is scraped"
    );
    let entered = sim
        .command(json!({"do": "enter_state", "state": "service-down"}))
        .await;
    assert_eq!(entered, (200, json!({})));
    let (_, truth) = sim.get("control", "/truth").await;
    let up = truth["nodes_up"].as_array().unwrap();
    assert!(up.iter().all(|service| service["value"] == 0.0), "{up:?}");
    let unknown = json!({"do": "enter_state", "state": "red", "service": "nobody's"});
    assert_eq!(sim.command(unknown).await.0, 422);
}
