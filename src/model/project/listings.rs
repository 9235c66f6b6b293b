//! What listings and answers by name change, which services are asked for by name,
//! and whether a listing is trusted.

use std::sync::Arc;

use jiff::Timestamp;

use super::Project;
use super::report::{Absorbed, Answers, Event};
use crate::model::counted::counted;
use crate::model::explain::remedy;
use crate::model::inventory::{Distrust, Listing, Merge};
use crate::model::reason::Reason;
use crate::model::snapshot::{DistrustedListing, Origin};

/// How many services are asked for by name after one listing. Aiven limits requests
/// per user (120 a minute were seen), so this must stay small.
const MAX_UNLISTED: usize = 10;

/// Services to ask Aiven for by name, for the observe stage: those that a listing
/// lacks, and those that it shows with a detail that is in doubt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnlistedServices {
    /// The number of this list; a higher number asks again, even for the same names.
    pub round: u64,
    /// Their names.
    pub names: Arc<[Arc<str>]>,
}

/// A listing that is neither trusted nor distrusted yet.
#[derive(Debug, Clone)]
pub(super) struct UnjudgedListing {
    /// When it was read.
    at: Timestamp,
    /// How many known services it lacks.
    missing: usize,
    /// The names of the first of them.
    lacking: Vec<Arc<str>>,
    /// How many known services it shows with a detail that is in doubt.
    doubtful: usize,
    /// How many of its rows could not be read.
    unreadable: usize,
    /// Why the first of them could not.
    first_unreadable: Option<Arc<str>>,
}

impl UnjudgedListing {
    /// Why it is not trusted, in words that show where to look.
    fn why(&self, distrust: Distrust) -> String {
        let count = self.unreadable;
        match (distrust, &self.first_unreadable) {
            (Distrust::Malformed, Some(first)) if count == 1 => {
                format!("a service in it cannot be read: {first}")
            }
            (Distrust::Malformed, Some(first)) => {
                format!("{count} services in it cannot be read; the first: {first}")
            }
            (Distrust::Malformed, None) => {
                "its services lack what every service has, or contradict each other".to_owned()
            }
            (Distrust::Empty, _) => "it is empty, and the one before was not".to_owned(),
            (Distrust::Truncated, _) => {
                "it is cut off, at as many services as were asked for".to_owned()
            }
            (Distrust::Shrunk, _) => self.shrunk(),
        }
    }

    fn shrunk(&self) -> String {
        let missing = counted(self.missing, "known service");
        let more = match self.missing > self.lacking.len() {
            true => " and others",
            false => "",
        };
        let missing = format!("{missing} ({}{more})", self.lacking.join(", "));
        match (self.missing, self.doubtful) {
            (0, 0) => "it says of a service what Aiven, asked by name, says otherwise".to_owned(),
            (_, 0) => format!("it lacks {missing}"),
            (0, doubtful) => format!(
                "it ends something of {}",
                counted(doubtful, "known service")
            ),
            (_, doubtful) => format!("it lacks {missing}, and ends something of {doubtful} more"),
        }
    }
}

impl Project {
    pub(super) fn absorb_failure(
        &mut self,
        at: Timestamp,
        reason: Reason,
        distrust: Option<Distrust>,
    ) -> Absorbed {
        let trusted = self.judge_listing(None);
        let why = Arc::clone(&reason.cause);
        self.stages.list.failed(at, reason);
        self.ask_for_unlisted(at);
        let distrusted = distrust.map(|reason| {
            self.note_distrust(DistrustedListing {
                at,
                reason,
                why,
                missing: None,
                doubtful: 0,
            })
        });
        Absorbed::of_events(trusted.into_iter().chain(distrusted))
    }

    pub(super) fn absorb_listing(&mut self, at: Timestamp, listing: &Listing) -> Absorbed {
        let mut events: Vec<_> = self.judge_listing(None).into_iter().collect();
        let Merge {
            changed,
            distrust,
            missing,
            lacking,
            doubtful,
        } = self.inventory.merge(listing, at);
        let is_first = self.origin != Origin::Api && !self.awaits_lookups;
        match self.origin {
            Origin::Nothing => self.awaits_lookups = true,
            Origin::Saved(_) => self.origin = Origin::Api,
            Origin::Api => {}
        }
        if changed {
            self.forget_finished_attempts();
        }
        self.unjudged_listing = Some(UnjudgedListing {
            at,
            missing,
            lacking,
            doubtful,
            unreadable: listing.unreadable,
            first_unreadable: listing.first_unreadable.clone(),
        });
        self.ask_for_unlisted(at);
        if distrust.is_some() || !self.asking {
            events.extend(self.judge_listing(distrust));
        }
        // A service that has come into doubt, or out of it, may have another verdict.
        self.outdated |= doubtful > 0;
        Absorbed {
            events,
            ..self.note_change(changed || is_first)
        }
    }

    pub(super) fn absorb_answers(&mut self, at: Timestamp, answers: Answers) -> Absorbed {
        self.asking = false;
        let mut contradiction = None;
        let mut changed = false;
        for (name, answer) in answers {
            let noted = self.inventory.note_answer(&name, answer, at);
            contradiction = contradiction.or(noted.contradiction);
            changed |= noted.changed;
        }
        if changed {
            self.forget_finished_attempts();
        }
        let event = self.judge_listing(contradiction);
        self.outdated = true;
        Absorbed {
            events: event.into_iter().collect(),
            ..self.note_change(changed)
        }
    }

    /// Trusts or distrusts the newest listing, once no answer about it is awaited.
    fn judge_listing(&mut self, distrust: Option<Distrust>) -> Option<Event> {
        let unjudged = self.unjudged_listing.take()?;
        let UnjudgedListing {
            at,
            missing,
            doubtful,
            ..
        } = unjudged;
        let Some(distrust) = distrust else {
            self.stages.list.succeeded(at);
            self.note_integration(at);
            return None;
        };
        let why = unjudged.why(distrust);
        let cause = format!("the listing is not trusted ({}): {why}", distrust.as_str());
        let reason = Reason::new(cause, Some(remedy::LISTING_NOT_TRUSTED));
        self.stages.list.failed(at, reason);
        Some(self.note_distrust(DistrustedListing {
            at,
            reason: distrust,
            why: why.into(),
            missing: Some(missing),
            doubtful,
        }))
    }

    fn note_distrust(&mut self, listing: DistrustedListing) -> Event {
        let event = Event::ListingDistrusted {
            distrust: listing.reason,
            missing: listing.missing,
            doubtful: listing.doubtful,
        };
        self.distrusted = Some(listing);
        event
    }

    /// Chooses the next few services to ask for, unless answers are still awaited:
    /// a listing that is faster than the answers must not ask for a service twice.
    fn ask_for_unlisted(&mut self, now: Timestamp) {
        if self.asking {
            return;
        }
        let names = self.inventory.next_to_ask(MAX_UNLISTED, now);
        self.asking = !names.is_empty();
        if self.asking {
            self.unlisted = UnlistedServices {
                round: self.unlisted.round + 1,
                names: names.into(),
            };
        }
    }
}
