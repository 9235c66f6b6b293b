//! Every API fault does what it says, as often as it says.

use std::time::Duration;

use aiven_sim::{ApiFault, Fault, OddRow, Operation, ServiceSpec, Simulator};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Api, Got, HANG};

const LIST: &str = "/project/proj/service?limit=10000";

async fn simulator() -> (Simulator, Api) {
    let sim = Simulator::builder().project("proj").start().await.unwrap();
    for name in ["a", "b", "c", "d"] {
        sim.add_service("proj", ServiceSpec::new(name, "opensearch"));
    }
    let api = Api::new(&sim);
    (sim, api)
}

/// The answer to one listing under a fault.
async fn listing_under(fault: ApiFault) -> Got {
    let (sim, api) = simulator().await;
    sim.inject(Fault::new(Operation::ListServices).times(1), fault);
    let got = api.get(LIST).await;
    assert_eq!(api.service_names("proj").await.len(), 4, "only once");
    got
}

/// What is on the wire for one listing under a fault, and how it ended.
async fn wire_under(fault: ApiFault) -> (String, std::io::Result<usize>) {
    let (sim, _) = simulator().await;
    sim.inject(Fault::new(Operation::ListServices).times(1), fault);
    let mut stream = TcpStream::connect(sim.api_url().trim_start_matches("http://"))
        .await
        .unwrap();
    let request = format!(
        "GET /v1{LIST} HTTP/1.1\r\nHost: sim\r\nAuthorization: aivenv1 {}\r\n\r\n",
        sim.token()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).await;
    (String::from_utf8(answer).unwrap(), end)
}

fn content_length(answer: &str) -> usize {
    let line = answer
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("content-length"))
        .unwrap();
    line.split_once(": ").unwrap().1.parse().unwrap()
}

#[tokio::test]
async fn status_is_shaped_as_aivens_errors_are() {
    let got = listing_under(ApiFault::status(503)).await;
    assert_eq!(got.status, 503);
    assert_eq!(
        got.json(),
        json!({"errors": [{"message": "Service Unavailable", "status": 503}], "message": "Service Unavailable"})
    );
    let answer = ApiFault::Answer {
        code: 418,
        content_type: "text/plain".into(),
        body: "short and stout".into(),
    };
    let got = listing_under(answer).await;
    assert_eq!(
        (got.status, got.content_type.as_str(), got.text.as_str()),
        (418, "text/plain", "short and stout")
    );
}

#[tokio::test]
async fn rate_limit_names_the_wait() {
    let got = listing_under(ApiFault::RateLimited {
        seconds: 28,
        retry_after: None,
    })
    .await;
    assert_eq!((got.status, got.retry_after.as_deref()), (429, None));
    assert_eq!(
        got.json()["message"],
        "The user has sent too many requests in a given amount of time: Rate limit 120 exceeded - try again in 28s"
    );
    let got = listing_under(ApiFault::RateLimited {
        seconds: 28,
        retry_after: Some("7".into()),
    })
    .await;
    assert_eq!(got.retry_after.as_deref(), Some("7"));
}

#[tokio::test]
async fn html_comes_with_any_status() {
    for code in [200, 502] {
        let got = listing_under(ApiFault::Html(code)).await;
        assert_eq!((got.status, got.content_type.as_str()), (code, "text/html"));
        assert!(got.text.starts_with("<html>"));
    }
}

#[tokio::test]
async fn answers_can_be_empty_halved_or_incomplete() {
    assert_eq!(listing_under(ApiFault::EmptyObject).await.json(), json!({}));
    assert_eq!(
        listing_under(ApiFault::EmptyList).await.json(),
        json!({"services": []})
    );
    let half = listing_under(ApiFault::HalfList).await.json();
    assert_eq!(half["services"].as_array().unwrap().len(), 2);
    let names = |got: &Got| -> Vec<Value> {
        got.json()["services"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["service_name"].clone())
            .collect()
    };
    assert_eq!(
        names(&listing_under(ApiFault::Without(vec!["b".into()])).await),
        ["a", "c", "d"]
    );
    let error = listing_under(ApiFault::ErrorKey("maintenance".into())).await;
    assert_eq!(
        (error.status, error.json()),
        (200, json!({"error": "maintenance"}))
    );
}

