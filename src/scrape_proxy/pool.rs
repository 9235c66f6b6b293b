//! Connections to nodes that rest from one scrape to the next. Nobody reads from them meanwhile;
//! whether a node has closed one is looked at when it is kept, taken and tidied up.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::upstream::Upstream;
use crate::model::scrape::Target;
use crate::net::descriptors::{self, Rests};

/// How long a connection may be idle: several scrape intervals.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(180);

/// Idle connections in all; each holds a socket and some 50 KB.
const MAX_CONNECTIONS: usize = 2000;

/// Idle connections to one target; there is more than one only after scrapes overlapped.
const MAX_PER_TARGET: usize = 2;

/// The idle connections.
#[derive(Default)]
pub(super) struct Pool(Mutex<Idle>);

#[derive(Default)]
struct Idle {
    by_target: HashMap<Target, Vec<(Upstream, Instant)>>,
    count: usize,
}

impl Pool {
    /// A connection to the target that was open when last seen.
    pub fn take(&self, target: &Target) -> Option<Upstream> {
        let idle = &mut *self.0.lock();
        let connections = idle.by_target.get_mut(target)?;
        while let Some((mut upstream, since)) = connections.pop() {
            idle.count -= 1;
            if since.elapsed() < IDLE_TIMEOUT && upstream.exchange.is_open() {
                return Some(upstream);
            }
        }
        None
    }

    /// Keeps a connection, if there is room.
    pub fn put(&self, target: &Target, mut upstream: Upstream) {
        if !upstream.exchange.is_open() {
            return;
        }
        let idle = &mut *self.0.lock();
        if idle.count >= MAX_CONNECTIONS.min(descriptors::resting()) {
            return;
        }
        let connections = idle.by_target.entry(target.clone()).or_default();
        if connections.len() < MAX_PER_TARGET {
            connections.push((upstream, Instant::now()));
            idle.count += 1;
        }
    }

    /// Closes the connections to targets that are not to be kept, and those
    /// that were idle for too long.
    pub fn retain(&self, keep: impl Fn(&Target) -> bool) {
        let mut idle = self.0.lock();
        idle.by_target.retain(|target, connections| {
            connections.retain_mut(|(upstream, since)| {
                since.elapsed() < IDLE_TIMEOUT && upstream.exchange.is_open()
            });
            !connections.is_empty() && keep(target)
        });
        idle.count = idle.by_target.values().map(Vec::len).sum();
    }
}

impl Rests for Pool {
    fn resting(&self) -> usize {
        self.0.lock().count
    }

    fn keep_at_most(&self, most: usize) {
        let mut idle = self.0.lock();
        let mut kept: usize = 0;
        idle.by_target.retain(|_, connections| {
            connections.truncate(most.saturating_sub(kept));
            kept = kept.saturating_add(connections.len());
            !connections.is_empty()
        });
        idle.count = kept;
    }
}
