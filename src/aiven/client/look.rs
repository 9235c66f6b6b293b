//! A look at the way to Aiven, for somebody who checks it: what an answer's head tells of
//! the clock and of the limit on requests, whatever the answer is.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use tokio::time::{Instant, timeout};

use super::Client;
use crate::api_client::head::date;
use crate::model::surroundings::Sighting;

/// What Aiven, or a gateway before it, calls the requests that are left (Aiven documents
/// none of them; an IETF draft has the first).
const REMAINING: [&str; 2] = ["ratelimit-remaining", "x-ratelimit-remaining"];

/// The head of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Its status.
    pub status: u16,
    /// What it shows of this machine's clock, if it has a date.
    pub clock: Option<Sighting>,
    /// How many requests are left to the owner of the token, where that is told.
    pub remaining: Option<u64>,
    /// How long it took to come.
    pub took: Duration,
}

impl Client {
    /// Asks for the types of a project's integrations, once. `None` without an answer; why
    /// there is none is told by the calls proper.
    pub async fn look(&self, project: &str) -> Option<Look> {
        let url = self.url(&["project", project, "integration_types"], &[]);
        let request = self.http.get(url);
        let request = request.header(AUTHORIZATION, self.authorization.clone());
        let began = Instant::now();
        let answer = timeout(self.request_timeout, request.send()).await;
        let answer = answer.ok()?.ok()?;
        let took = began.elapsed();
        let headers = answer.headers();
        Some(Look {
            status: answer.status().as_u16(),
            clock: sighting(headers, took),
            remaining: REMAINING.iter().find_map(|name| number(headers, name)),
            took,
        })
    }

    /// The name of the proxy by way of which Aiven is reached, if there is one.
    pub fn proxy_name(&self) -> Option<String> {
        self.proxy.as_ref().map(super::HttpProxy::name)
    }
}

/// What an answer that has just come, after so long, shows of this machine's clock.
pub(super) fn sighting(headers: &HeaderMap, took: Duration) -> Option<Sighting> {
    let at = Timestamp::now();
    let date = date(headers)?;
    Some(Sighting { at, took, date })
}

/// The first number of a header, which may be a list of limits.
fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let text = headers.get(name)?.to_str().ok()?;
    text.split([',', ';']).next()?.trim().parse().ok()
}
