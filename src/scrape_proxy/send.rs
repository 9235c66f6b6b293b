//! Getting a request to a node, over a connection that rests or over a new one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::time::{Instant, timeout_at};

use super::failure;
use super::route::Route;
use super::scrape::Scrape;
use super::upstream::Upstream;
use crate::model::answering::Over;
use crate::model::later::later;
use crate::model::scrape::Failure;

/// A connection to use first, and how long to wait on it if that is less than is left.
pub(super) type AtHand = (Upstream, Option<Duration>);

impl Scrape {
    /// A connection that rests since an earlier scrape, and how long to wait on it.
    pub(super) fn resting(&self, deadline: Instant) -> Option<AtHand> {
        let now = Instant::now();
        let patience = deadline.saturating_duration_since(now);
        let wait = self.answering.wait_on_resting(patience, now.into_std())?;
        let upstream = self.proxy.pool.take(&self.target)?;
        Some((upstream, Some(wait)))
    }

    /// Sends a request over the connection at hand, or over a new one. The node may have closed
    /// one that rested, or something on the way may have dropped it without a word: both cost
    /// another try, not the scrape.
    pub(super) async fn send(
        &mut self,
        route: &Route,
        at_hand: Option<AtHand>,
        request: impl Fn() -> Request<Empty<Bytes>>,
        deadline: Instant,
    ) -> Result<(Response<Incoming>, Upstream), Failure> {
        let mut over = Over::New;
        if let Some((mut upstream, wait)) = at_hand {
            let start = Instant::now();
            let until = wait.map_or(deadline, |wait| later(start, wait));
            match timeout_at(until, upstream.exchange.send(request())).await {
                Ok(Ok(answer)) => {
                    let rested = wait.is_some();
                    self.answered(if rested { Over::Resting } else { Over::New }, start);
                    return Ok((answer, upstream));
                }
                Ok(Err(error)) => {
                    tracing::debug!(%error, "a resting connection was closed");
                }
                Err(_) if wait.is_none() => return Err(failure::silent(start.elapsed())),
                Err(_) => over = Over::NewAfterSilence,
            }
        }
        let mut upstream = self.connect(route, deadline).await?;
        let start = Instant::now();
        match timeout_at(deadline, upstream.exchange.send(request())).await {
            Ok(Ok(answer)) => {
                self.answered(over, start);
                Ok((answer, upstream))
            }
            Ok(Err(error)) => Err(failure::broken_off(&error)),
            Err(_) => Err(failure::silent(start.elapsed())),
        }
    }

    /// Notes how long the node took for the first byte of its answer.
    fn answered(&mut self, over: Over, start: Instant) {
        let now = Instant::now();
        let took = now.saturating_duration_since(start);
        self.answering = self.answering.after(over, took, now.into_std());
        self.learnt.answering = Some(self.answering);
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
                if error.may_be_a_new_ca() {
                    proxy.node_access.unknown_issuer(&self.target.project);
                }
                Err(error.failure(proxy.surroundings.known_clock()))
            }
        }
    }
}
