//! One listing of a project's services, read as it arrives.
//!
//! The body is never held: each service is cut down to its needed members
//! while the bytes go by, and a service whose members are the same bytes as
//! last time is not even parsed again.

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
    intake: RowSink<'a>,
}

/// Takes single services in, as the projection yields them.
struct RowSink<'a> {
    reader: &'a mut ServiceReader,
    last: &'a ParseCache,
    next: HashMap<u128, Arc<Service>>,
    listing: Listing,
    first_unreadable: Option<String>,
}

impl<'a> ListingReader<'a> {
    /// Starts a listing; `last` is what the one before left behind.
    pub fn new(reader: &'a mut ServiceReader, last: &'a ParseCache) -> Self {
        let expected = last.services.len();
        ListingReader {
            projection: Projection::new(SERVICE_MEMBERS),
            intake: RowSink {
                reader,
                last,
                next: HashMap::with_capacity(expected),
                listing: Listing {
                    services: Vec::with_capacity(expected),
                    ..Listing::default()
                },
                first_unreadable: None,
            },
        }
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// When they cannot be part of a listing.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ErrorKind> {
        let intake = &mut self.intake;
        self.projection
            .feed(chunk, &mut |element: Element<'_>| intake.take(element))
            .map_err(kind)
    }

    /// Ends the listing. `limit` is the number of rows that were asked for at most.
    ///
    /// # Errors
    /// When the body is not a whole listing, or says that it is an error.
    pub fn finish(self, limit: usize) -> Result<(Listing, ParseCache), ErrorKind> {
        let envelope = self.projection.finish().map_err(kind)?;
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
            next,
            mut listing,
            first_unreadable,
            ..
        } = self.intake;
        if let Some(why) = first_unreadable {
            tracing::warn!(
                rows = listing.unreadable,
                why,
                "services in the listing cannot be read"
            );
        }
        listing.at_limit = envelope.elements >= limit;
        Ok((listing, ParseCache { services: next }))
    }
}

impl RowSink<'_> {
    fn take(&mut self, element: Element<'_>) {
        let json = match element {
            Element::Service(json) => json,
            Element::Oversized(json) => return self.take_oversized(json),
            Element::Odd(odd) => {
                return self.note_unreadable(format!("{odd:?} instead of an object"));
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
        self.next.insert(digest, Arc::clone(&service));
        self.listing.services.push(service);
    }

    /// A service of which only a part could be kept. Some of its members may be
    /// missing without a trace, so no more than its presence is believed.
    fn take_oversized(&mut self, json: &[u8]) {
        match self
            .reader
            .read_presence(json, "it is larger than this program reads")
        {
            Ok(service) => self.listing.services.push(Arc::new(service)),
            Err(unreadable) => self.note_unreadable(unreadable.0),
        }
    }

    fn note_unreadable(&mut self, why: String) {
        self.listing.unreadable += 1;
        self.first_unreadable.get_or_insert(why);
    }
}

fn kind(malformed: Malformed) -> ErrorKind {
    match malformed {
        Malformed::Truncated { at } => ErrorKind::Truncated(at),
        other => ErrorKind::Malformed(other.to_string()),
    }
}
