//! A recording rule of the tenants' Prometheis.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A series that Prometheus makes of others, so that boards and alerts read little.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The new series' name: what it is about, what it is, how it was made.
    pub record: String,
    /// What it means, with its unit.
    pub description: String,
    /// How often it is made, as `1m`.
    pub every: String,
    /// PromQL with shorthand.
    pub expression: String,
    /// Labels that it gets.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}
