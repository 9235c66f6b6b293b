//! One scrape, from the request to its end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Empty, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::ScrapeProxy;
use super::body::RelayedBody;
use super::failure;
use super::health::NodeFacts;
use super::request::{Refusal, ScrapeRequest};
use super::route::Route;
use super::upstream::Upstream;
use crate::model::scrape::{Failure, FailureKind, Target};
use crate::node_access::BasicAuth;

/// The header in which Prometheus says how long it waits.
const SCRAPE_TIMEOUT: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");

/// What of Prometheus' request is for the node.
const FORWARDED: [HeaderName; 4] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::USER_AGENT,
    SCRAPE_TIMEOUT,
];

/// What of the node's answer is for Prometheus.
const RETURNED: [HeaderName; 2] = [header::CONTENT_TYPE, header::CONTENT_ENCODING];

/// The share of Prometheus' patience that is kept to tell it why.
const MARGIN: f64 = 0.05;

/// Most of a refusal's body that is read to be able to use the connection again.
const LARGEST_REFUSAL: usize = 16 << 10;

/// A page, or a line of text.
type Answer = Response<Either<RelayedBody, Full<Bytes>>>;

/// A scrape under way. However it ends, it is counted once; dropped without an
/// end it was given up by Prometheus.
pub(super) struct Scrape {
    proxy: Arc<ScrapeProxy>,
    target: Target,
    started: Instant,
    learnt: NodeFacts,
    bytes: u64,
    ended: bool,
}

impl ScrapeProxy {
    /// Answers one request.
    pub(super) async fn handle(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        self.health.note_request(Timestamp::now());
        let (head, _) = request.into_parts();
        let asked = ScrapeRequest::read(&head.method, &head.uri, head.version, &head.headers);
        let route = asked.and_then(|asked| Route::find(&self.published.load(), &asked));
        let route = match route {
            Ok(route) => route,
            Err(refusal) => {
                self.metrics.scrape_refused();
                return refused(refusal);
            }
        };
        let deadline = Instant::now() + patience(&head.headers, self.timeout);
        let scrape = Scrape::of(&self, &route.target);
        match scrape.relay(&route, &head.headers, deadline).await {
            Ok(page) => page.map(Either::Left),
            Err(failure) => text(failure::status(failure.class), &failure.cause),
        }
    }
}

impl Scrape {
    fn of(proxy: &Arc<ScrapeProxy>, target: &Target) -> Self {
        Scrape {
            proxy: Arc::clone(proxy),
            target: target.clone(),
            started: Instant::now(),
            learnt: NodeFacts::default(),
            bytes: 0,
            ended: false,
        }
    }

