//! What a projection hands over: elements, the envelope, or what is wrong.

/// What the listing has at one place in `services`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element<'a> {
    /// A service: a JSON object of its wanted members, in the order and the
    /// spelling of the listing (a repeated key stays repeated).
    Service(&'a [u8]),
    /// A service with more than 1 MiB of wanted members: a JSON object of
    /// those that fit, as a rule with the name.
    Oversized(&'a [u8]),
    /// Something that cannot be a service.
    Odd(Odd),
}

/// The kind of an element of `services` that is not an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
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

/// Why the input is no listing. Says where, never what stood there: a listing
/// can hold secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The input ended inside the document.
    #[error("the answer ends after {at} bytes, inside the JSON document")]
    Truncated {
        /// Length of the input in bytes.
        at: u64,
    },
    /// The input is not the JSON that it should be (a web page, a byte order
    /// mark, a comma too many).
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

/// What is known of the document besides its services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// There is a member `services`, and it is an array.
    pub listed: bool,
    /// How many elements that array has, odd ones included.
    pub elements: usize,
    /// A JSON object of all other members (of `services` too, if that is no
    /// array), such as `message` and `errors`.
    pub rest: Vec<u8>,
    /// `rest` lacks members, since they did not fit into 4 KiB.
    pub rest_cut: bool,
}

// === impl Odd ===

impl Odd {
    /// The kind of the value, not an object, that starts with this byte.
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
