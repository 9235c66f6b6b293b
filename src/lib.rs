//! aiven-metrics keeps Prometheus supplied with the metrics targets of every
//! Aiven service.
//!
//! How data flows through the modules:
//!
//! ```text
//! observe ──► model::plan ──► integrate
//!                 │
//! resolve ────────┴─────────► publish ──► web, targets.json
//! node_access: CAs and credentials for scraping
//! ```
//!
//! `model` decides and does no I/O. `observe`, `integrate`, `resolve` and
//! `publish` do the I/O and decide nothing; [`daemon`] joins them.
//!
//! Only what the binary and the benchmarks need is public.

// Nothing that comes from outside may end the daemon. What is left for
// `arithmetic_side_effects` is said in clippy.toml.
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
    )
)]
// Their macros panic where the stream takes nothing (disk full, reader gone).
#![warn(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]

pub mod aiven;
mod api_client;
pub mod cli;
mod cloud_foundry;
pub mod config;
pub mod daemon;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod integrate;
mod log;
mod metrics;
mod model;
mod net;
mod node_access;
mod observe;
mod publish;
mod resolve;
mod scrape_proxy;
mod web;

#[cfg(test)]
mod imports;