    /// Gets the page from the node, up to its first byte; the rest streams.
    async fn relay(
        mut self,
        route: &Route,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<Response<RelayedBody>, Failure> {
        match self.ask(route, headers, deadline).await {
            Ok((answer, upstream)) => {
                let (head, page) = answer.into_parts();
                let body = RelayedBody::new(page, sleep_until(deadline), self, upstream);
                let mut answer = Response::new(body);
                copy(&RETURNED, &head.headers, answer.headers_mut());
                Ok(answer)
            }
            Err(failure) => {
                self.failed(failure.clone());
                Err(failure)
            }
        }
    }

    /// Asks with the credentials that worked last, then with the others.
    async fn ask(
        &mut self,
        route: &Route,
        headers: &HeaderMap,
        deadline: Instant,
    ) -> Result<(Response<Incoming>, Upstream), Failure> {
        let candidates = self.candidates(route)?;
        let mut resting = self.proxy.pool.take(&self.target);
        for (endpoint_id, auth) in &candidates {
            let request = || node_request(route, headers, auth);
            let (answer, upstream) = self.send(route, resting.take(), request, deadline).await?;
            match answer.status() {
                StatusCode::OK => {
                    self.learnt.accepted = Some(auth.id());
                    let target = (Arc::clone(&self.target.service), self.target.address);
                    let node_access = &self.proxy.node_access;
                    node_access.accepted(&self.target.project, endpoint_id, target, auth);
                    return Ok((answer, upstream));
                }
                StatusCode::UNAUTHORIZED => {
                    let rest = Limited::new(answer.into_body(), LARGEST_REFUSAL).collect();
                    let is_read = timeout_at(deadline, rest)
                        .await
                        .is_ok_and(|rest| rest.is_ok());
                    resting = is_read.then_some(upstream);
                }
                status => {
                    let cause = format!("the node answered {status} instead of a page of metrics");
                    return Err(Failure::new(FailureKind::Status, cause));
                }
            }
        }
        let mut endpoints: Vec<&str> = candidates.iter().map(|(id, _)| &**id).collect();
        endpoints.sort_unstable();
        endpoints.dedup();
        for endpoint_id in &endpoints {
            self.proxy
                .node_access
                .refused(&self.target.project, endpoint_id);
        }
        let cause = format!(
            "the node refuses the credentials of integration endpoint {}; after a change Aiven takes some minutes to hand them out, else check the endpoint's username and password",
            endpoints.join(" and ")
        );
        Err(Failure {
            class: FailureKind::Unauthorised,
            cause,
        })
    }

    /// The known credentials with their endpoints, those that this node took
    /// last in front.
    fn candidates(&self, route: &Route) -> Result<Vec<(Arc<str>, BasicAuth)>, Failure> {
        let node_access = &self.proxy.node_access;
        let project = &self.target.project;
        let endpoint_ids = match route.endpoint_ids.is_empty() {
            true => node_access.endpoint_ids(project),
            false => route.endpoint_ids.clone(),
        };
        let mut candidates: Vec<(Arc<str>, BasicAuth)> = Vec::new();
        for id in &endpoint_ids {
            let known = node_access.candidates(project, id);
            candidates.extend(known.iter().map(|auth| (Arc::clone(id), auth.clone())));
        }
        if candidates.is_empty() {
            let first = endpoint_ids.first();
            let why = first.and_then(|id| node_access.why_none(project, id));
            let why = why
                .as_deref()
                .unwrap_or("they have not been read from Aiven yet");
            let of = first.map_or_else(String::new, |id| format!(" of integration endpoint {id}"));
            let cause = format!("no credentials{of} are known: {why}");
            return Err(Failure {
                class: FailureKind::Unauthorised,
                cause,
            });
        }
        let accepted = self
            .proxy
            .health
            .of(&self.target)
            .and_then(|known| known.accepted);
        candidates.sort_by_key(|(_, auth)| Some(auth.id()) != accepted);
        Ok(candidates)
    }

    /// Sends a request over the resting connection, or over a new one. A
    /// resting one may have been closed by the node just now, which costs
    /// another try, not the scrape.
    async fn send(
        &mut self,
        route: &Route,
        resting: Option<Upstream>,
        request: impl Fn() -> Request<Empty<Bytes>>,
        deadline: Instant,
    ) -> Result<(Response<Incoming>, Upstream), Failure> {
        let late = |_| {
            let cause = "the node took the request and did not answer in time";
            Failure::new(FailureKind::Timeout, cause)
        };
        if let Some(mut upstream) = resting {
            let answer = timeout_at(deadline, upstream.send(request()))
                .await
                .map_err(late)?;
            if let Ok(answer) = answer {
                return Ok((answer, upstream));
            }
        }
        let mut upstream = self.connect(route, deadline).await?;
        match timeout_at(deadline, upstream.send(request()))
            .await
            .map_err(late)?
        {
            Ok(answer) => Ok((answer, upstream)),
            Err(error) => {
                let cause = format!("the node broke the connection off: {error}");
                Err(Failure::new(FailureKind::Aborted, cause))
            }
        }
    }

    async fn connect(&mut self, route: &Route, deadline: Instant) -> Result<Upstream, Failure> {
        let proxy = &self.proxy;
        let trust = proxy.node_access.trust(&self.target.project);
        let address = self.target.address;
        match Upstream::connect(address, &route.names, &trust, deadline).await {
            Ok(upstream) => {
                self.learnt.certificate_expires = upstream.certificate_expires;
                self.learnt.verified_name = Some(Arc::clone(&upstream.verified_name));
                Ok(upstream)
            }
            Err(not) => {
                if not.unknown_issuer {
                    proxy.node_access.unknown_issuer(&self.target.project);
                }
                Err(not.failure)
            }
        }
    }

    /// Counts bytes of the page.
    pub(super) fn count(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// The page went through whole; the connection may rest.
    pub(super) fn succeeded(mut self, upstream: Upstream) {
        self.proxy.pool.put(&self.target, upstream);
        self.end(None);
    }

    /// The scrape failed.
    pub(super) fn failed(mut self, failure: Failure) {
        self.end(Some(failure));
    }

    fn end(&mut self, failure: Option<Failure>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let took = self.started.elapsed();
        let class = failure.as_ref().map(|failure| failure.class);
        if let Some(failure) = &failure {
            let Target {
                project,
                service,
                address,
            } = &self.target;
            tracing::debug!(%project, %service, %address, class = failure.class.as_str(), failure.cause, "scrape failed");
        }
        self.proxy.metrics.scraped(class, took, self.bytes);
        let learnt = std::mem::take(&mut self.learnt);
        let health = &self.proxy.health;
        health.note(&self.target, Timestamp::now(), took, failure, learnt);
    }
}

impl Drop for Scrape {
    fn drop(&mut self) {
        if !self.ended {
            let cause = "Prometheus gave the scrape up before its end; raise its scrape_timeout if the node is slow";
            self.end(Some(Failure::new(FailureKind::Aborted, cause)));
        }
    }
}

/// How long this scrape may take: no longer than Prometheus waits, so that it
/// still hears why.
fn patience(headers: &HeaderMap, at_most: Duration) -> Duration {
    let asked = headers
        .get(SCRAPE_TIMEOUT)
        .and_then(|value| value.to_str().ok());
    let seconds: Option<f64> = asked.and_then(|text| text.parse().ok());
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds * (1.0 - MARGIN)).ok())
        .filter(|asked| !asked.is_zero())
        .map_or(at_most, |asked| asked.min(at_most))
}

/// The request to the node: the parts of Prometheus' that are meant for it.
fn node_request(route: &Route, headers: &HeaderMap, auth: &BasicAuth) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = hyper::Uri::from_static("/metrics");
    copy(&FORWARDED, headers, request.headers_mut());
    let host = format!("{}:{}", route.names[0], route.target.address.port());
    if let Ok(host) = HeaderValue::try_from(host) {
        request.headers_mut().insert(header::HOST, host);
    }
    request
        .headers_mut()
        .insert(header::AUTHORIZATION, auth.header().clone());
    request
}

fn copy(names: &[HeaderName], from: &HeaderMap, to: &mut HeaderMap) {
    for name in names {
        for value in from.get_all(name) {
            to.append(name, value.clone());
        }
    }
}

fn refused(refusal: Refusal) -> Answer {
    let mut answer = text(refusal.status(), refusal.reason());
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
