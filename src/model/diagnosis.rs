//! What is wrong now, as `/status`, the command `status` and the page show it. What
//! finds it is [`diagnose`](super::diagnose).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::verdict::Verdict;

/// Whether it is well, and what is wrong. The JSON form is stable: fields are added, not
/// changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Whether it is well, in one line.
    pub summary: String,
    /// What is wrong, the worst first.
    pub problems: Vec<Problem>,
    /// How many more problems there are.
    #[serde(default)]
    pub more: usize,
    /// Whether every service that should be scraped is.
    #[serde(default)]
    pub is_whole: bool,
}

/// How bad a problem is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// The daemon itself cannot do its work.
    Daemon,
    /// What the daemon depends on fails: Aiven, Prometheus, Cloud Foundry.
    Source,
    /// Services that should be scraped are not.
    Service,
    /// Something is scraped, but not as it should be.
    Partly,
    /// Nothing is wrong yet.
    Soon,
    /// Worth knowing.
    Note,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// How bad it is.
    pub rank: Rank,
    /// What is wrong, in a few words.
    pub title: String,
    /// The first few services that it is about, each as `PROJECT/SERVICE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// How many services it is about.
    #[serde(default)]
    pub count: usize,
    /// The verdict that all of them have, if that is what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// Since when, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Diagnosis {
    /// The rank of the worst problem; none if nothing is wrong.
    pub fn worst(&self) -> Option<Rank> {
        let worst = self.problems.first().map(|problem| problem.rank);
        worst.filter(|rank| rank.is_wrong())
    }
}

impl Rank {
    /// Whether somebody should act now.
    pub fn is_wrong(self) -> bool {
        self <= Rank::Partly
    }
}

impl Problem {
    /// A problem that is about no service.
    pub fn new(rank: Rank, title: String, cause: String, remedy: &str) -> Problem {
        Problem {
            rank,
            title,
            services: Vec::new(),
            count: 0,
            verdict: None,
            cause,
            remedy: remedy.to_owned(),
            since: None,
        }
    }

    /// The same, known to last since then.
    #[must_use]
    pub fn since(self, since: Timestamp) -> Problem {
        Problem {
            since: Some(since),
            ..self
        }
    }
}
