//! What is taken into the inventory, and what came of it.

use std::sync::Arc;

use crate::model::service::Service;

/// One complete answer to a listing.
#[derive(Debug, Default)]
pub struct Listing {
    /// The services in it. A service whose answer is unchanged is the same `Arc` as before.
    pub services: Vec<Arc<Service>>,
    /// The number of rows of which not even the name could be read.
    pub unreadable: usize,
    /// Why the first of them could not.
    pub first_unreadable: Option<Arc<str>>,
    /// Whether the answer has as many rows as the limit allows.
    pub at_limit: bool,
}

/// Why a listing is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Distrust {
    /// It lacks or ends many known things at once, or one that still is as it was.
    Shrunk,
    /// It has no services, but earlier ones had some.
    Empty,
    /// It is cut off, at the row limit or in the middle.
    Truncated,
    /// It is not a listing, or has rows that cannot be read, that lack what every
    /// row has, or that contradict each other.
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
    /// The names of the first of them.
    pub lacking: Vec<Arc<str>>,
    /// How many known services it shows with a detail that is not believed yet.
    pub doubtful: usize,
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

/// What an answer by name changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Whether anything differs from before.
    pub changed: bool,
    /// How the newest listing is wrong, if the answer shows that it is.
    pub contradiction: Option<Distrust>,
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

/// What was counted while a listing was merged.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) changed: bool,
    /// Known services that the listing lacks.
    pub(super) missing: usize,
    /// The names of the first of them.
    pub(super) lacking: Vec<Arc<str>>,
    /// Known services with a detail that is not believed yet.
    pub(super) doubtful: usize,
    /// Those of them whose row lacks what every row has.
    pub(super) incomplete: usize,
    /// Rows that contradict an earlier row of the same name.
    pub(super) contradictory: usize,
    /// New services for which there was no room.
    pub(super) refused: usize,
}

impl Tally {
    /// What makes the listing suspicious, of `known_before` known services. No
    /// removal depends on it: it tells the operator that the API or the token may
    /// have a problem.
    pub(super) fn distrust(&self, listing: &Listing, known_before: usize) -> Option<Distrust> {
        if listing.services.is_empty() && listing.unreadable == 0 {
            return (known_before > 0).then_some(Distrust::Empty);
        }
        if listing.unreadable + self.incomplete + self.contradictory > 0 {
            return Some(Distrust::Malformed);
        }
        if listing.at_limit || self.refused > 0 {
            return Some(Distrust::Truncated);
        }
        let many = self.missing.max(self.doubtful) > tolerated(known_before);
        many.then_some(Distrust::Shrunk)
    }
}

/// How many services may change for the worse in one listing without suspicion.
fn tolerated(known: usize) -> usize {
    std::cmp::max(1, known / 4)
}
