//! Every file that is made of the table: where it stands in the repository, and its text.

use std::path::PathBuf;

use crate::board::{self, DATA_SOURCE_OF_OPERATORS, DATA_SOURCE_OF_TENANTS};
use crate::coverage::{self, Known};
use crate::table::Table;
use crate::uses::{self, Use};
use crate::{Sources, alerts, diet, guide, rules};

/// A file of the repository.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    /// From the repository's top.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

impl Made {
    fn new(path: impl Into<PathBuf>, text: String) -> Self {
        Self {
            path: path.into(),
            text,
        }
    }
}

/// All of them but what [`alerts::made`] makes, beside what was read of others.
///
/// # Errors
/// If an expression is no PromQL.
pub fn files(table: &Table, sources: &Sources) -> Result<Vec<Made>, uses::Error> {
    let uses = everywhere(table, sources)?;
    let ids = uses.iter().map(|used| used.id.clone());
    let checked = ids
        .filter(|id| sources.truth.contains(&format!("\"{id}\"")))
        .collect();
    let mut files = boards(table)?;
    files.push(Made::new(
        "jobs/aiven-metrics-rules/templates/aiven.rules.yml",
        rules::file(table)?,
    ));
    files.push(Made::new(diet::PATH, diet::file(table, &uses)));
    files.push(Made::new(
        guide::PATH,
        guide::with_table(&sources.guide, table)?,
    ));
    let known = Known {
        table,
        uses: &uses,
        checked: &checked,
    };
    files.push(Made::new(coverage::PATH, coverage::document(&known)));
    Ok(files)
}

/// Every expression that somebody evaluates.
///
/// # Errors
/// If one is no PromQL.
pub fn everywhere(table: &Table, sources: &Sources) -> Result<Vec<Use>, uses::Error> {
    let mut uses = uses::of_table(table)?;
    uses.extend(guide::uses(&sources.guide)?);
    uses.extend(alerts::uses(&table.alerts)?);
    Ok(uses)
}

fn boards(table: &Table) -> Result<Vec<Made>, uses::Error> {
    let each = table.families.iter().map(|family| {
        let json = board::board(table, family)?;
        let path = format!(
            "jobs/aiven-metrics-dashboards/templates/{}.json.erb",
            family.board.uid
        );
        Ok(Made::new(path, template(&json)))
    });
    each.collect()
}

/// The JSON as a template: only the data source that is chosen at first is the operator's.
fn template(board: &serde_json::Value) -> String {
    let tenants = "<%= p('aiven_metrics_dashboards.datasource').to_json %>";
    let operators = "<%= p('aiven_metrics_dashboards.operators_datasource').to_json %>";
    let text = format!("{board:#}\n");
    text.replace(&format!("\"{DATA_SOURCE_OF_TENANTS}\""), tenants)
        .replace(&format!("\"{DATA_SOURCE_OF_OPERATORS}\""), operators)
}
