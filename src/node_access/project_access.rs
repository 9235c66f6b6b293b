//! What scrapes read and report, shared with the tasks that keep it current.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ClientConfig;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::basic_auth::BasicAuth;

/// One project's part of the node_access.
pub(super) struct ProjectAccess {
    pub(super) trust: ArcSwap<ClientConfig>,
    pub(super) endpoints: ArcSwap<BTreeMap<Arc<str>, Arc<EndpointAccess>>>,
    /// Some node has a certificate of an unknown issuer.
    pub(super) unknown_issuer: Wakeup,
    /// Some endpoint's [`Reports`] tell of a refusal.
    pub(super) refusals: Notify,
}

/// One endpoint's part.
pub(super) struct EndpointAccess {
    pub(super) candidates: Arc<[BasicAuth]>,
    pub(super) why_none: Option<Arc<str>>,
    pub(super) reports: Arc<Reports>,
}

/// Something that happened and has not been answered yet.
#[derive(Default)]
pub(super) struct Wakeup {
    rung: AtomicBool,
    wake: Notify,
}

/// What scrapes tell of one endpoint's pairs.
#[derive(Default)]
pub(super) struct Reports {
    refused: AtomicBool,
    /// The pair that each node took last. The lock is held for one insertion,
    /// or for one pass over the map in some minutes.
    taken: Mutex<HashMap<(Arc<str>, SocketAddr), Taken>>,
}

struct Taken {
    by: u64,
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
    pub(super) fn ring(&self) {
        if !self.rung.swap(true, Ordering::Relaxed) {
            self.wake.notify_one();
        }
    }

    pub(super) fn is_rung(&self) -> bool {
        self.rung.load(Ordering::Relaxed)
    }

    /// Until somebody rings who has not been noticed yet.
    pub(super) async fn wait(&self) {
        self.wake.notified().await;
    }

    pub(super) fn answer(&self) {
        self.rung.store(false, Ordering::Relaxed);
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

    pub(super) fn accepted(&self, target: (Arc<str>, SocketAddr), by: u64) {
        let at = Instant::now();
        self.taken().insert(target, Taken { by, at });
    }

    /// The pairs taken within the last `lately`, one for each node. Nodes that
    /// did not report since are forgotten: they are gone, or down.
    pub(super) fn taken_lately(&self, lately: Duration) -> Vec<u64> {
        let mut taken = self.taken();
        taken.retain(|_, report| report.at.elapsed() < lately);
        taken.values().map(|report| report.by).collect()
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, HashMap<(Arc<str>, SocketAddr), Taken>> {
        self.taken
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
