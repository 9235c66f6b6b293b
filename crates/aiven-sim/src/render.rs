//! The JSON of a service, as Aiven lists it, at realistic size and little cost.
//!
//! What is particular to a service is rendered when it changes. The bulk (users,
//! ACLs, backups, topics …) is one shared [`Filler`] for all services of a type
//! and size, so that ten thousand services of 25 KB need no 250 MB.

mod filler;
mod service;

use bytes::{Buf, Bytes};

pub(crate) use filler::{Filler, FillerKey};
pub(crate) use service::{Secrets, filler_key, row};

/// A fake password that stands wherever Aiven would show a service's: a test can
/// look for it in what its client logs and writes.
pub const SERVICE_PASSWORD: &str = "AVNS_simulatedServicePassword";

/// One rendered JSON value, in pieces.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) pieces: Vec<Bytes>,
    pub(crate) length: usize,
}

impl Row {
    pub(crate) fn push(&mut self, piece: impl Into<Bytes>) {
        let piece = piece.into();
        if piece.is_empty() {
            return;
        }
        self.length += piece.len();
        self.pieces.push(piece);
    }

    /// Turns the comma that the first field begins with into a brace.
    fn open_object(&mut self) {
        if let Some(first) = self.pieces.first_mut() {
            first.advance(1);
            self.pieces.insert(0, Bytes::from_static(b"{"));
        }
    }

    /// All of it in one piece.
    pub(crate) fn join(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}

impl From<Vec<u8>> for Row {
    fn from(bytes: Vec<u8>) -> Self {
        let mut row = Self::default();
        row.push(bytes);
        row
    }
}
