//! Name servers, of which one can fail while others answer.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{About, Trouble};
use crate::model::outage::Outage;
use crate::model::outside_text::cut;

/// So many questions in succession have to be answered by others: a packet or two may be lost.
const FAILURES: u32 = 3;

/// The most characters of a cause.
const MAX_CAUSE: usize = 200;

/// What to do about a name server that fails while others answer.
pub const MEND_THE_SERVER: &str = "ask it from another VM (dig @SERVER NAME): if it answers there, see the firewalls between it and this machine; else mend it, or take it out of dns.nameservers (of /etc/resolv.conf, if that is not set); the others are asked in its place, which takes longer";

/// A name server that fails while others answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingServer {
    /// Where it is.
    pub server: SocketAddr,
    /// When it first did.
    pub since: Timestamp,
    /// What came in place of its last answer.
    pub cause: String,
}

/// What questions have shown of each name server.
#[derive(Debug, Clone, Default)]
pub struct NameServers(BTreeMap<SocketAddr, Course>);

/// What the questions since its last answer have shown of one.
#[derive(Debug, Clone, Default)]
struct Course {
    failures: u32,
    failing: Outage,
    cause: String,
}

impl NameServers {
    /// These are asked from now on, and no others.
    pub fn are(&mut self, servers: &[SocketAddr]) {
        self.0.retain(|known, _| servers.contains(known));
        for server in servers {
            self.0.entry(*server).or_default();
        }
    }

    /// A server failed at a question that another one answered.
    pub fn failed_alone(&mut self, server: SocketAddr, cause: &str, now: Timestamp) {
        // One that is not asked any more is nobody's trouble.
        let Some(course) = self.0.get_mut(&server) else {
            return;
        };
        course.failures = course.failures.saturating_add(1);
        course.failing.begin(now);
        if course.cause != cause {
            course.cause = cut(cause, MAX_CAUSE).into_owned();
        }
    }

    /// A server answered.
    pub fn answered(&mut self, server: SocketAddr) {
        if let Some(course) = self.0.get_mut(&server)
            && course.failures > 0
        {
            *course = Course::default();
        }
    }

    /// Every server, and whether it fails while others answer.
    pub fn all(&self) -> impl Iterator<Item = (SocketAddr, bool)> {
        let each = self.0.iter();
        each.map(|(server, course)| (*server, course.failures >= FAILURES))
    }

    /// Those that fail while others answer.
    pub fn failing(&self) -> Vec<FailingServer> {
        let each = self.0.iter();
        let failing = each.filter(|(_, course)| course.failures >= FAILURES);
        let failing = failing.filter_map(|(server, course)| {
            Some(FailingServer {
                server: *server,
                since: course.failing.since()?,
                cause: course.cause.clone(),
            })
        });
        failing.collect()
    }
}

impl FailingServer {
    pub(super) fn trouble(&self) -> Trouble {
        let server = self.server;
        Trouble {
            about: About::NameServer,
            subject: format!("name server {server}"),
            what: format!("name server {server} fails, others answer"),
            cause: format!(
                "{server}: {}; names are still resolved by the others",
                self.cause
            ),
            remedy: MEND_THE_SERVER.to_owned(),
            since: Some(self.since),
        }
    }
}
