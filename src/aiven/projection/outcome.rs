//! What a projection yields: elements, the envelope, or an error.

/// One element of `services`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element<'a> {
    /// A service: a JSON object of its wanted members, in the order and the
    /// spelling of the listing (a repeated key stays repeated).
    Service(&'a [u8]),
    /// A service with more than 1 MiB of wanted members: a JSON object of
    /// those that fit, usually including the name.
    Oversized(&'a [u8]),
    /// Something that cannot be a service.
    NotAnObject(JsonKind),
}

/// The kind of an element of `services` that is not an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonKind {
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number.
    Number,
    /// `true` or `false`
    Boolean,
    /// `null`
    Null,
}

/// Why the input is not a listing. Says where, but never quotes the input: a
/// listing can contain secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The input ended inside the document.
    #[error("the answer ends after {at} bytes, inside the JSON document")]
    Truncated {
        /// Length of the input in bytes.
        at: u64,
    },
    /// The input is not the JSON that it should be (a web page, a byte order
    /// mark, a surplus comma).
    #[error("the answer is not the expected JSON: byte {at} should be {expected}")]
    Syntax {
        /// Offset in bytes from the start of the input.
        at: u64,
        /// What is allowed there.
        expected: &'static str,
    },
    /// Something follows the document.
    #[error("the answer goes on at byte {at}, after the end of the JSON document")]
    Trailing {
        /// Offset in bytes from the start of the input.
        at: u64,
    },
}

/// The document without its services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Whether there is a member `services` that is an array.
    pub listed: bool,
    /// How many elements that array has, including those that are not objects.
    pub elements: usize,
    /// A JSON object of all other members (and of `services`, if that is not an
    /// array), such as `message` and `errors`.
    pub rest: Vec<u8>,
    /// Whether `rest` lacks members that did not fit into 4 KiB.
    pub rest_cut: bool,
}

// === impl JsonKind ===

impl JsonKind {
    /// The kind of the value that starts with this byte, which is not that of an
    /// object.
    pub(super) fn starting_with(byte: u8) -> Self {
        match byte {
            b'[' => Self::Array,
            b'"' => Self::String,
            b't' | b'f' => Self::Boolean,
            b'n' => Self::Null,
            _ => Self::Number,
        }
    }
}
