//! Members of an answer that may be absent or have an unexpected type, without
//! making the rest unreadable.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use crate::model::outside_text::{MAX_NAME, OutsideText};

/// A string, borrowed from the answer if it needs no unescaping.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A port, which Aiven writes as a number or as a string.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Port(pub u16);

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let port = raw.get().trim_matches('"').parse();
        port.map(Port).map_err(serde::de::Error::custom)
    }
}

/// A member of an object.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member<T> {
    /// It is missing, or null.
    #[default]
    Absent,
    /// It has an unexpected type.
    Odd,
    /// Its value.
    Told(T),
}

impl<T> Member<T> {
    /// The value, if it can be read.
    pub(crate) fn told(&self) -> Option<&T> {
        match self {
            Member::Told(value) => Some(value),
            Member::Absent | Member::Odd => None,
        }
    }

    pub(crate) fn is_odd(&self) -> bool {
        matches!(self, Member::Odd)
    }
}

impl Member<Text<'_>> {
    /// The text, if it can be read and may be the name of something.
    pub(crate) fn name(&self) -> Option<&str> {
        let text: &str = self.told()?;
        is_name(text).then_some(text)
    }

    /// The text, if it can be read and may be the name of a host.
    pub(crate) fn host(&self) -> Option<&str> {
        let text: &str = self.told()?;
        OutsideText::host(text).is_ok().then_some(text)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Ok(match serde_json::from_str::<Option<T>>(raw.get()) {
            Ok(None) => Member::Absent,
            Ok(Some(value)) => Member::Told(value),
            Err(_) => Member::Odd,
        })
    }
}

/// Whether a text may be the name of something: it is not empty, not longer than any
/// name of Aiven's, and shows as it is.
pub(crate) fn is_name(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    match is_plain {
        true => (1..=MAX_NAME).contains(&text.len()),
        false => OutsideText::name(text).is_ok(),
    }
}

/// What JSON has as an object. A list in its place is odd, though a struct could be
/// filled from one in the order of its fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<T>(T);

impl<T> std::ops::Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        if !raw.get().starts_with('{') {
            return Err(serde::de::Error::custom("not an object"));
        }
        let object = serde_json::from_str(raw.get());
        object.map(Object).map_err(serde::de::Error::custom)
    }
}

/// A list whose rows are read one by one.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    /// The readable rows.
    pub(crate) rows: Vec<T>,
    /// Whether every row was readable. False, too, if there is no list at all.
    pub(crate) is_whole: bool,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows {
            rows: Vec::new(),
            is_whole: false,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        let Ok(all) = serde_json::from_str::<Vec<&'de RawValue>>(raw.get()) else {
            return Ok(Rows::default());
        };
        let rows: Vec<T> = all
            .iter()
            .filter_map(|row| serde_json::from_str(row.get()).ok())
            .collect();
        let is_whole = rows.len() == all.len();
        Ok(Rows { rows, is_whole })
    }
}

/// The members of an object in their order, doubled ones too.
#[derive(Default)]
pub(crate) struct Pairs<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> serde::de::Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Text(key), value)) = map.next_entry()? {
            pairs.push((key, value));
        }
        Ok(Pairs(pairs))
    }
}
