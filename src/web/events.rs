//! `/events`: what changed in the last hours, and why.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::{Views, answer};
use crate::model::history::{EventFilter, Events};
use crate::model::outside_text::{visible_json, visible_line};

/// The events that `since`, `service` and `kind` leave, the newest first.
pub(super) async fn events(State(views): State<Arc<Views>>, RawQuery(query): RawQuery) -> Response {
    let at = Timestamp::now();
    let parameters = parameters(query.as_deref());
    let pairs = parameters.iter().map(|(key, value)| (&**key, &**value));
    let filter = match EventFilter::of(pairs, at) {
        Ok(filter) => filter,
        Err(error) => {
            let cause = format!("{}\n", visible_line(&error.to_string()));
            return (StatusCode::BAD_REQUEST, cause).into_response();
        }
    };
    let events = filter.of_events(views.boards.history.newest_first());
    let json = serde_json::to_string(&Events { at, events });
    let json = json.map(|json| visible_json(&json).into_owned().into_bytes().into());
    answer(
        "the events",
        json.map_err(|error| error.to_string()),
        |events| ([(header::CONTENT_TYPE, "application/json")], events).into_response(),
    )
}

/// The parameters of a request, as a form sends them. The head of a request bounds them.
pub(super) fn parameters(query: Option<&str>) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect()
}
