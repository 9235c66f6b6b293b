//! What must never be shown, and the search for it.
//!
//! Others quote our secrets: Aiven's error about a token, a node's page about a
//! password, a proxy's about its user. They quote them in part, percent-encoded in
//! a URL, or base64-encoded in a header. So a secret is known here by every piece
//! of [`PIECE`] bytes of every such form of it, and every piece found is taken out.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD, Engine};
use form_urlencoded::byte_serialize;
use parking_lot::RwLock;
use secrecy::{ExposeSecret, SecretString};

/// So many bytes of a secret in a row are taken out wherever they stand.
const PIECE: usize = 8;

/// A shorter word is no secret: to take it out would only spoil the text.
const MIN_SECRET: usize = 4;

/// So many of the secrets are kept that replace each other: the newest, and the one
/// that others may still quote.
const MAX_PASSING: usize = 2;

/// Stands in a text for each secret taken out.
const PLACEHOLDER: &str = "<secret>";

/// Stands for a text that cannot be freed of a secret.
const WITHHELD: &str = "(withheld: it holds a secret)";

/// All secrets of the process; cheap to clone, and all clones know the same.
/// More are added as they become known: the API tells passwords, and they change.
#[derive(Clone, Default)]
pub struct Secrets(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    lasting: Pieces,
    /// The newest last.
    passing: VecDeque<Pieces>,
}

#[derive(Default)]
struct Pieces {
    /// Of secrets, and forms of them, of [`PIECE`] bytes or more.
    pieces: HashSet<[u8; PIECE]>,
    /// Those that are shorter.
    short: BTreeSet<Box<str>>,
}

impl Secrets {
    /// Takes this secret out of every text from now on.
    pub fn add(&self, secret: &SecretString) {
        self.0.write().lasting.add(secret);
    }

    /// Takes this secret out until the second one after it is added in this way: a
    /// token that is renewed every few minutes must not fill the memory.
    pub fn add_passing(&self, secret: &SecretString) {
        let mut pieces = Pieces::default();
        pieces.add(secret);
        let mut known = self.0.write();
        known.passing.push_back(pieces);
        let surplus = known.passing.len().saturating_sub(MAX_PASSING);
        known.passing.drain(..surplus);
    }

    /// The text without any piece of any secret.
    pub fn take_out<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read();
        let mut clean = Cow::Borrowed(text);
        // What stood on both sides of a secret, or the placeholder, can form another.
        for _ in 0..4 {
            let found = known.find(&clean);
            if found.is_empty() {
                return clean;
            }
            clean = Cow::Owned(without(&clean, &found));
        }
        Cow::Borrowed(WITHHELD)
    }
}

/// Shows how many pieces it knows, and none of them.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.read();
        let pieces: usize = known.all().map(|one| one.pieces.len()).sum();
        write!(f, "Secrets({pieces} pieces)")
    }
}

impl Pieces {
    fn add(&mut self, secret: &SecretString) {
        for form in forms(secret.expose_secret()) {
            let pieces = form.as_bytes().array_windows::<PIECE>();
            self.pieces.extend(pieces);
            if (MIN_SECRET..PIECE).contains(&form.len()) {
                self.short.insert(form.into());
            }
        }
    }
}

impl Known {
    fn all(&self) -> impl Iterator<Item = &Pieces> {
        std::iter::once(&self.lasting).chain(&self.passing)
    }

    /// Which bytes belong to a secret; empty if none does.
    fn find(&self, text: &str) -> Vec<bool> {
        let mut found = Vec::new();
        let mut mark = |at: usize, length: usize| {
            found.resize(text.len(), false);
            if let Some(place) = found.get_mut(at..at + length) {
                place.fill(true);
            }
        };
        for known in self.all() {
            if !known.pieces.is_empty() {
                for (at, piece) in text.as_bytes().array_windows().enumerate() {
                    if known.pieces.contains(piece) {
                        mark(at, PIECE);
                    }
                }
            }
            for short in &known.short {
                for (at, word) in text.match_indices(&**short) {
                    mark(at, word.len());
                }
            }
        }
        found
    }
}

/// `text` with the placeholder for each run of characters that are `found`.
fn without(text: &str, found: &[bool]) -> String {
    let mut left = String::with_capacity(text.len());
    let mut is_within = false;
    for (at, letter) in text.char_indices() {
        let place = found.get(at..at + letter.len_utf8()).unwrap_or_default();
        let is_found = place.contains(&true);
        match (is_within, is_found) {
            (false, true) => left.push_str(PLACEHOLDER),
            (_, false) => left.push(letter),
            (true, true) => {}
        }
        is_within = is_found;
    }
    left
}

/// The secret as it stands, and as it stands in a URL, in JSON, and in base64: there
/// it can follow any other text (a user name), whose length shifts its letters.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    let escaped = serde_json::Value::from(secret).to_string();
    let quoted = escaped.strip_prefix('"');
    forms.extend(quoted.and_then(|quoted| Some(quoted.strip_suffix('"')?.to_owned())));
    let form: String = byte_serialize(secret.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    forms.extend([with_lower_escapes(&percent), percent, form]);
    for shift in 0..3 {
        let shifted: Vec<u8> = std::iter::repeat_n(0, shift)
            .chain(secret.bytes())
            .collect();
        // The letters at both ends also depend on what stands before and after.
        let first = (shift * 8).div_ceil(6);
        for engine in [&BASE64_STANDARD_NO_PAD, &BASE64_URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&shifted);
            let whole = encoded.get(first..shifted.len() * 8 / 6);
            forms.extend(whole.map(str::to_owned));
        }
    }
    forms
}

/// `%2F` as `%2f`.
fn with_lower_escapes(text: &str) -> String {
    let mut digits = 0_u8;
    let lower = |letter: char| {
        let shown = match digits {
            0 => letter,
            _ => letter.to_ascii_lowercase(),
        };
        digits = match letter {
            '%' => 2,
            _ => digits.saturating_sub(1),
        };
        shown
    };
    text.chars().map(lower).collect()
}
