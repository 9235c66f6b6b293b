//! How each fault spoils an answer of Cloud Foundry.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

pub(super) use crate::api::spoil::Outcome;
use crate::api::spoil::{self as generic, html};
use crate::cloud_foundry::answer::{Answer, Content, controller_status, uaa_status};
use crate::cloud_foundry::controller::rate_limited;
use crate::fault::{ApiFault, PageLoop, Server};
use crate::wire::ResetSwitch;

/// `answer` is there for every fault that needs one.
pub(super) fn spoil(
    server: Server,
    fault: ApiFault,
    answer: Option<Answer>,
    reset: ResetSwitch,
) -> Outcome {
    match fault {
        ApiFault::Hang => Outcome::Silence,
        ApiFault::Reset => {
            reset.arm();
            Outcome::Abort
        }
        ApiFault::Status { code, message } => of(error(server, code, &message)),
        ApiFault::Answer {
            code,
            content_type,
            body,
        } => of(Answer::text(code, &content_type, body)),
        ApiFault::WithHeaders {
            code,
            headers,
            message,
        } => {
            let mut response = error(server, code, &message).into_response();
            generic::add_headers(&mut response, &headers);
            response.into()
        }
        ApiFault::RateLimited {
            seconds,
            retry_after,
        } => of(too_many(server, seconds, retry_after)),
        ApiFault::Html(code) => html(code).into(),
        ApiFault::EmptyObject => of(Answer::json(200, json!({}))),
        ApiFault::ErrorKey(message) => of(Answer::json(200, json!({"error": message}))),
        fault => match answer {
            Some(answer) => spoil_answer(fault, answer, reset),
            None => Outcome::Silence,
        },
    }
}

fn of(answer: Answer) -> Outcome {
    answer.into_response().into()
}

fn error(server: Server, code: u16, message: &str) -> Answer {
    match server {
        Server::Uaa => uaa_status(code, message),
        _ => controller_status(code, message),
    }
}

fn too_many(server: Server, seconds: u32, retry_after: Option<String>) -> Answer {
    let answer = match server {
        Server::Uaa => uaa_status(429, "Too many requests"),
        _ => {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            rate_limited(120, (now + Duration::from_secs(seconds.into())).as_secs())
        }
    };
    match retry_after {
        Some(value) => answer.replacing("retry-after", value),
        None => answer,
    }
}

fn spoil_answer(fault: ApiFault, mut answer: Answer, reset: ResetSwitch) -> Outcome {
    let body = |answer: &Answer| crate::body::Body::whole(answer.bytes());
    match fault {
        ApiFault::CutConnection => {
            let body = body(&answer).cut_in_half(None);
            return answer.into_response_with(body).into();
        }
        ApiFault::ResetMidBody => {
            let body = body(&answer).cut_in_half(Some(reset));
            return answer.into_response_with(body).into();
        }
        ApiFault::Trickle { bytes, every } => {
            let body = body(&answer).trickled(bytes, every);
            return answer.into_response_with(body).into();
        }
        ApiFault::Endless => {
            let body = crate::body::Body::endless(answer.bytes());
            return answer.into_response_with(body).into();
        }
        ApiFault::ClockOff(seconds) => {
            return generic::with_clock(answer.into_response(), seconds).into();
        }
        ApiFault::CutJson => {
            let bytes = answer.bytes();
            let half = String::from_utf8_lossy(&bytes[..bytes.len() / 2]).into_owned();
            answer.content = Content::Text(half);
        }
        ApiFault::Malformed => {
            let text = String::from_utf8_lossy(&answer.bytes()).into_owned();
            answer.content = Content::Text(text.replacen(',', ", ,", 1));
        }
        ApiFault::PagesLoop(PageLoop::Itself) => {
            let itself = json!({"href": answer.page});
            change(&mut answer, |value| {
                set(value, "pagination/next", Some(itself))
            });
        }
        fault => change(&mut answer, |value| spoil_json(fault, value)),
    }
    of(answer)
}

fn change(answer: &mut Answer, change: impl FnOnce(&mut Value)) {
    if let Content::Json(value) = &mut answer.content {
        change(value);
    }
}

/// hyper leaves a `Date` alone that is there already.
fn spoil_json(fault: ApiFault, answer: &mut Value) {
    match fault {
        ApiFault::Member { member, value } => set(answer, &member, value),
        ApiFault::NextOn(origin) => {
            if let Some(href) = answer["pagination"]["next"]["href"].as_str() {
                let path = href.splitn(4, '/').nth(3).unwrap_or_default();
                answer["pagination"]["next"]["href"] = json!(format!("{origin}/{path}"));
            }
        }
        ApiFault::PagesLoop(_) => {
            let first = answer["pagination"]["first"].clone();
            set(answer, "pagination/next", Some(first));
        }
        ApiFault::EmptyList => {
            rows(answer, Vec::clear);
            set(answer, "pagination/total_results", Some(json!(0)));
            set(answer, "pagination/total_pages", Some(json!(1)));
            set(answer, "pagination/next", Some(Value::Null));
        }
        fault => rows(answer, |rows| spoil_rows(fault, rows)),
    }
}

fn rows(answer: &mut Value, change: impl FnOnce(&mut Vec<Value>)) {
    let keys = ["resources", "keys", "data"];
    let key = keys.into_iter().find(|key| answer[*key].is_array());
    if let Some(rows) = key.and_then(|key| answer[key].as_array_mut()) {
        change(rows);
    }
}

fn spoil_rows(fault: ApiFault, rows: &mut Vec<Value>) {
    match fault {
        ApiFault::HalfList => rows.truncate(rows.len() / 2),
        ApiFault::Without(these) => rows.retain(|row| {
            let is_one = |member: &str| these.iter().any(|it| row[member] == it.as_str());
            !is_one("name") && !is_one("guid")
        }),
        ApiFault::EveryRow { member, value } => {
            rows.iter_mut()
                .for_each(|row| set(row, &member, value.clone()));
        }
        ApiFault::OneRow {
            guid,
            member,
            value,
        } => {
            let these = rows.iter_mut().filter(|row| row["guid"] == guid.as_str());
            these.for_each(|row| set(row, &member, value.clone()));
        }
        ApiFault::UnknownFields => rows.iter_mut().for_each(|row| {
            set(
                row,
                "a_field_from_the_future",
                Some(json!({"nested": [1, "two", null, {"three": 3.0}]})),
            );
            set(row, "zz_another", Some(json!(1e300)));
        }),
        ApiFault::DuplicateGuid => {
            if let (Some(first), Some(last)) = (rows.first().cloned(), rows.last().cloned()) {
                let mut twin = last;
                twin["guid"] = first["guid"].clone();
                rows.push(twin);
            }
        }
        ApiFault::OddInstance(odd) => rows.insert(rows.len() / 2, odd.row()),
        // The others were answered without their content, or are for Aiven.
        _ => {}
    }
}

/// Replaces or removes the member at a path such as `pagination/next`.
fn set(within: &mut Value, path: &str, value: Option<Value>) {
    let (holder, member) = match path.rsplit_once('/') {
        Some((holder, member)) => (within.pointer_mut(&format!("/{holder}")), member),
        None => (Some(within), path),
    };
    let Some(holder) = holder.and_then(Value::as_object_mut) else {
        return;
    };
    match value {
        Some(value) => drop(holder.insert(member.to_owned(), value)),
        None => drop(holder.remove(member)),
    }
}
