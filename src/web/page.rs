//! The page at `/`: draws what [`crate::model::page`] has put together. One page
//! without script, and with its style in it; it asks nobody for anything.
//!
//! Texts of others are escaped by the template library, in every place.

use std::sync::{Arc, LazyLock};

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::Views;
use super::events::parameters;
use crate::model::ago::ago;
use crate::model::diagnose::diagnose;
use crate::model::diagnosis::Rank;
use crate::model::expiry::expiries;
use crate::model::explain::Unknown;
use crate::model::history::{Event, EventFilter, EventKind};
use crate::model::outside_text::{cut, visible_line};
use crate::model::page::{
    Cell, Choices, Ends, Freshness, ProblemRow, Query, Room, ServiceList, ServiceView, choices,
    ends, freshness, problem_rows, service_link, service_list, service_view,
};
use crate::model::situation::Situation;
use crate::model::verdict::Verdict;

/// The page's only style.
const STYLE: &str = include_str!("../../templates/page.css");

/// The most events that the page lists.
const MAX_EVENTS: usize = 20;

/// The most characters of a text that stands on its own.
const MAX_TEXT: usize = 400;

/// Nothing may be loaded or run, and nothing but [`STYLE`] may be applied.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
    let hash = STANDARD.encode(hash);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// What all pages have.
struct Head {
    style: &'static str,
    version: &'static str,
    instance: u32,
    at: Timestamp,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    head: Head,
    tone: &'static str,
    summary: String,
    problems: Vec<ProblemRow>,
    more_problems: usize,
    freshness: Freshness,
    ends: Ends,
    query: Query,
    choices: Choices,
    list: ServiceList,
    kinds: &'static [EventKind],
    events: Vec<EventRow>,
    more_events: usize,
}

#[derive(Template)]
#[template(path = "service.html")]
struct ServicePage {
    head: Head,
    name: String,
    tone: &'static str,
    view: ServiceView,
    events: Vec<EventRow>,
    more_events: usize,
    events_link: String,
}

#[derive(Template)]
#[template(path = "unknown.html")]
struct UnknownPage {
    head: Head,
    name: String,
    near: Vec<(String, String)>,
    unlisted: Vec<String>,
    events: Vec<EventRow>,
}

/// One event, as the page lists it.
struct EventRow {
    at: Timestamp,
    since: Timestamp,
    times: u64,
    kind: EventKind,
    whose: String,
    link: String,
    what: String,
    cause: String,
}

/// Everything, or one service.
pub(super) async fn page(State(views): State<Arc<Views>>, RawQuery(query): RawQuery) -> Response {
    let parameters = parameters(query.as_deref());
    let pairs = parameters.iter().map(|(key, value)| (&**key, &**value));
    let query = Query::of(pairs);
    let proxy = views.boards.scrape_proxy;
    let (code, page) = views.of_now(|situation| match query.service.clone() {
        Some(name) => service_page(situation, &name, proxy),
        None => (StatusCode::OK, overview(situation, query).render()),
    });
    drawn(code, page)
}

/// A whole page is one text: while some row could still fail, nothing is sent.
fn drawn(code: StatusCode, page: askama::Result<String>) -> Response {
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            let cause = format!("the page could not be made: {error}\n");
            return (StatusCode::INTERNAL_SERVER_ERROR, cause).into_response();
        }
    };
    let fixed = HeaderValue::from_static;
    let headers = [
        (header::CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (header::REFERRER_POLICY, fixed("no-referrer")),
        (header::CACHE_CONTROL, fixed("no-store")),
    ];
    (code, headers, page).into_response()
}

fn overview(situation: Situation<'_>, query: Query) -> OverviewPage {
    let diagnosis = diagnose(situation);
    let (problems, more_problems) = problem_rows(&diagnosis);
    let wanted = situation
        .events
        .iter()
        .filter(|event| is_wanted(event, &query));
    let (events, more_events) = event_rows(wanted);
    OverviewPage {
        head: Head::of(situation),
        tone: match diagnosis.worst() {
            None if diagnosis.is_whole => "good",
            Some(rank) if rank <= Rank::Service => "bad",
            _ => "odd",
        },
        summary: diagnosis.summary,
        problems,
        more_problems,
        freshness: freshness(situation),
        ends: ends(
            &expiries(situation.scrapes, situation.at),
            &situation.surroundings.certificates,
        ),
        choices: choices(situation),
        list: service_list(situation, &query),
        kinds: EventKind::ALL,
        events,
        more_events,
        query,
    }
}

fn is_wanted(event: &Event, query: &Query) -> bool {
    let service = &query.event_service;
    let is_of = |of: &Arc<str>| of.contains(service.as_str());
    let names = format_args!("{}", whose(event)).to_string();
    query.event_kind.is_none_or(|kind| event.kind == kind)
        && (service.is_empty() || event.service.as_ref().is_some_and(is_of) || names == *service)
}

