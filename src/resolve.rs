//! Resolve: look up the needed host names regularly, a limited number at a time,
//! and report what DNS said. [`crate::model::resolution`] decides what that
//! changes.

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

/// How many lookups run at once.
const MAX_CONCURRENT_LOOKUPS: usize = 64;

/// How many lookups one report has at most, to limit memory.
const MAX_REPORTED: usize = 256;

/// If no lookup ends for this long, the results so far are published.
const PAUSE_TIMEOUT: Duration = Duration::from_millis(500);

/// A part of one round of lookups.
#[derive(Debug)]
pub struct ResolveRound {
    /// What DNS said, by host name.
    pub lookups: Vec<(Arc<str>, Lookup)>,
    /// The state of the round.
    pub progress: Progress,
}

/// The state of a round of lookups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More results follow soon.
    Ongoing,
    /// The remaining lookups are slow: publish the results so far.
    Paused,
    /// Every name was looked up.
    Ended(Timestamp),
}

/// Nothing receives the reports any more: the daemon is stopping.
struct Stopped;

/// Keeps every needed host name resolved. Returns when the `needed` channel closes.
///
/// Looks up new names at once, and all names every `interval`.
pub async fn keep_resolved(
    resolver: NameResolver,
    mut needed: watch::Receiver<NeededHosts>,
    interval: Duration,
    rounds: mpsc::Sender<ResolveRound>,
    metrics: Metrics,
) {
    let mut looked_up = NeededHosts::default();
    let mut next_full_round = Instant::now();
    loop {
        let hosts = Arc::clone(&needed.borrow_and_update());
        let is_full_round = Instant::now() >= next_full_round;
        let due: Vec<Arc<str>> = if is_full_round {
            hosts.iter().cloned().collect()
        } else {
            hosts.difference(&looked_up).cloned().collect()
        };
        if is_full_round {
            next_full_round = Instant::now() + interval;
        }
        looked_up = hosts;
        if !due.is_empty() {
            let round = look_all_up(&resolver, due, &rounds, &metrics).await;
            if round.is_err() {
                return;
            }
        }
        tokio::select! {
            () = sleep_until(next_full_round) => {}
            changed = needed.changed() => if changed.is_err() { return },
        }
    }
}

/// Looks up all `names` once and reports the results, in parts if it takes long, so
/// that a slow name does not delay the others.
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
        .buffer_unordered(MAX_CONCURRENT_LOOKUPS);
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

/// Looks up names once, for callers that do not keep them resolved.
pub async fn look_up_once(resolver: &NameResolver, names: Vec<Arc<str>>) -> Addresses {
    let mut lookups = stream::iter(names)
        .map(|name| async move {
            let lookup = resolver.look_up(&name).await;
            (name, lookup)
        })
        .buffer_unordered(MAX_CONCURRENT_LOOKUPS);
    let mut addresses = Addresses::default();
    while let Some((name, lookup)) = lookups.next().await {
        addresses.absorb(name, lookup, Timestamp::now());
    }
    addresses
}
