//! What one key demands of another, and how several faults are told apart.

use serde_json::{Value, json};

use super::{CA, accepted, minimal, parse, refused, set, web_tls, with};

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
fn tls_is_given_whole_or_not_at_all() {
    let config = accepted(&with("web.tls", web_tls()));
    assert!(config.web.tls.is_some());
    for missing in ["certificate", "private_key", "client_ca"] {
        let mut document = with("web.tls", web_tls());
        set(&mut document, &format!("web.tls.{missing}"), json!(""));
        let said = refused(&document);
        let begins = format!("web.tls.{missing}: missing, want ");
        assert!(said.starts_with(&begins), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn the_private_key_is_the_certificates() {
    let mut document = with("web.tls", web_tls());
    set(&mut document, "web.tls.certificate", json!(CA));
    let said = refused(&document);
    let begins = "web.tls.private_key: found the key of another certificate, want ";
    assert!(said.starts_with(begins), "{said}");
    for key in ["x", "-----BEGIN PRIVATE KEY-----\nAAAA\n", CA] {
        set(&mut document, "web.tls.private_key", json!(key));
        let said = refused(&document);
        let begins = "web.tls.private_key: found no private key, or a broken one, want ";
        assert!(said.starts_with(begins), "{said}");
    }
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
