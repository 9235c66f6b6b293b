//! Reads a JSON document key by key and collects what is wrong with it,
//! instead of stopping at the first fault as serde does.
//!
//! A value that cannot be used is noted in the [`Report`] and replaced by some
//! other, so that reading goes on; nobody sees the replacement, because a
//! report with problems never becomes a configuration.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::fmt::friendly::{SpanParser, SpanPrinter};
use serde_json::{Map, Value};

use super::invalid::{child_path, quoted};
use super::report::Report;

enum Keys<'a> {
    Given(&'a Map<String, Value>),
    Absent,
    /// Not an object, which is noted; its keys are not reported as missing too.
    Unreadable,
}

/// An object whose keys are all known by name.
pub(super) struct Section<'a> {
    report: &'a Report,
    path: String,
    keys: Keys<'a>,
}

impl<'a> Section<'a> {
    /// The document itself as a section.
    pub(super) fn top(report: &'a Report, document: &'a Value) -> Self {
        Self::open(report, String::new(), document)
    }

    fn open(report: &'a Report, path: String, value: &'a Value) -> Self {
        let keys = match value {
            Value::Object(object) => {
                report.found(&path, object.keys());
                Keys::Given(object)
            }
            other => {
                let found = describe(other, true);
                let message = format!("found {found}, want an object; write {{\"key\": value, …}}");
                report.add(path.clone(), message);
                Keys::Unreadable
            }
        };
        Self { report, path, keys }
    }

