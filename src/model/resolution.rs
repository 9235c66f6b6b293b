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

use super::address::{AddressRules, Family, NodeAddress};

/// The most addresses that one name has. Aiven's largest services have some dozens
/// of nodes, and twice as many while they are replaced.
pub const MAX_ADDRESSES: usize = 256;

/// Why a host name has no address where DNS says so.
const NO_SUCH_NAME: &str = "DNS knows no such name (NXDOMAIN)";
const NO_ADDRESS: &str = "DNS has no address for this name";

/// The host names whose addresses are needed, sorted: the resolver looks these up.
pub type NeededHosts = Arc<BTreeSet<Arc<str>>>;

/// What one lookup found, for each address family.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    Addresses(Vec<NodeAddress>),
    /// Some of the addresses: the rest could not be read, for this cause.
    Part(Vec<NodeAddress>, String),
    /// NXDOMAIN: there is no such name.
    NoSuchName,
    /// No usable answer, for this cause.
    Failed(String),
    /// Not answered yet; the lookup goes on.
    Pending,
    /// `dns.families` leaves this family out.
    LeftOut,
}

/// What DNS last said about a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The last known good addresses, sorted.
    pub addresses: Arc<[NodeAddress]>,
    /// Set while the name cannot be resolved. Boxed to save memory: few names fail.
    pub failing: Option<Box<Failing>>,
    /// Whether DNS last gave an address, though perhaps for one family only.
    pub is_answered: bool,
}

/// Since when something fails, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// The first failure since it last worked.
    pub since: Timestamp,
    /// The cause of the last failure, in one line.
    pub cause: Arc<str>,
    /// What to do about it, where the cause tells that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Arc<str>>,
}

/// The last known good addresses of every needed host name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses(HashMap<Arc<str>, Resolution>);

impl Failing {
    /// Whether DNS answered a host name, and has no address for it.
    pub fn is_denied(&self) -> bool {
        [NO_SUCH_NAME, NO_ADDRESS].contains(&&*self.cause)
    }
}

impl Answer {
    fn cause(&self) -> Option<&str> {
        match self {
            Answer::Part(_, cause) | Answer::Failed(cause) => Some(cause),
            _ => None,
        }
    }

    /// Whether it has an address.
    pub fn has_addresses(&self) -> bool {
        matches!(self, Answer::Addresses(found) | Answer::Part(found, _) if !found.is_empty())
    }
}

impl Resolution {
    /// What an earlier run saved, without the addresses that no node can have.
    /// [`Addresses::restrict`] then asks what the configuration says.
    pub fn restored(
        addresses: impl IntoIterator<Item = IpAddr>,
        failing: Option<Failing>,
    ) -> Resolution {
        let mut addresses = AddressRules::LENIENT.nodes(addresses);
        addresses.sort_unstable();
        addresses.dedup();
        Resolution {
            is_answered: failing.is_none(),
            addresses: addresses.into(),
            failing: failing.map(Box::new),
        }
    }
}

