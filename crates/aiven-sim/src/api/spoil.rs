//! How each fault spoils an answer.

use std::sync::Arc;

use hyper::header::{DATE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};

use crate::api::answer::{Answer, Content, respond};
use crate::body::Body;
use crate::fault::ApiFault;
use crate::refusal::Refusal;
use crate::render::Row;
use crate::wire::ResetSwitch;

/// What becomes of a request.
pub(crate) enum Outcome {
    Response(Box<Response<Body>>),
    /// Never an answer.
    Silence,
    /// The connection ends without one.
    Abort,
}

impl From<Response<Body>> for Outcome {
    fn from(response: Response<Body>) -> Self {
        Self::Response(Box::new(response))
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        answer.into_response().into()
    }
}

/// `answer` is there for every fault that needs one.
pub(super) fn spoil(fault: ApiFault, answer: Option<Answer>, reset: ResetSwitch) -> Outcome {
    match fault {
        ApiFault::Hang => Outcome::Silence,
        ApiFault::Reset => {
            reset.arm();
            Outcome::Abort
        }
        ApiFault::Status { code, message } => Answer::refused(Refusal::new(code, message)).into(),
        ApiFault::Answer {
            code,
            content_type,
            body,
        } => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            respond(status, &content_type, Body::whole(body)).into()
        }
        ApiFault::WithHeaders {
            code,
            headers,
            message,
        } => with_headers(code, &headers, &message).into(),
        ApiFault::RateLimited {
            seconds,
            retry_after,
        } => rate_limited(seconds, retry_after).into(),
        ApiFault::Html(code) => html(code).into(),
        ApiFault::EmptyObject => Answer::object(&json!({})).into(),
        ApiFault::ErrorKey(message) => Answer::object(&json!({"error": message})).into(),
        ApiFault::ClockOff(seconds) => match answer {
            Some(answer) => with_clock(answer.into_response(), seconds).into(),
            None => Outcome::Silence,
        },
        fault => match answer {
            Some(answer) if answer.status.is_success() => spoil_content(fault, answer, reset),
            // Nothing left to spoil: the refusal itself is the answer.
            Some(answer) => answer.into(),
            None => Outcome::Silence,
        },
    }
}

fn spoil_content(fault: ApiFault, mut answer: Answer, reset: ResetSwitch) -> Outcome {
    match fault {
        ApiFault::CutConnection => return broken(answer.into_body().cut_in_half(None)),
        ApiFault::ResetMidBody => return broken(answer.into_body().cut_in_half(Some(reset))),
        ApiFault::Trickle { bytes, every } => {
            return broken(answer.into_body().trickled(bytes, every));
        }
        ApiFault::Endless => return broken(Body::endless(answer.content.join())),
        ApiFault::CutJson => {
            let mut bytes = answer.content.join();
            bytes.truncate(bytes.len() / 2);
            answer.content = Content::Object(bytes);
        }
        ApiFault::Malformed => answer
            .content
            .replace_middle(b"{\"service_name\": \"broken\", ,}"),
        ApiFault::EmptyList => answer.content.rows_mut(Vec::clear),
        ApiFault::HalfList => answer
            .content
            .rows_mut(|rows| rows.truncate(rows.len() / 2)),
        ApiFault::Without(names) => answer
            .content
            .rows_mut(|rows| rows.retain(|row| !names.contains(&name(row)))),
        ApiFault::EveryRow { member, value } => answer.content.rows_mut(|rows| {
            for row in rows {
                let mut fields = parse(row);
                match (&value, fields.as_object_mut()) {
                    (Some(value), Some(fields)) => {
                        drop(fields.insert(member.clone(), value.clone()));
                    }
                    (None, Some(fields)) => drop(fields.remove(&member)),
                    (_, None) => {}
                }
                *row = Arc::new(Row::from(fields.to_string().into_bytes()));
            }
        }),
        ApiFault::UnknownFields => answer.content.rows_mut(|rows| {
            for row in rows {
                *row = Arc::new(with_unknown_fields(row));
            }
        }),
        ApiFault::OddRow(odd) => answer.content.rows_mut(|rows| {
            let row = Row::from(odd.row().to_string().into_bytes());
            rows.insert(rows.len() / 2, Arc::new(row));
        }),
        // The others were answered without their content, or are for Cloud Foundry.
        _ => {}
    }
    answer.into()
}

