//! Resolve: look up the needed host names regularly, a limited number at a time,
//! and report what DNS said. [`crate::model::resolution`] decides what that
//! changes.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::metrics::Metrics;
use crate::model::address::Family;
use crate::model::later::later;
use crate::model::resolution::{Addresses, NeededHosts};

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod health;
mod lane;
mod name_resolver;
mod no_answer;
mod pass;
mod probe;
mod question;
mod server;
pub(crate) mod system;
mod udp;
mod unanswered;
pub(crate) mod wire;

pub use name_resolver::NameResolver;
use pass::{Asked, Pass};
pub use pass::{Progress, ResolveRound};
pub use probe::{ProbeFailure, Told, Way, probe};

/// How long to sleep where only an answer can bring news.
const IDLE: Duration = Duration::from_secs(1);

/// Keeps every needed host name resolved. Returns when the `needed` channel closes.
///
/// Looks up new names at once, and all names every `interval`. A round begins on time
/// even if names of the last one still hang.
pub async fn keep_resolved(
    resolver: NameResolver,
    mut needed: watch::Receiver<NeededHosts>,
    interval: Duration,
    rounds: mpsc::Sender<ResolveRound>,
    metrics: Metrics,
) {
    let mut pass = Pass::new(|name, family| ask(resolver.clone(), name, family));
    let mut next_round = Instant::now();
    loop {
        if Instant::now() >= next_round {
            resolver.refresh();
            pass.begin_round(&needed.borrow_and_update());
            next_round = later(Instant::now(), interval);
        } else if needed.has_changed().unwrap_or(false) {
            pass.begin_new(&needed.borrow_and_update());
        }
        pass.start_due();
        for round in pass.reports(Timestamp::now) {
            for (_, lookup) in round.lookups.iter().filter(|(_, lookup)| lookup.is_over()) {
                metrics.dns_lookup(lookup.outcome());
            }
            if rounds.send(round).await.is_err() {
                return;
            }
        }
        let event = pass.next_event();
        let wake = event.map_or(next_round, |at| at.min(next_round));
        tokio::select! {
            biased;
            () = pass.answered() => {}
            changed = needed.changed() => match changed {
                Ok(()) => needed.mark_changed(),
                Err(_) => return,
            },
            () = sleep_until(wake) => {}
        }
    }
}

/// Looks up names once, for callers that do not keep them resolved.
pub async fn look_up_once(resolver: &NameResolver, names: Vec<Arc<str>>) -> Addresses {
    let mut pass = Pass::new(|name, family| ask(resolver.clone(), name, family));
    let mut addresses = Addresses::default();
    pass.begin_round(&Arc::new(names.into_iter().collect()));
    loop {
        pass.start_due();
        for round in pass.reports(Timestamp::now) {
            for (name, lookup) in round.lookups {
                addresses.absorb(name, lookup, Timestamp::now());
            }
        }
        if pass.is_idle() {
            return addresses;
        }
        let wake = pass.next_event();
        let wake = wake.unwrap_or_else(|| later(Instant::now(), IDLE));
        tokio::select! {
            biased;
            () = pass.answered() => {}
            () = sleep_until(wake) => {}
        }
    }
}

async fn ask(resolver: NameResolver, name: Arc<str>, family: Family) -> Asked {
    let answer = resolver.look_up(&name, family).await;
    Asked {
        name,
        family,
        answer,
    }
}

#[cfg(test)]
mod tests;
