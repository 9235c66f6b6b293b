//! Scrape proxy: a loopback forward proxy through which Prometheus scrapes.
//!
//! Prometheus knows one TLS server name a scrape job and dials IP addresses;
//! Aiven's certificates are for host names. So Prometheus asks for
//! `http://IP:PORT/metrics?aiven_service=PROJECT%2FSERVICE` through this proxy,
//! which connects to that address with TLS, verifies the *service's* name,
//! and only then adds the credentials and asks the node. It relays to targets
//! that are published for that very service and to nothing else, and every
//! failure has a class and a cause.
//!
//! One scrape never waits for another, nor for the rest of the daemon: all it
//! reads is the published snapshot and [`NodeAccess`].

use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::model::outside_text::Secrets;
use crate::net::accept::{http1, serve_each, serve_http};
use crate::net::connection::Connection;
use crate::net::descriptors;
use crate::net::places::Limits;
use crate::node_access::NodeAccess;
use crate::publish::Published;
use crate::publish::scrape_results::ScrapeResults;
use crate::publish::surroundings::SurroundingsBoard;

mod body;
mod candidates;
mod certificate_fault;
mod exchange;
mod failure;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod node_words;
mod own_wakes;
mod page;
mod page_size;
mod pool;
mod read_ahead;
mod relay;
mod request;
mod route;
mod scrape;
mod send;
mod upstream;
mod words;

use pool::Pool;

/// Names requests of our own commands: what becomes of them is not a scrape of
/// Prometheus, and so neither shown nor counted as one.
pub(crate) const OWN_USER_AGENT: &str = concat!("aiven-metrics/", env!("CARGO_PKG_VERSION"));

/// Connections of Prometheus served at once.
const LIMITS: Limits = Limits::here(1024);

/// How long scrapes in flight may take once the daemon stops. bpm waits for 15 s
/// before it kills, and the state is saved after this.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest buffer of a connection: pages stream through, whatever their size.
const BUFFER: usize = 64 << 10;

/// The proxy and all that it needs to know.
pub struct ScrapeProxy {
    published: Published,
    node_access: NodeAccess,
    results: ScrapeResults,
    metrics: Metrics,
    pool: Arc<Pool>,
    /// What nothing that is passed on may contain.
    secrets: Secrets,
    /// Whether this machine's clock is known to be wrong.
    surroundings: SurroundingsBoard,
    /// Longest scrape, whatever Prometheus allows.
    timeout: Duration,
}

impl ScrapeProxy {
    /// A proxy to what is `published`, with the trust and credentials of `node_access`; outcomes go
    /// to `results` and `metrics`. `secrets` are taken out of all words of nodes.
    pub fn new(
        published: Published,
        node_access: NodeAccess,
        results: ScrapeResults,
        metrics: Metrics,
        secrets: Secrets,
        timeout: Duration,
    ) -> Self {
        let pool = Arc::new(Pool::default());
        descriptors::register(&pool);
        ScrapeProxy {
            published,
            node_access,
            results,
            metrics,
            pool,
            secrets,
            surroundings: SurroundingsBoard::default(),
            timeout,
        }
    }

    /// The same, and it reads of the surroundings what `board` has.
    #[must_use]
    pub fn within(self, board: SurroundingsBoard) -> Self {
        ScrapeProxy {
            surroundings: board,
            ..self
        }
    }

    /// Serves until `stop`, then accepts no further connection and returns when
    /// the scrapes in flight have ended, or after [`DRAIN_TIMEOUT`].
    pub async fn serve(self: Arc<Self>, listener: Arc<TcpListener>, stop: CancellationToken) {
        let serve = |stream, _| Arc::clone(&self).serve_connection(stream, stop.clone());
        let overdue = async {
            stop.cancelled().await;
            sleep(DRAIN_TIMEOUT).await;
        };
        tokio::select! {
            () = serve_each(listener, LIMITS, &stop, serve) => {}
            () = overdue => {
                tracing::warn!(after = ?DRAIN_TIMEOUT, "scrapes in flight were cut: their nodes did not answer in time");
            }
        }
    }

    /// Serves one connection of Prometheus.
    async fn serve_connection(self: Arc<Self>, stream: Connection, stop: CancellationToken) {
        let service = service_fn(|request| {
            let proxy = Arc::clone(&self);
            async move { Ok::<_, std::convert::Infallible>(proxy.handle(request).await) }
        });
        if let Err(error) = serve_http(&http1(BUFFER), stream, service, &stop).await {
            tracing::debug!(%error, "a scrape's connection ended early");
        }
    }

    /// Forgets connections and outcomes of targets that are no longer published.
    /// Returns when nobody is left to publish anything.
    pub async fn tidy_up(self: Arc<Self>) {
        let mut changes = self.published.changes();
        loop {
            let wait = tokio::time::timeout(pool::IDLE_TIMEOUT / 4, changes.changed());
            if let Ok(Err(_)) = wait.await {
                return;
            }
            let snapshot = self.published.load_full();
            self.pool
                .retain(|target| route::is_published(&snapshot, target));
            self.results
                .retain(|target| route::is_published(&snapshot, target));
        }
    }
}
