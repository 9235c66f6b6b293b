//! A streaming projection of Aiven's service listing.
//!
//! The listing is `{"services":[{…},…],…}`, up to hundreds of megabytes, of
//! which we need about ten members of each service. [`Projection`] reads the body
//! in chunks of any size, and yields each service as a compact JSON object that
//! has only the wanted members, copied byte for byte. Everything else is skipped
//! without being stored, so memory use depends neither on the length of the
//! listing nor on the size of a service.
//!
//! It checks the structure of the document, of `services` and of each service,
//! and that every value ends. It does not check the inside of a value (escapes,
//! numbers, the order of brackets), nor UTF-8: the parser of the wanted members
//! does.

mod blocks;
mod members;
mod outcome;
mod value;

pub use outcome::{Element, Envelope, JsonKind, Malformed};

use members::Members;
use value::{Text, Value};

/// How many bytes of wanted members are kept of one service.
const MAX_SERVICE: usize = 1024 * 1024;
/// How many bytes are kept of the document's members other than `services`.
const MAX_REST: usize = 4 * 1024;
/// The longest key, in bytes as written, that is compared with the wanted ones.
const MAX_KEY: usize = 1024;

/// The projection of one listing; see the [module](self).
#[derive(Debug)]
pub struct Projection {
    wanted: &'static [&'static str],
    state: State,
    level: Level,
    /// Whether the next value is that of the document's `services`.
    at_services: bool,
    listed: bool,
    elements: usize,
    /// The part of a key that was in earlier chunks.
    key: Vec<u8>,
    service: Members,
    rest: Members,
    /// The number of bytes in all earlier chunks.
    consumed: u64,
    malformed: Option<Malformed>,
}

/// What the next bytes belong to.
#[derive(Debug, Clone, Copy)]
enum State {
    /// Whitespace, then one of these.
    Before(Token),
    Key(Text),
    Value(Value),
}

/// The structural byte that must come next.
#[derive(Debug, Clone, Copy)]
enum Token {
    Document,
    FirstKey,
    Key,
    Colon,
    Value,
    MemberEnd,
    FirstElement,
    Element,
    ElementEnd,
    Nothing,
}

/// The innermost structure that the input is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Document,
    Services,
    Service,
}

// === impl Projection ===

