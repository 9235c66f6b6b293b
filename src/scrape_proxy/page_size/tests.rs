//! A page that is small on the wire can be large, and is counted as what it becomes.

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::body::BEGINNING;
use super::*;

/// How late decompressed bytes may be counted: flate2 keeps some back.
const LATE: usize = 64 << 10;

fn compress(page: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(page).expect("memory");
    encoder.finish().expect("memory")
}

/// Counts in pieces, as a page comes.
fn count(is_gzip: bool, page: &[u8]) -> Result<(), Failure> {
    let mut size = PageSize::new(is_gzip);
    page.chunks(4096).try_for_each(|piece| size.count(piece))
}

#[test]
fn a_large_page_is_told_by_what_it_becomes() {
    let fits = vec![b'a'; MAX_PAGE as usize];
    assert_eq!(count(false, &fits), Ok(()));
    assert_eq!(count(true, &compress(&fits)), Ok(()));
    let too_large = vec![b'a'; MAX_PAGE as usize + LATE];
    let plain = count(false, &too_large).expect_err("too large");
    assert_eq!(plain.finding, Finding::TooLarge);
    let bomb = compress(&too_large);
    assert!(bomb.len() < 100 << 10, "small on the wire");
    let bomb = count(true, &bomb).expect_err("too large");
    assert_eq!(bomb.finding, Finding::TooLarge);
    assert!(bomb.cause.contains("64 MiB"), "{}", bomb.cause);
}

#[test]
fn several_members_are_one_page() {
    let half = vec![b'a'; MAX_PAGE as usize / 2 + LATE];
    let twice = [compress(&half), compress(&half)].concat();
    assert_eq!(
        count(true, &twice).expect_err("too large").finding,
        Finding::TooLarge
    );
}

#[test]
fn broken_gzip_is_a_failure() {
    let mut page = compress(&b"metric 1\n".repeat(20_000));
    let middle = page.len() / 2;
    page[middle] ^= 0xff;
    let failure = count(true, &page).err().map(|failure| failure.finding);
    // The error is in the data, or in the checksum at the end.
    assert_eq!(failure, Some(Finding::BadEncoding));
}

/// What is not decompressed, because it is short, cannot be much larger than the bound.
#[test]
fn what_is_too_short_to_be_looked_into_is_bounded_all_the_same() {
    /// The most that deflate makes of one byte (zlib's technical details).
    const MAX_RATIO: u64 = 1032;
    assert!(BEGINNING as u64 * MAX_RATIO < MAX_PAGE * 5 / 2);
}