fn broken(body: Body) -> Outcome {
    respond(StatusCode::OK, "application/json", body).into()
}

fn with_headers(code: u16, headers: &[(String, String)], message: &str) -> Response<Body> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match message {
        "" => respond(status, "text/plain", Body::whole(String::new())),
        _ => Answer::refused(Refusal::new(code, message)).into_response(),
    };
    add_headers(&mut response, headers);
    response
}

/// A `Date` that many seconds ahead, or behind.
pub(crate) fn with_clock(mut response: Response<Body>, seconds: i64) -> Response<Body> {
    let moved = Timestamp::now().as_second().saturating_add(seconds);
    let date = Timestamp::from_second(moved).unwrap_or(Timestamp::MAX);
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&date);
    if let Some(value) = date.ok().and_then(|date| HeaderValue::from_str(&date).ok()) {
        response.headers_mut().insert(DATE, value);
    }
    response
}

/// In the place of headers of the same names.
pub(crate) fn add_headers(response: &mut Response<Body>, headers: &[(String, String)]) {
    for (name, value) in headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
}

fn rate_limited(seconds: u32, retry_after: Option<String>) -> Response<Body> {
    let message = format!(
        "The user has sent too many requests in a given amount of time: \
         Rate limit 120 exceeded - try again in {seconds}s"
    );
    let mut response = Answer::refused(Refusal::new(429, message)).into_response();
    if let Some(value) = retry_after.and_then(|value| HeaderValue::from_str(&value).ok()) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

pub(crate) fn html(code: u16) -> Response<Body> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    let page = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    respond(status, "text/html", Body::whole(page))
}

impl Content {
    fn join(&self) -> Vec<u8> {
        match self {
            Self::Object(bytes) => bytes.clone(),
            Self::List(key, rows) => {
                let rows: Vec<Vec<u8>> = rows.iter().map(|row| row.join()).collect();
                let head = format!("{{\"{key}\":[").into_bytes();
                [head, rows.join(&b','), b"]}".to_vec()].concat()
            }
        }
    }

    /// Changes rows, if there are any to change.
    fn rows_mut(&mut self, change: impl FnOnce(&mut Vec<Arc<Row>>)) {
        if let Self::List(_, rows) = self {
            change(rows);
        }
    }

    /// Puts bytes where the middle row was, or over the second half of an object.
    fn replace_middle(&mut self, bytes: &[u8]) {
        match self {
            Self::Object(object) => {
                object.truncate(object.len() / 2);
                object.extend_from_slice(bytes);
            }
            Self::List(_, rows) => {
                let row = Arc::new(Row::from(bytes.to_vec()));
                let middle = rows.len() / 2;
                match rows.get_mut(middle) {
                    Some(middle) => *middle = row,
                    None => rows.push(row),
                }
            }
        }
    }
}

fn parse(row: &Row) -> Value {
    serde_json::from_slice(&row.join()).unwrap_or_default()
}

fn name(row: &Row) -> String {
    parse(row)["service_name"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn with_unknown_fields(row: &Row) -> Row {
    let mut value = parse(row);
    if let Value::Object(fields) = &mut value {
        fields.insert(
            "a_field_from_the_future".into(),
            json!({"nested": [1, "two", null, {"three": 3.0}]}),
        );
        fields.insert("zz_another".into(), json!(1e300));
    }
    let nested = |value: &mut Value, list: &str, field: &str| {
        for row in value
            .get_mut(list)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            row[field] = json!({"unknown": true});
        }
    };
    nested(&mut value, "components", "dns_flavour");
    nested(&mut value, "service_integrations", "mood");
    Row::from(value.to_string().into_bytes())
}
