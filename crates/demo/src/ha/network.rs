//! The network of the simulated VMs: loopback addresses and ports that nobody else uses.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;

use crate::ports::ReservedPort;

/// Networks that are tried before giving up.
const MAX_TRIES: usize = 100;

/// The ports that all VMs have alike, as on a platform.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// Where Gorouter connects.
    pub public: u16,
    /// Where the Caddys reach each other.
    pub peer: u16,
    /// Caddy's metrics.
    pub metrics: u16,
    /// Where the route's health check asks.
    pub health: u16,
    /// Prometheus, behind Caddy.
    pub prometheus: u16,
    /// The daemon's pages.
    pub web: u16,
    /// Where Prometheus scrapes through.
    pub scrape_proxy: u16,
}

/// Addresses of two VMs, and of each as the other one reaches it.
#[derive(Debug)]
pub struct Network {
    /// The same on each VM.
    pub ports: Ports,
    prefix: [u8; 2],
    // Until this is dropped nobody else gets one of these ports.
    _reserved: Vec<ReservedPort>,
}

impl Network {
    /// Reserves every port that the VMs and the relays between them need.
    ///
    /// # Errors
    /// When no network is free.
    pub fn reserve() -> anyhow::Result<Network> {
        let mut tried = Network::try_reserve();
        for _ in 1..MAX_TRIES {
            if tried.is_ok() {
                break;
            }
            tried = Network::try_reserve();
        }
        tried.context("no free loopback addresses")
    }

    fn try_reserve() -> io::Result<Network> {
        let prefix = random_prefix();
        let at = |last, port| ReservedPort::new(SocketAddr::from((host(prefix, last), port)));
        let mut reserved = Vec::new();
        let mut numbers = [0; 7];
        for number in &mut numbers {
            let port = at(FIRST_VM, 0)?;
            *number = port.address()?.port();
            reserved.push(port);
            reserved.push(at(SECOND_VM, *number)?);
        }
        let [public, peer, metrics, health, prometheus, web, scrape_proxy] = numbers;
        for relay in SEEN_FROM {
            reserved.push(at(relay, peer)?);
        }
        Ok(Network {
            ports: Ports {
                public,
                peer,
                metrics,
                health,
                prometheus,
                web,
                scrape_proxy,
            },
            prefix,
            _reserved: reserved,
        })
    }

    /// The VM with this index.
    pub fn vm(&self, index: usize) -> Ipv4Addr {
        host(self.prefix, [FIRST_VM, SECOND_VM][index])
    }

    /// The other VM, as the VM with this index reaches it.
    pub fn seen_from(&self, index: usize) -> Ipv4Addr {
        host(self.prefix, SEEN_FROM[index])
    }
}

const FIRST_VM: u8 = 1;
const SECOND_VM: u8 = 2;

/// The second VM as the first one reaches it, and the other way round.
const SEEN_FROM: [u8; 2] = [12, 21];

fn host([second, third]: [u8; 2], last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, second, third, last)
}

/// In the upper half of 127.0.0.0/8: 127.0.0.x is other people's.
fn random_prefix() -> [u8; 2] {
    // Each `RandomState` has keys of its own, so this is random enough to avoid neighbours.
    let [second, third, ..] = RandomState::new().hash_one(()).to_ne_bytes();
    [128 | second, third]
}
