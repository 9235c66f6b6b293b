//! Questions that were left without an answer are asked more and more seldom, while
//! the other family of their name is answered.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::model::address::Family;
use crate::model::resolution::{Answer, Lookup};

/// The most rounds for which a question is left out.
const MAX_ROUNDS: u32 = 16;

/// The names with such questions.
#[derive(Debug, Default)]
pub(super) struct Unanswered(HashMap<Arc<str>, Silence>);

/// What is concluded from silence about one name.
#[derive(Debug)]
struct Silence {
    /// The family that is left out; `None` if neither was answered.
    family: Option<Family>,
    /// For how many rounds yet.
    rounds: u32,
    /// For how many rounds it was decided.
    decided: u32,
    cause: String,
}

impl Unanswered {
    pub(super) fn retain(&mut self, wanted: &BTreeSet<Arc<str>>) {
        self.0.retain(|name, _| wanted.contains(name));
    }

    /// Whether a question about the name may be left without an answer again.
    pub(super) fn is_slow(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|silence| silence.rounds == 0)
    }

    /// Why this family of the name is not asked for now, if it is not.
    pub(super) fn left_out(&self, name: &str, family: Family) -> Option<&str> {
        let silence = self.0.get(name)?;
        let is_left_out = silence.family == Some(family) && silence.rounds > 0;
        is_left_out.then_some(&silence.cause)
    }

    /// The name is looked up once more.
    pub(super) fn begin(&mut self, name: &str) {
        if let Some(silence) = self.0.get_mut(name) {
            silence.rounds = silence.rounds.saturating_sub(1);
        }
    }

    /// Takes in how the lookup ended: which families were asked, which of those were
    /// silent, for IPv4 and IPv6.
    pub(super) fn note(
        &mut self,
        name: &Arc<str>,
        asked: [bool; 2],
        silent: [bool; 2],
        lookup: &Lookup,
    ) {
        let is_failed = |answer: &Answer| matches!(answer, Answer::Failed(_));
        let (family, cause) = match (silent, &lookup.v4, &lookup.v6) {
            ([true, false], Answer::Failed(cause), other) if !is_failed(other) => {
                (Some(Family::V4), cause.as_str())
            }
            ([false, true], other, Answer::Failed(cause)) if !is_failed(other) => {
                (Some(Family::V6), cause.as_str())
            }
            ([false, false], ..) => {
                if asked == [true, true] {
                    self.0.remove(name);
                }
                return;
            }
            _ => (None, ""),
        };
        let before = self.0.get(name);
        let before = before.filter(|before| before.family == family);
        let decided = match family {
            Some(_) => before.map_or(1, |before| (2 * before.decided).min(MAX_ROUNDS)),
            None => 0,
        };
        let silence = Silence {
            family,
            rounds: decided,
            decided,
            cause: cause.to_owned(),
        };
        self.0.insert(Arc::clone(name), silence);
    }
}
