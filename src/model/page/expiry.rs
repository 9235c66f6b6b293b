//! Certificates of nodes that end soon.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Facts, Room, service_link};

/// So long before its end a certificate is worth a look.
const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// The most that are listed.
const MAX_ROWS: usize = 10;

/// Certificates that end soon.
#[derive(Debug)]
pub struct Expiries {
    /// Those that end first.
    pub rows: Vec<Expiry>,
    /// How many more end soon.
    pub more: usize,
    /// How many certificates are known.
    pub known: usize,
    /// When the first of all ends.
    pub first: Option<Timestamp>,
}

/// The certificate of one node.
#[derive(Debug)]
pub struct Expiry {
    /// `PROJECT/SERVICE`.
    pub name: String,
    /// The page about the service.
    pub link: String,
    /// The node.
    pub target: SocketAddr,
    /// When it ends.
    pub ends: Timestamp,
}

/// The certificates that end soon, the first first.
pub fn expiries(facts: Facts<'_>) -> Expiries {
    let targets = facts.scrapes.targets.iter();
    let known = targets.filter_map(|(target, known)| Some((known.certificate_expires?, target)));
    let mut known: Vec<_> = known.collect();
    known.sort_by(|(a, one), (b, other)| {
        let place = |target: &super::super::scrape::Target| {
            let (project, service) = (Arc::clone(&target.project), Arc::clone(&target.service));
            (project, service, target.address)
        };
        a.cmp(b).then_with(|| place(one).cmp(&place(other)))
    });
    let limit = facts.at.checked_add(SOON).unwrap_or(Timestamp::MAX);
    let soon = known.iter().take_while(|(ends, _)| *ends < limit).count();
    let mut room = Room::EXPIRIES;
    let rows = known
        .iter()
        .take(soon.min(MAX_ROWS))
        .map(|(ends, target)| Expiry {
            name: format!("{}/{}", target.project, target.service),
            link: service_link(&target.project, &target.service),
            target: target.address,
            ends: *ends,
        });
    let rows: Vec<_> = rows
        .take_while(|row| room.fits([&*row.name, &row.link]))
        .collect();
    Expiries {
        more: soon.saturating_sub(rows.len()),
        rows,
        known: known.len(),
        first: known.first().map(|(ends, _)| *ends),
    }
}
