//! The known services of one project, and how a new answer from Aiven changes
//! them.
//!
//! The rule behind all of this: a listing proves presence, never absence. A
//! service that a listing lacks stays until Aiven, asked for that service by
//! name, says that it does not exist, and the removal grace is over.

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
    /// The number of listings so far: it shows which services were in the newest.
    generation: u64,
}

/// A service and what is known about its presence.
#[derive(Debug, Clone)]
pub struct Known {
    /// The newest readable answer.
    pub service: Arc<Service>,
    /// Set while the newest listing lacks the service. Boxed to save memory: out
    /// of many thousand services hardly any is missing.
    pub missing: Option<Box<Missing>>,
    /// The newest listing that had it.
    generation: u64,
}

/// A service that the newest listing lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The first listing without it.
    pub since: Timestamp,
    /// When Aiven said, asked by name, that the service does not exist.
    pub confirmed: Option<Timestamp>,
}

/// One complete answer to a listing.
#[derive(Debug, Default)]
pub struct Listing {
    /// The services in it. A service whose answer is unchanged is the same `Arc` as before.
    pub services: Vec<Arc<Service>>,
    /// The number of rows of which not even the name could be read.
    pub unreadable: usize,
    /// Whether the answer has as many rows as the limit allows.
    pub at_limit: bool,
}

/// Why a listing is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Distrust {
    /// It lacks many known services at once, or one that still exists.
    Shrunk,
    /// It has no services, but earlier ones had some.
    Empty,
    /// It is cut off, at the row limit or in the middle.
    Truncated,
    /// It is not a listing, or has unreadable rows.
    Malformed,
}

/// What a listing changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Merge {
    /// Whether anything differs from before.
    pub changed: bool,
    /// Why the listing is not trusted, if it is not.
    pub distrust: Option<Distrust>,
    /// How many known services it lacks.
    pub missing: usize,
}

/// Aiven's answer when asked for one service by name.
#[derive(Debug)]
pub enum ByName {
    /// The service as it is now.
    Exists(Arc<Service>),
    /// Aiven says that there is no such service.
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
    /// Every variant.
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
    /// Restores a saved inventory: each service, and since when it was missing.
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

    /// Whether no service is known.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// Merges a listing: services in it are current, known services not in it are missing.
    pub fn merge(&mut self, listing: &Listing, now: Timestamp) -> Merge {
        let known_before = self.services.len();
        self.generation += 1;
        let mut changed = false;
        for service in &listing.services {
            changed |= self.note_present(service);
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

    /// Chooses at most `limit` services to ask Aiven for by name: those that are
    /// missing and not yet confirmed gone, the least recently asked first. They
    /// count as asked at `now`.
    pub fn next_to_ask(&mut self, limit: usize, now: Timestamp) -> Vec<Arc<str>> {
        let is_unconfirmed = |known: &&Known| {
            let missing = known.missing.as_deref();
            missing.is_some_and(|gone| gone.confirmed.is_none())
        };
        let mut unconfirmed: Vec<&Arc<str>> = self
            .iter()
            .filter(is_unconfirmed)
            .map(|known| &known.service.name)
            .collect();
        unconfirmed.sort_by_key(|name| self.asked.get(*name));
        let names: Vec<Arc<str>> = unconfirmed.into_iter().take(limit).cloned().collect();
        let asked = names.iter().map(|name| (Arc::clone(name), now));
        self.asked.extend(asked);
        names
    }

    /// Notes what Aiven answered about one service. Returns whether that changed
    /// anything. A denial counts only while the newest listing lacks the service.
    /// A service that Aiven shows is known again, even if it was forgotten.
    pub fn note_answer(&mut self, name: &str, answer: ByName, now: Timestamp) -> bool {
        match answer {
            ByName::Exists(service) => {
                self.note_present(&service);
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
    pub fn forget_departed(&mut self, now: Timestamp, grace: Duration) -> Vec<Arc<str>> {
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

    /// Notes a service that Aiven shows. Returns whether anything changed.
    fn note_present(&mut self, service: &Arc<Service>) -> bool {
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
        let kept = service_to_keep(&known.service, service);
        let differs = *kept != *known.service;
        known.service = kept;
        returned || differs
    }

    /// Marks the services that the newest listing lacks. Returns how many there
    /// are, and whether any of them was present before.
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
    /// Whether the service is confirmed gone and its grace is over.
    fn is_over(&self, now: Timestamp, grace: Duration) -> bool {
        self.confirmed.is_some() && after(self.since, grace) <= now
    }
}

fn after(time: Timestamp, wait: Duration) -> Timestamp {
    time.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// What makes a listing suspicious. No removal depends on it: it tells the
/// operator that the API or the token may have a problem.
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
    let tolerated = std::cmp::max(1, known_before / 4);
    (missing > tolerated).then_some(Distrust::Shrunk)
}

/// The service to remember: the new answer, unless it is unreadable. It keeps the
/// earlier host names while Aiven leaves them out during a rebuild.
fn service_to_keep(before: &Arc<Service>, new: &Arc<Service>) -> Arc<Service> {
    if new.parse_problem.is_some() {
        return Arc::clone(before);
    }
    let should_serve = new.power == Power::On && new.is_integrated();
    if !should_serve || !before.serves_metrics() || new.has_listed_hosts() {
        return Arc::clone(new);
    }
    let mut merged = Service::clone(new);
    merged.served_before = true;
    if before.has_listed_hosts() || new.hosts.is_empty() {
        merged.hosts = before.hosts.clone();
    }
    Arc::new(merged)
}

#[cfg(test)]
mod tests;
