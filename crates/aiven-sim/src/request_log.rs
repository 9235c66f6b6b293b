//! What the API was asked, in order.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::fault::Operation;

/// One request as it arrived, and how it was answered.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// Which call.
    pub operation: Operation,
    /// HTTP method.
    pub method: String,
    /// Path and query as sent.
    pub uri: String,
    /// Project in the path, decoded.
    pub project: Option<String>,
    /// Service in the path, or the `source_service` of a create, decoded.
    pub service: Option<String>,
    /// Number of the token used, in the order they were made (0 is the
    /// default one); `None` for an unknown or missing token.
    pub token: Option<usize>,
    /// JSON body, if there was one.
    pub body: Option<Value>,
    /// Time since the simulator's start.
    #[serde(skip)]
    pub at: Duration,
    /// Status sent; `None` while unanswered, and for a hang or reset.
    pub status: Option<u16>,
}

/// Every request since the start, or the last [`crate::Simulator::forget_requests`].
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    requests: Vec<Request>,
    counts: HashMap<Operation, usize>,
    /// Numbers of requests that were forgotten.
    first: usize,
}

impl RequestLog {
    /// Notes an arrival; the number is for [`Self::answered`].
    pub(crate) fn arrived(&mut self, request: Request) -> usize {
        *self.counts.entry(request.operation).or_default() += 1;
        self.requests.push(request);
        self.first + self.requests.len() - 1
    }

    pub(crate) fn answered(&mut self, number: usize, status: u16) {
        let request = number
            .checked_sub(self.first)
            .and_then(|index| self.requests.get_mut(index));
        if let Some(request) = request {
            request.status = Some(status);
        }
    }

    pub(crate) fn count(&self, operation: Operation) -> usize {
        self.counts.get(&operation).copied().unwrap_or(0)
    }

    pub(crate) fn requests(&self) -> &[Request] {
        &self.requests
    }

    pub(crate) fn forget(&mut self) {
        self.first += self.requests.len();
        self.requests.clear();
        self.counts.clear();
    }
}
