//! The one table of signals: what is worth seeing of each Aiven service, as which PromQL,
//! with which words.
//!
//! ```text
//! table/*.toml ─ table ─┬─ uses        every expression, for harnesses and the list of what is kept
//!               expression ─ shorthand → PromQL
//! ```
//!
//! `README.md` has the format of the table.

use std::path::{Path, PathBuf};

pub mod expression;
pub mod table;
pub mod uses;

/// The table of this repository.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("table")
}
