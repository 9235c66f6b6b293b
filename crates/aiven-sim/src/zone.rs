//! The names that the name server knows, and what was asked of it.
//!
//! Its own lock, apart from the rest of the account: lookups come by the ten
//! thousand and must not wait for a listing to be rendered.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::fault::DnsFault;

/// Addresses of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) a: Vec<Ipv4Addr>,
    pub(crate) aaaa: Vec<Ipv6Addr>,
}

/// How often one name was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DnsQueries {
    /// Questions of type A.
    pub a: usize,
    /// Questions of type AAAA.
    pub aaaa: usize,
    /// Questions of any other type.
    pub other: usize,
}

impl DnsQueries {
    /// Questions of all types.
    pub fn total(&self) -> usize {
        self.a + self.aaaa + self.other
    }
}

/// Type of a question, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    A,
    Aaaa,
    Other,
}

/// What to answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Addresses(Vec<IpAddr>),
    /// Only the first of them, with TC.
    Truncated(Vec<IpAddr>),
    /// The addresses of the name, and those of another.
    WithOthers(Vec<IpAddr>, Vec<IpAddr>),
    Alias(String),
    EmptyWithoutSoa,
    NxDomain,
    ServFail,
    Refused,
    FormErr,
    NotImp,
    Silence,
    /// The connection is closed; over UDP the same as silence.
    Closed,
}

/// How a question came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transport {
    /// By UDP, not TCP.
    pub(crate) is_datagram: bool,
    /// With an OPT record.
    pub(crate) has_edns: bool,
}

#[derive(Debug, Default)]
struct Contents {
    names: HashMap<String, Records>,
    faults: HashMap<String, DnsFault>,
    queries: HashMap<String, DnsQueries>,
}

/// All names of one simulator; lower case, without the final dot.
#[derive(Debug, Default)]
pub(crate) struct Zone {
    contents: Mutex<Contents>,
}

impl Zone {
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets a name's addresses; none at all makes it unknown.
    pub(crate) fn set(&self, name: &str, records: Records) {
        let mut contents = self.lock();
        if records == Records::default() {
            contents.names.remove(name);
        } else {
            contents.names.insert(name.to_owned(), records);
        }
    }

    /// Sets the fault of a name, or of all (`*`); `None` clears it.
    pub(crate) fn set_fault(&self, name: &str, fault: Option<DnsFault>) {
        let mut contents = self.lock();
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        match fault {
            Some(fault) => contents.faults.insert(name, fault),
            None => contents.faults.remove(&name),
        };
    }

    pub(crate) fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    pub(crate) fn queries(&self, name: &str) -> DnsQueries {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.lock().queries.get(&name).copied().unwrap_or_default()
    }

    pub(crate) fn queries_of_all(&self) -> usize {
        self.lock().queries.values().map(DnsQueries::total).sum()
    }

    pub(crate) fn forget_queries(&self) {
        self.lock().queries.clear();
    }

    /// Counts the question and says what to answer, and after which delay.
    pub(crate) fn ask(
        &self,
        name: &str,
        question: Question,
        transport: Transport,
    ) -> (Reply, Duration) {
        let mut contents = self.lock();
        contents.count(name, question);
        let contents = &*contents;
        let fault = contents
            .faults
            .get(name)
            .or_else(|| contents.faults.get("*"));
        let usual = || contents.find(name, question);
        let reply = match fault {
            None => usual(),
            Some(DnsFault::Delay(time)) => return (usual(), *time),
            Some(fault) => spoiled(fault, question, transport, usual),
        };
        (reply, Duration::ZERO)
    }
}

/// What a fault makes of the usual reply.
fn spoiled(
    fault: &DnsFault,
    question: Question,
    transport: Transport,
    usual: impl FnOnce() -> Reply,
) -> Reply {
    let is_aaaa = question == Question::Aaaa;
    match fault {
        DnsFault::NxDomain => Reply::NxDomain,
        DnsFault::ServFail => Reply::ServFail,
        DnsFault::Refused => Reply::Refused,
        DnsFault::Timeout => Reply::Silence,
        DnsFault::AaaaFails if is_aaaa => Reply::ServFail,
        DnsFault::AaaaSilent if is_aaaa => Reply::Silence,
        DnsFault::EdnsFormErr if transport.has_edns => Reply::FormErr,
        DnsFault::EdnsNotImp if transport.has_edns => Reply::NotImp,
        DnsFault::EdnsSilent if transport.has_edns => Reply::Silence,
        DnsFault::Empty => Reply::Addresses(Vec::new()),
        DnsFault::EmptyWithoutSoa => Reply::EmptyWithoutSoa,
        DnsFault::Alias(target) => Reply::Alias(target.clone()),
        DnsFault::Answer(addresses) => {
            Reply::Addresses(of_type(addresses.iter().copied(), question))
        }
        DnsFault::Truncated | DnsFault::TruncatedWithoutTcp if transport.is_datagram => {
            match usual() {
                Reply::Addresses(addresses) => Reply::Truncated(addresses),
                other => other,
            }
        }
        DnsFault::TruncatedWithoutTcp => Reply::Closed,
        DnsFault::WithOthers(others) => match usual() {
            Reply::Addresses(own) => {
                Reply::WithOthers(own, of_type(others.iter().copied(), question))
            }
            other => other,
        },
        _ => usual(),
    }
}

impl Contents {
    fn count(&mut self, name: &str, question: Question) {
        if !self.queries.contains_key(name) {
            self.queries.insert(name.to_owned(), DnsQueries::default());
        }
        let Some(queries) = self.queries.get_mut(name) else {
            return;
        };
        match question {
            Question::A => queries.a += 1,
            Question::Aaaa => queries.aaaa += 1,
            Question::Other => queries.other += 1,
        }
    }

    fn find(&self, name: &str, question: Question) -> Reply {
        let Some(records) = self.names.get(name) else {
            return Reply::NxDomain;
        };
        Reply::Addresses(match question {
            Question::A => records.a.iter().copied().map(IpAddr::from).collect(),
            Question::Aaaa => records.aaaa.iter().copied().map(IpAddr::from).collect(),
            Question::Other => Vec::new(),
        })
    }
}

fn of_type(addresses: impl Iterator<Item = IpAddr>, question: Question) -> Vec<IpAddr> {
    addresses
        .filter(|address| match question {
            Question::A => address.is_ipv4(),
            Question::Aaaa => address.is_ipv6(),
            Question::Other => false,
        })
        .collect()
}
