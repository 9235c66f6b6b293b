//! What was found wrong so far, and which keys exist: the memory of one
//! reading of a document.
//!
//! The keys that were asked for are the keys that exist; any other in the
//! document is unknown, and the report says which one may have been meant.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::invalid::{Invalid, Problem, child_path};
use super::withheld::Withheld;

/// What was found wrong so far, and which keys exist.
#[derive(Default)]
pub(super) struct Report {
    problems: RefCell<Vec<Problem>>,
    /// What no message may show.
    withheld: Withheld,
    /// Faults whose meaning was clear.
    corrected: RefCell<Vec<Problem>>,
    /// Every key that was asked for, with the path of its object.
    known: RefCell<BTreeSet<(String, &'static str)>>,
    /// Every key of an object that was opened as a section, likewise.
    present: RefCell<Vec<(String, String)>>,
}

impl Report {
    /// A report that starts with `problems`, and shows nothing of what is `withheld`.
    pub(super) fn with(problems: Vec<Problem>, withheld: Withheld) -> Self {
        Self {
            problems: RefCell::new(problems),
            withheld,
            ..Self::default()
        }
    }

    /// Notes a fault that lies between keys rather than in one.
    pub(super) fn add(&self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.borrow_mut().push(Problem {
            path: path.into(),
            message: message.into(),
        });
    }

    /// Notes a fault whose meaning is clear.
    pub(super) fn correct(&self, path: impl Into<String>, message: impl Into<String>) {
        self.corrected.borrow_mut().push(Problem {
            path: path.into(),
            message: message.into(),
        });
    }

    /// The faults whose meaning was clear.
    pub(super) fn corrected(&self) -> Vec<Problem> {
        self.corrected.borrow().clone()
    }

    /// Notes that `key` exists in the object at `parent`.
    pub(super) fn know(&self, parent: &str, key: &'static str) {
        self.known.borrow_mut().insert((parent.to_owned(), key));
    }

    /// Notes the keys that the object at `parent` has.
    pub(super) fn found<'a>(&self, parent: &str, keys: impl Iterator<Item = &'a String>) {
        let keys = keys.map(|key| (parent.to_owned(), key.clone()));
        self.present.borrow_mut().extend(keys);
    }

    /// Every key that was asked for, sections among them.
    #[cfg(test)]
    pub(super) fn known_paths(&self) -> BTreeSet<String> {
        let known = self.known.borrow();
        let path = |(parent, key): &(String, &str)| child_path(parent, key);
        known.iter().map(path).collect()
    }

    /// `value` if nothing was wrong, else all that was, unknown keys included.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with every problem noted.
    pub(super) fn conclude<T>(self, value: T) -> Result<T, Invalid> {
        let known = self.known.into_inner();
        let mut problems = self.problems.into_inner();
        for (parent, key) in self.present.into_inner() {
            if !known
                .iter()
                .any(|(section, name)| *section == parent && *name == key)
            {
                problems.push(Problem {
                    path: child_path(&parent, &key),
                    message: format!("unknown key; {}", suggestion(&known, &parent, &key)),
                });
            }
        }
        if problems.is_empty() {
            return Ok(value);
        }
        problems.extend(self.corrected.into_inner());
        for problem in &mut problems {
            problem.message = self.withheld.taken_out(&problem.message);
        }
        Err(Invalid { problems })
    }
}

/// What the writer of an unknown `key` may have meant.
fn suggestion(known: &BTreeSet<(String, &'static str)>, parent: &str, key: &str) -> String {
    let siblings = || known.iter().filter(|(section, _)| section == parent);
    let nearest = siblings()
        .map(|(_, name)| (strsim::damerau_levenshtein(name, key), *name))
        .min()
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(1));
    if let Some((_, name)) = nearest {
        return format!("did you mean {}?", child_path(parent, name));
    }
    let elsewhere = known
        .iter()
        .map(|(section, name)| (child_path(section, name), *name))
        .find(|(path, name)| *name == key || path == key);
    match elsewhere {
        Some((path, _)) if path == key => {
            format!(
                "write the part before each dot as an object of its own: {{{}",
                nested(&path)
            )
        }
        Some((path, _)) => format!("did you mean {path}?"),
        None => {
            let names: Vec<_> = siblings().map(|(_, name)| *name).collect();
            format!("remove it, or use one of: {}", names.join(", "))
        }
    }
}

/// `a.b` as `"a": {"b": …}}`, with a closing brace for each level.
fn nested(path: &str) -> String {
    let keys: Vec<_> = path.split('.').map(|key| format!("{key:?}: ")).collect();
    format!("{}…{}", keys.join("{"), "}".repeat(keys.len()))
}
