//! Looks up A and AAAA of an absolute name, each with its own outcome, within one
//! deadline. Uses hickory, which needs no libc.

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

use crate::model::resolution::{Answer, Lookup};

/// The platform's resolver, or the configured name servers.
#[derive(Clone)]
pub struct NameResolver {
    resolver: Arc<TokioResolver>,
    deadline: Duration,
}

impl NameResolver {
    /// A resolver that asks `nameservers`, or if there are none, those of
    /// `/etc/resolv.conf`. It gives up on a name after `deadline`.
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
        // The daemon has its own schedule for lookups; a cache would only hide a
        // failover, and repeat an old NXDOMAIN.
        options.cache_size = 0;
        let resolver = builder
            .build()
            .context("setting the DNS client up failed")?;
        Ok(NameResolver {
            resolver: Arc::new(resolver),
            deadline,
        })
    }

    /// Looks up an absolute host name. Search domains never apply.
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
            Ok(Err(error)) => answer_without_records(&error),
            Err(_) => Answer::Failed(format!(
                "no answer within {:?}; check dns.nameservers",
                self.deadline
            )),
        }
    }
}

fn answer_without_records(error: &NetError) -> Answer {
    if let NetError::Dns(DnsError::NoRecordsFound(response)) = error {
        return match response.response_code {
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
