//! All that was observed of one project's services, and how a new answer
//! changes it.
//!
//! The rule that everything here serves: a listing proves presence, never
//! absence. A service that a listing lacks stays until Aiven, asked for that
//! one service, says that it does not exist, and the removal grace is over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::service::{Power, Service};

/// The known services of one project, by name.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    services: BTreeMap<Arc<str>, Known>,
    /// When Aiven was last asked for a missing service by name.
    asked: BTreeMap<Arc<str>, Timestamp>,
    /// Counts the listings, to tell who was in the newest.
    generation: u64,
}

/// A service and what is known of its presence.
#[derive(Debug, Clone)]
pub struct Known {
    /// The newest answer that could be understood.
    pub service: Arc<Service>,
    /// Set while the newest listing lacks the service. Boxed, since of many
    /// thousand services hardly one is.
    pub missing: Option<Box<Missing>>,
    /// The newest listing that held it.
    generation: u64,
}

/// A service that the newest listing lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The first listing without it.
    pub since: Timestamp,
    /// When Aiven itself said that the service does not exist.
    pub confirmed: Option<Timestamp>,
}

/// One complete answer to a listing.
#[derive(Debug, Default)]
pub struct Listing {
    /// The services in it. Those with an unchanged answer are the same `Arc` as before.
    pub services: Vec<Arc<Service>>,
    /// Rows that could not be read at all, not even their name.
    pub unreadable: usize,
    /// Whether the answer had exactly as many rows as were asked for at most.
    pub at_limit: bool,
}

/// Why a listing is not to be trusted as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Distrust {
    /// Many known services are missing at once, or one that still exists.
    Shrunk,
    /// No service at all, where there were some.
    Empty,
    /// Cut off, at the row limit or in the middle.
    Truncated,
    /// Not the document that was asked for.
    Malformed,
}

/// What a listing changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Merge {
    /// Whether anything differs from before.
    pub changed: bool,
    /// Why the listing should not be believed, if so.
    pub distrust: Option<Distrust>,
    /// How many known services it lacks.
    pub missing: usize,
}

/// Aiven's answer when asked for one service by name.
#[derive(Debug)]
pub enum ByName {
    /// The service as it is now.
    Exists(Arc<Service>),
    /// Aiven's own word that there is no such service.
    DoesNotExist,
    /// No answer, or one that proves nothing.
    Unknown,
}

impl ByName {
    /// Whether Aiven showed the service.
    pub fn exists(&self) -> bool {
        matches!(self, ByName::Exists(_))
    }
}

impl Distrust {
    /// Every reason.
    pub const ALL: [Distrust; 4] = [
        Distrust::Shrunk,
        Distrust::Empty,
        Distrust::Truncated,
        Distrust::Malformed,
    ];

    /// The label value of `listings_distrusted_total`.
    pub fn as_str(self) -> &'static str {
        match self {
            Distrust::Shrunk => "shrunk",
            Distrust::Empty => "empty",
            Distrust::Truncated => "truncated",
            Distrust::Malformed => "malformed",
        }
    }
}

impl Inventory {
    /// An inventory as it was saved, each service with its absence if any.
    pub fn restore(
        services: impl IntoIterator<Item = (Arc<Service>, Option<Box<Missing>>)>,
    ) -> Self {
        let known = |(service, missing): (Arc<Service>, _)| {
            let name = Arc::clone(&service.name);
            let known = Known {
                service,
                missing,
                generation: 0,
            };
            (name, known)
        };
        Inventory {
            services: services.into_iter().map(known).collect(),
            asked: BTreeMap::new(),
            generation: 0,
        }
    }

