//! Alerts: what the tenants' Prometheis tell of a service, and the platform's of this release.
//!
//! ```text
//! table/alerts/*.toml ─┬─ job      the BOSH job: spec, schema, rules as a template
//!                      ├─ cases    promtool's unit tests of each alert
//!                      └─ runbook  the lists in docs/runbook.md
//! ```
//!
//! The head of each file says what its keys mean.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::expression::{Reader, Vocabulary, expand};
use crate::made::Made;
use crate::table;
use crate::uses::{self, Place, Use};

pub mod cases;
pub mod job;
pub mod runbook;
#[cfg(test)]
mod tests;

/// Where a threshold's property goes.
const THRESHOLD: &str = "$threshold";
/// The files, by whom they are for.
const FILES: [&str; 2] = ["tenants", "operators"];
/// What stands for labels and selectors in these files.
const SHORTHAND: [(&str, &str); 7] = [
    (
        "(SERVICE",
        "(aiven_project, aiven_service_name, aiven_service_type, organization_name, space_name, service_instance_name",
    ),
    ("(G", "(aiven_project, aiven_service_name"),
    ("(D", "(bosh_deployment"),
    ("{S", "{job=\"aiven\""),
    ("{A", "{job=\"aiven-metrics\""),
    ("{F", "{job=\"prometheus-failover\""),
    ("{P", "{job=\"tenant-prometheus\""),
];

/// One job's alerts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// The name of its file: `tenants` or `operators`.
    #[serde(skip)]
    pub readers: String,
    /// The BOSH job.
    pub job: String,
    /// What the names of its properties begin with.
    pub prefix: String,
    /// The file of rules, in the job's folder.
    pub file: String,
    /// The job's description.
    pub description: String,
    /// The label `service` of all its alerts.
    pub service: String,
    /// Other templates of the job, which are rendered to the same name.
    #[serde(default)]
    pub also: Vec<String>,
    /// Properties of the job that are no alert's.
    #[serde(default)]
    pub properties: Vec<Text>,
    /// Label sets for the series of cases, by what stands for them.
    pub labels: BTreeMap<String, String>,
    /// The labels that each alert has in its cases, beside its own.
    pub expected: BTreeMap<String, String>,
    /// Series of a day on which nothing is wrong, though something always moves.
    #[serde(rename = "quiet_day")]
    pub quiet_days: Vec<QuietDay>,
    /// In the order of the file of rules.
    #[serde(rename = "alert")]
    pub alerts: Vec<Alert>,
}

/// A property that is text, such as where the runbook is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Its name, after the job's prefix.
    pub name: String,
    /// For the operator.
    pub description: String,
    /// What it is unless it is given.
    pub default: String,
    /// Ruby's pattern for it.
    pub pattern: String,
    /// What is wanted, for the sentence of a refusal.
    pub want: String,
}

/// A day on which nobody is told anything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietDay {
    /// What moves.
    pub title: String,
    /// The type of the service.
    #[serde(default)]
    pub case_type: String,
    /// One a line, in promtool's notation, a value each minute.
    pub series: String,
}

/// One alert.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Its properties' name, after the job's prefix.
    pub id: String,
    /// Its name in Prometheus.
    pub name: String,
    /// The group of rules that it stands in.
    pub group: String,
    /// The board to look at.
    pub board: Option<String>,
    /// How soon somebody has to act.
    pub severity: Severity,
    /// For how long it has to be so before it fires; the property's default.
    pub evaluation_time: String,
    /// Whether it is on; the property's default.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The bound, if there is one to choose.
    pub threshold: Option<Threshold>,
    /// States of the simulator by which it is seen.
    #[serde(default)]
    pub sees: Vec<String>,
    /// PromQL with this module's shorthand, and `$threshold`.
    pub expr: String,
    /// What a list of alerts shows; Prometheus' template.
    pub summary: String,
    /// What it means.
    pub description: String,
    /// What a tenant does.
    pub action: Option<String>,
    /// What an operator types first; Prometheus' template.
    pub command: Option<String>,
    /// The type of the service in its cases.
    #[serde(default)]
    pub case_type: String,
    /// Series by which it fires.
    pub fires: Fires,
    /// Series by which it just does not.
    pub below: Case,
    /// A failover, a replaced node, a rollout: must not fire.
    pub failover: Case,
}

fn yes() -> bool {
    true
}

/// How soon somebody has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Now.
    Critical,
    /// This day.
    Warning,
}

impl Severity {
    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
        }
    }
}

/// A bound that the operator may move.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Unless the property is given.
    pub default: serde_json::Number,
    /// The least that makes sense.
    pub min: i64,
    /// The most that makes sense.
    #[serde(default = "huge")]
    pub max: i64,
    /// Of the number.
    pub unit: String,
    /// What is measured.
    pub of: String,
}

