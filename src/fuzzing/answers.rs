//! Aiven's other answers: one service by name, the lists, secrets, and errors.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{SECRET, assert_sayable, first};
use crate::aiven::error::{error_of, hidden_error};
use crate::aiven::wire::secrets::{EndpointAnswer, ProjectCa};
use crate::aiven::wire::{Integrations, ListedEndpoints, ServiceReader, read, read_types};
use crate::api_client::describe;
use crate::api_client::head::Head;
use crate::model::back_pressure::MAX_WAIT;
use crate::model::outside_text::Secrets;

/// The first byte chooses the answer; the rest is its body.
pub fn answers(data: &[u8]) {
    let (which, body) = first(data);
    let outcome = match which % 8 {
        0 => service(body),
        1 => read_types(body).map(drop),
        2 => ListedEndpoints::read(body).map(drop),
        3 => read::<ProjectCa>(body).map(drop),
        4 => read::<EndpointAnswer>(body).map(|answer| drop(answer.credentials())),
        5 => integrations(body),
        6 => return error(body),
        _ => return hidden(body),
    };
    if let Err(cause) = outcome {
        assert_sayable(&cause, 200);
    }
}

fn service(body: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Answer {
        service: Box<RawValue>,
    }
    let answer: Answer = read(body)?;
    let mut reader = ServiceReader::new(["team".to_owned()]);
    let service = reader.read(answer.service.get().as_bytes());
    let service = service.map_err(|odd| odd.0)?;
    assert!((1..=255).contains(&service.name.len()));
    Ok(())
}

fn integrations(body: &[u8]) -> Result<(), String> {
    let rows: Integrations<'_> = serde_json::from_slice(body).map_err(|error| describe(&error))?;
    rows.has_prometheus("os-1");
    Ok(())
}

/// Two bytes of status, a line of `Retry-After`, and the body.
fn error(data: &[u8]) {
    let (high, rest) = first(data);
    let (low, rest) = first(rest);
    let number = 100 + u16::from_be_bytes([high, low]) % 900;
    let status = StatusCode::from_u16(number).expect("three digits");
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let (line, body) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(line) {
        headers.insert(RETRY_AFTER, value.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let url = Url::parse("https://api.example/v1/project").expect("a URL");
    let head = Head::new(status, &headers, &url);
    let (kind, wait) = error_of(&head, body, &secrets());
    assert!(wait.is_none_or(|wait| wait <= MAX_WAIT), "{wait:?}");
    assert_sayable(&kind.to_string(), 4_000);
    kind.code();
    kind.trouble();
    assert!(number == 404 || !kind.denies_service("os-1"));
}

fn hidden(body: &[u8]) {
    if let Some(message) = hidden_error(body, &secrets()) {
        assert_sayable(message.as_str(), 2_000);
    }
}

fn secrets() -> Secrets {
    let secrets = Secrets::default();
    secrets.add(&SecretString::from(SECRET));
    secrets
}
