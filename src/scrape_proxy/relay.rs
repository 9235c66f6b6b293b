//! From Prometheus' request to the first byte of the page.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{Either, Empty, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use tokio::time::Instant;

use super::body::{Beginning, RelayedBody};
use super::exchange::Exchange;
use super::failure;
use super::node_words::{self, NodeWords};
use super::page::PageHead;
use super::request::{Refusal, ScrapeRequest};
use super::route::Route;
use super::scrape::Scrape;
use super::upstream::Upstream;
use super::{OWN_USER_AGENT, ScrapeProxy};
use crate::model::answering::Answering;
use crate::model::later::later;
use crate::model::outside_text::Secrets;
use crate::model::scrape::{Failure, Finding};
use crate::node_access::BasicAuth;

/// The header in which Prometheus says how long it waits, in seconds.
const SCRAPE_TIMEOUT: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");

/// Request headers that are passed on to the node.
const FORWARDED: [HeaderName; 4] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::USER_AGENT,
    SCRAPE_TIMEOUT,
];

/// The share of Prometheus' scrape timeout that is kept to tell it the cause.
const MARGIN: f64 = 0.05;

/// How long a node's words about what it refuses are waited for.
const WORDS_TIMEOUT: Duration = Duration::from_secs(2);

/// A page, or a line of text.
type Answer = Response<Either<RelayedBody, Full<Bytes>>>;

impl ScrapeProxy {
    /// Answers one request.
    pub(super) async fn handle(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        let (head, _) = request.into_parts();
        let is_of_prometheus = head
            .headers
            .get(header::USER_AGENT)
            .is_none_or(|agent| agent != OWN_USER_AGENT);
        if is_of_prometheus {
            self.results.note_request(Timestamp::now());
        }
        let asked = ScrapeRequest::read(&head.method, &head.uri, head.version, &head.headers);
        let route = asked.and_then(|asked| Route::find(&self.published.load(), &asked));
        let route = match route {
            Ok(route) => route,
            Err(refusal) => {
                self.metrics.scrape_refused();
                return refused(refusal);
            }
        };
        let deadline = later(Instant::now(), time_allowed(&head.headers, self.timeout));
        let scrape = Scrape::of(&self, &route.target, is_of_prometheus);
        match scrape.relay(&route, &head.headers, deadline).await {
            Ok(page) => page.map(Either::Left),
            Err(failure) => text(failure::status(failure.class), &failure.cause),
        }
    }
}

impl Scrape {
    /// Gets the page from the node, or what is wrong with it; the rest of a long one streams.
    async fn relay(
        mut self,
        route: &Route,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<Response<RelayedBody>, Failure> {
        match self.begin(route, headers, deadline).await {
            Ok((head, beginning, upstream)) => {
                let body = RelayedBody::new(beginning, upstream, deadline, self);
                Ok(head.answer(body))
            }
            Err(failure) => {
                self.failed(failure.clone());
                Err(failure)
            }
        }
    }

    /// The head and the beginning of a page that Prometheus accepts.
    async fn begin(
        &mut self,
        route: &Route,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<(PageHead, Beginning, Upstream), Failure> {
        let (answer, mut upstream) = self.ask(route, headers, deadline).await?;
        let secrets = &self.proxy.secrets;
        let (head, beginning) = accept(answer, &mut upstream.exchange, deadline, secrets).await?;
        Ok((head, beginning, upstream))
    }

    /// Asks with the credentials that worked last, then with the others.
    async fn ask(
        &mut self,
        route: &Route,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<(Response<Incoming>, Upstream), Failure> {
        let last = self.proxy.results.of(&self.target);
        let candidates = self.candidates(route, last.as_ref().and_then(|last| last.accepted))?;
        self.answering = last.map_or_else(Answering::default, |last| last.answering);
        let mut at_hand = self.resting(deadline);
        let mut said = None;
        for (endpoint_id, credentials) in &candidates {
            let request = || node_request(route, headers, credentials);
            let (answer, mut upstream) =
                self.send(route, at_hand.take(), request, deadline).await?;
            let status = answer.status();
            if status == StatusCode::OK {
                self.accepted(endpoint_id, credentials);
                return Ok((answer, upstream));
            }
            let secrets = &self.proxy.secrets;
            let heard = hear(answer, &mut upstream.exchange, deadline, secrets).await;
            if status != StatusCode::UNAUTHORIZED {
                return Err(failure::of_status(status, heard.words.as_ref()));
            }
            said = heard.words;
            at_hand = heard.is_whole.then_some((upstream, None));
        }
        Err(self.all_refused(&candidates, said.as_ref()))
    }
}

/// The head and the beginning of a page, of an answer with status 200.
async fn accept(
    answer: Response<Incoming>,
    exchange: &mut Exchange,
    deadline: Instant,
    secrets: &Secrets,
) -> Result<(PageHead, Beginning), Failure> {
    let length = answer.body().size_hint().exact();
    let head = match PageHead::read(answer.headers(), length, secrets) {
        Ok(head) => head,
        Err(failure) if failure.finding == Finding::NotMetrics => {
            let heard = hear(answer, exchange, deadline, secrets).await;
            let said = node_words::quoted(heard.words.as_ref());
            let cause = format!("{}{said}", failure.cause);
            return Err(Failure::new(failure.finding, cause));
        }
        Err(failure) => return Err(failure),
    };
    let page = answer.into_body();
    let beginning = Beginning::read(page, head.is_gzip, exchange, deadline).await?;
    head.check_beginning(&beginning.telling(), secrets)?;
    Ok((head, beginning))
}

/// The words of an answer that is no page, as far as they come soon.
async fn hear(
    answer: Response<Incoming>,
    exchange: &mut Exchange,
    deadline: Instant,
    secrets: &Secrets,
) -> NodeWords {
    let until = deadline.min(later(Instant::now(), WORDS_TIMEOUT));
    node_words::hear(answer, exchange, until, secrets).await
}

/// How long this scrape may take: no longer than Prometheus waits, so that it
/// still hears the cause of a failure, and at most `max`.
fn time_allowed(headers: &HeaderMap, max: Duration) -> Duration {
    let asked = headers
        .get(SCRAPE_TIMEOUT)
        .and_then(|value| value.to_str().ok());
    let seconds: Option<f64> = asked.and_then(|text| text.parse().ok());
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds * (1.0 - MARGIN)).ok())
        .filter(|asked| !asked.is_zero())
        .map_or(max, |asked| asked.min(max))
}

/// The request to the node: the parts of Prometheus' that are meant for it.
fn node_request(
    route: &Route,
    headers: &HeaderMap,
    credentials: &BasicAuth,
) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = hyper::Uri::from_static("/metrics");
    for name in &FORWARDED {
        for value in headers.get_all(name) {
            request.headers_mut().append(name, value.clone());
        }
    }
    let port = route.target.address.port();
    let host = route.names.first().map(|name| format!("{name}:{port}"));
    if let Some(Ok(host)) = host.map(HeaderValue::try_from) {
        request.headers_mut().insert(header::HOST, host);
    }
    request
        .headers_mut()
        .insert(header::AUTHORIZATION, credentials.header().clone());
    request
}

fn refused(refusal: Refusal) -> Answer {
    let mut answer = text(refusal.status(), refusal.cause());
    if refusal == Refusal::Method {
        let allow = HeaderValue::from_static("GET");
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

fn text(status: StatusCode, line: &str) -> Answer {
    let mut answer = Response::new(Either::Right(Full::from(format!("{line}\n"))));
    *answer.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, plain);
    answer
}

#[cfg(test)]
mod tests;
