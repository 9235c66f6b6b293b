//! A listing of whatever size costs memory for what is published, not for what is sent.

use super::*;

fn rows(names: impl Iterator<Item = String>) -> String {
    let rows = names.map(|name| {
        format!(
            r#"{{"service_name":"{name}","service_type":"pg","state":"RUNNING","plan":"{name}"}}"#
        )
    });
    rows.collect::<Vec<_>>().join(",")
}

/// Reads a listing of `count` services with at most `limit` rows, and perhaps with
/// less room than usual.
fn read(count: usize, limit: usize, room: usize) -> Result<Listing, ErrorKind> {
    let mut reader = ServiceReader::new([]);
    let cache = ParseCache::default();
    let mut listing = ListingReader::new(&mut reader, &cache, limit);
    listing.rows.room = room;
    let rows = rows((0..count).map(|number| format!("s{number}")));
    for chunk in format!(r#"{{"services":[{rows}]}}"#)
        .as_bytes()
        .chunks(1000)
    {
        listing.feed(chunk)?;
    }
    listing
        .finish(limit, &Secrets::default())
        .map(|(listing, _)| listing)
}

#[test]
fn a_listing_with_more_rows_than_were_asked_for_is_read_no_further() {
    assert_eq!(read(100, 101, MAX_KEPT).unwrap().services.len(), 100);
    assert!(read(100, 100, MAX_KEPT).unwrap().at_limit);
    assert!(matches!(
        read(101, 100, MAX_KEPT),
        Err(ErrorKind::Unanswered(Unanswered::Malformed(_)))
    ));
}

#[test]
fn a_listing_that_fills_the_memory_is_read_no_further() {
    let few = read(10, 1000, 10 * 500).unwrap();
    let memory: usize = few.services.iter().map(|service| service.memory()).sum();
    assert!((1000..5000).contains(&memory), "{memory}");
    assert!(matches!(
        read(1000, 1000, 10 * 500),
        Err(ErrorKind::Unanswered(Unanswered::Malformed(_)))
    ));
}

#[test]
fn a_listing_without_end_ends() {
    let mut reader = ServiceReader::new([]);
    let cache = ParseCache::default();
    let mut listing = ListingReader::new(&mut reader, &cache, 1000);
    listing.unread = 1_000_000;
    listing.feed(br#"{"services":["#).unwrap();
    let blanks = [b' '; 1000];
    let refused = (0..2000).find_map(|_| listing.feed(&blanks).err());
    assert!(matches!(
        refused,
        Some(ErrorKind::Unanswered(Unanswered::Malformed(_)))
    ));
}

#[test]
fn texts_of_former_listings_are_forgotten() {
    let mut reader = ServiceReader::new([]);
    let mut cache = ParseCache::default();
    for round in 0..50 {
        let mut listing = ListingReader::new(&mut reader, &cache, 1000);
        let names = (0..200).map(|number| format!("s{round}-{number}"));
        let body = format!(r#"{{"services":[{}]}}"#, rows(names));
        listing.feed(body.as_bytes()).unwrap();
        cache = listing.finish(1000, &Secrets::default()).unwrap().1;
        assert_eq!(cache.services.len(), 200);
    }
    assert!(
        reader.shared_texts() <= 2 * 201,
        "{}",
        reader.shared_texts()
    );
}
