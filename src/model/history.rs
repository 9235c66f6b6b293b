//! What changed in the last hours, and why: the first question of an incident is
//! what changed at 02:40.
//!
//! Events come from comparing: two snapshots ([`between`]), and how each target did
//! before with how it does now ([`ScrapeTurns`]). The history keeps them within a
//! bound of number and bytes, oldest out first. So that neither one flapping node nor
//! ten thousand services fill it,
//!
//! - what repeats soon is one event, which counts and moves to the front;
//! - what happens to many services of a project is one event, which says how many.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::elapsed;
use super::outside_text::cut;

mod event;
mod filter;
mod published;
mod scrapes;
mod services;
mod since;
mod surroundings;

pub use event::{Event, EventKind, Events};
pub use filter::EventFilter;
pub use published::{between, restarted, stage_in_words, started};
pub use scrapes::ScrapeTurns;
pub use since::{NoTime, Since};
pub use surroundings::turned;

/// The most events that are kept.
pub const MAX_EVENTS: usize = 2_000;

/// The most bytes that they take.
pub const MAX_BYTES: usize = 1 << 20;

/// The most characters of what happened, and of its cause.
const MAX_TEXT: usize = 400;

/// An event that happens again within this time is the same event.
const SOON: Duration = Duration::from_secs(600);

/// More events of one kind in one project within [`SOON`] are told as one.
const MAX_ALIKE: usize = 20;

/// How many services an event about many names.
const MAX_EXAMPLES: usize = 3;

/// The events of the last hours.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The oldest first.
    entries: VecDeque<Entry>,
    bytes: usize,
}

/// An event, and what it needs to take more of its kind in.
#[derive(Debug, Clone)]
struct Entry {
    event: Arc<Event>,
    /// Whether [`History::take_untold`] has given it.
    told: bool,
    /// Of an event about many services: the last of them.
    examples: Vec<Arc<str>>,
}

/// What events about many services are gathered by.
type Crowd = (EventKind, Option<Arc<str>>);

impl History {
    /// Takes in what was found at one time.
    pub fn record(&mut self, found: Vec<Event>) {
        let mut crowds: BTreeMap<Crowd, usize> = BTreeMap::new();
        for event in found.iter().filter(|event| event.service.is_some()) {
            *crowds.entry(crowd_of(event)).or_default() += 1;
        }
        for event in found {
            let is_one_of_many = crowds
                .get(&crowd_of(&event))
                .is_some_and(|count| *count > MAX_ALIKE);
            self.record_one(bounded(event), is_one_of_many);
        }
    }

    /// The events, the newest first.
    pub fn newest_first(&self) -> Vec<Arc<Event>> {
        let entries = self.entries.iter().rev();
        entries.map(|entry| Arc::clone(&entry.event)).collect()
    }

    /// The events that this has not given before, the oldest first. One that happened again
    /// is not new.
    pub fn take_untold(&mut self) -> Vec<Arc<Event>> {
        let untold = self.entries.iter_mut().filter(|entry| !entry.told);
        let untold = untold.map(|entry| {
            entry.told = true;
            Arc::clone(&entry.event)
        });
        untold.collect()
    }

    fn record_one(&mut self, event: Event, is_one_of_many: bool) {
        if let Some(position) = self.recent(event.at, |entry| repeats(&entry.event, &event)) {
            return self.repeat(position, event);
        }
        let crowd = self.recent(event.at, |entry| is_crowd_of(entry, &event));
        match crowd {
            Some(position) if event.service.is_some() => self.join(position, event),
            None if is_one_of_many || self.is_crowded(&event) => self.push(crowd_with(event)),
            _ => self.push(Entry::of(event)),
        }
    }

