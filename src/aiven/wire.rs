//! The shapes of Aiven's JSON, as far as they are read, and their conversion into
//! the model.
//!
//! Lenient: unknown members and values are ignored, and a member or a row that
//! cannot be read makes nothing else unreadable. What is lenient never invents: what
//! could not be read is unknown (see [`crate::model::detail`]), not absent.

mod integration;
pub mod secrets;
mod service;
mod setup;

pub use integration::Integrations;
pub use service::{SERVICE_MEMBERS, ServiceReader};
pub use setup::{ListedEndpoints, read, read_types};

/// Aiven's name for the type of the integration, and of its endpoint.
pub const PROMETHEUS: &str = "prometheus";

#[cfg(test)]
mod tests;
