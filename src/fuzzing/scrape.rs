//! A request to the scrape proxy, and a node's answer.

use crate::scrape_proxy::fuzzing::request;

/// The bytes are the head of a request.
pub fn scrape(data: &[u8]) {
    request(data);
}
