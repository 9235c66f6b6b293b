use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use serde_json::json;

use super::*;

fn error(party: Party, status: u16, content_type: &'static str, body: &str) -> ErrorKind {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let url = Url::parse("https://api.example/").unwrap();
    let head = Head::new(StatusCode::from_u16(status).unwrap(), &headers, &url);
    party.error_of(&head, body.as_bytes(), &Secrets::default())
}

fn meaning(party: Party, status: u16, body: serde_json::Value) -> Option<Meaning> {
    error(
        party,
        status,
        "application/json;charset=utf-8",
        &body.to_string(),
    )
    .meaning()
}

#[test]
fn what_uaa_says_has_a_meaning() {
    let uaa = |status, name: &str, words: &str| {
        let body = json!({"error": name, "error_description": words});
        meaning(Party::Uaa, status, body).unwrap()
    };
    let bad = "Bad credentials";
    assert_eq!(uaa(401, "unauthorized", bad), Meaning::ClientRejected);
    assert_eq!(uaa(401, "invalid_client", bad), Meaning::ClientRejected);
    assert_eq!(uaa(400, "invalid_client", bad), Meaning::ClientRejected);
    let grant = "Unauthorized grant type: client_credentials";
    assert_eq!(uaa(401, "invalid_client", grant), Meaning::NoGrant);
    assert_eq!(uaa(400, "unauthorized_client", ""), Meaning::NoGrant);
    assert_eq!(
        uaa(400, "invalid_scope", "none allowed"),
        Meaning::Forbidden
    );
    assert_eq!(uaa(400, "invalid_request", ""), Meaning::Refused);
    assert_eq!(uaa(404, "not_found", ""), Meaning::NotFound);
    assert_eq!(uaa(429, "too_many", ""), Meaning::Throttled);
    assert_eq!(uaa(500, "server_error", ""), Meaning::Server);
}

#[test]
fn what_cloud_controller_says_has_a_meaning() {
    let cc = |status| {
        let error = json!({"code": 1, "title": "CF-Some", "detail": "x"});
        meaning(Party::CloudController, status, json!({"errors": [error]})).unwrap()
    };
    assert_eq!(cc(401), Meaning::TokenRejected);
    assert_eq!(cc(403), Meaning::Forbidden);
    assert_eq!(cc(404), Meaning::NotFound);
    assert_eq!(cc(422), Meaning::Refused);
    assert_eq!(cc(429), Meaning::Throttled);
    assert_eq!(cc(503), Meaning::Server);
}

#[test]
fn cloud_controllers_429_is_its_own_although_it_is_called_plain_text() {
    let theirs = json!({"errors": [{"title": "CF-RateLimitExceeded"}]}).to_string();
    let meaning =
        |party, status| error(party, status, "text/plain; charset=utf-8", &theirs).meaning();
    assert_eq!(
        meaning(Party::CloudController, 429),
        Some(Meaning::Throttled)
    );
    assert_eq!(meaning(Party::CloudController, 401), None);
    assert_eq!(meaning(Party::Uaa, 429), None);
}

#[test]
fn what_has_not_their_form_is_somebody_elses() {
    let theirs = json!({"errors": [{"title": "CF-Some"}]}).to_string();
    for (party, status, content_type, body) in [
        (Party::CloudController, 401, "text/html", &*theirs),
        (Party::CloudController, 302, "application/json", &*theirs),
        (Party::CloudController, 200, "application/json", &*theirs),
        (Party::CloudController, 401, "application/json", "{}"),
        (
            Party::CloudController,
            401,
            "application/json",
            "{\"errors\": []}",
        ),
        (
            Party::CloudController,
            401,
            "application/json",
            "{\"errors\": [{}]}",
        ),
        (
            Party::CloudController,
            401,
            "application/json",
            "{\"error\": \"x\"}",
        ),
        (Party::Uaa, 401, "application/json", &*theirs),
        (Party::Uaa, 401, "application/json", "{\"error\": {}}"),
        (Party::Uaa, 401, "application/json", ""),
    ] {
        let kind = error(party, status, content_type, body);
        assert!(
            matches!(kind, ErrorKind::Unanswered(Unanswered::Stranger(_))),
            "{party:?} {status} {body}"
        );
    }
}

#[test]
fn the_clock_is_suspected_before_a_certificate_out_of_date() {
    assert!(advice_about(&CertificateError::Expired).contains("clock"));
}
