//! A GUID of Cloud Foundry: of a service instance, a space, or an organization.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The characters of a GUID, with its four hyphens.
const LENGTH: usize = 36;

/// A UUID in its hyphenated form, as Cloud Controller makes them. Nothing else
/// becomes part of a label or of a question to Cloud Controller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(Uuid);

/// The text is no GUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID")]
pub struct NotAGuid;

impl Guid {
    /// The GUID that a name ends with, after a hyphen: brokers name a service
    /// `PREFIX-GUID`, in lower case.
    pub fn at_end_of(name: &str) -> Option<Guid> {
        let start = name.len().checked_sub(LENGTH)?;
        let (prefix, guid) = name.split_at_checked(start)?;
        let is_own_word = prefix.is_empty() || prefix.ends_with('-');
        guid.parse().ok().filter(|_| is_own_word)
    }
}

impl FromStr for Guid {
    type Err = NotAGuid;

    /// In upper or lower case. The nil UUID is nobody's.
    fn from_str(text: &str) -> Result<Guid, NotAGuid> {
        // The library also reads other forms of a UUID, of other lengths.
        let uuid = Uuid::try_parse(text)
            .ok()
            .filter(|uuid| text.len() == LENGTH && !uuid.is_nil());
        uuid.map(Guid).ok_or(NotAGuid)
    }
}

/// In lower case.
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0.as_hyphenated(), f)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(
            self.0
                .as_hyphenated()
                .encode_lower(&mut Uuid::encode_buffer()),
        )
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Guid, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
