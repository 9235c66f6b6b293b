//! `docs/tenants.md`: its queries, which are kept like those of the boards, and its table of all
//! signals, which is made here.

use std::collections::BTreeSet;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::expression::{counters_of, metrics_of};
use crate::table::{Row, Signal, Table};
use crate::uses::{Error, Place, Use, of_table};

/// Where it stands in the repository.
pub const PATH: &str = "docs/tenants.md";
const BEGIN: &str = "<!-- signals -->";
const END: &str = "<!-- /signals -->";

/// The queries in its blocks of PromQL.
///
/// # Errors
/// If one is no PromQL.
pub fn uses(text: &str) -> Result<Vec<Use>, Error> {
    let each = blocks(text).into_iter().enumerate().map(|(index, query)| {
        let block = index + 1;
        let id = format!("guide:{block}");
        let metrics = metrics_of(&query).map_err(|source| Error {
            id: id.clone(),
            source,
        })?;
        Ok(Use {
            id,
            place: Place::Guide { block },
            plain: query.clone(),
            expression: query,
            instant: true,
            metrics,
        })
    });
    each.collect()
}

/// The contents of the blocks that are fenced as `promql`.
fn blocks(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language)))
                if &*language == "promql" =>
            {
                open = Some(String::new());
            }
            Event::Text(text) => open.iter_mut().for_each(|block| block.push_str(&text)),
            Event::End(TagEnd::CodeBlock) => {
                found.extend(open.take().map(|block| block.trim().to_owned()))
            }
            _ => {}
        }
    }
    found
}

/// The guide with the table of today; as it is where it has no place for one.
///
/// # Errors
/// If an expression of the table is no PromQL.
pub fn with_table(text: &str, table: &Table) -> Result<String, Error> {
    let Some((before, rest)) = text.split_once(BEGIN) else {
        return Ok(text.to_owned());
    };
    let Some((_, after)) = rest.split_once(END) else {
        return Ok(text.to_owned());
    };
    Ok(format!("{before}{BEGIN}\n{}{END}{after}", signals(table)?))
}

/// A table for each family that has signals of its own.
fn signals(table: &Table) -> Result<String, Error> {
    let uses = of_table(table)?;
    let mut text = String::new();
    let families = table
        .families
        .iter()
        .filter(|family| !family.board.operators && !family.board.all_services);
    for family in families {
        text.push_str(&format!("\n### {}\n\n{HEAD}", family.board.title));
        for signal in &family.signals {
            text.push_str(&row(signal, &uses)?);
        }
    }
    Ok(text + "\n")
}

const HEAD: &str =
    "| what | question | counters: take their `rate` | others |\n|---|---|---|---|\n";

fn row(signal: &Signal, uses: &[Use]) -> Result<String, Error> {
    let (mut names, mut counters) = (BTreeSet::new(), BTreeSet::new());
    for used in uses.iter().filter(|used| used.id == signal.id) {
        names.extend(used.metrics.clone());
        counters.extend(counters_of(&used.plain).map_err(|source| Error {
            id: used.id.clone(),
            source,
        })?);
    }
    // What the reader chose is nobody's metric.
    if names.is_empty() {
        return Ok(String::new());
    }
    let others = names.difference(&counters);
    let question = question(signal.row);
    Ok(format!(
        "| {} | {question} | {} | {} |\n",
        signal.title,
        code(counters.iter()),
        code(others)
    ))
}

fn question(row: Row) -> &'static str {
    match row {
        Row::Now => "now",
        Row::Behaves => "behaviour",
        Row::Plan => "plan",
    }
}

fn code<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUIDE: &str = "# Guide\n\n```promql\nmax by (host) (disk_used_percent{aiven_service_name=\"x\"})\n```\n\n\
                         ```yaml\nup: 1\n```\n\n1. a list\n\n   ```promql\n   up == 0\n   ```\n";

    #[test]
    fn only_blocks_of_promql_are_queries() {
        let uses = uses(GUIDE).unwrap();
        let ids: Vec<_> = uses
            .iter()
            .map(|used| (used.id.as_str(), used.plain.as_str()))
            .collect();
        assert_eq!(
            ids,
            [
                (
                    "guide:1",
                    "max by (host) (disk_used_percent{aiven_service_name=\"x\"})"
                ),
                ("guide:2", "up == 0")
            ]
        );
    }

    #[test]
    fn a_query_that_is_none_is_an_error() {
        assert!(uses("```promql\nup ==\n```\n").is_err());
    }

    #[test]
    fn the_rest_of_the_guide_stays() {
        let table = crate::table::read(&crate::folder()).unwrap();
        let text = format!("before {BEGIN}made before{END} after");
        let made = with_table(&text, &table).unwrap();
        assert!(
            made.starts_with("before ")
                && made.ends_with(" after")
                && !made.contains("made before"),
            "{made}"
        );
        assert_eq!(with_table("without", &table).unwrap(), "without");
    }
}
