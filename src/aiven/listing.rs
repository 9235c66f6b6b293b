//! One listing of a project's services, read as it arrives.
//!
//! The body is never stored. Each service is reduced to its needed members as the
//! bytes arrive, and is not parsed again if those are the same bytes as in the
//! last listing.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::error::{ErrorKind, hidden_error};
use super::projection::{Element, Malformed, Projection};
use super::wire::{SERVICE_MEMBERS, ServiceReader};
use crate::api_client::unanswered::Unanswered;
use crate::model::inventory::Listing;
use crate::model::outside_text::{Secrets, cut};
use crate::model::service::Service;

/// How many bytes of a listing are read: far more than the largest account has.
const MAX_BYTES: u64 = 8 << 30;

/// How many bytes the services of one listing may take in memory, about. A real one
/// takes half a kilobyte.
const MAX_KEPT: usize = 64 << 20;

/// The most characters of why a row cannot be read.
const MAX_CAUSE: usize = 200;

/// The services of the last listing, by a digest of the bytes they were read from.
#[derive(Debug, Default)]
pub struct ParseCache {
    services: HashMap<u128, Arc<Service>>,
}

/// A listing that is being read.
pub struct ListingReader<'a> {
    projection: Projection,
    rows: RowSink<'a>,
    /// How many bytes may follow.
    unread: u64,
}

/// Collects the rows of the listing as the projection yields them.
struct RowSink<'a> {
    reader: &'a mut ServiceReader,
    last: &'a ParseCache,
    parsed: HashMap<u128, Arc<Service>>,
    listing: Listing,
    first_unreadable: Option<String>,
    /// How many more rows are read.
    rows_left: usize,
    /// How many more bytes are kept.
    room: usize,
}

impl<'a> ListingReader<'a> {
    /// Starts a listing of at most `limit` rows, as the request asks for; `last` is
    /// the cache that the previous listing returned.
    pub fn new(reader: &'a mut ServiceReader, last: &'a ParseCache, limit: usize) -> Self {
        reader.forget_unused();
        let expected = last.services.len();
        ListingReader {
            projection: Projection::new(SERVICE_MEMBERS),
            rows: RowSink {
                reader,
                last,
                parsed: HashMap::with_capacity(expected),
                listing: Listing {
                    services: Vec::with_capacity(expected),
                    ..Listing::default()
                },
                first_unreadable: None,
                rows_left: limit,
                room: MAX_KEPT,
            },
            unread: MAX_BYTES,
        }
    }

    /// Reads the next bytes of the body.
    ///
    /// # Errors
    /// When the bytes cannot be part of a listing, or it is larger than any is.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ErrorKind> {
        self.unread = self.unread.saturating_sub(chunk.len() as u64);
        let rows = &mut self.rows;
        let mut overflow = None;
        self.projection
            .feed(chunk, &mut |element: Element<'_>| {
                overflow = overflow.take().or(rows.take(element).err());
            })
            .map_err(error_kind)?;
        if self.unread == 0 {
            overflow = Some(Overflow::Bytes);
        }
        overflow.map_or(Ok(()), |overflow| Err(overflow.into()))
    }

    /// Ends the listing. `limit` is the number of rows that the request asked for;
    /// `secrets` are taken out of what Aiven says.
    ///
    /// # Errors
    /// When the body is not a complete listing, or says that it is an error.
    pub fn finish(
        self,
        limit: usize,
        secrets: &Secrets,
    ) -> Result<(Listing, ParseCache), ErrorKind> {
        let envelope = self.projection.finish().map_err(error_kind)?;
        if let Some(message) = hidden_error(&envelope.rest, secrets) {
            let status = 200;
            return Err(ErrorKind::Refused { status, message });
        }
        if !envelope.listed {
            let what = "there is no list \"services\" in it".to_owned();
            return Err(Unanswered::Malformed(what).into());
        }
        let RowSink {
            parsed,
            mut listing,
            first_unreadable,
            ..
        } = self.rows;
        if let Some(cause) = first_unreadable {
            tracing::warn!(
                rows = listing.unreadable,
                cause,
                "services in the listing cannot be read"
            );
            listing.first_unreadable = Some(cut(&cause, MAX_CAUSE).into());
        }
        listing.at_limit = envelope.elements >= limit;
        Ok((listing, ParseCache { services: parsed }))
    }
}

impl RowSink<'_> {
    fn take(&mut self, element: Element<'_>) -> Result<(), Overflow> {
        self.rows_left = self.rows_left.checked_sub(1).ok_or(Overflow::Rows)?;
        let json = match element {
            Element::Service(json) => json,
            Element::Oversized(json) => return self.take_oversized(json),
            Element::NotAnObject(kind) => {
                self.note_unreadable(format!("{kind:?} instead of an object"));
                return Ok(());
            }
        };
        let digest = xxh3_128(json);
        let service = match self.last.services.get(&digest) {
            Some(known) => Arc::clone(known),
            None => match self.reader.read(json) {
                Ok(new) => Arc::new(new),
                Err(unreadable) => {
                    self.note_unreadable(unreadable.0);
                    return Ok(());
                }
            },
        };
        if self.parsed.insert(digest, Arc::clone(&service)).is_none() {
            self.take_room(&service)?;
        }
        self.listing.services.push(service);
        Ok(())
    }

    /// Takes a service that was too large to keep whole. The members that were left
    /// out are unknown, as in any other row that lacks them.
    fn take_oversized(&mut self, json: &[u8]) -> Result<(), Overflow> {
        match self.reader.read(json) {
            Ok(service) => {
                self.take_room(&service)?;
                self.listing.services.push(Arc::new(service));
            }
            Err(unreadable) => self.note_unreadable(unreadable.0),
        }
        Ok(())
    }

    fn take_room(&mut self, service: &Service) -> Result<(), Overflow> {
        let left = self.room.checked_sub(service.memory());
        self.room = left.ok_or(Overflow::Kept)?;
        Ok(())
    }

    fn note_unreadable(&mut self, cause: String) {
        self.listing.unreadable += 1;
        self.first_unreadable.get_or_insert(cause);
    }
}

/// A bound that a listing has passed. It is read no further then, and not trusted.
#[derive(Debug, Clone, Copy)]
enum Overflow {
    /// More rows than were asked for.
    Rows,
    /// More services than the memory is meant for.
    Kept,
    /// More bytes than any listing has.
    Bytes,
}

impl From<Overflow> for ErrorKind {
    fn from(overflow: Overflow) -> ErrorKind {
        let what = match overflow {
            Overflow::Rows => "it has more rows than were asked for".to_owned(),
            Overflow::Kept => format!("its services take more than {} MiB", MAX_KEPT >> 20),
            Overflow::Bytes => format!("it has more than {} GiB", MAX_BYTES >> 30),
        };
        Unanswered::Malformed(what).into()
    }
}

fn error_kind(malformed: Malformed) -> ErrorKind {
    match malformed {
        Malformed::Truncated { at } => ErrorKind::Truncated(at),
        other => Unanswered::Malformed(other.to_string()).into(),
    }
}

#[cfg(test)]
mod tests;
