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
use crate::model::inventory::Listing;
use crate::model::service::Service;

/// The services of the last listing, by a digest of the bytes they were read from.
#[derive(Debug, Default)]
pub struct ParseCache {
    services: HashMap<u128, Arc<Service>>,
}

/// A listing that is being read.
pub struct ListingReader<'a> {
    projection: Projection,
    rows: RowSink<'a>,
}

/// Collects the rows of the listing as the projection yields them.
struct RowSink<'a> {
    reader: &'a mut ServiceReader,
    last: &'a ParseCache,
    parsed: HashMap<u128, Arc<Service>>,
    listing: Listing,
    first_unreadable: Option<String>,
}

impl<'a> ListingReader<'a> {
    /// Starts a listing; `last` is the cache that the previous listing returned.
    pub fn new(reader: &'a mut ServiceReader, last: &'a ParseCache) -> Self {
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
            },
        }
    }

    /// Reads the next bytes of the body.
    ///
    /// # Errors
    /// When the bytes cannot be part of a listing.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ErrorKind> {
        let rows = &mut self.rows;
        self.projection
            .feed(chunk, &mut |element: Element<'_>| rows.take(element))
            .map_err(error_kind)
    }

    /// Ends the listing. `limit` is the number of rows that the request asked for.
    ///
    /// # Errors
    /// When the body is not a complete listing, or says that it is an error.
    pub fn finish(self, limit: usize) -> Result<(Listing, ParseCache), ErrorKind> {
        let envelope = self.projection.finish().map_err(error_kind)?;
        if let Some(message) = hidden_error(&envelope.rest) {
            let status = 200;
            return Err(ErrorKind::Refused { status, message });
        }
        if !envelope.listed {
            return Err(ErrorKind::Malformed(
                "there is no list \"services\" in it".to_owned(),
            ));
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
        }
        listing.at_limit = envelope.elements >= limit;
        Ok((listing, ParseCache { services: parsed }))
    }
}

impl RowSink<'_> {
    fn take(&mut self, element: Element<'_>) {
        let json = match element {
            Element::Service(json) => json,
            Element::Oversized(json) => return self.take_oversized(json),
            Element::NotAnObject(kind) => {
                return self.note_unreadable(format!("{kind:?} instead of an object"));
            }
        };
        let digest = xxh3_128(json);
        let service = match self.last.services.get(&digest) {
            Some(known) => Arc::clone(known),
            None => match self.reader.read(json) {
                Ok(new) => Arc::new(new),
                Err(unreadable) => return self.note_unreadable(unreadable.0),
            },
        };
        self.parsed.insert(digest, Arc::clone(&service));
        self.listing.services.push(service);
    }

    /// Takes a service that was too large to keep whole. The members that were left
    /// out are unknown, as in any other row that lacks them.
    fn take_oversized(&mut self, json: &[u8]) {
        match self.reader.read(json) {
            Ok(service) => self.listing.services.push(Arc::new(service)),
            Err(unreadable) => self.note_unreadable(unreadable.0),
        }
    }

    fn note_unreadable(&mut self, cause: String) {
        self.listing.unreadable += 1;
        self.first_unreadable.get_or_insert(cause);
    }
}

fn error_kind(malformed: Malformed) -> ErrorKind {
    match malformed {
        Malformed::Truncated { at } => ErrorKind::Truncated(at),
        other => ErrorKind::Malformed(other.to_string()),
    }
}