    /// The newest entry of the last [`SOON`] for which `holds` is true.
    fn recent(&self, now: Timestamp, holds: impl Fn(&Entry) -> bool) -> Option<usize> {
        let newest_first = self.entries.iter().enumerate().rev();
        let mut recent = newest_first.take_while(|(_, entry)| elapsed(entry.event.at, now) < SOON);
        recent
            .find(|(_, entry)| holds(entry))
            .map(|(position, _)| position)
    }

    /// Whether there are as many events of this kind in this project as are told one by one.
    fn is_crowded(&self, event: &Event) -> bool {
        let entries = self.entries.iter().rev();
        let recent = entries.take_while(|entry| elapsed(entry.event.at, event.at) < SOON);
        let alike = recent.filter(|entry| entry.event.service.is_some() && is_alike(entry, event));
        event.service.is_some() && alike.count() >= MAX_ALIKE
    }

    fn repeat(&mut self, position: usize, again: Event) {
        let Some(mut entry) = self.take(position) else {
            return;
        };
        let before = Arc::make_mut(&mut entry.event);
        before.at = again.at;
        before.times = before.times.saturating_add(1);
        before.cause = again.cause;
        self.push(entry);
    }

    fn join(&mut self, position: usize, one_more: Event) {
        let Some(mut entry) = self.take(position) else {
            return;
        };
        if let Some(service) = one_more.service {
            entry.examples.retain(|example| *example != service);
            entry.examples.insert(0, service);
            entry.examples.truncate(MAX_EXAMPLES);
        }
        let many = Arc::make_mut(&mut entry.event);
        many.at = one_more.at;
        many.times = many.times.saturating_add(1);
        many.cause = one_more.cause.or(many.cause.take());
        many.what = many.kind.of_many(many.times, &entry.examples).into();
        self.push(entry);
    }

    fn take(&mut self, position: usize) -> Option<Entry> {
        let entry = self.entries.remove(position)?;
        self.bytes = self.bytes.saturating_sub(entry.memory());
        Some(entry)
    }

    fn push(&mut self, entry: Entry) {
        self.bytes += entry.memory();
        self.entries.push_back(entry);
        while self.entries.len() > MAX_EVENTS || self.bytes > MAX_BYTES {
            if self.take(0).is_none() {
                return;
            }
        }
    }
}

impl Entry {
    fn of(event: Event) -> Entry {
        Entry {
            event: Arc::new(event),
            told: false,
            examples: Vec::new(),
        }
    }

    fn memory(&self) -> usize {
        let examples = self.examples.iter().map(|name| name.len() + 32);
        size_of::<Entry>() + self.event.memory() + examples.sum::<usize>()
    }
}

/// The first of an event about many services.
fn crowd_with(event: Event) -> Entry {
    let examples: Vec<_> = event.service.into_iter().collect();
    Entry {
        event: Arc::new(Event {
            what: event.kind.of_many(event.times, &examples).into(),
            service: None,
            subject: None,
            ..event
        }),
        told: false,
        examples,
    }
}

fn crowd_of(event: &Event) -> Crowd {
    (event.kind, event.project.clone())
}

fn is_alike(entry: &Entry, event: &Event) -> bool {
    entry.event.kind == event.kind && entry.event.project == event.project
}

fn is_crowd_of(entry: &Entry, event: &Event) -> bool {
    !entry.examples.is_empty() && is_alike(entry, event)
}

/// Whether it is the same thing that happens again.
fn repeats(before: &Event, again: &Event) -> bool {
    before.kind == again.kind
        && before.service == again.service
        && before.project == again.project
        && before.subject == again.subject
        && before.what == again.what
}

/// Some texts come from outside, and none of them is longer than this.
fn bounded(event: Event) -> Event {
    let shorten = |text: Arc<str>| match cut(&text, MAX_TEXT) {
        std::borrow::Cow::Borrowed(_) => text.clone(),
        std::borrow::Cow::Owned(short) => short.into(),
    };
    Event {
        what: shorten(event.what),
        cause: event.cause.map(shorten),
        ..event
    }
}

#[cfg(test)]
mod tests;
