//! The one table of signals: what is worth seeing of each Aiven service, as which PromQL,
//! with which words.
//!
//! ```text
//! table/*.toml ── table ──┬── uses     every expression, for harnesses and the list of what is kept
//!                         ├── board    Grafana's JSON
//!      expression ────────┤
//!  shorthand → PromQL     ├── rules    the recording rules
//!                         ├── diet     the ops file that keeps exactly what is read
//!                         ├── guide    the queries and the table of signals in docs/tenants.md
//!                         ├── coverage what each signal rests on, and who uses it
//!                         ├── lint     rules for boards
//!                         └── made     all files together, for `signals write` and the test
//! table/alerts/*.toml ── alerts        their jobs, promtool's tests of them, the runbook's lists
//! ```
//!
//! `README.md` has the format of the table.

use std::path::{Path, PathBuf};

pub mod alerts;
pub mod board;
pub mod coverage;
pub mod diet;
pub mod expression;
pub mod guide;
pub mod lint;
pub mod made;
pub mod rules;
pub mod table;
pub mod uses;

/// The top of this repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The table of this repository.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("table")
}

/// What is read beside the table.
#[derive(Debug)]
pub struct Sources {
    /// The guide for tenants, as it stands.
    pub guide: String,
    /// Where the simulator says what each signal must be: the ids that it names are those whose numbers
    /// are checked.
    pub truth: String,
}

impl Sources {
    /// Reads them.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn read() -> std::io::Result<Self> {
        let top = repository();
        let mut truth = String::new();
        let mut paths = std::fs::read_dir(top.join("crates/aiven-sim/src/truth"))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()?;
        paths.sort();
        for path in paths {
            truth.push_str(&std::fs::read_to_string(path)?);
        }
        Ok(Self {
            guide: std::fs::read_to_string(top.join(guide::PATH))?,
            truth,
        })
    }
}
