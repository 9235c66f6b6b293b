//! Every expression that somebody evaluates, with where it stands: what harnesses ask,
//! and what the list of kept metrics is made of.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::board::annotation;
use crate::expression::{self, Reader, expand};
use crate::table::{Family, Table};

/// An expression in its place.
#[derive(Debug, Clone, Serialize)]
pub struct Use {
    /// The signal's id, or `rule:NAME`, `alert:NAME`, `guide:N`.
    pub id: String,
    /// Where it stands.
    pub place: Place,
    /// As Grafana or Prometheus gets it.
    pub expression: String,
    /// With the board's variables as they are when nothing was chosen, for a Prometheus.
    pub plain: String,
    /// Whether only the last value is asked for.
    pub instant: bool,
    /// The series that it reads.
    pub metrics: BTreeSet<String>,
}

/// Where an expression stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A panel.
    Board {
        /// The board.
        uid: String,
        /// The panel's title.
        panel: String,
    },
    /// A line through the graphs of a board.
    Annotation {
        /// The board.
        uid: String,
        /// What happened.
        name: String,
    },
    /// A recording rule.
    Rule {
        /// What it records.
        record: String,
        /// How often.
        every: String,
        /// Labels that it sets.
        labels: BTreeMap<String, String>,
    },
    /// An alert.
    Alert {
        /// Its name.
        name: String,
    },
    /// A fenced block of `docs/tenants.md`, the first is 1.
    Guide {
        /// Which.
        block: usize,
    },
}

impl Use {
    /// What it records, if it is a recording rule.
    pub fn record(&self) -> Option<&str> {
        match &self.place {
            Place::Rule { record, .. } => Some(record),
            _ => None,
        }
    }

    /// Whether it is evaluated by the tenants' Prometheis, of what nodes expose.
    pub fn is_tenants(&self, table: &Table) -> bool {
        match &self.place {
            Place::Board { uid, .. } | Place::Annotation { uid, .. } => table
                .families
                .iter()
                .all(|family| family.board.uid != *uid || !family.board.operators),
            _ => true,
        }
    }
}

/// What is wrong with an expression, and with whose.
#[derive(Debug, thiserror::Error)]
#[error("{id}: {source}")]
pub struct Error {
    /// The signal's, or the rule's.
    pub id: String,
    /// What is wrong.
    pub source: expression::Error,
}

/// Every expression of boards and recording rules.
///
/// # Errors
/// If one is no PromQL.
pub fn of_table(table: &Table) -> Result<Vec<Use>, Error> {
    let mut uses = Vec::new();
    for family in &table.families {
        uses.extend(of_board(table, family)?);
    }
    let mut rules = Vec::new();
    for family in &table.families {
        rules.extend(of_rules(family)?);
    }
    uses.extend(in_order(rules));
    Ok(uses)
}

/// Rules after those that record what they read; those that read each other last.
fn in_order(mut left: Vec<Use>) -> Vec<Use> {
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let recorded: BTreeSet<_> = left
            .iter()
            .filter_map(Use::record)
            .map(str::to_owned)
            .collect();
        let (waiting, ready): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|used| !used.metrics.is_disjoint(&recorded));
        if ready.is_empty() {
            ordered.extend(waiting);
            break;
        }
        ordered.extend(ready);
        left = waiting;
    }
    ordered
}

fn of_board(table: &Table, family: &Family) -> Result<Vec<Use>, Error> {
    let mut uses = Vec::new();
    for (owner, signal) in table.drawn_on(family) {
        let panel = signal
            .beside
            .as_deref()
            .and_then(|id| table.signal(id))
            .map_or(signal, |(_, host)| host);
        let place = Place::Board {
            uid: family.board.uid.clone(),
            panel: panel.title.clone(),
        };
        uses.push(used(
            &signal.id,
            place,
            &signal.expression,
            owner,
            family.reader(),
            signal.kind.is_instant(),
        )?);
    }
    for overview in &family.overviews {
        for column in &overview.columns {
            let place = Place::Board {
                uid: family.board.uid.clone(),
                panel: overview.title.clone(),
            };
            uses.push(used(
                &column.signal,
                place,
                &column.expression,
                family,
                family.reader(),
                true,
            )?);
        }
    }
    uses.extend(annotation::of_board(family)?);
    Ok(uses)
}

/// Those of a family's rules, in its order.
///
/// # Errors
/// If one is no PromQL.
pub fn of_rules(family: &Family) -> Result<Vec<Use>, Error> {
    let each = family.rules.iter().map(|rule| {
        let place = Place::Rule {
            record: rule.record.clone(),
            every: rule.every.clone(),
            labels: rule.labels.clone(),
        };
        used(
            &format!("rule:{}", rule.record),
            place,
            &rule.expression,
            family,
            Reader::Rule,
            true,
        )
    });
    each.collect()
}

/// An expression of `family`'s file, as `reader` evaluates it.
///
/// # Errors
/// If it is no PromQL.
pub fn used(
    id: &str,
    place: Place,
    source: &str,
    family: &Family,
    reader: Reader,
    instant: bool,
) -> Result<Use, Error> {
    let expression = expand(source, reader, &family.vocabulary()).map_err(|source| Error {
        id: id.to_owned(),
        source,
    })?;
    Ok(Use {
        id: id.to_owned(),
        place,
        expression: expression.text,
        plain: expression.plain,
        instant,
        metrics: expression.metrics,
    })
}
