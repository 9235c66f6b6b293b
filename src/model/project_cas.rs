//! Which of a project's CAs are trusted.
//!
//! Aiven can give a project a new CA. The nodes follow one by one, so for a
//! while certificates of both CAs are in use. After that the old CA is no longer
//! trusted.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::elapsed;

/// How many replaced CAs are kept, however often Aiven's answer changes.
const MAX_REPLACED: usize = 4;

/// The CAs of one project, the current one first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProjectCas(Vec<ProjectCa>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ProjectCa {
    pem: Arc<str>,
    /// When another CA took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced: Option<Timestamp>,
}

impl ProjectCas {
    /// Notes the CA that Aiven shows. Returns whether the current CA changed.
    pub fn note_current(&mut self, pem: &str, now: Timestamp) -> bool {
        if let Some(current) = self.0.first_mut() {
            if &*current.pem == pem && current.replaced.is_none() {
                return false;
            }
            current.replaced.get_or_insert(now);
        }
        self.0.retain(|ca| &*ca.pem != pem);
        let pem = Arc::from(pem);
        let current = ProjectCa {
            pem,
            replaced: None,
        };
        self.0.insert(0, current);
        self.0.truncate(1 + MAX_REPLACED);
        true
    }

    /// Forgets the CAs that were replaced at least `overlap` ago. Returns whether
    /// there were any.
    pub fn forget_replaced(&mut self, now: Timestamp, overlap: Duration) -> bool {
        let before = self.0.len();
        self.0.retain(|ca| {
            ca.replaced
                .is_none_or(|replaced| elapsed(replaced, now) < overlap)
        });
        self.0.len() != before
    }

    /// The trusted certificates as PEM, the current CA first.
    pub fn pems(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|ca| &*ca.pem)
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
    fn the_old_ca_is_trusted_until_the_overlap_is_over() {
        let mut cas = ProjectCas::default();
        assert!(cas.note_current("old", at(0)));
        assert!(!cas.note_current("old", at(50)));
        assert!(cas.note_current("new", at(60)));
        assert!(!cas.note_current("new", at(70)));
        assert!(!cas.forget_replaced(at(159), OVERLAP));
        assert_eq!(cas.pems().collect::<Vec<_>>(), ["new", "old"]);
        assert!(cas.forget_replaced(at(160), OVERLAP));
        assert_eq!(cas.pems().collect::<Vec<_>>(), ["new"]);
    }

    #[test]
    fn a_ca_that_comes_back_is_the_current_one_again() {
        let mut cas = ProjectCas::default();
        for (second, pem) in ["a", "b", "a"].into_iter().enumerate() {
            assert!(cas.note_current(pem, at(second as i64)));
        }
        cas.forget_replaced(at(1_000), OVERLAP);
        assert_eq!(cas.pems().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn the_current_ca_is_never_forgotten_nor_is_any_when_the_clock_is_set_back() {
        let mut cas = ProjectCas::default();
        cas.note_current("old", at(0));
        cas.forget_replaced(at(1_000_000), OVERLAP);
        cas.note_current("new", at(1_000_000));
        cas.forget_replaced(at(10), OVERLAP);
        assert_eq!(cas.pems().count(), 2);
    }

    #[test]
    fn an_answer_that_keeps_changing_does_not_fill_the_memory() {
        let mut cas = ProjectCas::default();
        for second in 0..50 {
            cas.note_current(&second.to_string(), at(second));
        }
        assert_eq!(cas.pems().count(), 1 + MAX_REPLACED);
    }
}
