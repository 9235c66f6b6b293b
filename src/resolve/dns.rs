//! One lookup: A and AAAA of an absolute name, each with its own outcome,
//! within one deadline. Over hickory, which needs no libc.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::time::timeout;

/// The platform's resolver, or the configured name servers.
#[derive(Clone)]
pub struct NameResolver {
    resolver: Arc<TokioResolver>,
    deadline: Duration,
}

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
    /// An answer; without addresses when the name has none of this family.
    Addresses(Vec<IpAddr>),
    /// NXDOMAIN: there is no such name.
    NoSuchName,
    /// No answer, or not a useful one.
    Failed(String),
}

impl Lookup {
    /// Every value of [`Lookup::outcome`].
    pub const OUTCOMES: [&'static str; 4] = ["ok", "nxdomain", "empty", "failed"];

    /// Whether both families were answered and there is an address.
    pub fn is_whole(&self) -> bool {
        self.failure().is_none()
    }

    /// Why the lookup is not whole, in one line.
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

impl NameResolver {
    /// A resolver that asks `nameservers`, or those of `/etc/resolv.conf` when
    /// there are none given, and gives up on a name after `deadline`.
    ///
    /// # Errors
    /// When `/etc/resolv.conf` is needed and cannot be used.
    pub fn new(nameservers: &[SocketAddr], deadline: Duration) -> anyhow::Result<Self> {
        let mut builder = if nameservers.is_empty() {
            TokioResolver::builder_tokio().context(
                "reading the system's name servers from /etc/resolv.conf failed; mend it, or set dns.nameservers",
            )?
        } else {
            let servers = nameservers.iter().map(name_server).collect();
            let config = ResolverConfig::from_parts(None, vec![], servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.timeout = deadline / 2;
        options.attempts = 2;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        // Every name is asked for on a schedule of our own; a cache would only
        // hide a failover, and remember an NXDOMAIN through it.
        options.cache_size = 0;
        let resolver = builder
            .build()
            .context("setting the DNS client up failed")?;
        Ok(NameResolver {
            resolver: Arc::new(resolver),
            deadline,
        })
    }

    /// Looks an absolute host name up. Search domains never apply.
    pub async fn look_up(&self, host: &str) -> Lookup {
        let (v4, v6) = tokio::join!(
            self.ask(host, RecordType::A),
            self.ask(host, RecordType::AAAA)
        );
        Lookup { v4, v6 }
    }

    async fn ask(&self, host: &str, family: RecordType) -> Answer {
        let name = format!("{}.", host.trim_end_matches('.'));
        match timeout(self.deadline, self.resolver.lookup(name, family)).await {
            Ok(Ok(lookup)) => {
                let addresses = lookup
                    .answers()
                    .iter()
                    .filter_map(|record| match &record.data {
                        RData::A(a) => Some(IpAddr::V4(a.0)),
                        RData::AAAA(aaaa) => Some(IpAddr::V6(aaaa.0)),
                        _ => None,
                    });
                Answer::Addresses(addresses.collect())
            }
            Ok(Err(error)) => negative(&error),
            Err(_) => Answer::Failed(format!(
                "no answer within {:?}; check dns.nameservers",
                self.deadline
            )),
        }
    }
}

fn negative(error: &NetError) -> Answer {
    if let NetError::Dns(DnsError::NoRecordsFound(nothing)) = error {
        return match nothing.response_code {
            ResponseCode::NoError => Answer::Addresses(vec![]),
            ResponseCode::NXDomain => Answer::NoSuchName,
            code => Answer::Failed(code.to_string()),
        };
    }
    Answer::Failed(error.to_string())
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        set_port(connection, address.port());
    }
    server
}

fn set_port(connection: &mut ConnectionConfig, port: u16) {
    connection.port = port;
}

impl reqwest::dns::Resolve for NameResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let resolver = Arc::clone(&self.resolver);
        Box::pin(async move {
            let found = resolver.lookup_ip(name.as_str()).await?;
            let addresses: Vec<_> = found.iter().map(|ip| SocketAddr::new(ip, 0)).collect();
            Ok(Box::new(addresses.into_iter()) as reqwest::dns::Addrs)
        })
    }
}
