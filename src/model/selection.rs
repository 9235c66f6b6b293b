//! Which services the operator selects (`services.*`).

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobSet;

/// The services that are selected. All conditions must hold.
#[derive(Debug, Clone)]
pub struct Selection {
    /// `services.types`: empty selects every type that the integration supports.
    pub types: BTreeSet<String>,
    /// `services.clouds`: empty selects every `cloud_name`.
    pub clouds: BTreeSet<String>,
    /// `services.tags`: a service must have all of them; empty for no condition.
    pub tags: BTreeMap<String, String>,
    /// `services.exclude`: names and globs of services that are never touched.
    pub exclude: GlobSet,
}
