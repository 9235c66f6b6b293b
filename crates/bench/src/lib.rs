//! What both benchmarks need: the kernel's account of a process, and parts of
//! a benchmark as processes of their own.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "for programs for developers: they may panic"
)]

mod account;
mod part;

use std::time::Duration;

pub use account::{Account, mib};
pub use part::Part;

/// The longest intervals that are accepted, so that nothing is asked again.
pub const NEVER: Duration = Duration::from_secs(3600);
