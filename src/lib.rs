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
//! [`model`] decides and does no I/O. [`observe`], [`integrate`], [`resolve`]
//! and [`publish`] do and decide nothing; [`daemon`] joins them.

pub mod aiven;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod integrate;
pub mod log;
pub mod metrics;
pub mod model;
mod net;
pub mod node_access;
pub mod observe;
pub mod publish;
pub mod resolve;
pub mod scrape_proxy;
pub mod web;
