//! The kept members of one object, in a buffer with a limit.

/// A compact JSON object under construction; its buffer is reused.
///
/// A member that does not fit is left out as a whole, so the object is always
/// well-formed.
#[derive(Debug)]
pub(super) struct Members {
    /// `{` and the members so far, without the closing brace.
    bytes: Vec<u8>,
    limit: usize,
    /// The offset of the member that is being copied.
    member: Option<usize>,
    cut: bool,
}

impl Members {
    /// An empty object that grows to at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            bytes: vec![b'{'],
            limit,
            member: None,
            cut: false,
        }
    }

    /// Starts the next object.
    pub(super) fn clear(&mut self) {
        self.bytes.truncate(1);
        self.member = None;
        self.cut = false;
    }

    /// Starts a member; `key` is as written between its quotes.
    pub(super) fn begin(&mut self, key: &[u8]) {
        self.member = Some(self.bytes.len());
        let start: &[u8] = if self.bytes.len() > 1 { b",\"" } else { b"\"" };
        self.copy(start);
        self.copy(key);
        self.copy(b"\":");
    }

    /// Copies a part of the begun member; does nothing if there is none.
    pub(super) fn copy(&mut self, part: &[u8]) {
        let Some(start) = self.member else { return };
        if self.bytes.len() + part.len() < self.limit {
            self.bytes.extend_from_slice(part);
        } else {
            self.bytes.truncate(start);
            self.mark_cut();
        }
    }

    /// Ends the member.
    pub(super) fn end(&mut self) {
        self.member = None;
    }

    /// Removes the begun member.
    pub(super) fn discard_begun(&mut self) {
        if let Some(start) = self.member.take() {
            self.bytes.truncate(start);
        }
    }

    /// Notes that the object lacks a member.
    pub(super) fn mark_cut(&mut self) {
        self.member = None;
        self.cut = true;
    }

    /// Whether the object lacks members.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// The finished object, until the next [`clear`](Self::clear).
    pub(super) fn as_object(&mut self) -> &[u8] {
        self.bytes.push(b'}');
        &self.bytes
    }

    /// The finished object.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.push(b'}');
        self.bytes
    }

    /// The allocated memory, in bytes.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}
