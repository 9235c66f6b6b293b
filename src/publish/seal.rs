//! A seal on a JSON object: its last member, `digest`, is one of all bytes before
//! it. A file without the seal, as earlier versions wrote it, is taken as it is.

use std::io::{self, Write};

use serde::Serialize;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// What stands before the digest's 32 hexadecimal digits.
const BEFORE: &str = ",\"digest\":\"";

/// What stands after them.
const AFTER: &str = "\"}";

/// The length of a digest as text.
const DIGITS: usize = 32;

/// Writes `document`, which must be an object with at least one member, sealed.
pub(super) fn write(sink: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let mut sealing = Sealing {
        sink,
        digest: Xxh3::new(),
        held_back: None,
    };
    serde_json::to_writer(&mut sealing, document)?;
    let digest = sealing.digest.digest128();
    write!(sink, "{BEFORE}{digest:0DIGITS$x}{AFTER}")
}

/// # Errors
/// When the text has a seal, and was changed after it was sealed.
pub(super) fn check(text: &[u8]) -> Result<(), String> {
    let length = BEFORE.len() + DIGITS + AFTER.len();
    let sealed = text.len().checked_sub(length);
    let Some((document, seal)) = sealed.and_then(|at| text.split_at_checked(at)) else {
        return Ok(());
    };
    let Some(seal) = seal.strip_prefix(BEFORE.as_bytes()) else {
        return Ok(());
    };
    let digest = xxh3_128(document);
    if seal == format!("{digest:0DIGITS$x}{AFTER}").as_bytes() {
        return Ok(());
    }
    Err("it was changed after it was written: its digest is another".to_owned())
}

/// Passes everything on but the last byte, the object's closing brace.
struct Sealing<'a> {
    sink: &'a mut dyn Write,
    digest: Xxh3,
    held_back: Option<u8>,
}

impl Write for Sealing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some((last, rest)) = bytes.split_last() else {
            return Ok(0);
        };
        if let Some(before) = self.held_back.replace(*last) {
            self.pass(&[before])?;
        }
        self.pass(rest)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sealing<'_> {
    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.sink.write_all(bytes)
    }
}
