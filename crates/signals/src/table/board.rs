//! A board: what is true for all of its panels, and the tables of the overview.

use serde::Deserialize;

use super::Table;
use super::signal::{Limit, Row, Value};

/// The board of services whose type has none of its own.
const NODES: &str = "aiven-node";

/// A board.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Its name in links, which never changes.
    pub uid: String,
    /// Its name for people.
    pub title: String,
    /// For whom it is, and when to look at it.
    pub description: String,
    /// Where it stands in lists.
    pub place: u32,
    /// Aiven's types of service that it shows; none: every type.
    #[serde(default)]
    pub service_types: Vec<String>,
    /// Whether it is for the platform's Grafana, and not for tenants.
    #[serde(default)]
    pub operators: bool,
    /// Whether all services are shown unless some are chosen; else the first of the list is.
    #[serde(default)]
    pub all_services: bool,
    /// Signals of other families that are drawn here, too, by id.
    #[serde(default)]
    pub also: Vec<String>,
    /// Numbers that the reader chooses.
    #[serde(default, rename = "number")]
    pub numbers: Vec<NumberVariable>,
    /// What Grafana shows first, as `now-6h`.
    #[serde(default = "six_hours")]
    pub since: String,
}

fn six_hours() -> String {
    "now-6h".to_owned()
}

/// A variable of the board that is a number, chosen from a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberVariable {
    /// In expressions, after `$`.
    pub name: String,
    /// Beside the field.
    pub label: String,
    /// What it means.
    pub description: String,
    /// The first is chosen, until the reader chooses another or writes one.
    pub choices: Vec<u32>,
    /// The one that is chosen at first, if it is not the first.
    #[serde(default)]
    pub first: Option<u32>,
}

impl NumberVariable {
    /// What is chosen at first, as text.
    pub fn chosen(&self) -> String {
        let first = self.first.or(self.choices.first().copied());
        first.map(|number| number.to_string()).unwrap_or_default()
    }
}

/// A table of services, a row each.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overview {
    /// Its name for tests and documents.
    pub id: String,
    /// The row of the board.
    pub row: Row,
    /// In plain words.
    pub title: String,
    /// What a bad value means, and what to do then.
    pub description: String,
    /// What is shown where there is nothing.
    pub empty: String,
    /// Rows of the grid; it is as wide as the board.
    pub height: u32,
    /// Labels that are columns, with their headings, in order; others are hidden.
    pub labels: Vec<LabelColumn>,
    /// Values that are columns.
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
    /// Heading of the column by which rows are sorted, the largest first.
    pub worst_first_by: String,
}

/// A label as a column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelColumn {
    /// The label.
    pub label: String,
    /// The heading.
    pub title: String,
    /// Whether a click leads to the board of the row's service.
    #[serde(default)]
    pub links: bool,
    /// In pixels.
    #[serde(default)]
    pub width: Option<u32>,
}

/// A value as a column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The signal that it shows, by id, for tests and documents.
    pub signal: String,
    /// The heading.
    pub title: String,
    /// Grafana's name of the unit.
    pub unit: String,
    /// PromQL with shorthand.
    pub expression: String,
    /// Whether its series get the label `board`: where the row's links lead.
    #[serde(default)]
    pub boards: bool,
    /// From which value on which colour.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// The colour below the first limit, where that is not green.
    #[serde(default)]
    pub below: Option<String>,
    /// Words for values.
    #[serde(default)]
    pub values: Vec<Value>,
    /// What is shown where there is nothing.
    #[serde(default)]
    pub empty: Option<String>,
    /// Digits after the point.
    #[serde(default)]
    pub decimals: Option<u32>,
    /// In pixels.
    #[serde(default)]
    pub width: Option<u32>,
}

impl Column {
    /// Its expression, with the label `board` if its rows lead somewhere: the family's board, or that of
    /// nodes where the type has none.
    pub fn expression_in(&self, table: &Table) -> String {
        if !self.boards {
            return self.expression.clone();
        }
        let with_types = table
            .families
            .iter()
            .filter(|family| !family.board.service_types.is_empty());
        let others = format!(
            r#"label_replace({}, "board", "{NODES}", "", "")"#,
            self.expression.trim()
        );
        with_types.fold(others, |inner, family| {
            let (uid, types) = (&family.board.uid, family.board.service_types.join("|"));
            format!(r#"label_replace({inner}, "board", "{uid}", "aiven_service_type", "{types}")"#)
        })
    }
}
