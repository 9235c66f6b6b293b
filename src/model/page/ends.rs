//! What ends soon, as far as there is room for it.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::{Room, service_link};
use crate::model::expiry::Expiries;
use crate::model::surroundings::OwnCertificate;

/// Certificates that end soon.
#[derive(Debug)]
pub struct Ends {
    /// Those that end first.
    pub rows: Vec<EndRow>,
    /// How many more end soon.
    pub more: usize,
    /// How many certificates are known.
    pub known: usize,
    /// When the first of all ends.
    pub first: Option<Timestamp>,
}

/// The certificate of one node, or one of ours.
#[derive(Debug)]
pub struct EndRow {
    /// `PROJECT/SERVICE`, or what of ours it is.
    pub name: String,
    /// The page about the service; empty if it is ours.
    pub link: String,
    /// The node; none if it is ours.
    pub target: Option<SocketAddr>,
    /// When it ends.
    pub ends: Timestamp,
}

/// The certificates for which there is room: those of nodes, and `own` ones that end soon.
pub fn ends(expiries: &Expiries<'_>, own: &[OwnCertificate]) -> Ends {
    let mut room = Room::EXPIRIES;
    let of_nodes = expiries.first.iter().map(|(target, ends)| EndRow {
        name: format!("{}/{}", target.project, target.service),
        link: service_link(&target.project, &target.service),
        target: Some(target.address),
        ends: *ends,
    });
    let own_rows = own.iter().map(|one| EndRow {
        name: format!("{} '{}'", one.place(), one.subject),
        link: String::new(),
        target: None,
        ends: one.ends,
    });
    let mut rows: Vec<_> = own_rows.chain(of_nodes).collect();
    rows.sort_by_key(|row| row.ends);
    let rows = rows.into_iter();
    let rows: Vec<_> = rows
        .take_while(|row| room.fits([&*row.name, &row.link]))
        .collect();
    let soon = expiries.soon.saturating_add(own.len());
    Ends {
        more: soon.saturating_sub(rows.len()),
        rows,
        known: expiries.known,
        first: expiries.first_end,
    }
}
