//! Looks up A and AAAA of an absolute name, each by itself: in the hosts file, or with
//! the configured name servers or the system's. Needs no libc.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::question;
use super::server::Server;
use super::system::{self, Hosts, SystemFiles, Watched};
use super::wire::{Question, WireAnswer};
use crate::model::address::{AddressRules, Family};
use crate::model::later::later;
use crate::model::resolution::Answer;
use crate::publish::surroundings::SurroundingsBoard;

/// How often an answer may name another name and not its addresses.
const MAX_FURTHER_QUESTIONS: usize = 8;

/// How many requests may repeat one that is unanswered, over all names. Bounds the
/// descriptors that silent name servers cost.
const MAX_SPARE_REQUESTS: usize = 128;

/// How long the API's addresses of one family wait for those of the other (RFC 8305, 3).
const OTHER_FAMILY_PAUSE: Duration = Duration::from_millis(100);

/// The configured name servers, or the system's.
#[derive(Clone)]
pub struct NameResolver {
    inner: Arc<Inner>,
    /// Where it notes which name servers answer.
    surroundings: SurroundingsBoard,
}

struct Inner {
    deadline: Duration,
    rules: AddressRules,
    /// Whether the name servers are the system's, not those of the configuration.
    follows_system: bool,
    files: SystemFiles,
    known: Mutex<Known>,
    spare: Semaphore,
}

/// What is known of the surroundings.
struct Known {
    servers: Arc<[Arc<Server>]>,
    hosts: Arc<Hosts>,
    resolv_conf_file: Watched,
    hosts_file: Watched,
    /// The last complaint about resolv.conf.
    complaint: Option<String>,
}

/// What was found for one family.
enum Found {
    Addresses(Vec<IpAddr>),
    Part(Vec<IpAddr>, String),
    NoSuchName,
    Nothing(String),
}

impl NameResolver {
    /// A resolver that asks `nameservers`, or if there are none, those of
    /// `/etc/resolv.conf` as it is at the time. It gives up on a question after
    /// `deadline`, and takes as a node's only an address that can be one by `rules`.
    pub fn new(nameservers: &[SocketAddr], deadline: Duration, rules: AddressRules) -> Self {
        NameResolver::with_files(nameservers, deadline, rules, SystemFiles::default())
    }

    pub(super) fn with_files(
        nameservers: &[SocketAddr],
        deadline: Duration,
        rules: AddressRules,
        files: SystemFiles,
    ) -> Self {
        let follows_system = nameservers.is_empty();
        let addresses = match follows_system {
            // Until resolv.conf was read.
            true => system::nameservers_from(""),
            false => nameservers.to_vec(),
        };
        let inner = Arc::new(Inner {
            deadline,
            rules,
            follows_system,
            files,
            known: Mutex::new(Known {
                servers: servers(&addresses, deadline),
                hosts: Arc::default(),
                resolv_conf_file: Watched::default(),
                hosts_file: Watched::default(),
                complaint: None,
            }),
            spare: Semaphore::new(MAX_SPARE_REQUESTS),
        });
        let surroundings = SurroundingsBoard::default();
        let resolver = NameResolver {
            inner,
            surroundings,
        };
        resolver.refresh();
        resolver
    }

    /// The same resolver, which notes on `board` which name servers answer.
    #[must_use]
    pub fn noting(self, board: SurroundingsBoard) -> Self {
        board.name_servers_are(&self.servers());
        NameResolver {
            surroundings: board,
            ..self
        }
    }

    /// The name servers that are asked, in the order of their configuration.
    pub fn servers(&self) -> Vec<SocketAddr> {
        let known = self.inner.known.lock();
        known
            .servers
            .iter()
            .map(|server| server.address())
            .collect()
    }

    /// Notices what has changed in the system's files.
    pub fn refresh(&self) {
        let mut known = self.inner.known.lock();
        if self.inner.follows_system {
            self.follow_resolv_conf(&mut known);
        }
        // A machine without a hosts file is in order.
        if let Ok(Some(text)) = known.hosts_file.news(&self.inner.files.hosts) {
            known.hosts = Arc::new(system::hosts_from(&text));
        }
    }

    /// A file that cannot be read now leaves the servers as they were.
    fn follow_resolv_conf(&self, known: &mut Known) {
        let path = &self.inner.files.resolv_conf;
        let text = match known.resolv_conf_file.news(path) {
            Ok(None) => return,
            Ok(Some(text)) => text,
            Err(error) => {
                let complaint = error.to_string();
                if known.complaint.as_ref() != Some(&complaint) {
                    let servers = shown(&known.servers);
                    tracing::warn!(path = %path.display(), %error, servers, "the file that names the system's name servers cannot be read; the last known ones are asked; mend it, or set dns.nameservers");
                }
                known.complaint = Some(complaint);
                return;
            }
        };
        known.complaint = None;
        let addresses = system::nameservers_from(&text);
        let before = known.servers.iter().map(|server| server.address());
        if !before.eq(addresses.iter().copied()) {
            known.servers = servers(&addresses, self.inner.deadline);
            self.surroundings.name_servers_are(&addresses);
            let servers = shown(&known.servers);
            tracing::info!(path = %path.display(), servers, "name servers of the system");
        }
    }

