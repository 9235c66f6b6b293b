//! Which of a project's CAs still count.
//!
//! Aiven can issue a project a new CA. Its nodes then follow one after the
//! other, so for a while certificates of both are met; after that the old one
//! proves nothing any more.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::elapsed;

/// Replaced CAs that are kept at most, however often Aiven's answer changes.
const KEPT: usize = 4;

/// The CAs of one project, the present one first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProjectCas(Vec<ProjectCa>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ProjectCa {
    pem: Arc<str>,
    /// When another took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced: Option<Timestamp>,
}

impl ProjectCas {
    /// Takes Aiven's answer in. Returns whether another CA is the present one now.
    pub fn saw(&mut self, pem: &str, now: Timestamp) -> bool {
        if let Some(present) = self.0.first_mut() {
            if &*present.pem == pem && present.replaced.is_none() {
                return false;
            }
            present.replaced.get_or_insert(now);
        }
        self.0.retain(|known| &*known.pem != pem);
        let pem = Arc::from(pem);
        let present = ProjectCa {
            pem,
            replaced: None,
        };
        self.0.insert(0, present);
        self.0.truncate(1 + KEPT);
        true
    }

    /// Forgets those that were replaced at least `overlap` ago. Returns whether
    /// there were any.
    pub fn forget(&mut self, now: Timestamp, overlap: Duration) -> bool {
        let before = self.0.len();
        self.0.retain(|known| {
            known
                .replaced
                .is_none_or(|replaced| elapsed(replaced, now) < overlap)
        });
        self.0.len() != before
    }

    /// The certificates that count, as PEM, the present one first.
    pub fn pems(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|known| &*known.pem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERLAP: Duration = Duration::from_secs(100);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn the_old_ca_counts_until_the_overlap_is_over() {
        let mut known = ProjectCas::default();
        assert!(known.saw("old", at(0)));
        assert!(!known.saw("old", at(50)));
        assert!(known.saw("new", at(60)));
        assert!(!known.saw("new", at(70)));
        assert!(!known.forget(at(159), OVERLAP));
        assert_eq!(known.pems().collect::<Vec<_>>(), ["new", "old"]);
        assert!(known.forget(at(160), OVERLAP));
        assert_eq!(known.pems().collect::<Vec<_>>(), ["new"]);
    }

    #[test]
    fn a_ca_that_comes_back_is_the_present_one_again() {
        let mut known = ProjectCas::default();
        for (second, pem) in ["a", "b", "a"].into_iter().enumerate() {
            assert!(known.saw(pem, at(second as i64)));
        }
        known.forget(at(1_000), OVERLAP);
        assert_eq!(known.pems().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn the_present_ca_never_runs_out_and_a_clock_set_back_forgets_nothing() {
        let mut known = ProjectCas::default();
        known.saw("old", at(0));
        known.forget(at(1_000_000), OVERLAP);
        known.saw("new", at(1_000_000));
        known.forget(at(10), OVERLAP);
        assert_eq!(known.pems().count(), 2);
    }

    #[test]
    fn an_answer_that_keeps_changing_does_not_fill_the_memory() {
        let mut known = ProjectCas::default();
        for second in 0..50 {
            known.saw(&second.to_string(), at(second));
        }
        assert_eq!(known.pems().count(), 1 + KEPT);
    }
}
