//! Text that somebody else wrote: Aiven, a node, DNS, a certificate, a file.
//!
//! It is cleaned once, where it comes in, and from then on can be shown anywhere:
//! on a terminal, in a log line, in `/status`, in an answer to Prometheus. First
//! every secret is taken out, then what a terminal would obey is made visible, and
//! only then is the text cut: a cut never hides the rest of a secret from the
//! search, and never leaves half of one.
//!
//! - [`OutsideText::prose`] is for what people read, such as Aiven's words about an
//!   error: it is changed until it is harmless.
//! - [`OutsideText::name`] and [`OutsideText::host`] are for what must stay exactly
//!   as it is, because it becomes part of a URL, a label or a certificate check:
//!   what is not harmless as it stands is refused. A row whose name is refused is
//!   an unreadable row.

use std::borrow::{Borrow, Cow};
use std::fmt::{self, Debug, Display};
use std::ops::Deref;
use std::sync::Arc;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use rustls::pki_types::ServerName;
use serde::{Deserialize, Deserializer, Serialize};

mod secrets;

pub use secrets::Secrets;

/// The most characters of prose: a few lines of a terminal.
pub const MAX_PROSE: usize = 400;

/// The most characters of a name; Aiven's own have up to 64, host names up to 253.
pub const MAX_NAME: usize = 255;

/// Text of others, cleaned: one line of bounded length without a secret, and
/// without anything that a terminal obeys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct OutsideText(Arc<str>);

/// Why a text cannot be used as a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    /// There is none.
    #[error("an empty name")]
    Empty,
    /// Longer than [`MAX_NAME`]; with its beginning.
    #[error("a name of {0} characters, \"{1}\"")]
    TooLong(usize, OutsideText),
    /// Blanks at its ends or several in a row, line breaks, control or invisible
    /// characters; with the name made visible.
    #[error("a name with characters that cannot be shown, \"{0}\"")]
    Unprintable(OutsideText),
    /// Neither a host name nor an IP address.
    #[error("neither a host name nor an address, \"{0}\"")]
    NotAHost(OutsideText),
}

impl OutsideText {
    /// What people read: one line of at most [`MAX_PROSE`] characters.
    pub fn prose(raw: &str, secrets: &Secrets) -> OutsideText {
        OutsideText::prose_within(raw, MAX_PROSE, secrets)
    }

    /// The same with at most `max` characters. Blanks and line breaks become single
    /// spaces; other characters that are not for the eye are written `\u{202e}`.
    pub fn prose_within(raw: &str, max: usize, secrets: &Secrets) -> OutsideText {
        let shown = visible(&secrets.take_out(raw));
        // Joining what blanks kept apart can complete a secret.
        OutsideText(cut(&secrets.take_out(&shown), max).into())
    }

    /// A name that must stay exact: a service, a type, a plan, a cloud, a user.
    ///
    /// # Errors
    /// If it is empty, too long, or would be changed by being made visible.
    pub fn name(raw: &str) -> Result<OutsideText, NotAName> {
        let length = raw.chars().count();
        match length {
            0 => Err(NotAName::Empty),
            1..=MAX_NAME if is_visible(raw) => Ok(OutsideText(raw.into())),
            1..=MAX_NAME => Err(NotAName::Unprintable(excerpt(raw))),
            _ => Err(NotAName::TooLong(length, excerpt(raw))),
        }
    }

    /// A host name (RFC 1123, with underscores) or an IP address.
    ///
    /// # Errors
    /// If it is neither.
    pub fn host(raw: &str) -> Result<OutsideText, NotAName> {
        let name = OutsideText::name(raw)?;
        match ServerName::try_from(raw) {
            Ok(_) => Ok(name),
            Err(_) => Err(NotAName::NotAHost(excerpt(raw))),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Enough of a name to recognise it by.
fn excerpt(raw: &str) -> OutsideText {
    const MAX_EXCERPT: usize = 60;
    OutsideText::prose_within(raw, MAX_EXCERPT, &Secrets::default())
}

/// Whether a terminal, a log viewer or a browser shows this character as itself:
/// not one that controls, breaks lines, reorders, joins or hides, and none that
/// Unicode has not assigned, since a later version may assign it to those.
fn is_shown(letter: char) -> bool {
    if letter.is_ascii() {
        return letter == ' ' || letter.is_ascii_graphic();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    !matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    ) && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

/// One line in which everything can be seen.
fn visible(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        for letter in word.chars() {
            if is_shown(letter) {
                line.push(letter);
            } else {
                line.extend(letter.escape_unicode());
            }
        }
    }
    line
}

fn is_visible(text: &str) -> bool {
    visible(text) == text
}

/// At most `max` characters, the last of which is `…` where something is missing.
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if text.chars().nth(max).is_none() {
        return text.into();
    }
    let kept = text.chars().take(max.saturating_sub(1));
    kept.chain(std::iter::once('…')).take(max).collect()
}

/// A line of our own that holds texts of others: the same, with what is not for the
/// eye made visible. Its blanks stay as they are, but line breaks become spaces.
pub fn visible_line(line: &str) -> Cow<'_, str> {
    if line.chars().all(is_plain) {
        return line.into();
    }
    let mut shown = String::with_capacity(line.len());
    for letter in line.chars() {
        match letter {
            _ if is_plain(letter) => shown.push(letter),
            _ if letter.is_whitespace() => shown.push(' '),
            _ => shown.extend(letter.escape_unicode()),
        }
    }
    shown.into()
}

/// JSON in which every character that is not for the eye is written `\u202e`: still
/// the same document, and safe on a terminal. Line breaks between its values stay.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let stays = |letter: char| is_plain(letter) || letter == '\n';
    if json.chars().all(stays) {
        return json.into();
    }
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            _ if stays(letter) => shown.push(letter),
            // JSON has them between values only, where an escape must not stand.
            '\t' | '\r' => shown.push(' '),
            _ => shown.extend(json_escapes(letter)),
        }
    }
    shown.into()
}

/// `\u202e`; two of them beyond U+FFFF.
fn json_escapes(letter: char) -> impl Iterator<Item = String> {
    let mut units = [0; 2];
    let units = letter.encode_utf16(&mut units).to_vec();
    units.into_iter().map(|unit| format!("\\u{unit:04x}"))
}

/// Whether it is shown as itself, and is no blank but the space.
fn is_plain(letter: char) -> bool {
    is_shown(letter) && (letter == ' ' || !letter.is_whitespace())
}

// === impl OutsideText ===

impl Display for OutsideText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Debug for OutsideText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}

impl Deref for OutsideText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for OutsideText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for OutsideText {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for OutsideText {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl From<OutsideText> for Arc<str> {
    fn from(text: OutsideText) -> Arc<str> {
        text.0
    }
}

impl From<OutsideText> for String {
    fn from(text: OutsideText) -> String {
        text.0.as_ref().to_owned()
    }
}

/// Our own words, in the place of somebody's.
impl From<&'static str> for OutsideText {
    fn from(words: &'static str) -> OutsideText {
        OutsideText(words.into())
    }
}

/// What a file or another daemon holds need not have been cleaned by us.
impl<'de> Deserialize<'de> for OutsideText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<OutsideText, D::Error> {
        let raw = Cow::<'de, str>::deserialize(from)?;
        Ok(OutsideText::prose(&raw, &Secrets::default()))
    }
}

#[cfg(test)]
mod tests;
