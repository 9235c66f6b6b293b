//! Who gets to see what, and in which form.

use axum::body::Body;
use axum::extract::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::model::fixtures::{planned, snapshot};
use crate::model::plan::PlannedService;
use crate::model::snapshot::{Origin, ProjectSnapshot, Snapshot, Stages};
use crate::model::verdict::Verdict;

const HERE: &str = "127.0.0.1:5000";
const ELSEWHERE: &str = "192.0.2.7:5000";

fn published(origin: Origin) -> Published {
    Published::new(Snapshot {
        projects: vec![ProjectSnapshot {
            name: "proj".into(),
            origin,
            plan: Arc::default(),
            endpoint: Default::default(),
            stages: Stages::default(),
            odd_rows: Default::default(),
            distrusted: None,
        }],
        ..Snapshot::default()
    })
}

fn boards(origin: Origin) -> Boards {
    Boards {
        published: published(origin),
        ..Boards::default()
    }
}

async fn get(web: &Web, peer: &str, path: &str, tag: Option<&str>) -> Response {
    let ends = Ends {
        peer: peer.parse().unwrap(),
        local: HERE.parse().unwrap(),
    };
    let mut request = Request::get(path).header(header::HOST, "localhost:9274");
    if let Some(tag) = tag {
        request = request.header(header::IF_NONE_MATCH, tag);
    }
    let router = web.router.clone().layer(Extension(ends));
    router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

async fn text(response: Response) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

fn web(origin: Origin, expose: bool) -> Web {
    Web::new(
        boards(origin),
        &Metrics::default(),
        expose,
        CancellationToken::new(),
    )
}

#[tokio::test]
async fn other_machines_see_health_and_metrics_only() {
    let web = web(Origin::Api, false);
    for path in ["/", "/sd", "/status", "/events"] {
        assert_eq!(
            get(&web, ELSEWHERE, path, None).await.status(),
            StatusCode::FORBIDDEN,
            "{path}"
        );
        assert_eq!(
            get(&web, HERE, path, None).await.status(),
            StatusCode::OK,
            "{path}"
        );
        assert_eq!(
            get(&web, "[::1]:1", path, None).await.status(),
            StatusCode::OK,
            "{path}"
        );
        assert_eq!(
            get(&web, "[::ffff:127.0.0.1]:1", path, None).await.status(),
            StatusCode::OK
        );
        assert_eq!(
            get(&web, "[::ffff:192.0.2.7]:1", path, None).await.status(),
            StatusCode::FORBIDDEN
        );
    }
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(
            get(&web, ELSEWHERE, path, None).await.status(),
            StatusCode::OK,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_daemon_that_stops_is_not_ready_and_still_serves_its_list() {
    let stopping = CancellationToken::new();
    let web = Web::new(
        boards(Origin::Api),
        &Metrics::default(),
        false,
        stopping.clone(),
    );
    stopping.cancel();
    let ready = get(&web, HERE, "/readyz", None).await;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(ready).await.contains("stopping"));
    assert_eq!(get(&web, HERE, "/sd", None).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn exposed_means_exposed() {
    let web = web(Origin::Api, true);
    for path in ["/", "/sd", "/status", "/events"] {
        assert_eq!(
            get(&web, ELSEWHERE, path, None).await.status(),
            StatusCode::OK,
            "{path}"
        );
    }
}

#[tokio::test]
async fn while_nothing_is_known_there_is_no_list_and_a_reason() {
    let web = web(Origin::Nothing, false);
    for path in ["/sd", "/readyz"] {
        let response = get(&web, HERE, path, None).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(
            text(response).await.contains("proj: the first listing"),
            "{path}"
        );
    }
    assert_eq!(
        get(&web, HERE, "/healthz", None).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_list_known_already_is_not_sent_again() {
    let web = web(Origin::Api, false);
    let first = get(&web, HERE, "/sd", None).await;
    assert_eq!(first.headers()[header::CONTENT_TYPE], "application/json");
    let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
    assert_eq!(text(first).await, "[]\n");
    for asked in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let again = get(&web, HERE, "/sd", Some(&asked)).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{asked}");
        assert_eq!(text(again).await, "");
    }
    assert_eq!(
        get(&web, HERE, "/sd", Some("\"x\"")).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_saved_list_is_served_and_called_saved() {
    let web = web(Origin::Saved(Timestamp::UNIX_EPOCH), false);
    let ready = get(&web, HERE, "/readyz", None).await;
    assert_eq!(ready.status(), StatusCode::OK);
    assert!(text(ready).await.contains("proj as saved at 1970-01-01"));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let web = web(Origin::Api, false);
    assert_eq!(
        get(&web, HERE, "/debug", None).await.status(),
        StatusCode::NOT_FOUND
    );
    let request = Request::post("/metrics").body(Body::empty()).unwrap();
    let response = web.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

/// What only waits for its turn is not among them.
#[tokio::test]
async fn services_that_somebody_has_to_integrate_are_counted() {
    let waits = PlannedService {
        verdict: Verdict::AwaitingIntegration,
        ..planned("waits", &[])
    };
    let stuck = |name| PlannedService {
        stuck: true,
        verdict: Verdict::AwaitingIntegration,
        ..planned(name, &[])
    };
    let services = vec![planned("logs", &[]), stuck("one"), stuck("two"), waits];
    let boards = Boards {
        published: Published::new(snapshot(services)),
        ..Boards::default()
    };
    let web = Web::new(boards, &Metrics::default(), false, CancellationToken::new());
    let page = text(get(&web, ELSEWHERE, "/metrics", None).await).await;
    let line = "aiven_metrics_services_stuck{project=\"shop\"} 2\n";
    assert!(page.contains(line), "{page}");
}
