//! What ends soon, as far as there is room for it.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::{Room, service_link};
use crate::model::expiry::Expiries;

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

/// The certificate of one node.
#[derive(Debug)]
pub struct EndRow {
    /// `PROJECT/SERVICE`.
    pub name: String,
    /// The page about the service.
    pub link: String,
    /// The node.
    pub target: SocketAddr,
    /// When it ends.
    pub ends: Timestamp,
}

/// The certificates for which there is room.
pub fn ends(expiries: &Expiries<'_>) -> Ends {
    let mut room = Room::EXPIRIES;
    let rows = expiries.first.iter().map(|(target, ends)| EndRow {
        name: format!("{}/{}", target.project, target.service),
        link: service_link(&target.project, &target.service),
        target: target.address,
        ends: *ends,
    });
    let rows: Vec<_> = rows
        .take_while(|row| room.fits([&*row.name, &row.link]))
        .collect();
    Ends {
        more: expiries.soon.saturating_sub(rows.len()),
        rows,
        known: expiries.known,
        first: expiries.first_end,
    }
}
