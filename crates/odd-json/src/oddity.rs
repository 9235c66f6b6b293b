//! What can be odd about a value, and about the text as a whole.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::Kinds;
use crate::node::{Child, Node};

/// What can be odd about one value.
#[derive(Debug, Clone)]
pub(crate) enum Oddity {
    /// It is missing.
    Dropped,
    /// It is missing, and no row of a list.
    DroppedMember,
    Null,
    /// It has another type.
    Retyped(&'static str),
    /// It is there twice.
    Doubled,
    /// It is there twice, and the second one says something else.
    Contradicted(&'static str),
    /// Its rows or members come in the opposite order.
    Reversed,
    /// It is inside that many lists.
    Nested(usize),
    /// It is a text of that many characters.
    Huge(usize),
    /// It is another text.
    Text(&'static str),
    /// It is another number.
    Number(&'static str),
    /// Its key is spelt with escapes.
    EscapedKey,
    /// It has another key.
    Renamed(&'static str),
}

/// Values of every type.
const VALUES: [&str; 13] = [
    "\"text\"",
    "\"\"",
    "7",
    "-1",
    "1.5",
    "true",
    "false",
    "[]",
    "[[]]",
    "[null]",
    "{}",
    "{\"a\":[1]}",
    "null",
];

/// Texts as written in JSON that some reader, log or terminal stumbles over.
const TEXTS: [&str; 16] = [
    "\"\"",
    "\" \"",
    "\"null\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800x\"",
    "\"\\uFEFFa\"",
    "\"a\\r\\nPROBLEM b\"",
    "\"\\u001b[2Ja\\u009b31m\"",
    "\"\u{202e}gnp.exe\u{2066}\"",
    "\"e\u{301}\u{301}\u{301}😀\"",
    "\"../../etc/passwd\"",
    "\"a/b?c=d#e%2f\"",
    "\"0.0.0.0\"",
    "\"255.255.255.255\"",
    "\"{{.}}${a}<b>\\\"'\"",
];

/// Numbers as written in JSON, at or beyond the limits of some type.
const NUMBERS: [&str; 14] = [
    "0",
    "-0",
    "-1",
    "1e999",
    "-1e999",
    "1e-400",
    "1E+2",
    "0.1",
    "65535",
    "65536",
    "4294967296",
    "9223372036854775808",
    "18446744073709551616",
    "123456789012345678901234567890",
];

const KEYS: [&str; 5] = [
    "\"\"",
    "\"services\"",
    "\"SERVICE_NAME\"",
    "\"service_name \"",
    "\"error\"",
];

impl Oddity {
    pub fn any(kinds: Kinds) -> BoxedStrategy<Oddity> {
        let losses = prop_oneof![
            3 => Just(Oddity::DroppedMember),
            3 => Just(Oddity::Null),
            3 => select(&VALUES[..]).prop_map(Oddity::Retyped),
            1 => Just(Oddity::EscapedKey),
        ];
        if kinds == Kinds::Losses {
            return losses.boxed();
        }
        prop_oneof![
            6 => losses,
            2 => Just(Oddity::Dropped),
            2 => Just(Oddity::Doubled),
            2 => select(&VALUES[..]).prop_map(Oddity::Contradicted),
            1 => Just(Oddity::Reversed),
            1 => select(vec![1, 2, 100, 127, 128, 300, 20_000]).prop_map(Oddity::Nested),
            1 => select(vec![64, 255, 1_025, 70_000]).prop_map(Oddity::Huge),
            2 => select(&TEXTS[..]).prop_map(Oddity::Text),
            2 => select(&NUMBERS[..]).prop_map(Oddity::Number),
            1 => select(&KEYS[..]).prop_map(Oddity::Renamed),
        ]
        .boxed()
    }

    /// Whether it can happen to that value.
    pub fn fits(&self, child: &Child) -> bool {
        match self {
            Oddity::Retyped(value) => !child.replaced && child.node.kind() != kind(value),
            Oddity::Reversed => child.node.kind() != b'"',
            Oddity::DroppedMember | Oddity::EscapedKey | Oddity::Renamed(_) => child.key.is_some(),
            Oddity::Text(_) | Oddity::Huge(_) => child.node.kind() == b'"',
            Oddity::Number(_) => matches!(child.node.kind(), b'0' | b'"'),
            _ => true,
        }
    }

    /// What becomes of the value: none, one, or two.
    pub fn apply(&self, mut child: Child) -> Vec<Child> {
        let instead = |text: &str| Child {
            key: child.key.clone(),
            replaced: true,
            ..Child::leaf(text)
        };
        match self {
            Oddity::Dropped | Oddity::DroppedMember => return vec![],
            Oddity::Null => return vec![instead("null")],
            Oddity::Retyped(text) | Oddity::Text(text) | Oddity::Number(text) => {
                return vec![instead(text)];
            }
            Oddity::Doubled => return vec![child.clone(), child],
            Oddity::Contradicted(text) => return vec![child.clone(), instead(text)],
            Oddity::Huge(length) => return vec![instead(&format!("\"{}\"", "é".repeat(*length)))],
            Oddity::Nested(depth) => {
                return vec![instead(&("[".repeat(*depth) + &"]".repeat(*depth)))];
            }
            Oddity::Reversed => {
                if let Node::List(children) | Node::Object(children) = &mut child.node {
                    children.reverse();
                }
            }
            Oddity::EscapedKey => child.key = child.key.as_deref().map(escaped),
            Oddity::Renamed(key) => child.key = Some((*key).to_owned()),
        }
        vec![child]
    }
}

impl Node {
    /// One byte that tells types apart.
    fn kind(&self) -> u8 {
        match self {
            Node::Leaf(text) => kind(text),
            Node::List(_) => b'[',
            Node::Object(_) => b'{',
        }
    }
}

fn kind(text: &str) -> u8 {
    match text.as_bytes().first() {
        Some(b't' | b'f') => b't',
        Some(first @ (b'[' | b'{' | b'"' | b'n')) => *first,
        _ => b'0',
    }
}

/// The same key with its first letter as an escape.
fn escaped(key: &str) -> String {
    match key.chars().nth(1) {
        Some(first) if first.is_ascii_alphanumeric() => {
            format!("\"\\u{:04x}{}", u32::from(first), &key[2..])
        }
        _ => key.to_owned(),
    }
}

/// What can be wrong with the text as a whole.
#[derive(Debug, Clone)]
pub(crate) enum Damage {
    None,
    ByteOrderMark,
    /// It ends here.
    Cut(Index),
    /// One byte is another one.
    Byte(Index, u8),
    /// Something follows.
    Trailing(&'static str),
}

impl Damage {
    pub fn any(kinds: Kinds) -> BoxedStrategy<Damage> {
        if kinds != Kinds::Any {
            return Just(Damage::None).boxed();
        }
        prop_oneof![
            6 => Just(Damage::None),
            1 => Just(Damage::ByteOrderMark),
            2 => any::<Index>().prop_map(Damage::Cut),
            2 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
            1 => select(vec![" ", "\0", "}", "{}", "<html>"]).prop_map(Damage::Trailing),
        ]
        .boxed()
    }

    /// Damages the text; returns what was done, if anything.
    pub fn inflict(&self, text: &mut Vec<u8>) -> Option<String> {
        let length = text.len();
        match self {
            Damage::None => return None,
            _ if length == 0 => return None,
            Damage::ByteOrderMark => drop(text.splice(0..0, *b"\xef\xbb\xbf")),
            Damage::Cut(at) => text.truncate(at.index(length)),
            Damage::Byte(at, byte) => text[at.index(length)] = *byte,
            Damage::Trailing(more) => text.extend_from_slice(more.as_bytes()),
        }
        Some(format!("{self:?}"))
    }
}
