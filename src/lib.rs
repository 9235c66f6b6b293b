//! aiven-metrics keeps Prometheus supplied with the metrics targets of every
//! Aiven service.
//!
//! The way of the data, module by module:
//!
//! ```text
//! observe ──► model::plan ──► integrate
//!                 │
//! resolve ────────┴─────────► publish ──► web, targets.json
//! node_access: CAs and credentials for scraping
//! ```
//!
//! `model` decides and does no I/O. `observe`, `integrate`, `resolve` and
//! `publish` do and decide nothing; [`daemon`] joins them.
//!
//! What is public here is what the binary and the benchmarks need.

pub mod aiven;
pub mod cli;
pub mod config;
pub mod daemon;
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