#[tokio::test]
async fn json_can_be_broken_in_the_middle_or_cut() {
    let got = listing_under(ApiFault::Malformed).await;
    assert!(serde_json::from_str::<Value>(&got.text).is_err());
    assert!(got.text.contains("\"service_name\":\"a\"") && got.text.ends_with("]}"));
    let got = listing_under(ApiFault::CutJson).await;
    let error = serde_json::from_str::<Value>(&got.text).unwrap_err();
    assert!(error.is_eof(), "{error}");
}

#[tokio::test]
async fn cut_connection_sends_half_of_what_content_length_promises() {
    let (answer, end) = wire_under(ApiFault::CutConnection).await;
    end.unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(body.len(), content_length(&answer) / 2);
}

#[tokio::test]
async fn reset_says_nothing_and_reset_mid_body_says_half() {
    let (answer, end) = wire_under(ApiFault::Reset).await;
    assert_eq!(answer, "");
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let (answer, end) = wire_under(ApiFault::ResetMidBody).await;
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert!(answer.starts_with("HTTP/1.1 200") && content_length(&answer) > answer.len());
}

#[tokio::test]
async fn hang_never_answers_and_hold_answers_when_cleared() {
    let (sim, api) = simulator().await;
    sim.inject(Fault::new(Operation::ListServices).times(1), ApiFault::Hang);
    assert!(tokio::time::timeout(HANG, api.get(LIST)).await.is_err());
    assert_eq!(sim.requests()[0].status, None);

    let hold = sim.inject(Fault::new(Operation::ListServices).times(2), ApiFault::Hold);
    let both = async { tokio::join!(api.get(LIST), api.get(LIST)) };
    let release = async {
        sim.wait_until("both are held", |sim| {
            sim.count(Operation::ListServices) == 3
        })
        .await;
        assert!(
            sim.requests()[1..]
                .iter()
                .all(|request| request.status.is_none())
        );
        sim.clear_fault(hold);
    };
    let ((first, second), ()) = tokio::join!(both, release);
    assert_eq!((first.status, second.status), (200, 200));
}

