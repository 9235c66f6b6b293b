//! Aiven's listing of services, in chunks of any size.

use serde_json::Value;

use super::first;
use crate::aiven::ErrorKind;
use crate::aiven::listing::{ListingReader, ParseCache};
use crate::aiven::wire::ServiceReader;
use crate::model::inventory::Listing;

/// As many rows as the listing asks for.
const LIMIT: usize = 10_000;

/// The first byte says how many bytes the chunks have; the rest is the document.
pub fn listing(data: &[u8]) {
    let (size, document) = first(data);
    let mut reader = reader();
    let whole = read(&mut reader, &ParseCache::default(), document, usize::MAX);
    let chunked = read(
        &mut reader,
        &ParseCache::default(),
        document,
        usize::from(size) + 1,
    );
    let (listing, cache) = match (whole, chunked) {
        (Ok(whole), Ok(chunked)) => {
            assert_same(&whole.0, &chunked.0);
            whole
        }
        (Err(whole), Err(chunked)) => return assert_eq!(whole, chunked),
        (whole, chunked) => panic!("{:?} and {:?}", whole.err(), chunked.err()),
    };
    let again =
        read(&mut reader, &cache, document, 1_000).expect("the same document is read again");
    assert_same(&listing, &again.0);
    if let Ok(oracle) = serde_json::from_slice(document) {
        compare(&listing, &oracle);
    }
}

fn reader() -> ServiceReader {
    ServiceReader::new(["team".to_owned()])
}

fn read(
    reader: &mut ServiceReader,
    last: &ParseCache,
    document: &[u8],
    size: usize,
) -> Result<(Listing, ParseCache), ErrorKind> {
    let mut listing = ListingReader::new(reader, last, LIMIT);
    for chunk in document.chunks(size) {
        listing.feed(chunk)?;
    }
    listing.finish(LIMIT, &crate::model::outside_text::Secrets::default())
}

fn assert_same(one: &Listing, other: &Listing) {
    assert_eq!(one.services, other.services);
    assert_eq!(
        (one.unreadable, one.at_limit),
        (other.unreadable, other.at_limit)
    );
}

/// No service is invented: each has a row of its own in which serde_json reads its
/// name. Of a repeated member serde_json keeps the last, which may be no list.
fn compare(listing: &Listing, oracle: &Value) {
    let Some(rows) = oracle["services"].as_array() else {
        return;
    };
    let mut names: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["service_name"].as_str())
        .collect();
    for service in &listing.services {
        let row = names.iter().position(|name| **name == *service.name);
        names.swap_remove(row.unwrap_or_else(|| panic!("{:?} is in no row", service.name)));
    }
    assert!(listing.services.len() + listing.unreadable <= rows.len());
}
