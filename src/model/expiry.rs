//! Certificates of nodes that end soon.

use std::time::Duration;

use jiff::Timestamp;

use super::scrape::{Scrapes, Target};

/// So long before its end a certificate is worth a look.
const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

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
    let targets = scrapes.targets.iter();
    let known = targets.filter_map(|(target, known)| Some((target, known.certificate_expires?)));
    let mut known: Vec<_> = known.collect();
    let place = |target: &'_ Target| {
        let (project, service) = (target.project.clone(), target.service.clone());
        (project, service, target.address)
    };
    known.sort_by(|(one, a), (other, b)| a.cmp(b).then_with(|| place(one).cmp(&place(other))));
    let limit = at.checked_add(SOON).unwrap_or(Timestamp::MAX);
    let soon = known.iter().take_while(|(_, ends)| *ends < limit).count();
    Expiries {
        soon,
        known: known.len(),
        first_end: known.first().map(|(_, ends)| *ends),
        first: known.into_iter().take(soon.min(MAX_ROWS)).collect(),
    }
}
