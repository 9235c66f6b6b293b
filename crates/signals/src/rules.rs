//! The recording rules of the tenants' Prometheis, as one file.

use serde::Serialize;

use crate::table::{Family, Table};
use crate::uses::{self, Place, Use};

#[derive(Serialize)]
struct File {
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: String,
    interval: String,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    record: String,
    expr: String,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    labels: std::collections::BTreeMap<String, String>,
}

/// The file.
///
/// # Errors
/// If an expression is no PromQL.
pub fn file(table: &Table) -> Result<String, uses::Error> {
    let mut groups = Vec::new();
    for family in &table.families {
        groups.extend(groups_of(family)?);
    }
    let yaml =
        serde_saphyr::to_string(&File { groups }).expect("strings and lists are always YAML");
    Ok(format!("{HEADER}{yaml}"))
}

const HEADER: &str = "\
# Made of crates/signals/table by `cargo run -q -p signals -- write`; do not edit.
#
# One small series a service or node, so that boards and alerts read little, and forecasts
# need not look at hours of samples each time.

";

/// Those of a family that are made equally often are a group, in the order of the file: Prometheus
/// evaluates a group's rules one after the other.
fn groups_of(family: &Family) -> Result<Vec<Group>, uses::Error> {
    let mut groups: Vec<Group> = Vec::new();
    for used in uses::of_rules(family)? {
        let Use {
            place:
                Place::Rule {
                    record,
                    every,
                    labels,
                },
            expression,
            ..
        } = used
        else {
            continue;
        };
        let name = format!("aiven-{}-{every}", family.name);
        let rule = Rule {
            record,
            expr: expression,
            labels,
        };
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.rules.push(rule),
            None => groups.push(Group {
                name,
                interval: every,
                rules: vec![rule],
            }),
        }
    }
    Ok(groups)
}
