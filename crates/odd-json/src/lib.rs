//! JSON texts that are almost right, for tests of what reads JSON from outside.
//!
//! [`odd`] starts from a true document and makes some places of it odd: members
//! and rows are dropped, nulled, doubled and reordered; values change their type,
//! nest, grow or hold unusual text and numbers; the text is cut or damaged.
//! Half of the oddities happen in every row alike, as when an API changes.
//!
//! ```
//! use odd_json::{Kinds, cases, odd};
//! use proptest::prelude::*;
//!
//! proptest!(cases(100), |(odd in odd(&serde_json::json!({"rows": [1, 2]}), Kinds::Valid))| {
//!     let read = serde_json::from_slice::<serde::de::IgnoredAny>(&odd.text);
//!     prop_assert!(read.is_ok());
//! });
//! ```

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

mod node;
mod oddity;

use node::{Child, Layout};
use oddity::{Damage, Oddity};

/// How odd a document may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// Values are lost, but none turns into another value of its own type, and no
    /// list loses rows: whatever can still be read is true.
    Losses,
    /// Whatever JSON can say: also lost rows, other values and contradictions.
    Valid,
    /// Also text that is no JSON.
    Any,
}

/// A document with some oddities.
#[derive(Clone)]
pub struct Odd {
    /// The document as it arrives.
    pub text: Vec<u8>,
    /// What was done to it, for the report of a failed test.
    pub oddities: Vec<String>,
}

/// A configuration with this many cases, or as many as `PROPTEST_CASES` says if
/// that is more.
#[must_use]
pub fn cases(least: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig {
        cases: asked.cases.max(least),
        max_shrink_iters: 2_000,
        ..asked
    }
}

/// One change of a document: what is done, where, and in how many places.
#[derive(Debug)]
struct Change {
    oddity: Oddity,
    place: Index,
    in_every_row: bool,
}

/// Documents that are `document` with up to eight oddities of these kinds.
pub fn odd(document: &Value, kinds: Kinds) -> impl Strategy<Value = Odd> + use<> {
    let document = Child::from(document);
    let change = (Oddity::any(kinds), any::<Index>(), any::<bool>()).prop_map(
        |(oddity, place, in_every_row)| Change {
            oddity,
            place,
            in_every_row,
        },
    );
    let changes = vec(change, 0..8);
    (changes, Damage::any(kinds), Layout::any()).prop_map(move |(changes, damage, layout)| {
        let mut odd = document.clone();
        let mut oddities = Vec::new();
        for change in &changes {
            if let Some(done) = change.make(&mut odd) {
                oddities.push(done);
            }
        }
        let mut text = odd.text(layout);
        oddities.extend(damage.inflict(&mut text));
        Odd { text, oddities }
    })
}

impl Change {
    /// Makes the change; returns what was done if the document has such a place.
    fn make(&self, document: &mut Child) -> Option<String> {
        let fits = |child: &Child| self.oddity.fits(child);
        let places = document.count(&fits);
        if places == 0 {
            return None;
        }
        let path = document.nth(&fits, self.place.index(places))?;
        document.change(&path, self.in_every_row, &|child| self.oddity.apply(child));
        let rows = if self.in_every_row {
            ", in every row"
        } else {
            ""
        };
        Some(format!("{:?} at {path:?}{rows}", self.oddity))
    }
}

impl fmt::Debug for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.text);
        let shown: String = text.chars().take(2_000).collect();
        f.debug_struct("Odd")
            .field("oddities", &self.oddities)
            .field("bytes", &self.text.len())
            .field("text", &shown)
            .finish()
    }
}

#[cfg(test)]
mod tests;
