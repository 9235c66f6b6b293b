//! The known services of one project, and how a new answer from Aiven changes
//! them.
//!
//! The rule behind all of this: a listing proves presence, never absence. A
//! service that a listing lacks stays until Aiven, asked for that service by
//! name, says that it does not exist, and the removal grace is over. The same holds
//! for the details of a service; see [`doubt`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::detail::Detail;
use super::service::{Power, Service};

pub mod doubt;
mod listing;

use doubt::{Details, Doubt, Lie, believe, contradict};
use listing::Tally;
pub use listing::{ByName, Distrust, Listing, Merge, Noted};

/// How many services of one project are known at most. A listing that names more
/// is not trusted, and what it names beyond them is not taken in.
const MAX_SERVICES: usize = 50_000;

/// How many services that a listing lacks are named.
const MAX_NAMED: usize = 3;

/// The known services of one project, by name.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    services: BTreeMap<Arc<str>, Known>,
    /// When Aiven was last asked for a service by name that is missing or in doubt.
    asked: BTreeMap<Arc<str>, Timestamp>,
    /// The number of listings so far: it shows which services were in the newest.
    generation: u32,
    /// Whether the newest listing is suspicious, so that its own word about what is
    /// powered off does not count.
    is_suspicious: bool,
}

/// A service and what is known about its presence.
#[derive(Debug, Clone)]
pub struct Known {
    /// What is believed of it.
    pub service: Arc<Service>,
    /// Set while the newest listing lacks the service. Boxed to save memory: out
    /// of many thousand services hardly any is missing.
    pub missing: Option<Box<Missing>>,
    /// Set while the newest listing shows it with details that are not believed.
    pub doubt: Option<Box<Doubt>>,
    /// The newest listing that had it.
    generation: u32,
    /// Its first row in that listing.
    row: u32,
}

/// A service that the newest listing lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The first listing without it.
    pub since: Timestamp,
    /// When Aiven said, asked by name, that the service does not exist.
    pub confirmed: Option<Timestamp>,
}

