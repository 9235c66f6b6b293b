//! `docs/coverage.md`: what each signal rests on, who uses it, and what checks it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::table::{Confidence, Family, Table};
use crate::uses::{Place, Use};

/// Where it stands in the repository.
pub const PATH: &str = "docs/coverage.md";

const HEAD: &str = "\
# Coverage: what each signal rests on

Made of [crates/signals/table](../crates/signals/README.md) by `cargo run -q -p signals -- write`; do not edit.

Nobody who wrote this has an account at Aiven, so each metric's name has a confidence: **seen** in real output or used by
people against real nodes, **listed** in Aiven's own documentation or dashboards, **plugin** if it follows from Telegraf's
input plugin and nobody has confirmed it, **ours** if Prometheus or this release makes it. `crates/signals/table/metrics.toml` has who says
so. Where a name is wrong, the panel says in words that there is nothing; it shows no wrong number.

- *Rests on*: names of what nodes expose; for recorded series see [what is recorded](#what-is-recorded).
- *Both diets*: the strict one keeps these names because this table made it; that neither takes a series is what
  `spec/manifests/diet_spec.rb` sees, with a real Prometheus.
- *Number*: **checked** if `spec/monitoring/numbers_spec.rb` compares it with what the simulator seeded, in every
  state. The others are constants, sums of what is checked, or about this release itself.
";

/// What the document is made of.
pub struct Known<'a> {
    /// The table.
    pub table: &'a Table,
    /// Every expression that somebody evaluates.
    pub uses: &'a [Use],
    /// Signals of which the simulator knows the truth.
    pub checked: &'a BTreeSet<String>,
}

/// The document.
pub fn document(known: &Known<'_>) -> String {
    let mut text = HEAD.to_owned();
    for family in &known.table.families {
        let _ = write!(text, "\n## {}\n\n", family.board.title);
        let _ = writeln!(
            text,
            "Board `{}`. {}\n",
            family.board.uid, family.board.description
        );
        text.push_str("| signal | rests on | boards | rules, alerts, guide | both diets | number |\n|---|---|---|---|---|---|\n");
        for id in ids(known.table, family) {
            text.push_str(&row(known, family, &id));
        }
    }
    text + &recorded(known) + &totals(known)
}

/// Each recorded series, and what nodes expose behind it.
fn recorded(known: &Known<'_>) -> String {
    let behind = behind(known.uses);
    let mut text =
        "\n## What is recorded\n\n| series | meaning | every | rests on |\n|---|---|---|---|\n"
            .to_owned();
    let mut seen = BTreeSet::new();
    for rule in known.table.families.iter().flat_map(|family| &family.rules) {
        let reason = rule
            .labels
            .get("reason")
            .map(|reason| format!(" ({reason})"))
            .unwrap_or_default();
        let names = if seen.insert(&rule.record) {
            behind.get(&rule.record)
        } else {
            None
        };
        let rests = names.map_or_else(|| "as above".to_owned(), |names| rests_on(known, names));
        let _ = writeln!(
            text,
            "| `{}`{reason} | {} | {} | {rests} |",
            rule.record, rule.description, rule.every
        );
    }
    text
}

/// The signals of a family, and the columns of its tables that are no signals.
fn ids(table: &Table, family: &Family) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let signals = family.signals.iter().map(|signal| signal.id.clone());
    let columns = family
        .overviews
        .iter()
        .flat_map(|overview| &overview.columns)
        .map(|column| column.signal.clone());
    let columns = columns.filter(|id| table.signal(id).is_none());
    signals
        .chain(columns)
        .filter(|id| seen.insert(id.clone()))
        .collect()
}

/// What nodes expose, behind each recorded series.
fn behind(uses: &[Use]) -> BTreeMap<String, BTreeSet<String>> {
    let mut behind: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // Rules come after those that they read.
    for used in uses {
        if let Some(record) = used.record() {
            let names = used
                .metrics
                .iter()
                .flat_map(|name| resolved(name, &behind))
                .collect::<Vec<_>>();
            behind.entry(record.to_owned()).or_default().extend(names);
        }
    }
    behind
}

