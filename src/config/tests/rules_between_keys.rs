//! What one key demands of another, and how several faults are told apart.

use serde_json::{Value, json};

use super::{minimal, parse, refused, set, with};

#[test]
fn required_keys_are_asked_for() {
    let said = refused(&json!({}));
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    for path in [
        "aiven.api_token",
        "aiven.projects",
        "integration.username",
        "integration.password",
    ] {
        let missing = format!("{path}: missing, want ");
        assert!(
            lines.iter().any(|line| line.starts_with(&missing)),
            "no {path} in: {said}"
        );
    }
}

#[test]
fn credentials_come_in_pairs() {
    for key in ["integration.username", "integration.password"] {
        let mut document = with("integration.create", json!(false));
        set(&mut document, key, Value::Null);
        let said = refused(&document);
        assert!(
            said.starts_with(&format!("{key}: missing, want ")),
            "{said}"
        );
        assert!(said.contains("both, or neither"), "{said}");
    }
}

#[test]
fn an_endpoint_id_goes_with_one_project_only() {
    let mut document = with("integration.endpoint_id", json!("0b8d"));
    set(&mut document, "aiven.projects", json!(["alpha", "beta"]));
    let said = refused(&document);
    assert!(
        said.starts_with("integration.endpoint_id: found it with 2 projects"),
        "{said}"
    );
}

#[test]
fn one_fault_hides_no_other_and_invents_none() {
    let mut document = minimal();
    set(&mut document, "aiven", json!("wrong"));
    set(&mut document, "integration", json!({"create": "no"}));
    set(&mut document, "log.level", json!(3));
    set(&mut document, "surprise", json!(3));
    let invalid = parse(&document).expect_err("four faults");
    let paths: Vec<_> = invalid
        .problems
        .iter()
        .map(|problem| problem.path.as_str())
        .collect();
    assert_eq!(
        paths,
        ["aiven", "integration.create", "log.level", "surprise"],
        "{invalid}"
    );
    assert_eq!(invalid.to_string().lines().count(), 4);
}
