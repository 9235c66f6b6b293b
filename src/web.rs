//! The daemon's own HTTP server, one route a line:
//!
//! - `/metrics`: OpenMetrics to who accepts it, the text format to all others
//! - `/healthz`: 200 while the process serves
//! - `/readyz`: 200 once something correct is published, else 503 and why; 503
//!   while the daemon stops
//! - `/sd`: Prometheus HTTP SD, with ETag; 503 while nothing is known
//! - `/status`: JSON, see [`crate::model::status`]
//! - `/events`: JSON, see [`crate::model::history`]
//! - `/`: all of it for people, see [`page`]
//!
//! With `web.tls` the port speaks TLS, see [`secure`].
//!
//! `/sd`, `/status`, `/events` and `/` answer loopback clients only, and under a name of this
//! machine only, unless `web.expose_status` is set. Everything is a view of the
//! published snapshot.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router, middleware};
use bytes::Bytes;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::xxh3_128;

use crate::metrics::Metrics;
use crate::model::diagnose::diagnose;
use crate::model::outside_text::{visible_json, visible_line};
use crate::model::situation::{Situation, judged};
use crate::model::status::{BY, Status};
use crate::model::target_group::write_groups;
use crate::net::accept::{http1, serve_each, serve_http, serve_http_within};
use crate::net::connection::Connection;
use crate::net::places::Limits;
use crate::net::tls::ServerTls;
use crate::publish::Published;
use crate::publish::history::HistoryBoard;
use crate::publish::restarts::Restarts;
use crate::publish::scrape_results::ScrapeResults;
use crate::publish::surroundings::SurroundingsBoard;

mod collector;
mod events;
mod exposition;
mod page;
mod secure;
mod shared_page;
mod visitor;

use collector::SnapshotCollector;
use exposition::Format;
use secure::Entered;
use shared_page::SharedPage;
use visitor::{Ends, this_machine_only};

/// Connections served at once: 64 places are for this machine alone, whatever others do.
const LIMITS: Limits = Limits {
    all: 256,
    elsewhere: 192,
    each: 32,
};

/// Largest head of a request; also what is read ahead of further requests.
const MAX_HEAD: usize = 16 << 10;

/// The server's routes over what is published.
pub struct Web {
    router: Router,
    tls: Option<ServerTls>,
}

/// What there is to show.
#[derive(Clone, Default)]
pub struct Boards {
    /// The current snapshot.
    pub published: Published,
    /// The last scrapes.
    pub results: ScrapeResults,
    /// The tasks that had to be started again.
    pub restarts: Restarts,
    /// What is wrong around the daemon.
    pub surroundings: SurroundingsBoard,
    /// What changed.
    pub history: HistoryBoard,
    /// Where the scrape proxy listens, if it is on.
    pub scrape_proxy: Option<SocketAddr>,
}

struct Views {
    boards: Boards,
    /// When the daemon started.
    started: Timestamp,
    registry: Registry,
    stopping: CancellationToken,
    pages: Pages,
}

/// The pages that grow with the number of services.
#[derive(Default)]
struct Pages {
    open_metrics: SharedPage,
    text: SharedPage,
    groups: SharedPage,
    status: SharedPage,
}

impl Views {
    fn status(&self) -> Status {
        self.of_now(|situation| Status {
            diagnosis: Some(diagnose(situation)),
            restarts: situation.restarts.to_vec(),
            surroundings: situation.surroundings.clone(),
            ..Status::of(situation.snapshot, situation.scrapes, situation.at)
        })
    }

    fn readiness(&self) -> (bool, String) {
        let snapshot = self.boards.published.load_full();
        (snapshot.is_ready(), snapshot.readiness())
    }

    /// What `make` makes of all that is so at this moment.
    fn of_now<T>(&self, make: impl FnOnce(Situation<'_>) -> T) -> T {
        let snapshot = self.boards.published.load_full();
        let (scrapes, restarts) = (self.boards.results.load(), self.boards.restarts.load());
        let at = Timestamp::now();
        make(Situation {
            snapshot: &snapshot,
            scrapes: &scrapes,
            services: &judged(&snapshot, &scrapes),
            restarts: &restarts,
            surroundings: &self.boards.surroundings.load(at),
            events: &self.boards.history.newest_first(),
            started: self.started,
            at,
        })
    }
}

impl Web {
    /// A server of `boards`; `expose` lets other machines see all of it. Once
    /// `stopping`, the daemon is not ready.
    pub fn new(
        boards: Boards,
        metrics: &Metrics,
        expose: bool,
        stopping: CancellationToken,
    ) -> Self {
        let mut registry = metrics.registry();
        registry.register_collector(Box::new(SnapshotCollector {
            published: boards.published.clone(),
            results: boards.results.clone(),
            surroundings: boards.surroundings.clone(),
        }));
        let views = Arc::new(Views {
            boards,
            started: Timestamp::now(),
            registry,
            stopping,
            pages: Pages::default(),
        });
        let mut inner = Router::new()
            .route("/", get(page::page))
            .route("/sd", get(service_discovery))
            .route("/status", get(status))
            .route("/events", get(events::events));
        if !expose {
            inner = inner.layer(middleware::from_fn(this_machine_only));
        }
        let router = Router::new()
            .route("/metrics", get(exposition))
            .route("/healthz", get(async || "alive\n"))
            .route("/readyz", get(ready))
            .merge(inner)
            .fallback(nothing_here)
            .method_not_allowed_fallback(only_read)
            .layer(middleware::map_response(signed))
            .with_state(views);
        Web { router, tls: None }
    }

