//! Counts what a page that streams through amounts to, decompressed.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

use super::page::{MAX_PAGE, too_large};
use crate::model::scrape::{Failure, Finding};

/// The size of a page so far.
///
/// gzip makes at most 1,032 bytes of one, so a short compressed page is bounded without being
/// looked into (by twice the limit, if it was made for that). One that is longer than [`super::body::BEGINNING`] is decompressed,
/// for the count alone.
pub(super) struct PageSize {
    /// As it is on the wire.
    wire: u64,
    /// Decompresses what came, if it is compressed.
    decompressed: Option<Box<MultiGzDecoder<Count>>>,
}

/// Counts bytes and throws them away.
struct Count(u64);

impl PageSize {
    /// Nothing so far.
    pub fn new(is_gzip: bool) -> PageSize {
        PageSize {
            wire: 0,
            decompressed: is_gzip.then(|| Box::new(MultiGzDecoder::new(Count(0)))),
        }
    }

    /// Counts the next bytes of the page.
    ///
    /// # Errors
    /// If the page is too large by now, or is not the gzip that it should be.
    pub fn count(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.wire = self.wire.saturating_add(bytes.len() as u64);
        if self.wire > MAX_PAGE {
            return Err(too_large("sends a larger page than that"));
        }
        let Some(gzip) = &mut self.decompressed else {
            return Ok(());
        };
        let written = gzip.write_all(bytes);
        if gzip.get_ref().0 > MAX_PAGE {
            return Err(too_large("sends a page that is larger when decompressed"));
        }
        written.map_err(|_| {
            let cause = "the node's page cannot be decompressed: its gzip is broken";
            Failure::new(Finding::BadEncoding, cause)
        })
    }
}

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len() as u64);
        if self.0 > MAX_PAGE {
            return Err(io::Error::other("too large"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
