//! What both benchmarks need: the kernel's account of a process, and parts of
//! a benchmark as processes of their own.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "for programs for developers: they may panic"
)]

mod account;
mod part;

pub use account::{Account, mib};
pub use part::Part;
