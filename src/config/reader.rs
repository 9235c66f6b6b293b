//! Reads a JSON document key by key and collects what is wrong with it,
//! instead of stopping at the first fault as serde does.
//!
//! What is wanted of each key, its default and its bounds come from the table
//! in `keys`. A value that cannot be used is noted in the [`Report`] and
//! replaced by another one, so that reading goes on; nobody sees the
//! replacement, because a report with problems never becomes a configuration.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use serde_json::{Map, Value};

use super::invalid::{child_path, quoted};
use super::keys;
use super::report::Report;
use super::rules::{Form, Rule, parse_duration, spoken};
use super::withheld::is_harmless;

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
        let path = child_path(&self.path, key);
        match (self.value(key), &self.keys) {
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

    /// The value at `key`, with the rule that the table has for it; `null`
    /// counts as absent.
    pub(super) fn key(&self, key: &'static str) -> Key<'a> {
        let path = child_path(&self.path, key);
        let rule = keys::rule(&path);
        Key {
            report: self.report,
            path,
            value: self.value(key),
            rule,
            want: rule.want(),
            is_secret: rule.is_secret,
            is_expected: !matches!(self.keys, Keys::Unreadable),
        }
    }

    fn value(&self, key: &'static str) -> Option<&'a Value> {
        self.report.know(&self.path, key);
        match self.keys {
            Keys::Given(object) => object.get(key).filter(|value| !value.is_null()),
            Keys::Absent | Keys::Unreadable => None,
        }
    }
}

/// One value, where it stands, and what it has to look like.
#[derive(Clone)]
pub(super) struct Key<'a> {
    report: &'a Report,
    path: String,
    value: Option<&'a Value>,
    /// That of the key; an item of a list has the list's.
    rule: &'static Rule,
    want: Cow<'static, str>,
    is_secret: bool,
    /// Whether its absence can be a problem of its own.
    is_expected: bool,
}

impl<'a> Key<'a> {
    /// The rule of the key, or of the list whose item this is.
    pub(super) fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// The same key, of which something else is wanted.
    pub(super) fn wanting(self, want: impl Into<Cow<'static, str>>) -> Self {
        let want = want.into();
        Self { want, ..self }
    }

    /// The same key, whose value messages may show or not.
    pub(super) fn secret(self, is_secret: bool) -> Self {
        Self { is_secret, ..self }
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
    pub(super) fn wrong(&self, advice: impl Display) {
        let found = match self.value {
            Some(value) => describe(value, self.is_secret),
            None => "nothing".to_owned(),
        };
        self.wrong_as(found, advice);
    }

    /// Like [`wrong`](Self::wrong), with words of its own for what was found.
    pub(super) fn wrong_as(&self, found: impl Display, advice: impl Display) {
        let message = format!("found {found}, want {}; {advice}", self.want);
        self.report.add(self.path.clone(), message);
    }

    /// Notes that what was found is not what is wanted, but that its meaning is clear.
    pub(super) fn corrected_as(&self, found: impl Display, advice: impl Display) {
        let message = format!("found {found}, want {}; {advice}", self.want);
        self.report.correct(self.path.clone(), message);
    }

    /// Notes that a required key is absent.
    pub(super) fn missing(&self, advice: impl Display) {
        if self.is_expected {
            let message = format!("missing, want {}; {advice}", self.want);
            self.report.add(self.path.clone(), message);
        }
    }

    /// The text, if there is a value; one of another type is noted.
    pub(super) fn text(&self) -> Option<&'a str> {
        let text = self.value?.as_str();
        if text.is_none() {
            self.wrong("write it as a string, in quotes");
        }
        text
    }

    /// The text, or the key's default.
    pub(super) fn text_or_default(&self) -> &'a str {
        self.text().unwrap_or(self.rule.default_text())
    }

    /// `true` or `false`; `None` for anything else, which is noted.
    pub(super) fn boolean(&self) -> Option<bool> {
        let Some(value) = self.value else {
            return match self.rule.form {
                Form::Boolean { default } => Some(default),
                _ => None,
            };
        };
        let boolean = value.as_bool();
        if boolean.is_none() {
            self.wrong(self.rule.advice);
        }
        boolean
    }

    /// A whole number within the key's bounds.
    pub(super) fn whole_number(&self) -> u32 {
        let Form::Number { default, bounds } = &self.rule.form else {
            return 0;
        };
        let Some(value) = self.value else {
            return *default;
        };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        if let Some(number) = number.filter(|number| bounds.contains(number)) {
            return number;
        }
        self.wrong(match value {
            Value::String(_) => self.rule.advice,
            _ => "choose one in that range",
        });
        *default
    }

    /// A duration with its unit, within the key's bounds.
    #[expect(
        clippy::expect_used,
        reason = "each text is a constant of the table, and each parse reads all of them"
    )]
    pub(super) fn duration(&self) -> Duration {
        let Form::Duration { default, bounds } = &self.rule.form else {
            return Duration::ZERO;
        };
        let [default, least, most] = [default, bounds.0, bounds.1]
            .map(|text| parse_duration(text).expect("every parse reads all of the table"));
        let Some(value) = self.value else {
            return default;
        };
        match value.as_str().and_then(parse_duration) {
            Some(duration) if (least..=most).contains(&duration) => return duration,
            Some(_) => self.wrong("choose one in that range"),
            None => match unitless(value) {
                Some(number) => self.wrong(format!("add a unit, as in \"{number}s\"")),
                None => self.wrong(format!(
                    "write a number and a unit (ms, s, m, h), as in {:?}",
                    spoken(&default)
                )),
            },
        }
        default
    }

    /// The items of a list; anything else is noted and has none.
    pub(super) fn items(&self) -> Vec<Key<'a>> {
        let items = match self.value {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.wrong("put it into square brackets: […]");
                return Vec::new();
            }
        };
        let want = self.rule.item().map_or("", |item| item.want);
        let path = |index| format!("{}[{index}]", self.path);
        let item = |(index, value)| self.inner(path(index), value, want);
        items.iter().enumerate().map(item).collect()
    }

    /// The entries of an object with names of the operator's own, each of which
    /// wants `want`.
    pub(super) fn entries(&self, want: &'static str) -> Vec<(&'a str, Key<'a>)> {
        let entries = match self.value {
            None => return Vec::new(),
            Some(Value::Object(entries)) => entries,
            Some(_) => {
                self.wrong(self.rule.advice);
                return Vec::new();
            }
        };
        let entry = |(name, value): (&'a String, &'a Value)| {
            let path = child_path(&self.path, name);
            (name.as_str(), self.inner(path, value, want))
        };
        entries.iter().map(entry).collect()
    }

    fn inner(&self, path: String, value: &'a Value, want: &'static str) -> Key<'a> {
        Key {
            path,
            value: Some(value),
            want: Cow::Borrowed(want),
            is_expected: true,
            ..self.clone()
        }
    }
}

/// A value in words: its type, and itself where it is short and no secret.
fn describe(value: &Value, is_secret: bool) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Bool(_) if is_secret => "true or false".to_owned(),
        Value::Number(_) if is_secret => "a number".to_owned(),
        Value::String(text) if text.is_empty() => "an empty string".to_owned(),
        Value::String(_) if is_secret => "a string".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) if is_harmless(&number.to_string()) => {
            format!("the number {number}")
        }
        Value::Number(_) => "a long number".to_owned(),
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
    (!text.is_empty() && is_harmless(&text) && text.chars().all(digits)).then_some(text)
}
