//! Who may hold a connection: so many in all, some of them for this machine alone,
//! and a few for each other machine.
//!
//! A connection that nobody answers on is worth less than a new one. So who comes
//! when all places are taken gets that of the connection that has rested longest,
//! be it silent between two requests or too slow to take its answer. An answer
//! under way is never cut short for somebody else.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How many connections a listener serves at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// In all.
    pub(crate) all: usize,
    /// Of other machines together; what is left is for this one.
    pub(crate) elsewhere: usize,
    /// Of one other machine.
    pub(crate) each: usize,
}

impl Limits {
    /// So many in all, for a listener that only this machine reaches.
    pub(crate) const fn here(all: usize) -> Self {
        Limits {
            all,
            elsewhere: all,
            each: all,
        }
    }

    /// No more than `most` in all; of these a quarter stays for this machine.
    pub(super) fn at_most(self, most: usize) -> Self {
        if self.all <= most {
            return self;
        }
        let elsewhere = self.elsewhere.min(most.saturating_sub(most / 4));
        Limits {
            all: most,
            elsewhere,
            each: self.each.min(elsewhere),
        }
    }
}

/// The places of one listener.
#[derive(Debug)]
pub(super) struct Places {
    limits: Limits,
    held: Mutex<HashMap<u64, Held>>,
    /// Counts everything that happens on all connections, to tell what was first.
    clock: Arc<AtomicU64>,
    freed: Arc<Notify>,
}

#[derive(Debug)]
struct Held {
    peer: IpAddr,
    activity: Arc<Activity>,
}

/// What happens on one connection.
#[derive(Debug)]
pub(super) struct Activity {
    clock: Arc<AtomicU64>,
    /// When something was last sent or received.
    last: AtomicU64,
    /// Requests received and not yet answered whole.
    in_flight: AtomicUsize,
    /// Told to end for another connection.
    evicted: CancellationToken,
    /// Wakes who waits for a place.
    freed: Arc<Notify>,
}

/// A place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    id: u64,
    activity: Arc<Activity>,
}

/// A request under way.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

/// What happens to somebody who comes.
#[derive(Debug, PartialEq, Eq)]
enum Admission {
    Free,
    /// This connection ends for it.
    InPlaceOf(u64),
    /// Nobody rests: this machine's own waits.
    Wait,
    /// Nobody rests: others are turned away, lest they stand before this machine's own.
    TurnAway,
}

impl Places {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Places {
            limits,
            held: Mutex::default(),
            clock: Arc::default(),
            freed: Arc::default(),
        })
    }

    /// A place for a connection of `peer`, as soon as there is one; `None` if it is
    /// to be closed at once.
    pub(super) async fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let peer = network(peer);
        loop {
            let freed = self.freed.notified();
            match self.admit(peer) {
                Admission::Free => return Some(self.enter(peer)),
                Admission::InPlaceOf(id) => {
                    if let Some(held) = self.held.lock().remove(&id) {
                        held.activity.evicted.cancel();
                    }
                }
                Admission::Wait => freed.await,
                Admission::TurnAway => return None,
            }
        }
    }

    fn admit(&self, peer: IpAddr) -> Admission {
        let held = self.held.lock();
        let count = |of: &dyn Fn(IpAddr) -> bool| held.values().filter(|one| of(one.peer)).count();
        let of_peer = |one: IpAddr| one == peer;
        let elsewhere = |one: IpAddr| !one.is_loopback();
        let among: &dyn Fn(IpAddr) -> bool = if peer.is_loopback() {
            match held.len() < self.limits.all {
                true => return Admission::Free,
                false => &|_| true,
            }
        } else if count(&of_peer) >= self.limits.each {
            &of_peer
        } else if count(&elsewhere) >= self.limits.elsewhere {
            &elsewhere
        } else if held.len() >= self.limits.all {
            &|_| true
        } else {
            return Admission::Free;
        };
        let resting = held
            .iter()
            .filter(|(_, one)| among(one.peer) && one.activity.rests());
        match resting.min_by_key(|(_, one)| one.activity.last.load(Ordering::Relaxed)) {
            Some((id, _)) => Admission::InPlaceOf(*id),
            None if peer.is_loopback() => Admission::Wait,
            None => Admission::TurnAway,
        }
    }

    fn enter(self: &Arc<Self>, peer: IpAddr) -> Place {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity {
            clock: Arc::clone(&self.clock),
            last: AtomicU64::new(now),
            in_flight: AtomicUsize::new(0),
            evicted: CancellationToken::new(),
            freed: Arc::clone(&self.freed),
        });
        let held = Held {
            peer,
            activity: Arc::clone(&activity),
        };
        self.held.lock().insert(now, held);
        Place {
            places: Arc::clone(self),
            id: now,
            activity,
        }
    }
}

/// Whose connection it is: an address of IPv4, a network of IPv6, of which one
/// machine has all addresses.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(ip) if !ip.is_loopback() => {
            let bits = ip.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(bits.into())
        }
        other => other,
    }
}

impl Place {
    pub(super) fn activity(&self) -> Arc<Activity> {
        Arc::clone(&self.activity)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.held.lock().remove(&self.id);
        self.places.freed.notify_one();
    }
}

impl Activity {
    /// Something was sent or received.
    pub(super) fn happened(&self) {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        self.last.store(now, Ordering::Relaxed);
    }

    /// A request has arrived; until the result is dropped it is under way.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Returns when the connection must end for another one.
    pub(super) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }

    fn rests(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) == 0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests;
