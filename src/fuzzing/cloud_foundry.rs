//! Cloud Controller's and UAA's answers: pages of instances, shared spaces, UAA's place,
//! tokens, and errors.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use secrecy::SecretString;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{SECRET, assert_sayable, first};
use crate::api_client::head::Head;
use crate::cloud_foundry::refusal::Party;
use crate::cloud_foundry::{Grant, Pass, shared_spaces, uaa_url};
use crate::model::back_pressure::MAX_WAIT;
use crate::model::cloud_foundry::{Foundation, Guid};
use crate::model::outside_text::Secrets;

/// The instances that are needed.
const NEEDED: [&str; 2] = [
    "11111111-1111-4111-8111-111111111111",
    "22222222-2222-4222-8222-222222222222",
];

/// The first byte chooses the answer; the rest is its body.
pub fn cloud_foundry(data: &[u8]) {
    let (which, body) = first(data);
    match which % 6 {
        0 => pages(body),
        1 => {
            if let Err(cause) = shared_spaces(body) {
                assert_sayable(&cause, 200);
            }
        }
        2 => match uaa_url(body, &secrets()) {
            Ok(url) => assert!(url.scheme() == "https" || url.as_str().starts_with("http://")),
            Err(cause) => assert_sayable(&cause, 2_000),
        },
        3 => match Grant::read(body) {
            Ok(grant) => assert!((30..=43_200).contains(&grant.life.as_secs())),
            Err(cause) => assert_sayable(&cause, 200),
        },
        4 => error(Party::CloudController, body),
        _ => error(Party::Uaa, body),
    }
}

/// Pages, one a line.
fn pages(data: &[u8]) {
    let needed: BTreeSet<Guid> = NEEDED.iter().filter_map(|text| text.parse().ok()).collect();
    let mut pass = Pass::new(Arc::new(needed.clone()));
    for page in data.split(|byte| *byte == b'\n') {
        if let Err(cause) = pass.take(page, &secrets()) {
            assert_sayable(&cause, 400);
        }
    }
    let reading = pass.finish();
    if let Some(cause) = &reading.shortfall {
        assert_sayable(cause, 400);
    }
    assert_true(&reading.foundation, &needed, data);
}

/// Only the needed is kept, and each space stands in the row of its instance.
fn assert_true(foundation: &Foundation, needed: &BTreeSet<Guid>, data: &[u8]) {
    let Some(pages) = judged(data) else {
        return;
    };
    let rows = pages.iter().filter_map(|page| page["resources"].as_array());
    let rows: Vec<&Value> = rows.flatten().collect();
    let reads = |text: &Value, guid: Guid| {
        let text = text.as_str().unwrap_or_default();
        text.parse() == Ok(guid)
    };
    for (guid, instance) in &foundation.instances {
        assert!(needed.contains(guid));
        let mut own = rows.iter().filter(|row| reads(&row["guid"], *guid));
        if let Some(space) = instance.space {
            let is_its =
                |row: &&Value| reads(&row["relationships"]["space"]["data"]["guid"], space);
            assert!(own.any(is_its), "{space} is in no row of {guid}");
        } else {
            assert!(own.next().is_some(), "{guid} is in no row");
        }
        if let Some(name) = &instance.name {
            assert_sayable(name.as_str(), 255 * 4);
        }
    }
    assert!(foundation.spaces.len() <= needed.len());
    assert!(foundation.organizations.len() <= needed.len());
}

/// The pages as serde_json has them. None if a page is JSON of which it cannot make a value:
/// what nobody reads of it may hold a number, an escape or bytes beyond any type.
fn judged(data: &[u8]) -> Option<Vec<Value>> {
    let mut pages = Vec::new();
    for page in data.split(|byte| *byte == b'\n') {
        match serde_json::from_slice(page) {
            Ok(value) => pages.push(value),
            Err(_) if serde_json::from_slice::<IgnoredAny>(page).is_ok() => return None,
            Err(_) => {}
        }
    }
    Some(pages)
}

/// Two bytes of status, and the body.
fn error(party: Party, data: &[u8]) {
    let (high, rest) = first(data);
    let (low, body) = first(rest);
    let number = 100 + u16::from_be_bytes([high, low]) % 900;
    let status = StatusCode::from_u16(number).expect("three digits");
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let url = Url::parse("https://api.example/v3").expect("a URL");
    let kind = party.error_of(&Head::new(status, &headers, &url), body, &secrets());
    assert_sayable(&kind.to_string(), 4_000);
    assert!(kind.asked_wait().unwrap_or(Duration::ZERO) <= MAX_WAIT);
    kind.code();
    kind.trouble();
}

fn secrets() -> Secrets {
    let secrets = Secrets::default();
    secrets.add(&SecretString::from(SECRET));
    secrets
}
