//! How sure we are of each name that nodes expose.

use serde::{Deserialize, Serialize};

/// Every metric that an expression may read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Names with one source and one confidence.
    #[serde(rename = "names")]
    pub groups: Vec<Group>,
}

/// Names with one source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// How sure the names are.
    pub confidence: Confidence,
    /// Who says so.
    pub source: String,
    /// The names.
    pub metrics: Vec<String>,
}

/// A metric with what is known of its name.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Metric<'a> {
    /// The name in Prometheus.
    pub name: &'a str,
    /// How sure it is.
    pub confidence: Confidence,
    /// Who says so.
    pub source: &'a str,
}

/// How sure a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Follows from Telegraf's input plugin; nobody has confirmed it for Aiven.
    Plugin,
    /// In Aiven's own documentation or dashboards.
    Listed,
    /// In real output, or used by people against real nodes.
    Seen,
    /// Made by Prometheus or by this release, so there is no doubt.
    Ours,
}

impl Confidence {
    /// As the documents have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Listed => "listed",
            Self::Seen => "seen",
            Self::Ours => "ours",
        }
    }
}

impl Metrics {
    /// What is known of a name.
    pub fn find(&self, name: &str) -> Option<Metric<'_>> {
        self.iter().find(|metric| metric.name == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Metric<'_>> {
        self.groups.iter().flat_map(|group| {
            group.metrics.iter().map(|name| Metric {
                name,
                confidence: group.confidence,
                source: &group.source,
            })
        })
    }
}
