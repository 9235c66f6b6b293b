//! Certificates of nodes that end soon.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::scrape::{Scrapes, Target};
use super::surroundings::WORTH_A_LOOK;

/// The most that are listed.
const MAX_ROWS: usize = 10;

/// Certificates that end soon.
#[derive(Debug)]
pub struct Expiries<'a> {
    /// Those that end first: the node, and when its certificate ends.
    pub first: Vec<(&'a Target, Timestamp)>,
    /// How many end soon.
    pub soon: usize,
    /// How many certificates are known.
    pub known: usize,
    /// When the first of all ends.
    pub first_end: Option<Timestamp>,
}

/// The certificates that end soon, the first first.
pub fn expiries(scrapes: &Scrapes, at: Timestamp) -> Expiries<'_> {
    let mut known: Vec<_> = known(scrapes).collect();
    known.sort_by(in_order);
    let limit = at.checked_add(WORTH_A_LOOK).unwrap_or(Timestamp::MAX);
    let soon = known.iter().take_while(|(_, ends)| *ends < limit).count();
    Expiries {
        soon,
        known: known.len(),
        first_end: known.first().map(|(_, ends)| *ends),
        first: known.into_iter().take(soon.min(MAX_ROWS)).collect(),
    }
}

/// The node whose certificate ends first of all, and when.
pub fn first_to_end(scrapes: &Scrapes) -> Option<(&Target, Timestamp)> {
    known(scrapes).min_by(in_order)
}

fn known(scrapes: &Scrapes) -> impl Iterator<Item = (&Target, Timestamp)> {
    let targets = scrapes.targets.iter();
    targets.filter_map(|(target, known)| Some((target, known.certificate_expires?)))
}

fn in_order(one: &(&Target, Timestamp), other: &(&Target, Timestamp)) -> Ordering {
    let ((one, ends), (other, others_end)) = (one, other);
    let place = (&one.project, &one.service, one.address);
    let others_place = (&other.project, &other.service, other.address);
    (ends, place).cmp(&(others_end, others_place))
}