    /// The same with TLS.
    #[must_use]
    pub fn secured(self, tls: Option<ServerTls>) -> Self {
        Web { tls, ..self }
    }

    /// Serves until it is dropped: it can be asked as long as the process lives.
    pub async fn serve(&self, listener: Arc<TcpListener>) {
        let never = CancellationToken::new();
        let serve = |stream, peer| {
            let (router, tls) = (self.router.clone(), self.tls.clone());
            serve_connection(router, tls, stream, peer, never.clone())
        };
        serve_each(listener, LIMITS, &never, serve).await;
    }
}

async fn serve_connection(
    router: Router,
    tls: Option<ServerTls>,
    stream: Connection,
    peer: SocketAddr,
    stop: CancellationToken,
) {
    // Without it the peer has gone already.
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let service = router.layer(Extension(Ends { peer, local }));
    let service = TowerToHyperService::new(service);
    let http = http1(MAX_HEAD);
    let served = match secure::entered(tls, stream, peer).await {
        Some(Entered::Plainly(stream)) => serve_http(&http, stream, service, &stop).await,
        Some(Entered::WithTls(stream)) => {
            let watch = stream.get_ref().0.watch();
            serve_http_within(&http, *stream, watch, service, &stop).await
        }
        Some(Entered::Refused(stream)) => {
            let refusal = TowerToHyperService::new(secure::refusal());
            serve_http(&http, stream, refusal, &stop).await
        }
        None => return,
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

async fn exposition(State(views): State<Arc<Views>>, headers: HeaderMap) -> Response {
    let format = Format::wanted(&headers);
    let page = match format {
        Format::OpenMetrics | Format::OpenMetricsDraft => &views.pages.open_metrics,
        Format::Text => &views.pages.text,
    };
    // A page is rarely just as long as the one before.
    let encoded = page.get(|size| {
        let page = format.encode(&views.registry, size + size / 16)?;
        Ok(page.into_bytes())
    });
    answer(
        "the metrics",
        encoded.map_err(|error: std::fmt::Error| error.to_string()),
        |page| {
            let headers = [
                (header::CONTENT_TYPE, format.content_type()),
                (header::VARY, HeaderValue::from_static("accept")),
            ];
            (headers, page).into_response()
        },
    )
}

/// Says who answers.
async fn signed(mut answer: Response) -> Response {
    let by = HeaderValue::from_static(BY);
    answer.headers_mut().insert(header::SERVER, by);
    answer
}

/// For who mistyped a path, and sees an empty page else.
async fn nothing_here() -> Response {
    let what = "nothing is here; there are / (for people), /status, /events, /sd, /metrics, /healthz and /readyz\n";
    (StatusCode::NOT_FOUND, what).into_response()
}

async fn only_read() -> Response {
    let what = "only GET and HEAD: nothing can be changed here\n";
    (StatusCode::METHOD_NOT_ALLOWED, what).into_response()
}

/// The answer with a page, or that it could not be made.
fn answer(
    what: &str,
    page: Result<Bytes, String>,
    with: impl FnOnce(Bytes) -> Response,
) -> Response {
    match page {
        Ok(page) => with(page),
        Err(error) => {
            let cause = format!("{what} could not be encoded: {error}\n");
            (StatusCode::INTERNAL_SERVER_ERROR, cause).into_response()
        }
    }
}

async fn ready(State(views): State<Arc<Views>>) -> Response {
    if views.stopping.is_cancelled() {
        let cause = "not ready: the daemon is stopping\n";
        return (StatusCode::SERVICE_UNAVAILABLE, cause).into_response();
    }
    readiness(&views)
}

fn readiness(views: &Views) -> Response {
    let (is_ready, said) = views.readiness();
    let text = format!("{}\n", visible_line(&said));
    let code = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (code, text).into_response()
}

async fn service_discovery(State(views): State<Arc<Views>>, headers: HeaderMap) -> Response {
    let snapshot = views.boards.published.load_full();
    if !snapshot.is_ready() {
        return readiness(&views);
    }
    let groups = views.pages.groups.get(|size| {
        let mut groups = Vec::with_capacity(size);
        write_groups(snapshot.target_groups(), &mut groups).map(|()| groups)
    });
    answer(
        "the targets",
        groups.map_err(|error| error.to_string()),
        |groups| {
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
        },
    )
}

/// `If-None-Match`: a list of tags, each perhaps weak, or `*`.
fn matches_tag(asked: &str, tag: &str) -> bool {
    asked
        .split(',')
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == tag || one == "*")
}

async fn status(State(views): State<Arc<Views>>) -> Response {
    let status = views.pages.status.get(|_| {
        let json = serde_json::to_string(&views.status())?;
        Ok(visible_json(&json).into_owned().into_bytes())
    });
    answer(
        "the status",
        status.map_err(|error: serde_json::Error| error.to_string()),
        |status| ([(header::CONTENT_TYPE, "application/json")], status).into_response(),
    )
}

#[cfg(test)]
mod tests;
