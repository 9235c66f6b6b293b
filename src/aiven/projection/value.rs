//! Finds the end of a JSON value that arrives in pieces.
//!
//! Only what decides where the value ends is looked at: quotes and escapes, and in
//! an object or array also the depth of brackets. The depth is a number, so deep
//! nesting cannot exhaust the stack.

use super::blocks::{BLOCK, Masks, first_quote_or_backslash};

/// The position in a value, after its first byte.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    /// In an object or array, with the bracket that ends it.
    Nested(Nesting, u8),
    Text(Text),
    /// In `true`, `false` or `null`, with the bytes still to come.
    Literal(&'static [u8]),
    Number,
}

impl Value {
    /// The value that starts with this byte, if one can.
    pub(super) fn starting_with(byte: u8) -> Option<Self> {
        Some(match byte {
            b'{' => Self::Nested(Nesting::default(), b'}'),
            b'[' => Self::Nested(Nesting::default(), b']'),
            b'"' => Self::Text(Text::default()),
            b't' => Self::Literal(b"rue"),
            b'f' => Self::Literal(b"alse"),
            b'n' => Self::Literal(b"ull"),
            b'-' | b'0'..=b'9' => Self::Number,
            _ => return None,
        })
    }

    /// How many of these bytes belong to the value, if it ends in them.
    ///
    /// # Errors
    ///
    /// The offset of a byte that cannot be there, and what is expected instead.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, (usize, &'static str)> {
        match self {
            Self::Nested(nesting, bracket) => match nesting.end(bytes) {
                Some(length) if bytes.get(length - 1) != Some(bracket) => {
                    Err((length - 1, "the other closing bracket"))
                }
                end => Ok(end),
            },
            Self::Text(text) => Ok(text.end(bytes)),
            Self::Literal(left) => {
                let common = left.len().min(bytes.len());
                let (now, later) = left.split_at(common);
                let mut pairs = now.iter().zip(bytes);
                if let Some(past) = pairs.position(|(wanted, byte)| wanted != byte) {
                    return Err((past, "`true`, `false` or `null`"));
                }
                *left = later;
                Ok(later.is_empty().then_some(common))
            }
            Self::Number => Ok(bytes
                .iter()
                .position(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))),
        }
    }
}

/// A position in a string, after its opening quote.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Text {
    /// Whether the next byte is escaped.
    escaped: bool,
    has_escapes: bool,
}

impl Text {
    /// How many of these bytes belong to the string, closing quote included,
    /// if it ends in them.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = usize::from(self.escaped && !bytes.is_empty());
        self.escaped &= bytes.is_empty();
        while let Some(past) = first_quote_or_backslash(bytes.get(at..)?) {
            at += past + 1;
            if bytes.get(at - 1) == Some(&b'"') {
                return Some(at);
            }
            self.has_escapes = true;
            self.escaped = at == bytes.len();
            at += 1;
        }
        None
    }

    /// Whether the part of the string that was read has a backslash.
    pub(super) fn has_escapes(&self) -> bool {
        self.has_escapes
    }
}

/// A position in an object or array, after its opening bracket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nesting {
    /// The number of open brackets.
    depth: u64,
    /// All ones inside a string, otherwise zero.
    in_string: u64,
    /// 1 if the next byte is escaped, otherwise 0.
    escaped: u64,
}

impl Default for Nesting {
    fn default() -> Self {
        Self {
            depth: 1,
            in_string: 0,
            escaped: 0,
        }
    }
}

impl Nesting {
    /// How many of these bytes belong to the value, closing bracket included,
    /// if it ends in them.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let (blocks, tail) = bytes.as_chunks::<BLOCK>();
        for (index, block) in blocks.iter().enumerate() {
            if let Some(length) = self.end_in_block(block, BLOCK) {
                return Some(index * BLOCK + length);
            }
        }
        let mut block = [b' '; BLOCK];
        if let Some(start) = block.get_mut(..tail.len()) {
            start.copy_from_slice(tail);
        }
        self.end_in_block(&block, tail.len())
            .map(|length| blocks.len() * BLOCK + length)
    }

    /// The same for one block, of which only the first `length` bytes belong to the
    /// input; the others are spaces.
    #[inline]
    fn end_in_block(&mut self, block: &[u8; BLOCK], length: usize) -> Option<usize> {
        let masks = Masks::of(block);
        let escaped = self.escaped_bytes(masks.backslashes, length);
        // A bit for each byte of a string, its opening quote included.
        let strings = prefix_xor(masks.quotes & !escaped) ^ self.in_string;
        self.in_string = 0u64.wrapping_sub(strings >> 63);
        let opening = masks.opening & !strings;
        let closing = masks.closing & !strings;
        let closed = u64::from(closing.count_ones());
        if closed < self.depth {
            self.depth = self.depth + u64::from(opening.count_ones()) - closed;
            return None;
        }
        self.end_at_bracket(opening, closing)
    }

    /// Follows the depth bracket by bracket, where it may reach zero.
    fn end_at_bracket(&mut self, opening: u64, closing: u64) -> Option<usize> {
        let mut brackets = opening | closing;
        while brackets != 0 {
            let bracket = brackets & brackets.wrapping_neg();
            if opening & bracket != 0 {
                self.depth += 1;
            } else {
                self.depth -= 1;
                if self.depth == 0 {
                    return Some(bracket.trailing_zeros() as usize + 1);
                }
            }
            brackets ^= bracket;
        }
        None
    }

    /// A bit for each byte that a backslash escapes, given the backslashes.
    ///
    /// In a run of backslashes every second one is escaped, and so is the byte
    /// after a run of odd length. A subtraction lets the bits of a whole run
    /// carry at once: <https://arxiv.org/abs/1902.08318>, section 3.1.1, in
    /// the shorter form that simdjson came to use.
    #[inline]
    fn escaped_bytes(&mut self, backslashes: u64, length: usize) -> u64 {
        const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
        if backslashes | self.escaped == 0 {
            return 0;
        }
        let starts = backslashes & !self.escaped;
        let codes = ((starts << 1) | ODD).wrapping_sub(starts) ^ ODD;
        let escaped = codes ^ (backslashes | self.escaped);
        self.escaped = if length < BLOCK {
            (escaped >> length) & 1
        } else {
            (codes & backslashes) >> 63
        };
        escaped
    }
}

/// Each bit becomes the parity of itself and all bits below.
#[inline]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
