//! Resolve: host names to addresses, again and again, with bounded
//! concurrency, keeping the last known good of each.
//!
//! A name that DNS stops answering keeps its addresses, whatever the reason: a
//! target that was right is not dropped for a fault of DNS. A whole answer
//! replaces them at once, since an address that a name has lost may soon
//! belong to somebody else's node.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::metrics::Metrics;
use crate::model::plan::{Addresses, Failing, Resolution};

mod dns;

pub use dns::{Answer, Lookup, NameResolver};

/// Lookups under way at once.
const CONCURRENCY: usize = 64;

/// With no lookup ending for this long, what is known so far is reported.
const PATIENCE: Duration = Duration::from_millis(500);

/// Host names that are wanted, in order.
pub type NeededHosts = Arc<BTreeSet<Arc<str>>>;

/// What one pass over host names found, or a part of it.
#[derive(Debug, Default)]
pub struct ResolveRound {
    /// When it ended; unset on a part.
    pub ended: Option<Timestamp>,
    /// The names whose resolution differs from before.
    pub changed: Vec<(Arc<str>, Resolution)>,
    /// How many names were asked for, and how many of them were answered.
    pub asked: usize,
    /// See `asked`.
    pub answered: usize,
}

/// Keeps every wanted host name resolved until the channel's other end is gone.
///
/// A new set of hosts is asked for at once (only the names not known yet); all
/// names are asked for every `interval`.
pub async fn keep_resolved(
    resolver: NameResolver,
    mut wanted: watch::Receiver<NeededHosts>,
    known: Addresses,
    interval: Duration,
    passes: mpsc::Sender<ResolveRound>,
    metrics: Metrics,
) {
    let mut memory = LastKnownGood(known);
    let mut next_full = Instant::now();
    loop {
        let hosts = Arc::clone(&wanted.borrow_and_update());
        memory.0.retain(|name, _| hosts.contains(name));
        let full = Instant::now() >= next_full;
        let due: Vec<Arc<str>> = hosts
            .iter()
            .filter(|name| full || !memory.0.contains_key(*name))
            .cloned()
            .collect();
        if full {
            next_full = Instant::now() + interval;
        }
        if !due.is_empty() {
            let pass = look_all_up(&resolver, &mut memory, due, &passes, &metrics).await;
            if pass.is_err() {
                return;
            }
        }
        tokio::select! {
            () = sleep_until(next_full) => {}
            changed = wanted.changed() => if changed.is_err() { return },
        }
    }
}

/// Looks all of `names` up once and reports, in parts when it takes long: one
/// name that hangs holds no other up.
async fn look_all_up(
    resolver: &NameResolver,
    memory: &mut LastKnownGood,
    names: Vec<Arc<str>>,
    passes: &mpsc::Sender<ResolveRound>,
    metrics: &Metrics,
) -> Result<(), mpsc::error::SendError<ResolveRound>> {
    let mut pass = ResolveRound {
        asked: names.len(),
        ..ResolveRound::default()
    };
    let mut lookups = stream::iter(names)
        .map(|name| async move {
            let lookup = resolver.look_up(&name).await;
            (name, lookup)
        })
        .buffer_unordered(CONCURRENCY);
    loop {
        match timeout(PATIENCE, lookups.next()).await {
            Ok(Some((name, lookup))) => {
                metrics.dns_lookup(lookup.outcome());
                pass.answered += usize::from(lookup.is_whole());
                let news = memory.learn(&name, lookup, Timestamp::now());
                pass.changed
                    .extend(news.map(|resolution| (name, resolution)));
            }
            Ok(None) => break,
            Err(_) if pass.changed.is_empty() => {}
            Err(_) => {
                let part = ResolveRound {
                    changed: std::mem::take(&mut pass.changed),
                    ..ResolveRound::default()
                };
                passes.send(part).await?;
            }
        }
    }
    pass.ended = Some(Timestamp::now());
    passes.send(pass).await
}

/// Looks names up once, for whoever does not keep them resolved.
pub async fn look_up_once(resolver: &NameResolver, names: Vec<Arc<str>>) -> Addresses {
    let lookups = stream::iter(names).map(|name| async move {
        let lookup = resolver.look_up(&name).await;
        (name, next_resolution(None, lookup, Timestamp::now()))
    });
    lookups.buffer_unordered(CONCURRENCY).collect().await
}

/// The last known good of every name.
struct LastKnownGood(Addresses);

impl LastKnownGood {
    /// Takes a lookup in. Returns the name's resolution if that is news.
    fn learn(&mut self, name: &Arc<str>, lookup: Lookup, now: Timestamp) -> Option<Resolution> {
        let before = self.0.get(name);
        let next = next_resolution(before, lookup, now);
        if before == Some(&next) {
            return None;
        }
        self.0.insert(Arc::clone(name), next.clone());
        Some(next)
    }
}

/// What is known of a name after a lookup: a family that answered with addresses
/// counts as it answered, one that failed keeps its last known good.
fn next_resolution(before: Option<&Resolution>, lookup: Lookup, now: Timestamp) -> Resolution {
    let kept = |is_family: fn(&IpAddr) -> bool| {
        let known = before.map_or(&[][..], |before| &before.addresses);
        known.iter().copied().filter(is_family).collect::<Vec<_>>()
    };
    let failure = lookup.failure();
    let is_whole = failure.is_none();
    let believed = |answer: Answer, is_family| match answer {
        // That a family has no address proves nothing while the other one fails.
        Answer::Addresses(found) if is_whole || !found.is_empty() => found,
        _ => kept(is_family),
    };
    let v4 = believed(lookup.v4, IpAddr::is_ipv4);
    let v6 = believed(lookup.v6, IpAddr::is_ipv6);
    let mut addresses = v4;
    addresses.extend(v6);
    addresses.sort_unstable();
    addresses.dedup();
    let unchanged = before.filter(|before| *before.addresses == *addresses);
    Resolution {
        addresses: match unchanged {
            Some(before) => Arc::clone(&before.addresses),
            None => addresses.into(),
        },
        failing: failure.map(|cause| {
            let since = before.and_then(|before| Some(before.failing.as_ref()?.since));
            Box::new(Failing {
                since: since.unwrap_or(now),
                cause: cause.into(),
            })
        }),
    }
}

#[cfg(test)]
mod tests;
