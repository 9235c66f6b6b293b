//! Resolve: look the needed host names up, again and again, with bounded
//! concurrency, and report what DNS said. What that changes is decided in
//! [`crate::model::resolution`].

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::metrics::Metrics;
use crate::model::resolution::{Addresses, Lookup, NeededHosts};

mod dns;

pub use dns::NameResolver;

/// Lookups under way at once.
const CONCURRENCY: usize = 64;

/// Lookups in one report at most: what is not reported yet takes memory.
const MAX_REPORTED: usize = 256;

/// With no lookup ending for this long, what is known so far is published.
const PAUSE_TIMEOUT: Duration = Duration::from_millis(500);

/// A part of one round of lookups.
#[derive(Debug)]
pub struct ResolveRound {
    /// What DNS said, by host name.
    pub lookups: Vec<(Arc<str>, Lookup)>,
    /// How far the round is.
    pub progress: Progress,
}

/// How far a round is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More comes in a moment.
    Ongoing,
    /// More comes, but the rest hangs: publish what is known.
    Paused,
    /// Every name was looked up.
    Ended(Timestamp),
}

/// Nobody listens any more: the daemon stops.
struct Stopped;

/// Keeps every needed host name resolved. Returns when the `needed` channel closes.
///
/// New names are looked up at once, all names every `interval`.
pub async fn keep_resolved(
    resolver: NameResolver,
    mut needed: watch::Receiver<NeededHosts>,
    interval: Duration,
    rounds: mpsc::Sender<ResolveRound>,
    metrics: Metrics,
) {
    let mut looked_up = NeededHosts::default();
    let mut next_full = Instant::now();
    loop {
        let hosts = Arc::clone(&needed.borrow_and_update());
        let full = Instant::now() >= next_full;
        let due: Vec<Arc<str>> = if full {
            hosts.iter().cloned().collect()
        } else {
            hosts.difference(&looked_up).cloned().collect()
        };
        if full {
            next_full = Instant::now() + interval;
        }
        looked_up = hosts;
        if !due.is_empty() {
            let round = look_all_up(&resolver, due, &rounds, &metrics).await;
            if round.is_err() {
                return;
            }
        }
        tokio::select! {
            () = sleep_until(next_full) => {}
            changed = needed.changed() => if changed.is_err() { return },
        }
    }
}

/// Looks all of `names` up once and reports, in parts when it takes long: one
/// name that hangs delays no other.
async fn look_all_up(
    resolver: &NameResolver,
    names: Vec<Arc<str>>,
    rounds: &mpsc::Sender<ResolveRound>,
    metrics: &Metrics,
) -> Result<(), Stopped> {
    let mut lookups = stream::iter(names)
        .map(|name| async move {
            let lookup = resolver.look_up(&name).await;
            (name, lookup)
        })
        .buffer_unordered(CONCURRENCY);
    let mut done = Vec::new();
    let mut unpublished = false;
    loop {
        let progress = match timeout(PAUSE_TIMEOUT, lookups.next()).await {
            Ok(Some((name, lookup))) => {
                metrics.dns_lookup(lookup.outcome());
                done.push((name, lookup));
                unpublished = true;
                if done.len() < MAX_REPORTED {
                    continue;
                }
                Progress::Ongoing
            }
            Ok(None) => Progress::Ended(Timestamp::now()),
            Err(_) if !unpublished => continue,
            Err(_) => Progress::Paused,
        };
        unpublished &= progress == Progress::Ongoing;
        let lookups = std::mem::take(&mut done);
        let round = ResolveRound { lookups, progress };
        rounds.send(round).await.map_err(|_| Stopped)?;
        if matches!(progress, Progress::Ended(_)) {
            return Ok(());
        }
    }
}

/// Looks names up once, for callers that do not keep them resolved.
pub async fn look_up_once(resolver: &NameResolver, names: Vec<Arc<str>>) -> Addresses {
    let mut lookups = stream::iter(names)
        .map(|name| async move {
            let lookup = resolver.look_up(&name).await;
            (name, lookup)
        })
        .buffer_unordered(CONCURRENCY);
    let mut addresses = Addresses::default();
    while let Some((name, lookup)) = lookups.next().await {
        addresses.absorb(name, lookup, Timestamp::now());
    }
    addresses
}