    /// Looks one family of a host name up. Search domains never apply.
    pub async fn look_up(&self, host: &str, family: Family) -> Answer {
        let rules = self.inner.rules;
        if !rules.families.include(family) {
            return Answer::LeftOut;
        }
        let found = self.find(host, family).await;
        let (addresses, failure) = match found {
            Found::NoSuchName => return Answer::NoSuchName,
            Found::Nothing(cause) => return Answer::Failed(cause),
            Found::Addresses(addresses) => (addresses, None),
            Found::Part(addresses, cause) => (addresses, Some(cause)),
        };
        let nodes = rules.nodes(addresses.iter().copied());
        match (addresses.first(), failure) {
            // An answer of values that cannot be right is no answer.
            (Some(&first), _) if nodes.is_empty() => Answer::Failed(impossible(first, rules)),
            (_, None) => Answer::Addresses(nodes),
            (_, Some(cause)) => Answer::Part(nodes, cause),
        }
    }

    async fn find(&self, host: &str, family: Family) -> Found {
        let key = system::key(host);
        if let Ok(address) = key.parse::<IpAddr>() {
            return Found::Addresses(of_family([address], family));
        }
        if key == "localhost" || key.ends_with(".localhost") {
            let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Found::Addresses(of_family(loopback, family));
        }
        let (hosts, servers) = {
            let known = self.inner.known.lock();
            (Arc::clone(&known.hosts), Arc::clone(&known.servers))
        };
        if let Some(addresses) = hosts.get(&*key) {
            return Found::Addresses(of_family(addresses.iter().copied(), family));
        }
        match Question::new(&key, family) {
            Some(question) => self.ask(&servers, question).await,
            None => Found::Nothing("it cannot be a host name".to_owned()),
        }
    }

    async fn ask(&self, servers: &[Arc<Server>], mut question: Question) -> Found {
        let until = later(Instant::now(), self.inner.deadline);
        for _ in 0..MAX_FURTHER_QUESTIONS {
            let left = until.saturating_duration_since(Instant::now());
            let answered = question::ask(
                servers,
                &question,
                left,
                &self.inner.spare,
                &self.surroundings,
            )
            .await;
            let answered = match answered {
                Ok(answered) => answered,
                Err(cause) => return Found::Nothing(cause),
            };
            match (answered.answer, answered.tcp_failure) {
                (WireAnswer::Addresses(addresses), _) => return Found::Addresses(addresses),
                (WireAnswer::NoSuchName, _) => return Found::NoSuchName,
                (WireAnswer::Alias(name), _) => question = question.about(name),
                (WireAnswer::Cut(addresses), failure) => {
                    let failure = failure.unwrap_or_default();
                    let cause = format!(
                        "the answer does not fit into a UDP packet, and TCP failed: {failure}; let this machine reach port 53 of the name servers by TCP"
                    );
                    return match addresses.is_empty() {
                        true => Found::Nothing(cause),
                        false => Found::Part(addresses, cause),
                    };
                }
            }
        }
        Found::Nothing("the name is an alias without an address".to_owned())
    }

    /// Every address of a host that need not be a node.
    async fn find_all(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        self.refresh();
        let families = self.inner.rules.families;
        let one = async |family| match families.include(family) {
            true => self.find(host, family).await.addresses(),
            false => Ok(vec![]),
        };
        let (v4, v6) = (one(Family::V4), one(Family::V6));
        tokio::pin!(v4, v6);
        let (first, second) = match select(v4, v6).await {
            Either::Left((first, other)) => {
                let second = wait_for_other(&first, other).await;
                (first, second)
            }
            Either::Right((first, other)) => {
                let second = wait_for_other(&first, other).await;
                (first, second)
            }
        };
        match (first, second) {
            (Ok(mut addresses), Ok(more)) => {
                addresses.extend(more);
                match addresses.is_empty() {
                    true => Err(format!("DNS has no address for {host}")),
                    false => Ok(addresses),
                }
            }
            (Ok(addresses), Err(_)) | (Err(_), Ok(addresses)) if !addresses.is_empty() => {
                Ok(addresses)
            }
            (Err(cause), _) | (_, Err(cause)) => Err(format!("{host}: {cause}")),
        }
    }
}

/// The answer for the other family; once one has addresses, only a short wait is worth it.
async fn wait_for_other(
    first: &Result<Vec<IpAddr>, String>,
    other: impl Future<Output = Result<Vec<IpAddr>, String>>,
) -> Result<Vec<IpAddr>, String> {
    match first {
        Ok(addresses) if !addresses.is_empty() => timeout(OTHER_FAMILY_PAUSE, other)
            .await
            .unwrap_or_else(|_| Ok(vec![])),
        _ => other.await,
    }
}

impl Found {
    fn addresses(self) -> Result<Vec<IpAddr>, String> {
        match self {
            Found::Addresses(addresses) | Found::Part(addresses, _) => Ok(addresses),
            Found::NoSuchName => Err("DNS knows no such name (NXDOMAIN)".to_owned()),
            Found::Nothing(cause) => Err(cause),
        }
    }
}

fn servers(addresses: &[SocketAddr], deadline: Duration) -> Arc<[Arc<Server>]> {
    let servers = addresses.iter();
    let servers = servers.map(|&address| Arc::new(Server::new(address, deadline)));
    servers.collect()
}

fn shown(servers: &[Arc<Server>]) -> String {
    let addresses = servers.iter().map(|server| server.address().to_string());
    addresses.collect::<Vec<_>>().join(", ")
}

fn of_family(addresses: impl IntoIterator<Item = IpAddr>, family: Family) -> Vec<IpAddr> {
    let addresses = addresses.into_iter();
    addresses.filter(|&one| Family::of(one) == family).collect()
}

fn impossible(address: IpAddr, rules: AddressRules) -> String {
    match rules.node(address) {
        Err(why) => format!("{address} is not the address of a node: {why}"),
        Ok(node) => format!("{} is not the address of a node", node.ip()),
    }
}

impl reqwest::dns::Resolve for NameResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = resolver.find_all(name.as_str()).await?;
            let addresses: Vec<_> = found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
            Ok(Box::new(addresses.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