#[tokio::test(start_paused = true)]
async fn delay_comes_before_another_fault() {
    let (sim, api) = simulator().await;
    sim.inject(
        Fault::any().times(1),
        ApiFault::Delay(Duration::from_secs(60)),
    );
    sim.inject(Fault::any().times(1), ApiFault::status(500));
    let asked = tokio::time::Instant::now();
    assert_eq!(api.get(LIST).await.status, 500);
    assert!(asked.elapsed() >= Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn trickle_takes_its_time_and_arrives_whole() {
    let (sim, api) = simulator().await;
    let every = Duration::from_secs(1);
    sim.inject(
        Fault::new(Operation::ListServices).times(1),
        ApiFault::Trickle { bytes: 1000, every },
    );
    let asked = tokio::time::Instant::now();
    let got = api.get(LIST).await;
    assert_eq!(got.json()["services"].as_array().unwrap().len(), 4);
    assert!(asked.elapsed() >= every * u32::try_from(got.text.len() / 1000).unwrap());
}

#[tokio::test]
async fn rows_can_be_odd_or_have_unknown_fields() {
    let rows = async |odd| listing_under(ApiFault::OddRow(odd)).await.json()["services"].clone();
    assert_eq!(rows(OddRow::NumericName).await[2]["service_name"], 12345);
    assert!(
        rows(OddRow::MissingType).await[2]
            .get("service_type")
            .is_none()
    );
    assert_eq!(
        rows(OddRow::PortAsString).await[2]["components"][0]["port"],
        "9273"
    );
    assert_eq!(rows(OddRow::UnknownEnums).await[2]["state"], "HIBERNATING");
    assert!(rows(OddRow::Null).await[2].is_null());
    let known = listing_under(ApiFault::UnknownFields).await.json()["services"].clone();
    assert!(
        known
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["a_field_from_the_future"].is_object())
    );
    assert_eq!(known[0]["service_name"], "a");
}

#[tokio::test]
async fn faults_keep_to_their_operation_project_service_and_times() {
    let (sim, api) = simulator().await;
    sim.add_project("other");
    let fault = sim.inject(
        Fault::new(Operation::ListServices).project("other"),
        ApiFault::status(500),
    );
    assert_eq!(api.get(LIST).await.status, 200);
    assert_eq!(api.get("/project/other/service").await.status, 500);
    assert_eq!(
        api.get("/project/other/service").await.status,
        500,
        "until cleared"
    );
    assert_eq!(
        api.get("/project/other/integration_endpoint").await.status,
        200
    );
    sim.clear_fault(fault);
    assert_eq!(api.get("/project/other/service").await.status, 200);

    let fault = sim.inject(
        Fault::new(Operation::GetService).service("a").times(2),
        ApiFault::status(500),
    );
    assert_eq!(api.get("/project/proj/service/b").await.status, 200);
    assert_eq!(api.get("/project/proj/service/a").await.status, 500);
    assert!(sim.is_armed(fault));
    assert_eq!(api.get("/project/proj/service/a").await.status, 500);
    assert!(!sim.is_armed(fault));
    assert_eq!(api.get("/project/proj/service/a").await.status, 200);
    sim.inject(Fault::any(), ApiFault::status(500));
    sim.clear_faults();
    assert_eq!(api.get("/project").await.status, 200);
}

#[tokio::test]
async fn faults_on_creates_match_the_source_service_and_may_come_after_the_effect() {
    let (sim, api) = simulator().await;
    let endpoint = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    let body = |service: &str| json!({"integration_type": "prometheus", "source_service": service, "dest_endpoint_id": endpoint});
    let on_a = Fault::new(Operation::CreateIntegration)
        .service("a")
        .times(1);
    sim.inject(on_a.clone(), ApiFault::status(500));
    assert_eq!(
        api.post("/project/proj/integration", body("b"))
            .await
            .status,
        200
    );
    assert_eq!(
        api.post("/project/proj/integration", body("a"))
            .await
            .status,
        500
    );
    assert!(sim.integrations_of("proj", "a").is_empty());
    sim.inject(on_a.after_effect(), ApiFault::status(502));
    assert_eq!(
        api.post("/project/proj/integration", body("a"))
            .await
            .status,
        502
    );
    assert_eq!(sim.integrations_of("proj", "a").len(), 1);
}

#[tokio::test]
#[should_panic(expected = "not within 10ms: pigs fly")]
async fn waiting_in_vain_says_for_what() {
    let sim = Simulator::builder()
        .wait_deadline(Duration::from_millis(10))
        .start()
        .await
        .unwrap();
    sim.wait_until("pigs fly", |_| false).await;
}

#[tokio::test]
async fn stopping_closes_every_port() {
    let (sim, _) = simulator().await;
    let endpoint = sim.add_endpoint("proj", "aiven-metrics", "metrics", "a-good-password");
    sim.integrate_all("proj", &endpoint);
    let node = sim.node("proj", "a", 0).addr();
    let api = sim.api_url().trim_start_matches("http://").to_owned();
    let dns = sim.dns_addr();
    TcpStream::connect(node).await.unwrap();
    sim.stop().await;
    for closed in [node, api.parse().unwrap(), dns] {
        assert!(TcpStream::connect(closed).await.is_err(), "{closed}");
    }
}

#[test]
fn own_threads_serve_while_the_test_blocks() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let sim = runtime
        .block_on(Simulator::builder().project("proj").own_threads(1).start())
        .unwrap();
    let url = sim.api_url();
    let mut stream = std::net::TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    use std::io::{Read, Write};
    stream
        .write_all(b"GET /v1/project HTTP/1.0\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 401"), "{answer}");
}
