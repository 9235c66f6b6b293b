//! What happened last at each node of a service, and when.

use std::net::SocketAddr;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::status::ServiceStatus;

/// One published target, with its last scrapes through the scrape proxy in this run of
/// the daemon.
#[derive(Debug, Serialize)]
pub struct Node {
    /// Where it is scraped.
    pub target: SocketAddr,
    /// The host name that it was found by.
    pub hostname: String,
    /// When the last scrape ended, and how long it took.
    pub last_scrape: Option<Timestamp>,
    /// How long that took, in seconds.
    pub seconds: Option<f64>,
    /// When a scrape last succeeded.
    pub last_success: Option<Timestamp>,
    /// Since when every scrape has failed.
    pub failing_since: Option<Timestamp>,
    /// Why the last scrape failed, if it did.
    pub cause: Option<String>,
    /// When its certificate expires.
    pub certificate_expires: Option<Timestamp>,
}

/// The nodes of a service, in the order in which they are published.
pub(in crate::model) fn of(service: &ServiceStatus) -> Vec<Node> {
    let targets = service.hosts.iter().flat_map(|host| {
        let targets = host.targets.iter();
        targets.map(move |target| (*target, &host.hostname))
    });
    targets
        .map(|(target, hostname)| {
            let last = service.scrapes.get(&target);
            let failure = last.and_then(|last| last.failure.as_ref());
            Node {
                target,
                hostname: hostname.clone(),
                last_scrape: last.map(|last| last.at),
                seconds: last.map(|last| last.seconds),
                last_success: last.and_then(|last| last.last_success),
                failing_since: last.and_then(|last| last.failing_since),
                cause: failure.map(|failure| failure.cause.clone()),
                certificate_expires: last.and_then(|last| last.certificate_expires),
            }
        })
        .collect()
}
