//! Which addresses of a service's hosts are published, and which host names fail
//! to resolve.

use std::collections::HashSet;
use std::sync::Arc;

use super::PublishedHost;
use crate::model::address::NodeAddress;
use crate::model::hosts::ScrapeHost;
use crate::model::resolution::{Addresses, Failing};

/// The hosts with addresses. An address that two names share counts for the first.
pub(super) fn published_hosts(hosts: &[ScrapeHost], addresses: &Addresses) -> Box<[PublishedHost]> {
    let mut published_before: HashSet<(NodeAddress, u16)> = HashSet::new();
    let mut published = Vec::with_capacity(hosts.len());
    for host in hosts {
        let Some(known) = addresses.get(&host.name) else {
            continue;
        };
        let mut new = Arc::clone(&known.addresses);
        if !published_before.is_empty()
            && new
                .iter()
                .any(|ip| published_before.contains(&(*ip, host.port)))
        {
            let is_new = |ip: &&NodeAddress| !published_before.contains(&(**ip, host.port));
            new = known.addresses.iter().filter(is_new).copied().collect();
        }
        if new.is_empty() {
            continue;
        }
        if hosts.len() > 1 {
            published_before.extend(new.iter().map(|ip| (*ip, host.port)));
        }
        published.push(PublishedHost {
            host: host.clone(),
            addresses: new,
        });
    }
    published.into()
}

/// The names that cannot be resolved now, except those that need not exist.
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
