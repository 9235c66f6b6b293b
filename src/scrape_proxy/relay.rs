//! From Prometheus' request to the first byte of the page.

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
use super::request::{Refusal, ScrapeRequest};
use super::route::Route;
use super::scrape::Scrape;
use super::upstream::Upstream;
use crate::model::scrape::{Failure, FailureKind};
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

/// Headers of the node's answer that are passed on to Prometheus.
const RETURNED: [HeaderName; 2] = [header::CONTENT_TYPE, header::CONTENT_ENCODING];

/// The share of Prometheus' scrape timeout that is kept to tell it the cause.
const MARGIN: f64 = 0.05;

/// How much of a refusal's body is read, in bytes, so that the connection can
/// be used again.
const MAX_REFUSAL_BODY: usize = 16 << 10;

/// A page, or a line of text.
type Answer = Response<Either<RelayedBody, Full<Bytes>>>;

/// Credentials with the id of their endpoint.
type Candidate = (Arc<str>, BasicAuth);

impl ScrapeProxy {
    /// Answers one request.
    pub(super) async fn handle(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        self.results.note_request(Timestamp::now());
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
        let deadline = Instant::now() + time_allowed(&head.headers, self.timeout);
        let scrape = Scrape::of(&self, &route.target);
        match scrape.relay(&route, &head.headers, deadline).await {
            Ok(page) => page.map(Either::Left),
            Err(failure) => text(failure::status(failure.class), &failure.cause),
        }
    }
}

impl Scrape {
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
        let mut idle = self.proxy.pool.take(&self.target);
        for (endpoint_id, credentials) in &candidates {
            let request = || node_request(route, headers, credentials);
            let (answer, upstream) = self.send(route, idle.take(), request, deadline).await?;
            match answer.status() {
                StatusCode::OK => {
                    self.accepted(endpoint_id, credentials);
                    return Ok((answer, upstream));
                }
                StatusCode::UNAUTHORIZED => {
                    let rest = Limited::new(answer.into_body(), MAX_REFUSAL_BODY).collect();
                    let is_read = timeout_at(deadline, rest)
                        .await
                        .is_ok_and(|rest| rest.is_ok());
                    idle = is_read.then_some(upstream);
                }
                status => {
                    let cause = format!("the node answered {status} instead of a page of metrics");
                    return Err(Failure::new(FailureKind::Status, cause));
                }
            }
        }
        Err(self.all_refused(&candidates))
    }

    /// Notes that the node took these credentials.
    fn accepted(&mut self, endpoint_id: &str, credentials: &BasicAuth) {
        self.learnt.accepted = Some(credentials.id());
        let target = (Arc::clone(&self.target.service), self.target.address);
        let node_access = &self.proxy.node_access;
        node_access.accepted(&self.target.project, endpoint_id, target, credentials);
    }

    /// Notes that the node took none of the known credentials.
    fn all_refused(&self, candidates: &[Candidate]) -> Failure {
        let mut endpoints: Vec<&str> = candidates.iter().map(|(id, _)| &**id).collect();
        endpoints.sort_unstable();
        endpoints.dedup();
        let node_access = &self.proxy.node_access;
        for endpoint_id in &endpoints {
            node_access.refused(&self.target.project, endpoint_id);
        }
        let cause = format!(
            "the node refuses the credentials of integration endpoint {}; after a change Aiven takes some minutes to hand them out, else check the endpoint's username and password",
            endpoints.join(" and ")
        );
        Failure::new(FailureKind::Unauthorised, cause)
    }

    /// The known credentials with their endpoints, those that this node took
    /// last in front.
    fn candidates(&self, route: &Route) -> Result<Vec<Candidate>, Failure> {
        let node_access = &self.proxy.node_access;
        let project = &self.target.project;
        let endpoint_ids = if route.endpoint_ids.is_empty() {
            node_access.endpoint_ids(project)
        } else {
            route.endpoint_ids.clone()
        };
        let mut candidates: Vec<Candidate> = Vec::new();
        for id in &endpoint_ids {
            let known = node_access.candidates(project, id);
            let known = known.iter();
            candidates.extend(known.map(|credentials| (Arc::clone(id), credentials.clone())));
        }
        if candidates.is_empty() {
            return Err(self.no_candidates(endpoint_ids.first()));
        }
        let last = self.proxy.results.of(&self.target);
        let accepted = last.and_then(|known| known.accepted);
        candidates.sort_by_key(|(_, credentials)| Some(credentials.id()) != accepted);
        Ok(candidates)
    }

    fn no_candidates(&self, endpoint_id: Option<&Arc<str>>) -> Failure {
        let node_access = &self.proxy.node_access;
        let cause = endpoint_id
            .and_then(|id| node_access.missing_credentials_cause(&self.target.project, id));
        let cause = cause
            .as_deref()
            .unwrap_or("they have not been read from Aiven yet");
        let of =
            endpoint_id.map_or_else(String::new, |id| format!(" of integration endpoint {id}"));
        let cause = format!("no credentials{of} are known: {cause}");
        Failure::new(FailureKind::Unauthorised, cause)
    }

    /// Sends a request over the idle connection, or over a new one. The node
    /// may have closed an idle one just now, which costs another try, not the
    /// scrape.
    async fn send(
        &mut self,
        route: &Route,
        idle: Option<Upstream>,
        request: impl Fn() -> Request<Empty<Bytes>>,
        deadline: Instant,
    ) -> Result<(Response<Incoming>, Upstream), Failure> {
        let late = |_| {
            let cause = "the node took the request and did not answer in time";
            Failure::new(FailureKind::Timeout, cause)
        };
        if let Some(mut upstream) = idle {
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
            Err(error) => {
                if error.is_unknown_issuer() {
                    proxy.node_access.unknown_issuer(&self.target.project);
                }
                Err(Failure::from(&error))
            }
        }
    }
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
    copy(&FORWARDED, headers, request.headers_mut());
    let host = format!("{}:{}", route.names[0], route.target.address.port());
    if let Ok(host) = HeaderValue::try_from(host) {
        request.headers_mut().insert(header::HOST, host);
    }
    request
        .headers_mut()
        .insert(header::AUTHORIZATION, credentials.header().clone());
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
