//! Rows that cannot be read, in Aiven's lists other than that of the services.

use serde::{Deserialize, Serialize};

use super::plan::SupportedTypes;

/// How many odd rows of one list are kept; the others are only counted.
pub const MAX_ODD_ROWS: usize = 5;

/// A list that describes how a project can be integrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupList {
    /// `integration_types`.
    IntegrationTypes,
    /// `service_integration_endpoints`.
    IntegrationEndpoints,
}

/// A row of a list that cannot be read as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OddRow {
    /// The list.
    pub list: SetupList,
    /// Its position in the list, the first is 1.
    pub row: usize,
    /// What the row calls itself, if that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is wrong with it.
    pub problem: String,
    /// Whether it may be the row that integrating depends on. What was known before
    /// is kept then, and nothing is created on the strength of the list.
    pub hinders: bool,
}

/// The odd rows of one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OddRows {
    rows: Vec<OddRow>,
    count: usize,
    hinders: bool,
}

/// What Aiven's `integration_types` say about the Prometheus integration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedTypes {
    /// The service types that can have it.
    pub types: SupportedTypes,
    /// Whether these are all. If not, what was known before still holds.
    pub is_whole: bool,
    /// The rows that could not be read.
    pub odd: OddRows,
}

impl SetupList {
    /// Aiven's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            SetupList::IntegrationTypes => "integration_types",
            SetupList::IntegrationEndpoints => "service_integration_endpoints",
        }
    }
}

impl OddRows {
    /// Notes one more.
    pub fn push(&mut self, row: OddRow) {
        self.count += 1;
        self.hinders |= row.hinders;
        if self.rows.len() < MAX_ODD_ROWS {
            self.rows.push(row);
        }
    }

    /// The first few.
    pub fn rows(&self) -> &[OddRow] {
        &self.rows
    }

    /// How many there are in all.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether the row that integrating depends on may be among them.
    pub fn hinder(&self) -> bool {
        self.hinders
    }
}

impl std::fmt::Display for OddRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {} of Aiven's {}", self.row, self.list.as_str())?;
        if let Some(name) = &self.name {
            write!(f, " ({name})")?;
        }
        write!(f, " cannot be read: {}", self.problem)
    }
}
