//! What scrapes read and report, shared with the tasks that keep it current.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::ClientConfig;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::basic_auth::BasicAuth;

/// Trust and credentials of one project.
pub(super) struct ProjectAccess {
    pub(super) trust: ArcSwap<ClientConfig>,
    pub(super) endpoints: ArcSwap<BTreeMap<Arc<str>, Arc<EndpointAccess>>>,
    /// Some node has a certificate of an unknown issuer.
    pub(super) unknown_issuer: Wakeup,
    /// Some endpoint's [`Reports`] tell of a refusal.
    pub(super) refusals: Notify,
}

/// Credentials of one integration endpoint.
pub(super) struct EndpointAccess {
    pub(super) candidates: Arc<[BasicAuth]>,
    /// Whether the configuration has credentials for it.
    pub(super) is_configured: bool,
    /// Why there are no candidates, if so.
    pub(super) missing_cause: Option<Arc<str>>,
    pub(super) reports: Arc<Reports>,
}

/// A request to do something soon, which wakes the task that will do it.
#[derive(Default)]
pub(super) struct Wakeup {
    requested: AtomicBool,
    wake: Notify,
}

/// What scrapes tell of one endpoint's credentials.
#[derive(Default)]
pub(super) struct Reports {
    refused: AtomicBool,
    /// The credentials that each node took last. The lock is held for one
    /// insertion, or for one pass over the map every few minutes.
    taken: Mutex<HashMap<(Arc<str>, SocketAddr), Taken>>,
}

struct Taken {
    /// [`BasicAuth::id`].
    credentials: u64,
    at: Instant,
}

impl ProjectAccess {
    pub(super) fn new(trust: Arc<ClientConfig>) -> Self {
        ProjectAccess {
            trust: ArcSwap::new(trust),
            endpoints: ArcSwap::default(),
            unknown_issuer: Wakeup::default(),
            refusals: Notify::new(),
        }
    }

    pub(super) fn endpoint(&self, id: &str) -> Option<Arc<EndpointAccess>> {
        self.endpoints.load().get(id).cloned()
    }
}

impl Wakeup {
    pub(super) fn request(&self) {
        if !self.requested.swap(true, Ordering::Relaxed) {
            self.wake.notify_one();
        }
    }

    pub(super) fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    /// Waits for a request that was not waited for yet.
    pub(super) async fn wait(&self) {
        self.wake.notified().await;
    }

    /// To be called before doing it, so that a request that comes meanwhile counts.
    pub(super) fn clear(&self) {
        self.requested.store(false, Ordering::Relaxed);
    }
}

impl Reports {
    /// Returns whether this is news.
    pub(super) fn refused(&self) -> bool {
        !self.refused.swap(true, Ordering::Relaxed)
    }

    pub(super) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Returns whether there was one.
    pub(super) fn forget_refusal(&self) -> bool {
        self.refused.swap(false, Ordering::Relaxed)
    }

    pub(super) fn accepted(&self, target: (Arc<str>, SocketAddr), credentials: u64) {
        let at = Instant::now();
        self.taken.lock().insert(target, Taken { credentials, at });
    }

    /// The credentials taken within the last `lately`, once for each node.
    /// Nodes that did not report since are forgotten: they are gone, or down.
    pub(super) fn taken_lately(&self, lately: Duration) -> Vec<u64> {
        let mut taken = self.taken.lock();
        taken.retain(|_, report| report.at.elapsed() < lately);
        taken.values().map(|report| report.credentials).collect()
    }
}
