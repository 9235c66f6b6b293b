//! Each name server, asked in each way in which the daemon asks it.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;

use super::check::{Area, Check};
use crate::config::Config;
use crate::model::address::Family;
use crate::model::explain::remedy::{MEND_DNS, UNRESOLVED};
use crate::model::surroundings::MEND_THE_SERVER;
use crate::resolve::{NameResolver, ProbeFailure, Told, Way, probe};

/// The ways with their names.
const WAYS: [(Way, &str); 3] = [(Way::Udp, "UDP"), (Way::Edns, "EDNS"), (Way::Tcp, "TCP")];

/// What one server said in each way, in the order of [`WAYS`].
struct Said {
    server: SocketAddr,
    answers: Vec<Result<(Told, Duration), ProbeFailure>>,
}

/// Asks every name server for the addresses of `name`.
pub(super) async fn check(config: &Config, resolver: &NameResolver, name: &str) -> Vec<Check> {
    let family = match config.dns.families.include(Family::V4) {
        true => Family::V4,
        false => Family::V6,
    };
    let limit = config.dns.timeout;
    let asked = resolver.servers().into_iter().map(async |server| {
        let ways = WAYS.map(|(way, _)| probe(server, name, family, way, limit));
        let answers = join_all(ways).await;
        Said { server, answers }
    });
    let said: Vec<Said> = join_all(asked).await;
    let answering = said.iter().filter(|said| said.answers_packets()).count();
    let mut checks: Vec<Check> = said
        .iter()
        .map(|said| said.check(name, answering > 0))
        .collect();
    checks.extend(disagreement(name, &said));
    checks
}

impl Said {
    fn answers_packets(&self) -> bool {
        let mut packets = self.answers.iter().take(2);
        packets.any(Result::is_ok)
    }

    fn addresses(&self) -> Option<BTreeSet<IpAddr>> {
        let mut told = self.answers.iter().flatten();
        told.find_map(|(told, _)| match told {
            Told::Addresses(addresses) if !addresses.is_empty() => {
                Some(addresses.iter().copied().collect())
            }
            _ => None,
        })
    }

    fn check(&self, name: &str, others_answer: bool) -> Check {
        let subject = format!("name server {}", self.server);
        let found = format!("{name}: {}", self.shown());
        let failed = |way: usize| self.answers.get(way).is_some_and(Result::is_err);
        if !self.answers_packets() {
            return match others_answer {
                true => Area::Dns.warning(
                    subject,
                    found,
                    MEND_THE_SERVER,
                ),
                false if self.replies() => Area::Dns.failed(
                    subject,
                    found,
                    "the server is reached and fails by itself: see its log, its forwarders and DNSSEC, and ask a server of another network for the same name (dig @SERVER NAME)",
                ),
                false => Area::Dns.failed(subject, found, MEND_DNS),
            };
        }
        if self.denies() {
            return Area::Dns.failed(subject, found, UNRESOLVED);
        }
        if failed(2) {
            let remedy = "let this machine reach the server by TCP: addresses of a service with many nodes do not fit into a packet";
            return Area::Dns.warning(subject, found, remedy);
        }
        if failed(0) || failed(1) {
            let remedy = "nothing has to be done, since the daemon asks the other way; see whether something on the way changes DNS packets";
            return Area::Dns.warning(subject, found, remedy);
        }
        Area::Dns.ok(subject, found)
    }

    /// Whether it replied at all.
    fn replies(&self) -> bool {
        let mut failed = self.answers.iter().filter_map(|one| one.as_ref().err());
        failed.any(|why| why.replied)
    }

    fn denies(&self) -> bool {
        let mut told = self.answers.iter().flatten();
        told.any(|(told, _)| *told == Told::NoSuchName)
    }

    /// `UDP 3 ms, EDNS 2 ms, TCP no answer in time; 2 addresses`
    fn shown(&self) -> String {
        let ways = WAYS.iter().zip(&self.answers);
        let ways = ways.map(|((_, name), answer)| match answer {
            Ok((_, took)) => format!("{name} in {}", milliseconds(*took)),
            Err(why) => format!("{name}: {}", why.cause),
        });
        let ways = ways.collect::<Vec<_>>().join(", ");
        let told = match (self.addresses(), self.denies()) {
            (_, true) => "it knows no such name (NXDOMAIN)".to_owned(),
            (Some(addresses), _) if addresses.len() == 1 => "1 address".to_owned(),
            (Some(addresses), _) => format!("{} addresses", addresses.len()),
            (None, _) if self.answers.iter().all(Result::is_err) => return ways,
            (None, _) => "no address".to_owned(),
        };
        format!("{ways}; {told}")
    }
}

/// Name servers that have no address of the name in common.
fn disagreement(name: &str, said: &[Said]) -> Option<Check> {
    let mut all = said
        .iter()
        .filter_map(|said| Some((said.server, said.addresses()?)));
    let (first, addresses) = all.next()?;
    let (other, others) = all.find(|(_, others)| addresses.is_disjoint(others))?;
    let shown = |addresses: &BTreeSet<IpAddr>| {
        let shown = addresses.iter().take(3).map(ToString::to_string);
        shown.collect::<Vec<_>>().join(", ")
    };
    Some(Area::Dns.warning(
        "name servers agree",
        format!(
            "{name} has the addresses {} at {first}, and {} at {other}",
            shown(&addresses),
            shown(&others)
        ),
        "nothing, where the name has different addresses at different places, as of a VPC; else find out which server is right, and take the other one out of dns.nameservers",
    ))
}

pub(super) fn milliseconds(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}