impl Inventory {
    /// Restores a saved inventory: each service, and since when it was missing.
    pub fn restore(
        services: impl IntoIterator<Item = (Arc<Service>, Option<Box<Missing>>)>,
    ) -> Self {
        let known = |(service, missing): (Arc<Service>, _)| {
            let name = Arc::clone(&service.name);
            (name, Known::new(service, missing, 0, 0))
        };
        Inventory {
            services: services.into_iter().map(known).collect(),
            ..Inventory::default()
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

    /// Merges a listing: services in it are present, known services not in it are
    /// missing, and details that would end targets are in doubt.
    pub fn merge(&mut self, listing: &Listing, now: Timestamp) -> Merge {
        let known_before = self.services.len();
        self.generation += 1;
        if known_before + listing.services.len() > MAX_SERVICES {
            self.make_room();
        }
        let mut tally = Tally::default();
        for (row, told) in listing.services.iter().enumerate() {
            self.take_row(listing, row, told, &mut tally);
        }
        self.mark_missing(now, &mut tally);
        let distrust = tally.distrust(listing, known_before);
        self.is_suspicious = distrust.is_some();
        Merge {
            changed: tally.changed,
            distrust,
            missing: tally.missing,
            lacking: tally.lacking,
            doubtful: tally.doubtful,
        }
    }

    /// Chooses at most `limit` services to ask Aiven for by name: those that are in
    /// doubt, or missing and not yet confirmed gone, the least recently asked first.
    /// They count as asked at `now`.
    pub fn next_to_ask(&mut self, limit: usize, now: Timestamp) -> Vec<Arc<str>> {
        let is_open = |known: &&Known| {
            let missing = known.missing.as_deref();
            known.doubt.is_some() || missing.is_some_and(|gone| gone.confirmed.is_none())
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

    /// Notes what Aiven answered about one service. A denial counts only while the
    /// newest listing lacks the service; details that end targets, only while it is
    /// missing or in doubt. A service that Aiven shows is known again, even if it was
    /// forgotten.
    pub fn note_answer(&mut self, name: &str, answer: ByName, now: Timestamp) -> Noted {
        let is_suspicious = self.is_suspicious;
        let Some(known) = self.services.get_mut(name) else {
            return match answer {
                ByName::Exists(service) => self.insert_answer(service),
                ByName::DoesNotExist | ByName::Unknown => Noted::default(),
            };
        };
        let mut noted = Noted::default();
        match (&answer, known.missing.as_mut()) {
            (ByName::Exists(service), _) => noted = known.take_answer(service),
            (ByName::DoesNotExist, Some(missing)) => {
                missing.confirmed = Some(now);
                noted.changed = true;
            }
            (ByName::DoesNotExist | ByName::Unknown, _) => {}
        }
        noted.changed |= !is_suspicious && known.take_word_about_power();
        noted
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

    /// Takes in one row of a listing.
    fn take_row(&mut self, listing: &Listing, row: usize, told: &Arc<Service>, tally: &mut Tally) {
        let is_full = self.services.len() >= MAX_SERVICES;
        let place = u32::try_from(row).unwrap_or(u32::MAX);
        match self.services.get_mut(&told.name) {
            Some(known) if known.generation == self.generation => {
                let first = listing.services.get(known.row as usize);
                known.take_second_row(first.unwrap_or(told), told, tally);
            }
            Some(known) => {
                (known.generation, known.row) = (self.generation, place);
                known.take_row(told, tally);
                if known.doubt.is_none() {
                    self.asked.remove(&told.name);
                }
            }
            None if is_full => tally.refused += 1,
            None => {
                let mut known = Known::new(Arc::clone(told), None, self.generation, place);
                known.doubt = Doubt::about(None, told).map(Box::new);
                self.services.insert(Arc::clone(&told.name), known);
                tally.changed = true;
            }
        }
    }

    /// Takes in a service that was forgotten while its answer was under way.
    fn insert_answer(&mut self, service: Arc<Service>) -> Noted {
        let name = Arc::clone(&service.name);
        if self.services.len() < MAX_SERVICES {
            let known = Known::new(service, None, self.generation, u32::MAX);
            self.services.insert(name, known);
        }
        Noted {
            changed: true,
            contradiction: None,
        }
    }

    /// Marks the services that the newest listing lacks. It says nothing about their
    /// details, so none of those is in doubt.
    fn mark_missing(&mut self, now: Timestamp, tally: &mut Tally) {
        let generation = self.generation;
        let gone = self.services.values_mut();
        for known in gone.filter(|known| known.generation != generation) {
            tally.missing += 1;
            if tally.lacking.len() < MAX_NAMED {
                tally.lacking.push(Arc::clone(&known.service.name));
            }
            known.doubt = None;
            if known.missing.is_none() {
                tally.changed = true;
                known.missing = Some(Box::new(Missing {
                    since: now,
                    confirmed: None,
                }));
            }
        }
    }

    /// Forgets missing services that never had a target to lose, so that a listing
    /// which invents names does not keep real ones out.
    fn make_room(&mut self) {
        let is_needless = |known: &Known| known.missing.is_some() && !known.service.is_served();
        self.services.retain(|_, known| !is_needless(known));
        let services = &self.services;
        self.asked.retain(|name, _| services.contains_key(name));
    }
}

impl Known {
    fn new(
        service: Arc<Service>,
        missing: Option<Box<Missing>>,
        generation: u32,
        row: u32,
    ) -> Known {
        Known {
            service,
            missing,
            doubt: None,
            generation,
            row,
        }
    }

    /// Takes in its row of the newest listing.
    fn take_row(&mut self, told: &Arc<Service>, tally: &mut Tally) {
        tally.changed |= self.missing.take().is_some();
        self.doubt = Doubt::about(Some(&self.service), told).map(Box::new);
        let mut except = Details::NONE;
        if let Some(doubt) = &self.doubt {
            tally.doubtful += usize::from(doubt.is_loss(&self.service));
            tally.incomplete += usize::from(doubt.is_incomplete(&self.service));
            except = doubt.changes();
        }
        tally.changed |= self.believe(told, except);
    }

    /// Takes in a further row of the same name, and notes whether both can be true.
    fn take_second_row(&mut self, first: &Arc<Service>, told: &Arc<Service>, tally: &mut Tally) {
        if Arc::ptr_eq(first, told) {
            return;
        }
        let first_doubt = self.doubt.take();
        if contradict(first, told) {
            tally.contradictory += 1;
            let doubt = Doubt::about_contradiction(&self.service, told);
            tally.changed |= self.believe(told, doubt.changes());
            self.doubt = Some(Box::new(doubt));
        } else {
            // The other row tells what this one lacks, or the other way round.
            let mut of_row = Tally::default();
            self.take_row(told, &mut of_row);
            tally.changed |= of_row.changed;
            tally.incomplete += of_row.incomplete;
        }
        self.doubt = self.doubt.take().or(first_doubt);
    }

    /// Takes in what Aiven answered when asked for it by name.
    fn take_answer(&mut self, told: &Arc<Service>) -> Noted {
        if self.missing.is_none() && self.doubt.is_none() {
            // A newer listing has shown all of it since it was asked for.
            return Noted::default();
        }
        let was_missing = self.missing.take().map(|_| Distrust::Shrunk);
        let doubt = self.doubt.take();
        let lie = doubt.as_ref().and_then(|doubt| doubt.contradicted_by(told));
        self.doubt = doubt.and_then(|doubt| doubt.after(told));
        let contradiction = was_missing.or(lie.map(|lie| match lie {
            Lie::Omission => Distrust::Malformed,
            Lie::Change => Distrust::Shrunk,
        }));
        let changed = self.believe(told, Details::NONE);
        Noted {
            changed: changed || was_missing.is_some(),
            contradiction,
        }
    }

    /// Takes the listing's own word that it is powered off, once Aiven was asked for
    /// it in vain. Returns whether that changed anything.
    fn take_word_about_power(&mut self) -> bool {
        let Some(doubt) = self.doubt.take_if(|doubt| doubt.is_plainly_off()) else {
            return false;
        };
        self.doubt = doubt.without_power();
        let mut off = Service::clone(&self.service);
        off.power = Detail::Known(Power::Off);
        self.service = Arc::new(off);
        true
    }

    /// Believes what is told, except some details. Returns whether anything changed.
    fn believe(&mut self, told: &Arc<Service>, except: Details) -> bool {
        if Arc::ptr_eq(&self.service, told) {
            return false;
        }
        let next = believe(&self.service, told, except);
        let differs = !Arc::ptr_eq(&next, &self.service) && next != self.service;
        self.service = next;
        differs
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

#[cfg(test)]
mod tests;
