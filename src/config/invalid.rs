//! What is wrong with a configuration: one [`Problem`] for each fault, all of
//! them together in [`Invalid`].
//!
//! Messages are single lines, whatever the file holds, and show values only
//! where the reader decided that the key is no secret.

use std::fmt;

use super::withheld::is_harmless;

/// One fault of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key's path, such as `aiven.projects[1]`. For a fault of the whole
    /// document it is the file's name, or empty where no file is involved.
    pub path: String,
    /// What was found, what is wanted, and what to do; one line.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// A configuration that cannot be used, with every reason why.
///
/// Its `Display` is one line for each problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Never empty; in the order in which keys are read, unknown keys last.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

impl From<Problem> for Invalid {
    fn from(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

/// The path of `key` inside the object at `parent`.
///
/// A key that would not read as one word is quoted: `services.tags["a b"]`; one that
/// may be a secret is only described.
pub(super) fn child_path(parent: &str, key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !is_harmless(key)
        || key.is_empty()
        || key.len() > SHOWN_CHARACTERS
        || !key.chars().all(plain)
    {
        format!("{parent}[{}]", quoted(key))
    } else if parent.is_empty() {
        key.to_owned()
    } else {
        format!("{parent}.{key}")
    }
}

/// `text` in quotes and on one line, cut where it is long; its length alone where it
/// may be a secret.
pub(super) fn quoted(text: &str) -> String {
    if !is_harmless(text) {
        return format!("a text of {} characters, not shown", text.chars().count());
    }
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{:?}…", text.split_at(end).0),
        None => format!("{text:?}"),
    }
}

/// Enough to recognise a value, short enough for a line in a terminal.
const SHOWN_CHARACTERS: usize = 64;
