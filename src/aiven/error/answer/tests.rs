use proptest::prelude::*;
use reqwest::header::{HeaderValue, RETRY_AFTER};
use secrecy::SecretString;

use reqwest::Url;
use reqwest::header::HeaderMap;

use super::*;
use crate::model::back_pressure::MAX_WAIT;

const TOKEN: &str = "tok-9f3a7c1e5b2d4860ZZwy";

const JSON: &str = "application/json";

fn base() -> Url {
    Url::parse("https://api.aiven.io/").unwrap()
}

fn secrets() -> Secrets {
    let secrets = Secrets::default();
    secrets.add(&SecretString::from(TOKEN));
    secrets
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.append(*name, value);
        }
    }
    headers
}

fn error(status: u16, pairs: &[(&'static str, &str)], body: &str) -> ErrorKind {
    let status = StatusCode::from_u16(status).unwrap();
    let head = Head::new(status, &headers(pairs), &base());
    error_of(&head, body.as_bytes(), &secrets()).0
}

/// An answer in Aiven's form.
fn aivens(status: u16, body: &str) -> ErrorKind {
    error(status, &[("content-type", JSON)], body)
}

fn says(message: &str) -> String {
    serde_json::json!({ "message": message }).to_string()
}

#[test]
fn each_status_has_the_kind_of_what_to_do_next() {
    assert!(matches!(
        aivens(401, &says("no")),
        ErrorKind::TokenRejected(_)
    ));
    assert!(matches!(
        aivens(403, &says("Invalid token")),
        ErrorKind::TokenRejected(_)
    ));
    assert!(matches!(aivens(403, &says("no")), ErrorKind::Forbidden(_)));
    assert!(matches!(
        aivens(404, &says("no")),
        ErrorKind::NotFound { .. }
    ));
    // Whether anything exists is looked up, whatever the status and the words.
    for status in [400, 409, 422] {
        let kind = aivens(status, &says("Integration already exists"));
        assert!(matches!(kind, ErrorKind::Refused { .. }), "{kind}");
    }
    for passing in [408, 425, 429, 500, 501, 502, 503, 599] {
        assert!(aivens(passing, &says("no")).is_transient(), "{passing}");
        assert!(error(passing, &[], "<html>").is_transient(), "{passing}");
    }
    for lasting in [300, 302, 400, 401, 403, 404, 409, 410, 422] {
        assert!(!aivens(lasting, &says("no")).is_transient(), "{lasting}");
        assert!(!error(lasting, &[], "<html>").is_transient(), "{lasting}");
    }
}

#[test]
fn aivens_message_is_quoted_wherever_it_is() {
    let message = "Service nope does not exist";
    let errors =
        serde_json::json!({"errors": [{"message": message, "error_code": "service_not_found"}]});
    for body in [says(message), errors.to_string()] {
        let kind = aivens(404, &body);
        assert!(kind.to_string().contains(message), "{kind}");
    }
    let odd = serde_json::json!({"message": message, "errors": "many", "more": {}}).to_string();
    assert!(aivens(400, &odd).to_string().contains(message));
}

#[test]
fn what_is_not_aivens_says_nothing_about_tokens_and_services() {
    let page = "<!DOCTYPE html><head><title>Blocked by\n policy</title></head><p>Ray 7";
    let html: &[_] = &[("content-type", "text/html"), ("server", "cdn")];
    let json: &[_] = &[("content-type", JSON)];
    for (headers, body) in [
        (html, page),
        (json, page),
        (&[], page),
        (json, ""),
        (json, "{}"),
        (json, "[]"),
        (json, "null"),
        (json, r#"{"error": "Forbidden", "token": "hunter2"}"#),
        (json, r#"{"message": {"text": "hunter2"}}"#),
        (html, r#"{"message": "Service a does not exist"}"#),
        (
            &[("content-type", "text/plain")],
            "Service a does not exist",
        ),
    ] {
        for status in [200, 204, 302, 401, 403, 404, 407, 451] {
            let kind = error(status, headers, body);
            let said = kind.to_string();
            assert!(
                matches!(kind, ErrorKind::Unanswered(Unanswered::Stranger(_))),
                "{said}"
            );
            assert!(
                said.contains("something between this machine and Aiven"),
                "{said}"
            );
            assert!(said.contains(&status.to_string()), "{said}");
            assert!(
                !said.contains("hunter2") && !said.contains("token"),
                "{said}"
            );
            assert!(!kind.denies_service("a"));
        }
    }
    let said = error(403, html, page).to_string();
    assert!(
        said.contains("(Server: cdn)") && said.contains("\"Blocked by policy\""),
        "{said}"
    );
}

#[test]
fn a_redirect_is_named_with_its_host_only() {
    let location = format!("https://user:{TOKEN}@portal.example:8443/login?from={TOKEN}#x");
    let said = error(302, &[("location", &location)], "").to_string();
    assert!(
        said.contains("a redirect to https://portal.example:8443,"),
        "{said}"
    );
    assert!(!said.contains(TOKEN) && !said.contains("login"), "{said}");
    let said = error(307, &[("location", "/other")], &says("moved")).to_string();
    assert!(
        said.contains("a redirect to https://api.aiven.io,"),
        "{said}"
    );
    let said = error(301, &[("location", "http://[")], "").to_string();
    assert!(said.contains("does not name"), "{said}");
}

#[test]
fn the_wait_of_a_header_overrides_that_of_the_message() {
    let body = says("Rate limit 120 exceeded - try again in 28s");
    let wait = |kind: ErrorKind| kind.asked_wait();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(wait(aivens(429, &body)), seconds(28));
    let pairs: &[_] = &[("content-type", JSON), ("retry-after", "3")];
    for status in [408, 429, 500, 502, 503] {
        assert_eq!(wait(error(status, pairs, &body)), seconds(3), "{status}");
        let page = error(status, &pairs[1..], "<p>Wait");
        assert_eq!(wait(page), seconds(3), "{status}");
    }
}

#[test]
fn a_message_is_one_line_of_limited_length() {
    let said = aivens(400, &says(&format!("a\nb{}", "x".repeat(10_000)))).to_string();
    assert!(said.contains("a bx") && said.len() < 600, "{said}");
}

#[test]
fn an_error_in_a_good_status_is_found() {
    let hidden = |body: &str| hidden_error(body.as_bytes(), &secrets());
    for none in [
        "",
        "{}",
        "[]",
        r#"{"error": null}"#,
        r#"{"error": 0, "message": "x"}"#,
        r#"{"error": ""}"#,
    ] {
        assert_eq!(hidden(none), None, "{none}");
    }
    assert_eq!(
        hidden(r#"{"error": "old", "message": 7}"#).as_deref(),
        Some("old")
    );
    assert!(hidden(r#"{"error": {"a": 1}}"#).is_some());
    let quoting = format!(r#"{{"error": "{TOKEN}"}}"#);
    assert!(!hidden(&quoting).unwrap().contains("tok-9f3a"));
}

/// Bodies of anything, and of what is nearly Aiven's; some quote the token.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let quoting = (0..500_usize, "\\PC{0,8}", 0..TOKEN.len())
        .prop_map(|(pad, odd, from)| format!("{}{odd}{}{odd}", "x".repeat(pad), &TOKEN[from..]));
    let text = prop_oneof![
        Just(TOKEN.to_owned()),
        quoting,
        "\\PC{0,40}",
        Just("Service a does not exist".to_owned()),
        Just("try again in 99999999999999999999s".to_owned()),
    ];
    let leaf = prop_oneof![
        text.clone().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let json = leaf.prop_recursive(3, 12, 3, |inner| {
        let key = prop::sample::select(vec!["message", "errors", "error", "error_code", "status"]);
        let object = prop::collection::btree_map(key, inner.clone(), 0..4);
        prop_oneof![
            object.prop_map(|members| serde_json::json!(members)),
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
        ]
    });
    prop_oneof![
        3 => json.prop_map(|json| json.to_string().into_bytes()),
        1 => text.clone().prop_map(|text| format!("<html><title>{text}</title>{text}").into_bytes()),
        1 => text.prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn any_headers() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let name = prop::sample::select(vec![
        "content-type",
        "server",
        "location",
        "retry-after",
        "x-ratelimit-reset",
        "ratelimit-reset",
    ]);
    let value = prop_oneof![
        Just(JSON.to_owned()),
        Just(TOKEN.to_owned()),
        any::<u64>().prop_map(|number| number.to_string()),
        "\\PC{0,30}",
        "[ -~]{0,200}",
        Just(format!("https://{TOKEN}.example/{TOKEN}")),
    ];
    prop::collection::vec((name, value), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_answer_shows_a_secret_waits_long_or_denies_another_service(
        status in prop_oneof![100..1000_u16, prop::sample::select(vec![200, 302, 401, 403, 404, 409, 429, 503])],
        headers in any_headers(),
        body in bodies(),
    ) {
        let pairs: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let map = self::headers(&pairs);
        let head = Head::new(StatusCode::from_u16(status).unwrap(), &map, &base());
        let (kind, wait) = error_of(&head, &body, &secrets());
        let said = kind.to_string();
        let shown = format!("{said} {kind:?} {}", kind.code());
        for piece in TOKEN.as_bytes().windows(8) {
            let piece = std::str::from_utf8(piece).unwrap();
            prop_assert!(!shown.contains(piece), "{piece} in {shown}");
        }
        prop_assert!(!said.contains(char::is_control), "{said:?}");
        prop_assert!(said.chars().count() < 1500);
        prop_assert!(wait.is_none_or(|wait| wait <= MAX_WAIT));
        prop_assert!(!kind.denies_service("another"));
        let is_json = map.get("content-type").is_none_or(|value| value == JSON);
        prop_assert!(!kind.denies_service("a") || status == 404 && is_json);
        let speaks_of_rights = said.contains("token");
        prop_assert!(!speaks_of_rights || matches!(status, 401 | 403 | 429) && is_json, "{said}");
        if let Some(asked) = map.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok()) {
            prop_assert!(wait.is_some_and(|wait| wait.as_secs() >= asked.min(3600)), "{wait:?}");
        }
    }
}
