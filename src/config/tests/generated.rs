//! What BOSH checks is what the table says, and the table is what is read.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::super::keys::KEYS;
use super::super::reader::Section;
use super::super::report::Report;
use super::super::{properties_schema, refusals_template, sections};

/// Compares a committed file with what is printed; with `WRITE_GENERATED` set
/// it is written anew.
fn assert_committed(path: &str, printed: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("WRITE_GENERATED").is_some() {
        std::fs::write(&path, printed).expect("a writable file");
    }
    let committed = std::fs::read_to_string(&path).expect("a committed file");
    let path = path.display();
    assert!(
        committed == printed,
        "{path} is older than src/config/keys.rs: WRITE_GENERATED=1 cargo test --lib generated"
    );
}

#[test]
fn committed_schema_is_the_printed_one() {
    let path = "jobs/aiven-metrics/properties_schema.json";
    assert_committed(path, &properties_schema());
}

#[test]
fn committed_refusals_are_the_printed_ones() {
    let path = "jobs/aiven-metrics/templates/refusals.erb";
    assert_committed(path, &refusals_template());
}

#[test]
fn every_key_of_the_table_is_read_and_no_other() {
    let report = Report::default();
    sections::config(&report, &Section::top(&report, &json!({})));
    let listed: BTreeSet<String> = KEYS.iter().map(|rule| rule.path.to_owned()).collect();
    assert_eq!(listed.len(), KEYS.len(), "a key has two rows");
    let sections: BTreeSet<&str> = KEYS
        .iter()
        .flat_map(|rule| rule.path.match_indices('.').map(|(at, _)| &rule.path[..at]))
        .collect();
    let known = report.known_paths();
    let read = known
        .iter()
        .filter(|path| !sections.contains(path.as_str()));
    assert_eq!(read.cloned().collect::<BTreeSet<_>>(), listed);
}

#[test]
fn every_schema_of_a_property_names_it_and_says_what_to_do() {
    let schema: Value = serde_json::from_str(&properties_schema()).expect("JSON");
    for rule in KEYS.iter().filter(|rule| rule.is_property) {
        let pointer = format!("/properties/{}", rule.path.replace('.', "/properties/"));
        let mut sentences = Vec::new();
        collect_sentences(schema.pointer(&pointer).expect("a schema"), &mut sentences);
        assert!(!sentences.is_empty(), "{} has no sentence", rule.path);
        for sentence in sentences {
            let rest = sentence.strip_prefix(&format!("{}: ", rule.path));
            let (wrong, to_do) = rest
                .and_then(|rest| rest.split_once("; "))
                .expect(&sentence);
            assert!(wrong.contains(", want ") && !to_do.is_empty(), "{sentence}");
            assert!(
                !rule.is_secret || !sentence.contains("%{instance}"),
                "{sentence} shows what may be a secret"
            );
        }
    }
}

fn collect_sentences(schema: &Value, sentences: &mut Vec<String>) {
    let Value::Object(keywords) = schema else {
        return;
    };
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("x-error", Value::String(said)) => sentences.push(said.clone()),
            ("x-error", Value::Object(by_keyword)) => {
                let said = by_keyword.values().filter_map(Value::as_str);
                sentences.extend(said.map(str::to_owned));
            }
            _ => collect_sentences(value, sentences),
        }
    }
}

/// ERB would take these for its own.
#[test]
fn the_schema_holds_no_mark_of_the_template() {
    for mark in ["<%", "%>", "\nSCHEMA\n"] {
        assert!(!properties_schema().contains(mark), "{mark:?}");
    }
}