impl Lookup {
    /// Every value of [`Lookup::outcome`].
    pub const OUTCOMES: [&'static str; 4] = ["ok", "nxdomain", "empty", "failed"];

    /// Whether no family has yet to be answered.
    pub fn is_over(&self) -> bool {
        self.v4 != Answer::Pending && self.v6 != Answer::Pending
    }

    /// The cause of failure in one line; `None` if each family that was asked for was
    /// answered and there is at least one address.
    pub fn failure(&self) -> Option<String> {
        let families = [(Family::V4, &self.v4), (Family::V6, &self.v6)];
        for (family, answer) in families {
            if let Some(cause) = answer.cause() {
                let kind = family.record_type();
                let only_v6 = family == Family::V6 && self.v4.has_addresses();
                let advice = match only_v6 {
                    true => "; where IPv6 is not used, set dns.families to ipv4",
                    false => "",
                };
                return Some(format!("DNS lookup ({kind}) failed: {cause}{advice}"));
            }
        }
        if families
            .iter()
            .any(|(_, answer)| **answer == Answer::NoSuchName)
        {
            return Some(NO_SUCH_NAME.to_owned());
        }
        let has_addresses = families.iter().any(|(_, answer)| answer.has_addresses());
        (!has_addresses).then(|| NO_ADDRESS.to_owned())
    }

    /// The label value of `dns_lookups_total`.
    pub fn outcome(&self) -> &'static str {
        let answers = [&self.v4, &self.v6];
        if answers.iter().any(|answer| answer.cause().is_some()) {
            "failed"
        } else if answers.contains(&&Answer::NoSuchName) {
            "nxdomain"
        } else if answers.iter().any(|answer| answer.has_addresses()) {
            "ok"
        } else {
            "empty"
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

    /// Forgets the addresses that are no node's by `rules`, and names that have no
    /// other and are not known to fail.
    pub fn restrict(&mut self, rules: AddressRules) {
        self.0.retain(|_, known| {
            let is_node = |one: &&NodeAddress| rules.node(one.ip()).is_ok();
            if !known.addresses.iter().all(|one| is_node(&one)) {
                known.addresses = known.addresses.iter().filter(is_node).copied().collect();
            }
            !known.addresses.is_empty() || known.failing.is_some()
        });
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
/// new addresses; one that failed, or is still asked for, keeps the last known good
/// ones.
fn next_resolution(before: Option<&Resolution>, lookup: Lookup, now: Timestamp) -> Resolution {
    let known = before.map_or(&[][..], |before| &before.addresses);
    let failing = match (lookup.is_over(), lookup.failure()) {
        (false, _) => before.and_then(|before| before.failing.clone()),
        (true, None) => None,
        (true, Some(cause)) => {
            let since = before.and_then(|before| Some(before.failing.as_ref()?.since));
            Some(Box::new(Failing {
                since: since.unwrap_or(now),
                cause: cause.into(),
                remedy: None,
            }))
        }
    };
    let has_addresses = lookup.v4.has_addresses() || lookup.v6.has_addresses();
    let is_answered = match lookup.is_over() {
        true => has_addresses,
        false => has_addresses || before.is_some_and(|before| before.is_answered),
    };
    let addresses = merged(known, lookup);
    let unchanged = before.filter(|before| *before.addresses == *addresses);
    Resolution {
        addresses: match unchanged {
            Some(before) => Arc::clone(&before.addresses),
            None => addresses.into(),
        },
        failing,
        is_answered,
    }
}

/// The addresses after a lookup, sorted, each once.
fn merged(known: &[NodeAddress], lookup: Lookup) -> Vec<NodeAddress> {
    let is_whole = lookup.is_over() && lookup.failure().is_none();
    let believed = |answer: Answer, family: Family| {
        let kept = known.iter().copied().filter(|one| one.family() == family);
        match answer {
            // An empty answer for one family proves nothing while the other family fails.
            Answer::Addresses(found) if is_whole || !found.is_empty() => found,
            Answer::Part(found, _) => kept.chain(found).collect(),
            Answer::LeftOut => vec![],
            _ => kept.collect(),
        }
    };
    let mut addresses = believed(lookup.v4, Family::V4);
    addresses.extend(believed(lookup.v6, Family::V6));
    addresses.sort_unstable();
    addresses.dedup();
    drop_translations(&mut addresses);
    // Only parts of answers can add up to more.
    addresses.truncate(2 * MAX_ADDRESSES);
    addresses
}

/// Drops each address that only leads through a translator (NAT64) to a node whose
/// IPv4 address is there, too: that node is scraped already.
fn drop_translations(addresses: &mut Vec<NodeAddress>) {
    let native: Vec<_> = addresses
        .iter()
        .filter_map(|one| match one.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
        .collect();
    addresses.retain(|one| !native.iter().any(|&native| one.is_translation_of(native)));
}

/// Why no host name is resolved: they usually fail alike, so the first one tells.
pub fn none_resolves(needed: &[Arc<str>], addresses: &Addresses) -> String {
    let mut causes = needed.iter().filter_map(|name| {
        let failing = addresses.get(name)?.failing.as_ref()?;
        Some((name, &failing.cause))
    });
    let none = "no host name of the project can be resolved";
    match causes.next() {
        Some((name, cause)) => format!("{none}; {name}: {cause}"),
        None => none.to_owned(),
    }
}

#[cfg(test)]
mod tests;