fn resolved(name: &str, behind: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    behind
        .get(name)
        .cloned()
        .unwrap_or_else(|| BTreeSet::from([name.to_owned()]))
}

fn row(known: &Known<'_>, family: &Family, id: &str) -> String {
    let own: Vec<_> = known.uses.iter().filter(|used| used.id == id).collect();
    let read: BTreeSet<_> = own.iter().flat_map(|used| used.metrics.clone()).collect();
    let boards: BTreeSet<_> = own
        .iter()
        .filter_map(|used| match &used.place {
            Place::Board { uid, .. } => Some(format!("`{uid}`")),
            _ => None,
        })
        .collect();
    let diet = if family.board.operators || read.is_empty() {
        "–"
    } else {
        "kept"
    };
    let number = if known.checked.contains(id) {
        "checked"
    } else {
        "–"
    };
    format!(
        "| `{id}` | {} | {} | {} | {diet} | {number} |\n",
        rests_on(known, &read),
        joined(boards.into_iter()),
        joined(others(known.uses, &read).into_iter()),
    )
}

/// Recorded series, then names by their confidence, the surest first.
fn rests_on(known: &Known<'_>, names: &BTreeSet<String>) -> String {
    let mut by: BTreeMap<(std::cmp::Reverse<Confidence>, &str), Vec<&str>> = BTreeMap::new();
    for name in names {
        let confidence = known
            .table
            .metrics
            .find(name)
            .map_or(Confidence::Ours, |metric| metric.confidence);
        let word = if name.contains(':') {
            "recorded"
        } else {
            confidence.as_str()
        };
        by.entry((std::cmp::Reverse(confidence), word))
            .or_default()
            .push(name);
    }
    let parts = by.into_iter().map(|((_, word), names)| {
        format!(
            "{word}: {}",
            joined(names.iter().map(|name| format!("`{name}`")))
        )
    });
    or_dash(parts.collect::<Vec<_>>().join("; "))
}

/// Rules, alerts and queries of the guide that read one of the same. What all read, whether a node answers and how
/// long it has been there, says nothing, unless it is all.
fn others(uses: &[Use], read: &BTreeSet<String>) -> BTreeSet<String> {
    let about = |used: &&Use| {
        let mut shared = used.metrics.intersection(read);
        shared.any(|name| read.len() == 1 || !["up", "system_uptime"].contains(&name.as_str()))
    };
    let named = |used: &Use| match &used.place {
        Place::Rule { record, .. } => Some(format!("`{record}`")),
        Place::Alert { name } => Some(format!("**{name}**")),
        Place::Guide { block } => Some(format!("guide {block}")),
        _ => None,
    };
    uses.iter().filter(about).filter_map(named).collect()
}

fn joined(items: impl Iterator<Item = String>) -> String {
    or_dash(items.collect::<Vec<_>>().join(" "))
}

fn or_dash(text: String) -> String {
    if text.is_empty() {
        "–".to_owned()
    } else {
        text
    }
}

fn totals(known: &Known<'_>) -> String {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for metric in known.table.metrics.iter() {
        *count.entry(metric.confidence.as_str()).or_default() += 1;
    }
    let each = count
        .iter()
        .map(|(confidence, count)| format!("{count} {confidence}"))
        .collect::<Vec<_>>()
        .join(", ");
    let ids: BTreeSet<_> = known
        .table
        .families
        .iter()
        .flat_map(|family| ids(known.table, family))
        .collect();
    let checked = ids.iter().filter(|id| known.checked.contains(*id)).count();
    format!(
        "\n## In all\n\n{} signals, of {checked} the number is checked. Names: {each}.\n",
        ids.len()
    )
}