impl Projection {
    /// A projection of each service to its `wanted` top-level members.
    pub fn new(wanted: &'static [&'static str]) -> Self {
        Self {
            wanted,
            state: State::Before(Token::Document),
            level: Level::Document,
            at_services: false,
            listed: false,
            elements: 0,
            key: Vec::new(),
            service: Members::new(MAX_SERVICE),
            rest: Members::new(MAX_REST),
            consumed: 0,
            malformed: None,
        }
    }

    /// Reads the next bytes of the answer, and calls `element` for each
    /// element of `services` that ends in them.
    ///
    /// # Errors
    ///
    /// As soon as the input cannot be a listing, and for every later call. Do not
    /// rely on the elements yielded so far until [`finish`](Self::finish)
    /// succeeds, if you need a complete listing.
    pub fn feed(
        &mut self,
        chunk: &[u8],
        element: &mut impl FnMut(Element<'_>),
    ) -> Result<(), Malformed> {
        if let Some(malformed) = self.malformed {
            return Err(malformed);
        }
        let mut at = 0;
        while at < chunk.len() {
            at = match self.state {
                State::Before(token) => match skip_whitespace(chunk, at) {
                    None => chunk.len(),
                    Some((at, byte)) => {
                        self.read_token(token, byte, element)
                            .map_err(|expected| self.fail(at, expected))?;
                        at + 1
                    }
                },
                State::Key(text) => self.read_key(text, chunk, at),
                State::Value(value) => self
                    .read_value(value, chunk, at)
                    .map_err(|(at, expected)| self.fail(at, expected))?,
            };
        }
        self.consumed += chunk.len() as u64;
        Ok(())
    }

    /// Ends the input.
    ///
    /// # Errors
    ///
    /// The error of [`feed`](Self::feed), or [`Malformed::Truncated`] if the
    /// document is not complete.
    pub fn finish(self) -> Result<Envelope, Malformed> {
        if let Some(malformed) = self.malformed {
            return Err(malformed);
        }
        let State::Before(Token::Nothing) = self.state else {
            return Err(Malformed::Truncated { at: self.consumed });
        };
        Ok(Envelope {
            listed: self.listed,
            elements: self.elements,
            rest_cut: self.rest.is_cut(),
            rest: self.rest.into_bytes(),
        })
    }

    /// Reads one structural byte.
    fn read_token(
        &mut self,
        token: Token,
        byte: u8,
        element: &mut impl FnMut(Element<'_>),
    ) -> Result<(), &'static str> {
        self.state = State::Before(match (token, byte) {
            (Token::FirstKey | Token::Key, b'"') => {
                self.state = State::Key(Text::default());
                return Ok(());
            }
            (Token::Colon, b':') => Token::Value,
            (Token::Value, b'[') if self.at_services => self.enter_services()?,
            (Token::Value, _) => return self.begin_value(byte).ok_or(token.expected()),
            (Token::MemberEnd, b',') => Token::Key,
            (Token::FirstKey | Token::MemberEnd, b'}') => self.leave_object(element),
            (Token::FirstElement | Token::Element, b'{') => self.enter_service(),
            (Token::FirstElement | Token::ElementEnd, b']') => {
                self.level = Level::Document;
                Token::MemberEnd
            }
            (Token::FirstElement | Token::Element, _) => {
                self.begin_value(byte).ok_or(token.expected())?;
                self.elements += 1;
                element(Element::NotAnObject(JsonKind::starting_with(byte)));
                return Ok(());
            }
            (Token::ElementEnd, b',') => Token::Element,
            (Token::Document, b'{') => Token::FirstKey,
            _ => return Err(token.expected()),
        });
        Ok(())
    }

    fn enter_services(&mut self) -> Result<Token, &'static str> {
        if self.listed {
            return Err("no second list of services");
        }
        self.rest.discard_begun();
        self.at_services = false;
        self.listed = true;
        self.level = Level::Services;
        Ok(Token::FirstElement)
    }

    fn enter_service(&mut self) -> Token {
        self.elements += 1;
        self.service.clear();
        self.level = Level::Service;
        Token::FirstKey
    }

    /// Ends the service or the document.
    fn leave_object(&mut self, element: &mut impl FnMut(Element<'_>)) -> Token {
        if self.level == Level::Document {
            return Token::Nothing;
        }
        let cut = self.service.is_cut();
        let members = self.service.as_object();
        element(if cut {
            Element::Oversized(members)
        } else {
            Element::Service(members)
        });
        self.level = Level::Services;
        Token::ElementEnd
    }

    /// Starts a value with this first byte, if a value can start with it.
    fn begin_value(&mut self, byte: u8) -> Option<()> {
        self.state = State::Value(Value::starting_with(byte)?);
        self.at_services = false;
        if let Some(members) = self.members() {
            members.copy(&[byte]);
        }
        Some(())
    }

    /// Reads on in a value. Returns the offset at which reading continues.
    fn read_value(
        &mut self,
        mut value: Value,
        chunk: &[u8],
        at: usize,
    ) -> Result<usize, (usize, &'static str)> {
        let end = value
            .end(rest(chunk, at))
            .map_err(|(past, expected)| (at + past, expected))?
            .map(|length| at + length);
        let read = end.unwrap_or(chunk.len());
        if let Some(members) = self.members() {
            members.copy(chunk.get(at..read).unwrap_or_default());
            if end.is_some() {
                members.end();
            }
        }
        self.state = match end {
            None => State::Value(value),
            Some(_) if self.level == Level::Services => State::Before(Token::ElementEnd),
            Some(_) => State::Before(Token::MemberEnd),
        };
        Ok(read)
    }

    /// The members of the innermost object; `None` between services.
    fn members(&mut self) -> Option<&mut Members> {
        match self.level {
            Level::Document => Some(&mut self.rest),
            Level::Services => None,
            Level::Service => Some(&mut self.service),
        }
    }

    /// Reads on in a key. Returns the offset at which reading continues.
    fn read_key(&mut self, mut text: Text, chunk: &[u8], at: usize) -> usize {
        let unread = rest(chunk, at);
        let Some(length) = text.end(unread) else {
            self.keep_key(unread);
            self.state = State::Key(text);
            return chunk.len();
        };
        self.state = State::Before(Token::Colon);
        let part = unread.get(..length - 1).unwrap_or_default();
        if self.key.is_empty() {
            self.begin_member(part, text.has_escapes());
        } else {
            self.keep_key(part);
            let mut key = std::mem::take(&mut self.key);
            self.begin_member(&key, text.has_escapes());
            key.clear();
            self.key = key;
        }
        at + length
    }

    /// Keeps a part of a key, unless the key is too long already.
    fn keep_key(&mut self, part: &[u8]) {
        let room = (MAX_KEY + 1).saturating_sub(self.key.len());
        self.key.extend(part.iter().take(room));
    }

    /// Decides whether to keep the member with this key, which is as written
    /// between its quotes.
    fn begin_member(&mut self, key: &[u8], has_escapes: bool) {
        let too_long = key.len() > MAX_KEY;
        match self.level {
            Level::Service => {
                if !too_long && is_one_of(key, has_escapes, self.wanted) {
                    self.service.begin(key);
                }
            }
            Level::Document | Level::Services if too_long => self.rest.mark_cut(),
            Level::Document | Level::Services => {
                self.at_services = is_one_of(key, has_escapes, &["services"]);
                self.rest.begin(key);
            }
        }
    }

    fn fail(&mut self, at: usize, expected: &'static str) -> Malformed {
        let at = self.consumed + at as u64;
        let malformed = match self.state {
            State::Before(Token::Nothing) => Malformed::Trailing { at },
            _ => Malformed::Syntax { at, expected },
        };
        *self.malformed.insert(malformed)
    }
}

// === impl Token ===

impl Token {
    fn expected(self) -> &'static str {
        match self {
            Self::Document => "`{`",
            Self::FirstKey => "a key or `}`",
            Self::Key => "a key",
            Self::Colon => "`:`",
            Self::Value | Self::Element => "a value",
            Self::MemberEnd => "`,` or `}`",
            Self::FirstElement => "a value or `]`",
            Self::ElementEnd => "`,` or `]`",
            Self::Nothing => "the end",
        }
    }
}

/// Whether a key, as written between its quotes, is one of `names`.
fn is_one_of(key: &[u8], has_escapes: bool, names: &[&str]) -> bool {
    if !has_escapes {
        return names.iter().any(|name| name.as_bytes() == key);
    }
    // A key with an invalid escape is none of the names.
    let quoted = [b"\"", key, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).is_ok_and(|key| names.contains(&key.as_str()))
}

/// The next byte that is not JSON's whitespace, with its offset.
fn skip_whitespace(chunk: &[u8], at: usize) -> Option<(usize, u8)> {
    let mut bytes = rest(chunk, at).iter().enumerate();
    bytes
        .find(|(_, byte)| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
        .map(|(past, byte)| (at + past, *byte))
}

/// The bytes from `at` on.
fn rest(chunk: &[u8], at: usize) -> &[u8] {
    chunk.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