    /// The object at `key`; where it is absent, one without keys.
    pub(super) fn section(&self, key: &'static str) -> Section<'a> {
        let Key { path, value, .. } = self.key(key);
        match (value, &self.keys) {
            (Some(value), _) => Self::open(self.report, path, value),
            (None, Keys::Unreadable) => self.empty(path, Keys::Unreadable),
            (None, _) => self.empty(path, Keys::Absent),
        }
    }

    fn empty(&self, path: String, keys: Keys<'a>) -> Self {
        Self {
            report: self.report,
            path,
            keys,
        }
    }

    /// The value at `key`; `null` counts as absent.
    pub(super) fn key(&self, key: &'static str) -> Key<'a> {
        self.report.know(&self.path, key);
        let value = match self.keys {
            Keys::Given(object) => object.get(key).filter(|value| !value.is_null()),
            Keys::Absent | Keys::Unreadable => None,
        };
        Key {
            report: self.report,
            path: child_path(&self.path, key),
            value,
            concealed: false,
            expected: !matches!(self.keys, Keys::Unreadable),
        }
    }

    /// Like [`key`](Self::key), for a value that no message may show.
    pub(super) fn secret(&self, key: &'static str) -> Key<'a> {
        self.key(key).concealed()
    }
}

/// One value and where it stands.
#[derive(Clone)]
pub(super) struct Key<'a> {
    report: &'a Report,
    path: String,
    value: Option<&'a Value>,
    concealed: bool,
    /// Whether its absence can be a problem of its own.
    expected: bool,
}

impl<'a> Key<'a> {
    /// The same key, whose value no message shows.
    pub(super) fn concealed(self) -> Self {
        Self {
            concealed: true,
            ..self
        }
    }

    /// The same key, absent if it holds nothing: for keys whose default is `""`.
    pub(super) fn empty_is_absent(self) -> Self {
        let value = self.value.filter(|_| !self.is_empty());
        Self { value, ..self }
    }

    /// Whether it holds an empty string or an empty list.
    pub(super) fn is_empty(&self) -> bool {
        match self.value {
            Some(Value::String(text)) => text.is_empty(),
            Some(Value::Array(items)) => items.is_empty(),
            _ => false,
        }
    }

    /// Whether there is a value, of whatever type.
    pub(super) fn is_given(&self) -> bool {
        self.value.is_some()
    }

    /// Notes that what was found is not what is wanted.
    pub(super) fn wrong(&self, want: impl Display, advice: impl Display) {
        let found = match self.value {
            Some(value) => describe(value, self.concealed),
            None => "nothing".to_owned(),
        };
        self.wrong_as(found, want, advice);
    }

    /// Like [`wrong`](Self::wrong), with words of its own for what was found.
    pub(super) fn wrong_as(&self, found: impl Display, want: impl Display, advice: impl Display) {
        let message = format!("found {found}, want {want}; {advice}");
        self.report.add(self.path.clone(), message);
    }

    /// Notes that a required key is absent.
    pub(super) fn missing(&self, want: impl Display, advice: impl Display) {
        if self.expected {
            let message = format!("missing, want {want}; {advice}");
            self.report.add(self.path.clone(), message);
        }
    }

    /// The text, if there is a value; one of another type is noted.
    pub(super) fn text(&self, want: &str) -> Option<&'a str> {
        let text = self.value?.as_str();
        if text.is_none() {
            self.wrong(want, "write it as a string, in quotes");
        }
        text
    }

    /// `true` or `false`; `None` for anything else, which is noted.
    pub(super) fn boolean(&self, default: bool) -> Option<bool> {
        let Some(value) = self.value else {
            return Some(default);
        };
        let boolean = value.as_bool();
        if boolean.is_none() {
            self.wrong("true or false", "write one of the two, without quotes");
        }
        boolean
    }

    /// A whole number within `bounds`.
    pub(super) fn whole_number(&self, default: u32, bounds: RangeInclusive<u32>) -> u32 {
        let Some(value) = self.value else {
            return default;
        };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number
            .filter(|number| bounds.contains(number))
            .unwrap_or_else(|| {
                let want = format!("a whole number from {} to {}", bounds.start(), bounds.end());
                let advice = match value {
                    Value::String(_) => "write a number in that range, without quotes",
                    _ => "choose one in that range",
                };
                self.wrong(want, advice);
                default
            })
    }

    /// A duration with its unit, within `bounds`.
    pub(super) fn duration(&self, default: Duration, bounds: RangeInclusive<Duration>) -> Duration {
        let Some(value) = self.value else {
            return default;
        };
        let [least, most, example] =
            [*bounds.start(), *bounds.end(), default].map(|duration| spoken(&duration));
        let want = format!("a duration from {least} to {most}");
        let duration = value
            .as_str()
            .and_then(|text| SpanParser::new().parse_unsigned_duration(text).ok());
        match duration {
            Some(duration) if bounds.contains(&duration) => return duration,
            Some(_) => self.wrong(want, "choose one in that range"),
            None => match unitless(value) {
                Some(number) => self.wrong(want, format!("add a unit, as in \"{number}s\"")),
                None => self.wrong(
                    want,
                    format!("write a number and a unit (ms, s, m, h), as in {example:?}"),
                ),
            },
        }
        default
    }

    /// The items of a list; anything else is noted and has none.
    pub(super) fn items(&self, want: &str) -> Vec<Key<'a>> {
        let items = match self.value {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.wrong(want, "put it into square brackets: […]");
                return Vec::new();
            }
        };
        let path = |index| format!("{}[{index}]", self.path);
        let item = |(index, value)| self.inner(path(index), value);
        items.iter().enumerate().map(item).collect()
    }

    /// The entries of an object with names of the user's own.
    pub(super) fn entries(&self, want: &str) -> Vec<(&'a str, Key<'a>)> {
        let entries = match self.value {
            None => return Vec::new(),
            Some(Value::Object(entries)) => entries,
            Some(_) => {
                self.wrong(want, "write {\"name\": \"value\", …}");
                return Vec::new();
            }
        };
        let entry = |(name, value): (&'a String, &'a Value)| {
            (
                name.as_str(),
                self.inner(child_path(&self.path, name), value),
            )
        };
        entries.iter().map(entry).collect()
    }

    fn inner(&self, path: String, value: &'a Value) -> Key<'a> {
        Key {
            report: self.report,
            path,
            value: Some(value),
            concealed: self.concealed,
            expected: true,
        }
    }
}

/// A value in words: its type, and itself where it is short and no secret.
fn describe(value: &Value, concealed: bool) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Bool(_) if concealed => "true or false".to_owned(),
        Value::Number(_) if concealed => "a number".to_owned(),
        Value::String(text) if text.is_empty() => "an empty string".to_owned(),
        Value::String(_) if concealed => "a string".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => quoted(text),
    }
}

/// The number that was given where a duration with a unit is wanted.
fn unitless(value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    (!text.is_empty() && text.len() < 20 && text.chars().all(digits)).then_some(text)
}

fn spoken(duration: &Duration) -> String {
    SpanPrinter::new().unsigned_duration_to_string(duration)
}
