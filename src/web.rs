//! The daemon's own HTTP server, one route a line:
//!
//! - `/metrics`: OpenMetrics text
//! - `/healthz`: 200 while the process serves
//! - `/readyz`: 200 once something correct is published, else 503 and why; 503
//!   while the daemon stops
//! - `/sd`: Prometheus HTTP SD, with ETag; 503 while nothing is known
//! - `/status`: JSON, see [`crate::model::status`]
//! - `/`: what there is to see
//!
//! `/sd`, `/status` and `/` answer loopback clients only, unless
//! `web.expose_status` is set. Everything is a view of the published snapshot.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use hyper_util::rt::TokioTimer;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::xxh3_128;

use crate::metrics::{self, Metrics};
use crate::model::status::Status;
use crate::model::target_group::write_groups;
use crate::net::accept::{serve_each, serve_http};
use crate::publish::Published;
use crate::publish::restarts::Restarts;
use crate::publish::scrape_results::ScrapeResults;

mod collector;

use collector::SnapshotCollector;

/// Connections served at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 256;

/// How long a client may take for its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The server's routes over what is published.
pub struct Web {
    router: Router,
}

struct Views {
    published: Published,
    results: ScrapeResults,
    restarts: Restarts,
    registry: Registry,
    stopping: CancellationToken,
}

impl Views {
    fn status(&self) -> Status {
        let snapshot = self.published.load_full();
        let status = Status::of(&snapshot, &self.results.load(), Timestamp::now());
        Status {
            restarts: self.restarts.load(),
            ..status
        }
    }
}

impl Web {
    /// A server of `published`, `results` and `restarts`; `expose` lets other machines see
    /// all of it. Once `stopping`, the daemon is not ready.
    pub fn new(
        published: Published,
        results: ScrapeResults,
        restarts: Restarts,
        metrics: &Metrics,
        expose: bool,
        stopping: CancellationToken,
    ) -> Self {
        let mut registry = metrics.registry();
        registry.register_collector(Box::new(SnapshotCollector {
            published: published.clone(),
            results: results.clone(),
        }));
        let views = Arc::new(Views {
            published,
            results,
            restarts,
            registry,
            stopping,
        });
        let mut inner = Router::new()
            .route("/", get(index))
            .route("/sd", get(service_discovery))
            .route("/status", get(status));
        if !expose {
            inner = inner.layer(middleware::from_fn(loopback_only));
        }
        let router = Router::new()
            .route("/metrics", get(exposition))
            .route("/healthz", get(async || "alive\n"))
            .route("/readyz", get(ready))
            .merge(inner)
            .with_state(views);
        Web { router }
    }

    /// Serves until it is dropped: it can be asked as long as the process lives.
    pub async fn serve(&self, listener: TcpListener) {
        let never = CancellationToken::new();
        let serve =
            |stream, peer| serve_connection(self.router.clone(), stream, peer, never.clone());
        serve_each(listener, MAX_CONNECTIONS, &never, serve).await;
    }
}

async fn serve_connection(
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    stop: CancellationToken,
) {
    let service = router.layer(axum::Extension(ConnectInfo(peer)));
    let service = TowerToHyperService::new(service);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    if let Err(error) = serve_http(&http, stream, service, &stop).await {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

async fn loopback_only(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if peer.ip().to_canonical().is_loopback() {
        return next.run(request).await;
    }
    let why = "answered on this machine only; set web.expose_status to let others read it\n";
    (StatusCode::FORBIDDEN, why).into_response()
}

async fn exposition(State(views): State<Arc<Views>>) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &views.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            let why = format!("the metrics could not be encoded: {error}\n");
            (StatusCode::INTERNAL_SERVER_ERROR, why).into_response()
        }
    }
}

async fn ready(State(views): State<Arc<Views>>) -> Response {
    if views.stopping.is_cancelled() {
        let cause = "not ready: the daemon is stopping\n";
        return (StatusCode::SERVICE_UNAVAILABLE, cause).into_response();
    }
    readiness(&views.status())
}

fn readiness(status: &Status) -> Response {
    let text = format!("{}\n", status.readiness());
    let code = if status.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (code, text).into_response()
}

async fn service_discovery(State(views): State<Arc<Views>>, headers: HeaderMap) -> Response {
    let snapshot = views.published.load_full();
    if !snapshot.is_ready() {
        return readiness(&views.status());
    }
    let mut groups = Vec::new();
    if let Err(error) = write_groups(snapshot.target_groups(), &mut groups) {
        let why = format!("the targets could not be encoded: {error}\n");
        return (StatusCode::INTERNAL_SERVER_ERROR, why).into_response();
    }
    let tag = format!("\"{:032x}\"", xxh3_128(&groups));
    let asked = headers.get(header::IF_NONE_MATCH);
    if asked.is_some_and(|asked| matches_tag(asked.to_str().unwrap_or_default(), &tag)) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::ETAG, tag),
    ];
    (headers, groups).into_response()
}

/// `If-None-Match`: a list of tags, each perhaps weak, or `*`.
fn matches_tag(asked: &str, tag: &str) -> bool {
    asked
        .split(',')
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == tag || one == "*")
}

async fn status(State(views): State<Arc<Views>>) -> Json<Status> {
    Json(views.status())
}

async fn index() -> &'static str {
    "aiven-metrics\n\n\
     /status   all services and their verdicts, JSON\n\
     /sd       published targets, Prometheus HTTP SD\n\
     /metrics  this daemon's own metrics\n\
     /readyz   whether something correct is published\n\
     /healthz  whether the daemon is alive\n"
}

#[cfg(test)]
mod tests;