fn service_page(
    situation: Situation<'_>,
    name: &str,
    proxy: Option<std::net::SocketAddr>,
) -> (StatusCode, askama::Result<String>) {
    match service_view(situation, name, proxy) {
        Ok(view) => {
            let filter = EventFilter::default().of_service(name);
            let events = filter.of_events(situation.events.to_vec());
            let (events, more_events) = event_rows(events.iter());
            let mut link = form_urlencoded::Serializer::new("/events?".to_owned());
            link.append_pair("service", name);
            let page = ServicePage {
                head: Head::of(situation),
                name: shown(name),
                // Though it is scraped, some node may not be.
                tone: match tone_of(&view.explanation.verdict) {
                    "good" if view.explanation.trouble.is_some() => "odd",
                    tone => tone,
                },
                view,
                events,
                more_events,
                events_link: link.finish(),
            };
            (StatusCode::OK, page.render())
        }
        Err(unknown) => (
            StatusCode::NOT_FOUND,
            unknown_page(situation, name, unknown).render(),
        ),
    }
}

fn unknown_page(situation: Situation<'_>, name: &str, unknown: Unknown) -> UnknownPage {
    let near = unknown.near.into_iter().map(|name| {
        let (project, service) = name.split_once('/').unwrap_or(("", &name));
        (shown(&name), service_link(project, service))
    });
    UnknownPage {
        head: Head::of(situation),
        name: shown(name),
        near: near.collect(),
        unlisted: unknown
            .unlisted
            .iter()
            .take(10)
            .map(|one| shown(one))
            .collect(),
        events: event_rows(unknown.remembered.iter()).0,
    }
}

/// What a request says may hold anything.
fn shown(text: &str) -> String {
    visible_line(&cut(text, MAX_TEXT)).into_owned()
}

/// As many as there is room for, and how many more there are.
fn event_rows<'a>(events: impl Iterator<Item = &'a Arc<Event>>) -> (Vec<EventRow>, usize) {
    let mut room = Room::EVENTS;
    let mut rows = Vec::new();
    let mut more = 0;
    for event in events {
        let row = EventRow::of(event);
        if rows.len() < MAX_EVENTS && more == 0 && room.fits(row.texts()) {
            rows.push(row);
        } else {
            more += 1;
        }
    }
    (rows, more)
}

fn whose(event: &Event) -> String {
    event.whose().unwrap_or_else(|| "all".to_owned())
}

/// The class that colours a verdict.
fn tone_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Scraped => "good",
        verdict if verdict.is_problem() => "bad",
        Verdict::AwaitingIntegration | Verdict::Leaving => "odd",
        _ => "quiet",
    }
}

impl EventRow {
    fn of(event: &Event) -> EventRow {
        let link = match (&event.project, &event.service) {
            (Some(project), Some(service)) => service_link(project, service),
            _ => String::new(),
        };
        EventRow {
            at: event.at,
            since: event.since,
            times: event.times,
            kind: event.kind,
            whose: whose(event),
            link,
            what: event.what.to_string(),
            cause: event.cause.as_deref().unwrap_or_default().to_owned(),
        }
    }

    fn texts(&self) -> [&str; 4] {
        [&self.whose, &self.link, &self.what, &self.cause]
    }
}

/// Times are UTC, as in logs, with how long ago that is.
impl Head {
    fn of(situation: Situation<'_>) -> Head {
        Head {
            style: STYLE,
            version: env!("CARGO_PKG_VERSION"),
            instance: situation.snapshot.instance,
            at: situation.at,
        }
    }

    fn now(&self) -> String {
        self.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    }

    fn clock(&self, at: &Timestamp) -> String {
        let is_today = at.strftime("%F").to_string() == self.at.strftime("%F").to_string();
        at.strftime(if is_today { "%H:%M:%S" } else { "%m-%d %H:%M" })
            .to_string()
    }

    fn date(&self, at: &Timestamp) -> String {
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }

    fn past(&self, at: &Timestamp) -> String {
        format!("{} ago", ago(*at, self.at))
    }

    fn left(&self, at: &Timestamp) -> String {
        if *at < self.at {
            return format!("ended {}", self.past(at));
        }
        ago(self.at, *at)
    }

    fn when(&self, at: &Timestamp) -> String {
        format!("{} ({})", self.date(at), self.past(at))
    }

    fn fresh(&self, cell: &Cell) -> String {
        match (cell.fails, &cell.at) {
            (true, Some(since)) => format!("fails for {}", ago(*since, self.at)),
            (true, None) => "fails".to_owned(),
            (false, Some(at)) => self.past(at),
            (false, None) => "not yet".to_owned(),
        }
    }

    fn short(&self, text: &str) -> String {
        cut(text, MAX_TEXT).into_owned()
    }
}

#[cfg(test)]
mod tests;
