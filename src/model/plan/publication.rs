//! Which addresses of a service's hosts are published, and which names are in
//! trouble.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::PublishedHost;
use crate::model::hosts::ScrapeHost;
use crate::model::resolution::{Addresses, Failing};

/// Hosts with addresses. An address that two names share counts for the first.
pub(super) fn published_hosts(hosts: &[ScrapeHost], addresses: &Addresses) -> Box<[PublishedHost]> {
    let mut taken: HashSet<(IpAddr, u16)> = HashSet::new();
    let mut published = Vec::with_capacity(hosts.len());
    for host in hosts {
        let Some(known) = addresses.get(&host.name) else {
            continue;
        };
        let mut own = Arc::clone(&known.addresses);
        if !taken.is_empty() && own.iter().any(|ip| taken.contains(&(*ip, host.port))) {
            let is_new = |ip: &&IpAddr| !taken.contains(&(**ip, host.port));
            own = known.addresses.iter().filter(is_new).copied().collect();
        }
        if own.is_empty() {
            continue;
        }
        if hosts.len() > 1 {
            taken.extend(own.iter().map(|ip| (*ip, host.port)));
        }
        published.push(PublishedHost {
            host: host.clone(),
            addresses: own,
        });
    }
    published.into()
}

/// Names that DNS does not answer now, but for those that need not exist.
pub(super) fn failing_hosts(
    hosts: &[ScrapeHost],
    addresses: &Addresses,
) -> Box<[(Arc<str>, Failing)]> {
    hosts
        .iter()
        .filter_map(|host| {
            let known = addresses.get(&host.name)?;
            let failing = known.failing.as_deref()?.clone();
            let expected = host.may_not_exist() && known.addresses.is_empty();
            (!expected).then(|| (Arc::clone(&host.name), failing))
        })
        .collect()
}
