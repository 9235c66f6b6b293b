//! Faults of the file, of its syntax, and of its keys.

use std::fs;

use serde_json::json;

use super::super::{Config, Invalid};
use super::{minimal, refused, with};

fn load(content: &[u8]) -> Result<Config, Invalid> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("config.json");
    fs::write(&path, content).expect("a file in it");
    let loaded = Config::load(&path);
    if let Err(invalid) = &loaded {
        let named = |path: &str| path.ends_with("config.json") || path.starts_with("aiven");
        assert!(
            invalid.problems.iter().all(|problem| named(&problem.path)),
            "{invalid}"
        );
    }
    loaded
}

#[test]
fn a_good_file_is_loaded() {
    let text = minimal().to_string();
    assert!(load(text.as_bytes()).is_ok());
    assert!(
        load(format!("\u{feff}{text}").as_bytes()).is_ok(),
        "with a byte order mark"
    );
}

#[test]
fn each_fault_of_a_file_is_named() {
    for (content, words) in [
        (&b""[..], "the configuration is empty"),
        (b" \n", "the configuration is empty"),
        (b"{\"a\": \"\xff\"}", "not UTF-8 at offset 7"),
        (b"{\n \"aiven\": nope\n}", "at line 2 column 12"),
        (b"{} {}", "trailing characters at line 1 column 4"),
        (b"{\"aiven\":", "EOF while parsing"),
        (b"aiven:\n  projects: []\n", "not JSON"),
        (b"[]", "found a list of 0, want an object"),
        (b"null", "found null, want an object"),
        (b"{\"instance_index\": 1e999}", "number out of range"),
    ] {
        let said = load(content).expect_err("a fault").to_string();
        assert!(said.contains(words), "no {words:?} in: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let deep = "[".repeat(100_000);
    let said = load(deep.as_bytes()).expect_err("too deep").to_string();
    assert!(said.contains("recursion limit"), "{said}");
}

#[test]
fn a_path_that_is_no_readable_file_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, words) in [
        (folder.path().to_owned(), "found a directory"),
        (folder.path().join("absent.json"), "no such file"),
    ] {
        let said = Config::load(&path).expect_err("no file").to_string();
        let expected = format!("{}: {words}", path.display());
        assert!(said.starts_with(&expected), "{said}");
    }
}

#[test]
fn a_repeated_key_is_refused() {
    let text = r#"{"aiven": {"api_token": "a", "api_token": "b", "projects": ["p"]},
                   "integration": {"create": false}, "integration": {"create": false}}"#;
    let invalid = Config::parse(text).expect_err("two repetitions");
    let paths: Vec<_> = invalid
        .problems
        .iter()
        .map(|problem| problem.path.as_str())
        .collect();
    assert_eq!(paths, ["aiven.api_token", "integration"], "{invalid}");
    assert!(
        invalid.problems[0].message.contains("more than once"),
        "{invalid}"
    );
}

#[test]
fn an_unknown_key_is_refused_with_what_may_have_been_meant() {
    for (path, said) in [
        (
            "aiven.poll_intervall",
            "unknown key; did you mean aiven.poll_interval?",
        ),
        (
            "aiven.projcets",
            "unknown key; did you mean aiven.projects?",
        ),
        ("servces", "unknown key; did you mean services?"),
        (
            "integration.poll_intervals",
            "remove it, or use one of: create, creates_per_minute",
        ),
        (
            "web.removal_grace",
            "unknown key; did you mean targets.removal_grace?",
        ),
        (
            "cloud_foundry.client",
            "unknown key; did you mean cloud_foundry.client_id?",
        ),
        ("targets.x", "remove it, or use one of: path, removal_grace"),
    ] {
        let message = refused(&with(path, json!({})));
        assert!(message.starts_with(&format!("{path}: ")), "{message}");
        assert!(message.contains(said), "no {said:?} in: {message}");
    }
}

#[test]
fn a_dotted_property_name_is_explained() {
    let mut document = minimal();
    document["dns.timeout"] = json!("5s");
    let said = refused(&document);
    assert!(said.starts_with("[\"dns.timeout\"]: unknown key"), "{said}");
    assert!(said.ends_with("{\"dns\": {\"timeout\": …}}"), "{said}");
}
