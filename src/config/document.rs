//! From a file to a JSON document: everything that can be wrong before a
//! single key has been looked at.
//!
//! serde_json keeps the last of two equal keys without a word; here the second
//! is a problem, since a forgotten override is a likely mistake in a merged file.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::invalid::{Problem, child_path};

/// The text of the file at `path`.
pub(super) fn read(path: &Path) -> Result<String, Problem> {
    let problem = |message| Problem {
        path: shown(path),
        message,
    };
    let bytes = fs::read(path).map_err(|error| problem(unreadable(&error)))?;
    String::from_utf8(bytes).map_err(|error| {
        problem(format!(
            "found a byte that is not UTF-8 at offset {}, want JSON in UTF-8; \
             save the file in that encoding",
            error.utf8_error().valid_up_to()
        ))
    })
}

/// A file's path on one line.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string().escape_debug().collect()
}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            "no such file, want a JSON configuration; check the path given with --config".to_owned()
        }
        ErrorKind::PermissionDenied => {
            "permission denied, want a readable file; as a person, become root first (sudo -i); the daemon's own user reads it as root:vcap, 0640, and nobody else may: it holds the token".to_owned()
        }
        ErrorKind::IsADirectory => {
            "found a directory, want a JSON file; give the path of the file in it".to_owned()
        }
        _ => format!("cannot be read: {error}"),
    }
}

/// Parses `text`; returns with it a problem for each key that an object
/// repeats, so that the rest can be checked all the same.
pub(super) fn parse(text: &str) -> Result<(Value, Vec<Problem>), Problem> {
    let problem = |message| Problem {
        path: String::new(),
        message,
    };
    // RFC 8259, section 8.1, lets a parser ignore a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        let message = "found nothing, want a JSON object; the configuration is empty";
        return Err(problem(message.to_owned()));
    }
    let mut repeated = Vec::new();
    let node = Node {
        path: String::new(),
        repeated: &mut repeated,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    node.deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map(|value| (value, repeated))
        // serde_json names the place but never quotes the text, which may hold a secret.
        .map_err(|error| problem(format!("not JSON: {error}; correct the syntax there")))
}

/// One value of the document and where it stands.
struct Node<'a> {
    path: String,
    repeated: &'a mut Vec<Problem>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Node {
            path: format!("{}[{}]", self.path, list.len()),
            repeated: self.repeated,
        })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let path = child_path(&self.path, &key);
            if object.contains_key(&key) {
                self.repeated.push(Problem {
                    path: path.clone(),
                    message: "found more than once in the same object, want it once; \
                              keep the one that you mean"
                        .to_owned(),
                });
            }
            let value = entries.next_value_seed(Node {
                path,
                repeated: self.repeated,
            })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
