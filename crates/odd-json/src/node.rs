//! A JSON document in parts. Unlike `serde_json::Value` it can hold what readers
//! of JSON disagree about: keys twice, any number, any spelling.

use std::fmt;

use proptest::prelude::*;
use serde_json::Value;

/// A value with its key, if it is a member of an object.
#[derive(Debug, Clone)]
pub(crate) struct Child {
    /// As written, with its quotes.
    pub key: Option<String>,
    pub node: Node,
    /// Whether it took the place of a true value.
    pub replaced: bool,
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// Text, a number, a word, or anything else that is not looked into; as written.
    Leaf(String),
    List(Vec<Child>),
    Object(Vec<Child>),
}

/// One step from a value to a value in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Row(usize),
    Member(String),
}

/// How much white space a document has.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layout {
    Compact,
    Spaced,
}

impl Layout {
    pub fn any() -> impl Strategy<Value = Layout> {
        prop_oneof![3 => Just(Layout::Compact), 1 => Just(Layout::Spaced)]
    }

    fn blank(self) -> &'static str {
        match self {
            Layout::Compact => "",
            Layout::Spaced => " \n\t",
        }
    }
}

impl Child {
    /// A value without a key.
    pub fn leaf(text: impl Into<String>) -> Child {
        Child {
            key: None,
            node: Node::Leaf(text.into()),
            replaced: false,
        }
    }

    /// How many values in the document, without the document itself, fit.
    pub fn count(&self, fits: &dyn Fn(&Child) -> bool) -> usize {
        let inner = self.children().iter();
        inner
            .map(|child| usize::from(fits(child)) + child.count(fits))
            .sum()
    }

    /// The way to the value that fits and has `before` others before it.
    pub fn nth(&self, fits: &dyn Fn(&Child) -> bool, mut before: usize) -> Option<Vec<Step>> {
        let mut path = Vec::new();
        self.find(fits, &mut before, &mut path).then_some(path)
    }

    fn find(
        &self,
        fits: &dyn Fn(&Child) -> bool,
        before: &mut usize,
        path: &mut Vec<Step>,
    ) -> bool {
        for (row, child) in self.children().iter().enumerate() {
            let is_it = fits(child) && *before == 0;
            *before -= usize::from(fits(child) && !is_it);
            if is_it || child.find(fits, before, path) {
                let step = child.key.clone().map_or(Step::Row(row), Step::Member);
                path.insert(0, step);
                return true;
            }
        }
        false
    }

    fn children(&self) -> &[Child] {
        match &self.node {
            Node::List(children) | Node::Object(children) => children,
            Node::Leaf(_) => &[],
        }
    }

    /// Replaces the value at the end of `path` by what `change` makes of it: none,
    /// one, or several. `in_every_row` takes each row of a list for that of `path`.
    pub fn change(
        &mut self,
        path: &[Step],
        in_every_row: bool,
        change: &dyn Fn(Child) -> Vec<Child>,
    ) {
        let (Node::List(children) | Node::Object(children)) = &mut self.node else {
            return;
        };
        let Some((step, rest)) = path.split_first() else {
            return;
        };
        let mut changed = Vec::new();
        for (row, mut child) in std::mem::take(children).into_iter().enumerate() {
            let leads_on = match step {
                Step::Row(wanted) => in_every_row && !rest.is_empty() || row == *wanted,
                Step::Member(wanted) => child.key.as_ref() == Some(wanted),
            };
            if !leads_on {
                changed.push(child);
            } else if rest.is_empty() {
                changed.extend(change(child));
            } else {
                child.change(rest, in_every_row, change);
                changed.push(child);
            }
        }
        *children = changed;
    }

    /// The document as text.
    pub fn text(&self, layout: Layout) -> Vec<u8> {
        let mut text = String::new();
        self.write(layout.blank(), &mut text);
        text.into_bytes()
    }

    fn write(&self, blank: &str, text: &mut String) {
        if let Some(key) = &self.key {
            text.extend([key, blank, ":", blank]);
        }
        let (open, children, close) = match &self.node {
            Node::Leaf(leaf) => return text.push_str(leaf),
            Node::List(children) => ("[", children, "]"),
            Node::Object(children) => ("{", children, "}"),
        };
        text.push_str(open);
        for (index, child) in children.iter().enumerate() {
            text.push_str(if index == 0 { "" } else { "," });
            text.push_str(blank);
            child.write(blank, text);
        }
        text.extend([blank, close]);
    }
}

impl From<&Value> for Child {
    fn from(value: &Value) -> Child {
        let node = match value {
            Value::Array(rows) => Node::List(rows.iter().map(Child::from).collect()),
            Value::Object(members) => {
                let member = |(key, value): (&String, &Value)| Child {
                    key: Some(Value::from(key.as_str()).to_string()),
                    ..Child::from(value)
                };
                Node::Object(members.iter().map(member).collect())
            }
            leaf => Node::Leaf(leaf.to_string()),
        };
        Child {
            key: None,
            node,
            replaced: false,
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Row(row) => write!(f, "{row}"),
            Step::Member(key) => f.write_str(key),
        }
    }
}
