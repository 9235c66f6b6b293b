//! The addresses of host names, and how a lookup changes them.
//!
//! A name that cannot be resolved keeps its addresses, whatever the cause: a
//! DNS fault must not drop a correct target. A complete answer replaces the
//! addresses at once, because an address that a name no longer has may soon
//! belong to another customer's node.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The host names whose addresses are needed, sorted: the resolver looks these up.
pub type NeededHosts = Arc<BTreeSet<Arc<str>>>;

/// What one lookup found, for each address family.
#[derive(Debug)]
pub struct Lookup {
    /// The A records.
    pub v4: Answer,
    /// The AAAA records.
    pub v6: Answer,
}

/// What DNS said about one address family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The addresses; empty if the name has none of this family.
    Addresses(Vec<IpAddr>),
    /// NXDOMAIN: there is no such name.
    NoSuchName,
    /// No usable answer, for this cause.
    Failed(String),
}

/// What DNS last said about a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The last known good addresses, sorted.
    pub addresses: Arc<[IpAddr]>,
    /// Set while the name cannot be resolved. Boxed to save memory: few names fail.
    pub failing: Option<Box<Failing>>,
}

/// Since when something fails, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// The first failure since it last worked.
    pub since: Timestamp,
    /// The cause of the last failure, in one line.
    pub cause: Arc<str>,
}

/// The last known good addresses of every needed host name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses(HashMap<Arc<str>, Resolution>);

impl Lookup {
    /// Every value of [`Lookup::outcome`].
    pub const OUTCOMES: [&'static str; 4] = ["ok", "nxdomain", "empty", "failed"];

    /// The cause of failure in one line; `None` if both families were answered and
    /// there is at least one address.
    pub fn failure(&self) -> Option<String> {
        match (&self.v4, &self.v6) {
            (Answer::Addresses(v4), Answer::Addresses(v6)) if v4.is_empty() && v6.is_empty() => {
                Some("DNS has no address for this name".to_owned())
            }
            (Answer::Addresses(_), Answer::Addresses(_)) => None,
            (Answer::Failed(cause), _) => Some(format!("DNS lookup (A) failed: {cause}")),
            (_, Answer::Failed(cause)) => Some(format!("DNS lookup (AAAA) failed: {cause}")),
            (Answer::NoSuchName, _) | (_, Answer::NoSuchName) => {
                Some("DNS knows no such name (NXDOMAIN)".to_owned())
            }
        }
    }

    /// The label value of `dns_lookups_total`.
    pub fn outcome(&self) -> &'static str {
        match (&self.v4, &self.v6) {
            (Answer::Failed(_), _) | (_, Answer::Failed(_)) => "failed",
            (Answer::NoSuchName, _) | (_, Answer::NoSuchName) => "nxdomain",
            (Answer::Addresses(v4), Answer::Addresses(v6)) if v4.is_empty() && v6.is_empty() => {
                "empty"
            }
            _ => "ok",
        }
    }
}

impl Addresses {
    /// What is known about a name.
    pub fn get(&self, name: &str) -> Option<&Resolution> {
        self.0.get(name)
    }

    /// Whether a name was ever looked up.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Takes a lookup in. Returns whether anything changed.
    pub fn absorb(&mut self, name: Arc<str>, lookup: Lookup, now: Timestamp) -> bool {
        let before = self.0.get(&name);
        let next = next_resolution(before, lookup, now);
        let differs = before != Some(&next);
        if differs {
            self.0.insert(name, next);
        }
        differs
    }

    /// Adds what the last run knew about a name, unless the name is known already.
    pub fn restore(&mut self, name: Arc<str>, resolution: Resolution) {
        self.0.entry(name).or_insert(resolution);
    }

    /// Forgets every name that is not in `needed`.
    pub fn retain(&mut self, needed: &BTreeSet<Arc<str>>) {
        self.0.retain(|name, _| needed.contains(name));
    }

    /// Every name with what is known about it, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Resolution)> {
        self.0.iter()
    }
}

#[cfg(test)]
impl Addresses {
    /// The table itself, for tests that are not about lookups.
    pub(super) fn table(&mut self) -> &mut HashMap<Arc<str>, Resolution> {
        &mut self.0
    }
}

impl FromIterator<(Arc<str>, Resolution)> for Addresses {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Resolution)>>(rows: I) -> Self {
        Addresses(rows.into_iter().collect())
    }
}

/// What is known about a name after a lookup. A family that was answered gets its
/// new addresses; one that failed keeps the last known good ones.
fn next_resolution(before: Option<&Resolution>, lookup: Lookup, now: Timestamp) -> Resolution {
    let kept = |is_family: fn(&IpAddr) -> bool| {
        let known = before.map_or(&[][..], |before| &before.addresses);
        known.iter().copied().filter(is_family).collect::<Vec<_>>()
    };
    let failure = lookup.failure();
    let is_complete = failure.is_none();
    let believed = |answer: Answer, is_family| match answer {
        // An empty answer for one family proves nothing while the other family fails.
        Answer::Addresses(found) if is_complete || !found.is_empty() => found,
        _ => kept(is_family),
    };
    let v4 = believed(lookup.v4, IpAddr::is_ipv4);
    let v6 = believed(lookup.v6, IpAddr::is_ipv6);
    let mut addresses = v4;
    addresses.extend(v6);
    addresses.sort_unstable();
    addresses.dedup();
    let unchanged = before.filter(|before| *before.addresses == *addresses);
    Resolution {
        addresses: match unchanged {
            Some(before) => Arc::clone(&before.addresses),
            None => addresses.into(),
        },
        failing: failure.map(|cause| {
            let since = before.and_then(|before| Some(before.failing.as_ref()?.since));
            Box::new(Failing {
                since: since.unwrap_or(now),
                cause: cause.into(),
            })
        }),
    }
}

#[cfg(test)]
mod tests;