    /// Every known service in name order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Known> {
        self.services.values()
    }

    /// The service of that name.
    pub fn get(&self, name: &str) -> Option<&Known> {
        self.services.get(name)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// Takes a listing in: what it holds is current, what it lacks is missing.
    pub fn merge(&mut self, listing: &Listing, now: Timestamp) -> Merge {
        let known_before = self.services.len();
        self.generation += 1;
        let mut changed = false;
        for service in &listing.services {
            changed |= self.take(service);
        }
        let (missing, newly_missing) = self.mark_missing(now);
        Merge {
            changed: changed || newly_missing,
            distrust: distrust(listing, known_before, missing),
            missing,
        }
    }

    /// Whether the newest listing lacks a known service.
    pub fn is_missing(&self, name: &str) -> bool {
        self.get(name).is_some_and(|known| known.missing.is_some())
    }

    /// How many known services the newest listing lacks.
    pub fn missing(&self) -> usize {
        self.iter().filter(|known| known.missing.is_some()).count()
    }

    /// The services to ask Aiven for by name now: missing, not yet confirmed
    /// gone, at most `limit`, those asked longest ago first.
    pub fn next_to_ask(&mut self, limit: usize, now: Timestamp) -> Vec<Arc<str>> {
        let is_open = |known: &&Known| {
            let missing = known.missing.as_deref();
            missing.is_some_and(|gone| gone.confirmed.is_none())
        };
        let mut open: Vec<&Arc<str>> = self
            .iter()
            .filter(is_open)
            .map(|known| &known.service.name)
            .collect();
        open.sort_by_key(|name| self.asked.get(*name));
        let names: Vec<Arc<str>> = open.into_iter().take(limit).cloned().collect();
        let asked = names.iter().map(|name| (Arc::clone(name), now));
        self.asked.extend(asked);
        names
    }

    /// Takes in what Aiven answered about one service. Returns whether that
    /// changed anything. A denial counts only while the newest listing lacks
    /// the service; a service that Aiven shows is there, even if it had departed.
    pub fn answer(&mut self, name: &str, answer: ByName, now: Timestamp) -> bool {
        match answer {
            ByName::Exists(service) => {
                self.take(&service);
                true
            }
            ByName::DoesNotExist => {
                let known = self.services.get_mut(name);
                let Some(missing) = known.and_then(|known| known.missing.as_mut()) else {
                    return false;
                };
                missing.confirmed = Some(now);
                true
            }
            ByName::Unknown => false,
        }
    }

    /// Forgets the services whose absence is confirmed and whose grace is over.
    /// Returns their names.
    pub fn depart(&mut self, now: Timestamp, grace: Duration) -> Vec<Arc<str>> {
        let is_over = |known: &Known| {
            let missing = known.missing.as_deref();
            missing.is_some_and(|gone| gone.is_over(now, grace))
        };
        let gone: Vec<_> = self
            .iter()
            .filter(|known| is_over(known))
            .map(|known| Arc::clone(&known.service.name))
            .collect();
        for name in &gone {
            self.services.remove(name);
            self.asked.remove(name);
        }
        gone
    }

    /// When the next confirmed absence becomes final.
    pub fn next_departure(&self, grace: Duration) -> Option<Timestamp> {
        self.iter()
            .filter_map(|known| known.missing.as_deref())
            .filter(|gone| gone.confirmed.is_some())
            .map(|gone| after(gone.since, grace))
            .min()
    }

    /// Takes in a service that Aiven shows. Returns whether anything is known
    /// differently now.
    fn take(&mut self, service: &Arc<Service>) -> bool {
        let generation = self.generation;
        let Some(known) = self.services.get_mut(&service.name) else {
            let known = Known {
                service: Arc::clone(service),
                missing: None,
                generation,
            };
            self.services.insert(Arc::clone(&service.name), known);
            return true;
        };
        let returned = known.missing.take().is_some();
        if returned {
            self.asked.remove(&service.name);
        }
        known.generation = generation;
        if Arc::ptr_eq(&known.service, service) {
            return returned;
        }
        let settled = settle(&known.service, service);
        let differs = *settled != *known.service;
        known.service = settled;
        returned || differs
    }

    /// How many services the newest listing lacks, and whether any of them was there before.
    fn mark_missing(&mut self, now: Timestamp) -> (usize, bool) {
        let generation = self.generation;
        let mut missing = 0;
        let mut newly = false;
        for known in self.services.values_mut() {
            if known.generation == generation {
                continue;
            }
            missing += 1;
            if known.missing.is_none() {
                newly = true;
                known.missing = Some(Box::new(Missing {
                    since: now,
                    confirmed: None,
                }));
            }
        }
        (missing, newly)
    }
}

impl Missing {
    /// Whether nothing speaks for the service any more.
    fn is_over(&self, now: Timestamp, grace: Duration) -> bool {
        self.confirmed.is_some() && after(self.since, grace) <= now
    }
}

fn after(time: Timestamp, wait: Duration) -> Timestamp {
    time.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// What makes a listing suspicious. Removal does not depend on it: it is for
/// the operator, whose API or token may have a problem.
fn distrust(listing: &Listing, known_before: usize, missing: usize) -> Option<Distrust> {
    if listing.services.is_empty() && listing.unreadable == 0 {
        return (known_before > 0).then_some(Distrust::Empty);
    }
    if listing.unreadable > 0 {
        return Some(Distrust::Malformed);
    }
    if listing.at_limit {
        return Some(Distrust::Truncated);
    }
    let many = std::cmp::max(1, known_before / 4);
    (missing > many).then_some(Distrust::Shrunk)
}

/// The service to keep: the new answer, unless it is unreadable, and with the
/// host names of before while Aiven, amid a rebuild, forgets to list them.
fn settle(before: &Arc<Service>, new: &Arc<Service>) -> Arc<Service> {
    if new.parse_problem.is_some() {
        return Arc::clone(before);
    }
    let still_meant_to_serve = new.power == Power::On && new.is_integrated();
    if !still_meant_to_serve || !before.serves_metrics() || new.has_listed_hosts() {
        return Arc::clone(new);
    }
    let mut kept = Service::clone(new);
    kept.served_before = true;
    if before.has_listed_hosts() || new.hosts.is_empty() {
        kept.hosts = before.hosts.clone();
    }
    Arc::new(kept)
}

#[cfg(test)]
mod tests;
