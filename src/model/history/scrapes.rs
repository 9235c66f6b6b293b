//! Which targets began to fail, and which are scraped again. Of all scrapes only these
//! turns count.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::event::{Event, EventKind};
use crate::model::scrape::{Failure, FailureKind, Scrapes, Target, TargetHealth};

/// How those targets did whose scrapes turned out otherwise since the turns were last
/// taken. One that does again as before has not turned.
#[derive(Debug, Default)]
pub struct ScrapeTurns(HashMap<Target, Doing>);

/// How a target does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// It was never scraped, or well.
    Well,
    /// Its last scrape failed like this.
    Failing(FailureKind),
}

impl Doing {
    fn of(failure: Option<&Failure>) -> Doing {
        failure.map_or(Doing::Well, |failure| Doing::Failing(failure.class))
    }
}

impl ScrapeTurns {
    /// Notes the end of a scrape of a target, of which this was known before.
    pub fn note(&mut self, target: &Target, before: Option<&TargetHealth>, now: Option<&Failure>) {
        let before = Doing::of(before.and_then(|known| known.failure.as_ref()));
        if before == Doing::of(now) && self.0.is_empty() {
            return;
        }
        match self.0.entry(target.clone()) {
            Entry::Vacant(entry) if before != Doing::of(now) => {
                entry.insert(before);
            }
            Entry::Occupied(entry) if *entry.get() == Doing::of(now) => {
                entry.remove();
            }
            _ => {}
        }
    }

    /// Forgets all targets except those to `keep`.
    pub fn retain(&mut self, keep: impl Fn(&Target) -> bool) {
        self.0.retain(|target, _| keep(target));
    }

    /// The turns since they were last taken, in order of time.
    pub fn take(&mut self, scrapes: &Scrapes) -> Vec<Event> {
        let turned = std::mem::take(&mut self.0).into_keys();
        let events = turned.filter_map(|target| {
            let known = scrapes.targets.get(&target)?;
            Some(turn(&target, known))
        });
        let mut events: Vec<_> = events.collect();
        events.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
        events
    }
}

fn turn(target: &Target, known: &TargetHealth) -> Event {
    let address = target.address;
    let event = match &known.failure {
        Some(failure) => {
            let what = format!("{address} cannot be scraped ({})", failure.class.as_str());
            let event = Event::new(EventKind::ScrapeFailing, known.at, what);
            event.because(Some(failure.cause.as_str()))
        }
        None => {
            let what = format!("{address} is scraped again");
            Event::new(EventKind::ScrapeRecovered, known.at, what)
        }
    };
    event
        .in_project(&target.project)
        .of_service(&target.service)
        .about(Arc::from(address.to_string()))
}