/// More than any threshold here; a whole number for PromQL and for JSON.
fn huge() -> i64 {
    1_000_000_000_000_000
}

/// Series, and the moment that is looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// One a line, in promtool's notation.
    pub series: String,
    /// Since the first sample, as `6m`.
    pub at: String,
}

/// A case that fires.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fires {
    /// One a line, in promtool's notation.
    pub series: String,
    /// Since the first sample, as `6m`.
    pub at: String,
    /// The summary as people read it.
    pub says: String,
    /// A threshold with which the same series would not raise it.
    pub silenced_by: Option<serde_json::Number>,
    /// Labels beside those that all alerts have.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// What is wrong with an alert.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its expression is no PromQL.
    #[error(transparent)]
    Expression(#[from] uses::Error),
    /// YAML or JSON cannot be made of it.
    #[error("{name}: {cause}")]
    Written {
        /// Whose.
        name: String,
        /// The writer's words.
        cause: String,
    },
    /// A document has no place for a list that is made.
    #[error("docs/runbook.md: no line <!-- {0}: begin -->, or none of its end")]
    NoPlace(String),
}

/// Reads `table/alerts`, a folder beside the families.
///
/// # Errors
/// If a file cannot be read, or is not as the format says.
pub fn read(folder: &Path) -> Result<Vec<Alerts>, table::Error> {
    let each = FILES.iter().map(|readers| {
        let path = folder.join("alerts").join(format!("{readers}.toml"));
        let alerts: Alerts = table::parse(&path)?;
        Ok(Alerts {
            readers: (*readers).to_owned(),
            ..alerts
        })
    });
    each.collect()
}

/// Every file that is made of the alerts; `runbook` is the document as it stands.
///
/// # Errors
/// If an expression is no PromQL, or the runbook has no place for its lists.
pub fn made(all: &[Alerts], runbook: &str) -> Result<Vec<Made>, Error> {
    let mut files = Vec::new();
    for alerts in all {
        files.extend(job::files(alerts)?);
    }
    files.push(Made {
        path: PathBuf::from("docs/runbook.md"),
        text: runbook::with_lists(runbook, all)?,
    });
    Ok(files)
}

/// The expressions of the tenants' alerts, which read what nodes expose.
///
/// # Errors
/// If one is no PromQL.
pub fn uses(all: &[Alerts]) -> Result<Vec<Use>, uses::Error> {
    let tenants = all.iter().filter(|alerts| alerts.readers == "tenants");
    let each = tenants.flat_map(|alerts| &alerts.alerts).map(|alert| {
        let (plain, metrics) = alert.checked()?;
        Ok(Use {
            id: format!("alert:{}", alert.name),
            place: Place::Alert {
                name: alert.name.clone(),
            },
            expression: plain.clone(),
            plain,
            instant: true,
            metrics,
        })
    });
    each.collect()
}

impl Alerts {
    /// The groups of rules, in the order in which they begin.
    pub fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = Vec::new();
        for alert in &self.alerts {
            if !groups.contains(&alert.group.as_str()) {
                groups.push(&alert.group);
            }
        }
        groups
    }

    /// The alerts of a group.
    pub fn of_group<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Alert> {
        self.alerts.iter().filter(move |alert| alert.group == group)
    }

    /// The name of one of an alert's properties.
    pub fn property(&self, alert: &Alert, key: &str) -> String {
        format!("{}.{}.{key}", self.prefix, alert.id)
    }
}

impl Alert {
    /// PromQL, with `$threshold` as it is.
    pub fn promql(&self) -> String {
        let text = self.expr.trim();
        SHORTHAND
            .iter()
            .fold(text.to_owned(), |text, (short, long)| {
                text.replace(short, long)
            })
    }

    /// The threshold's default as text; nothing where there is none.
    pub fn threshold(&self) -> String {
        self.threshold
            .as_ref()
            .map(|threshold| threshold.default.to_string())
            .unwrap_or_default()
    }

    /// The expression with the default threshold, as the parser prints it, and what it reads.
    ///
    /// # Errors
    /// If it is no PromQL.
    pub fn checked(&self) -> Result<(String, BTreeSet<String>), uses::Error> {
        let vocabulary = Vocabulary {
            numbers: [("threshold".to_owned(), self.threshold())].into(),
            ..Vocabulary::default()
        };
        let expression =
            expand(&self.promql(), Reader::Rule, &vocabulary).map_err(|source| uses::Error {
                id: format!("alert:{}", self.name),
                source,
            })?;
        Ok((expression.plain, expression.metrics))
    }

    /// The heading of the runbook that is about it, as a link's fragment.
    pub fn fragment(&self) -> String {
        self.name.to_lowercase()
    }
}
