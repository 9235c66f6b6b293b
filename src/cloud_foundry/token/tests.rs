use serde_json::json;

use super::*;

fn grant(answer: &serde_json::Value) -> Result<Grant, String> {
    Grant::read(answer.to_string().as_bytes())
}

#[test]
fn whatever_expires_in_says_a_token_lives_neither_seconds_nor_days() {
    let life = |expires_in: serde_json::Value| {
        let answer = json!({"access_token": "t", "expires_in": expires_in});
        grant(&answer).unwrap().life.as_secs()
    };
    for (told, seconds) in [
        (json!(600), 600),
        (json!(599.5), 599),
        (json!("600"), 600),
        (json!(0), 30),
        (json!(-5), 30),
        (json!(1), 30),
        (json!(43_200), 43_200),
        (json!(86_400), 43_200),
        (json!(u64::MAX), 43_200),
        (json!(1e300), 43_200),
        (json!("inf"), 43_200),
        (json!("NaN"), 600),
        (json!("soon"), 600),
        (json!(null), 600),
        (json!([]), 600),
        (json!({}), 600),
        (json!(true), 600),
    ] {
        assert_eq!(life(told.clone()), seconds, "{told}");
    }
    assert_eq!(
        grant(&json!({"access_token": "t"})).unwrap().life,
        UNTOLD_LIFE
    );
}

#[test]
fn what_is_no_token_is_refused_without_a_word_of_it() {
    let long = "x".repeat(MAX_TOKEN + 1);
    for answer in [
        json!({}),
        json!({"access_token": null}),
        json!({"access_token": 5}),
        json!({"access_token": ""}),
        json!({"access_token": "secret\nsecret"}),
        json!({"access_token": "secret secret"}),
        json!({"access_token": "sécret"}),
        json!({"access_token": long}),
        json!({"access_token": "secret", "token_type": "mac"}),
        json!(["secret"]),
    ] {
        let refused = grant(&answer).map(|_| ()).unwrap_err();
        assert!(!refused.contains("secret"), "{refused}");
    }
    let answer = json!({"access_token": "t", "token_type": "Bearer", "scope": 5});
    assert_eq!(grant(&answer).unwrap().scopes, None);
}

#[test]
fn a_token_is_renewed_after_four_fifths_of_its_life() {
    let begin = Instant::now();
    let grant = grant(&json!({"access_token": "t", "expires_in": 600})).unwrap();
    let mut token = Token::new(&grant, begin, &Secrets::default()).unwrap();
    let after = |seconds| begin + Duration::from_secs(seconds);
    assert!(token.is_fresh(after(479)));
    assert!(!token.is_fresh(after(480)));
    assert!(token.is_alive(after(599)));
    assert!(!token.is_alive(after(600)));
    token.put_off(after(480));
    assert!(token.is_fresh(after(509)));
    assert!(!token.is_fresh(after(510)));
    token.put_off(after(599));
    assert!(!token.is_fresh(after(600)));
}

#[test]
fn a_token_says_when_it_sees_nothing() {
    let blind = |scope: serde_json::Value| {
        let grant = grant(&json!({"access_token": "t", "scope": scope})).unwrap();
        let token = Token::new(&grant, Instant::now(), &Secrets::default()).unwrap();
        token.blind().map(|scopes| scopes.as_str().to_owned())
    };
    let told = json!("uaa.none cloud_controller.read");
    assert_eq!(blind(told).unwrap(), "uaa.none cloud_controller.read");
    assert_eq!(blind(json!("openid cloud_controller.global_auditor")), None);
    assert_eq!(blind(json!("cloud_controller.admin")), None);
    assert_eq!(blind(json!(null)), None);
}

#[test]
fn the_secret_goes_to_a_verified_uaa_alone() {
    let links = |name: &str, href: serde_json::Value| {
        let root = json!({"links": {name: {"href": href}}});
        uaa_url(root.to_string().as_bytes(), &Secrets::default())
    };
    for (href, url) in [
        ("https://uaa.cf.example", "https://uaa.cf.example/"),
        ("https://cf.example:8443/uaa", "https://cf.example:8443/uaa"),
        ("https://uaa.cf.example/?a=b#c", "https://uaa.cf.example/"),
        ("http://127.0.0.1:8080/uaa", "http://127.0.0.1:8080/uaa"),
    ] {
        assert_eq!(links("uaa", href.into()).unwrap().as_str(), url);
        assert_eq!(links("login", href.into()).unwrap().as_str(), url);
    }
    for href in [
        "http://uaa.cf.example",
        "ftp://127.0.0.1/",
        "https://user:password@uaa.cf.example",
        "//uaa.cf.example",
        "uaa",
        "",
        "data:,x",
    ] {
        let why = links("uaa", href.into()).unwrap_err();
        assert!(why.contains("is no https:// URL"), "{why}");
    }
    for root in [
        json!({}),
        json!({"links": null}),
        json!({"links": {"uaa": null}}),
    ] {
        let why = uaa_url(root.to_string().as_bytes(), &Secrets::default()).unwrap_err();
        assert!(why.contains("links.uaa"), "{why}");
    }
    let root = json!({"links": {"uaa": {"href": "https://uaa/"}, "login": {"href": "https://l/"}}});
    let url = uaa_url(root.to_string().as_bytes(), &Secrets::default()).unwrap();
    assert_eq!(url.as_str(), "https://uaa/");
}
