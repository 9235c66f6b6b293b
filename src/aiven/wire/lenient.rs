//! Members of an answer that may be absent or have an unexpected type, without
//! making the rest unreadable.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

/// A string, borrowed from the answer if it needs no unescaping.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A port, which Aiven writes as a number or as a string.
#[derive(Debug, Clone, Copy)]
pub(super) struct Port(pub u16);

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let port = raw.get().trim_matches('"').parse();
        port.map(Port).map_err(serde::de::Error::custom)
    }
}

/// A member that takes its default if it is absent or has an unexpected type.
#[derive(Debug, Default)]
pub(super) struct Lenient<T>(pub T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Ok(Lenient(serde_json::from_str(raw.get()).unwrap_or_default()))
    }
}

/// A list without its unreadable rows.
#[derive(Debug)]
pub(super) struct Rows<T>(pub Vec<T>);

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        let rows: Vec<&'de RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
        let readable = rows
            .iter()
            .filter_map(|row| serde_json::from_str(row.get()).ok());
        Ok(Rows(readable.collect()))
    }
}
