//! Connections to nodes that rest between two scrapes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::upstream::Upstream;
use crate::model::scrape::Target;

/// Longest rest: some scrape intervals.
pub(super) const IDLE_AT_MOST: Duration = Duration::from_secs(180);

/// Most resting connections in all; each holds a socket and some 50 KB.
const MOST_IN_ALL: usize = 2000;

/// Most resting connections to one target: more than one only after overlapping scrapes.
const MOST_TO_ONE: usize = 2;

/// The resting connections.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Resting>);

#[derive(Debug, Default)]
struct Resting {
    by_target: HashMap<Target, Vec<(Upstream, Instant)>>,
    count: usize,
}

impl Pool {
    /// A connection to the target that was open when last seen.
    pub fn take(&self, target: &Target) -> Option<Upstream> {
        let mut resting = self.resting();
        let resting = &mut *resting;
        let connections = resting.by_target.get_mut(target)?;
        while let Some((upstream, since)) = connections.pop() {
            resting.count -= 1;
            if !upstream.is_closed() && since.elapsed() < IDLE_AT_MOST {
                return Some(upstream);
            }
        }
        None
    }

    /// Lets a connection rest, if there is room.
    pub fn put(&self, target: &Target, upstream: Upstream) {
        let mut resting = self.resting();
        let resting = &mut *resting;
        if resting.count >= MOST_IN_ALL || upstream.is_closed() {
            return;
        }
        let connections = resting.by_target.entry(target.clone()).or_default();
        if connections.len() < MOST_TO_ONE {
            connections.push((upstream, Instant::now()));
            resting.count += 1;
        }
    }

    /// Closes the connections to targets that are not to be kept, and those
    /// that rested too long.
    pub fn retain(&self, keep: impl Fn(&Target) -> bool) {
        let mut resting = self.resting();
        resting.by_target.retain(|target, connections| {
            connections.retain(|(upstream, since)| {
                !upstream.is_closed() && since.elapsed() < IDLE_AT_MOST
            });
            !connections.is_empty() && keep(target)
        });
        resting.count = resting.by_target.values().map(Vec::len).sum();
    }

    fn resting(&self) -> MutexGuard<'_, Resting> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
