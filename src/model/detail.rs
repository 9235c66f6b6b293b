//! What an answer of Aiven says about one detail, where it may say nothing.
//!
//! *Unknown* is a value of its own here: an answer that leaves a detail out, gives
//! it as null or in a form that cannot be read, says nothing about it. Such an
//! answer never looks like "there is none".

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// One detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail<T> {
    /// No answer has said it yet.
    #[default]
    Unknown,
    /// What Aiven says.
    Known(T),
}

impl<T> Detail<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Detail::Unknown => None,
            Detail::Known(value) => Some(value),
        }
    }

    /// Whether it is known.
    pub fn is_known(&self) -> bool {
        self.known().is_some()
    }
}

impl<T: AsRef<str>> Detail<T> {
    /// The text; empty while it is unknown.
    pub fn text(&self) -> &str {
        self.known().map_or("", AsRef::as_ref)
    }
}

impl<T> From<T> for Detail<T> {
    fn from(value: T) -> Self {
        Detail::Known(value)
    }
}

impl<T> From<Option<T>> for Detail<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Detail::Unknown, Detail::Known)
    }
}

impl From<&str> for Detail<std::sync::Arc<str>> {
    fn from(text: &str) -> Self {
        Detail::Known(text.into())
    }
}

/// As the value, or `null`.
impl<T: Serialize> Serialize for Detail<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.known().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Detail<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.into())
    }
}

/// A list, of which an answer may have shown only a part. A row in it is there; a
/// row that is not in it proves something only if the list is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailList<T> {
    rows: Box<[T]>,
    whole: bool,
}

impl<T> DetailList<T> {
    /// All rows.
    pub fn whole(rows: impl Into<Box<[T]>>) -> Self {
        let (rows, whole) = (rows.into(), true);
        DetailList { rows, whole }
    }

    /// The rows that are known; there may be others.
    pub fn part(rows: impl Into<Box<[T]>>) -> Self {
        let (rows, whole) = (rows.into(), false);
        DetailList { rows, whole }
    }

    /// No row is known, and there may be some.
    pub fn unknown() -> Self {
        DetailList::part([])
    }

    /// The known rows.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// Whether these are all.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether Aiven says that there is no row.
    pub fn is_none(&self) -> bool {
        self.whole && self.rows.is_empty()
    }

    /// Whether nothing at all is known.
    pub fn is_unknown(&self) -> bool {
        !self.whole && self.rows.is_empty()
    }
}

/// All of no rows.
impl<T> Default for DetailList<T> {
    fn default() -> Self {
        DetailList::whole([])
    }
}

impl<T, const N: usize> From<[T; N]> for DetailList<T> {
    fn from(rows: [T; N]) -> Self {
        DetailList::whole(rows)
    }
}

impl<T> From<Vec<T>> for DetailList<T> {
    fn from(rows: Vec<T>) -> Self {
        DetailList::whole(rows)
    }
}

impl<T> FromIterator<T> for DetailList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        DetailList::from(rows.into_iter().collect::<Vec<_>>())
    }
}

impl<'a, T> IntoIterator for &'a DetailList<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

#[derive(Serialize)]
struct PartOut<'a, T> {
    part: &'a [T],
}

/// A whole list as a list, a part as `{"part": […]}`.
impl<T: Serialize> Serialize for DetailList<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.whole {
            true => self.rows.serialize(serializer),
            false => PartOut { part: &self.rows }.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for DetailList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(std::marker::PhantomData))
    }
}

struct ListVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = DetailList<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list, or a part of one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = list.next_element()? {
            rows.push(row);
        }
        Ok(rows.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "part" => rows = map.next_value()?,
                _ => drop(map.next_value::<serde::de::IgnoredAny>()?),
            }
        }
        Ok(DetailList::part(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_again_unknown_or_not() {
        for list in [
            DetailList::from([1, 2]),
            DetailList::default(),
            DetailList::part([3]),
            DetailList::unknown(),
        ] {
            let json = serde_json::to_string(&list).unwrap();
            assert_eq!(
                serde_json::from_str::<DetailList<i32>>(&json).unwrap(),
                list
            );
        }
        for detail in [Detail::Known(1), Detail::Unknown] {
            let json = serde_json::to_string(&detail).unwrap();
            assert_eq!(serde_json::from_str::<Detail<i32>>(&json).unwrap(), detail);
        }
    }

    #[test]
    fn a_known_detail_takes_no_more_room_than_its_value() {
        use std::mem::size_of;
        use std::sync::Arc;
        assert_eq!(size_of::<Detail<Arc<str>>>(), size_of::<Arc<str>>());
    }
}
