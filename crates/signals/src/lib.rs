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
//!                         ├── lint     rules for boards
//!                         └── made     all files together, for `signals write` and the test
//! ```
//!
//! `README.md` has the format of the table.

use std::path::{Path, PathBuf};

pub mod board;
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

/// The guide for tenants, as it stands.
///
/// # Errors
/// If it cannot be read.
pub fn guide_text() -> std::io::Result<String> {
    std::fs::read_to_string(repository().join(guide::PATH))
}
