//! The ports of the simulated VMs.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context;

/// The ports that all VMs have alike, as on a platform.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// Where Gorouter connects.
    pub public: u16,
    /// Where the Caddys reach each other.
    pub peer: u16,
    /// Caddy's metrics.
    pub metrics: u16,
    /// What the health check of the route asks.
    pub health: u16,
    /// Prometheus, behind Caddy.
    pub prometheus: u16,
    /// The daemon's own.
    pub web: u16,
    /// Where Prometheus scrapes through.
    pub scrape_proxy: u16,
}

impl Ports {
    /// Ports that are free at `address`.
    ///
    /// # Errors
    /// When there are none.
    pub fn free_at(address: Ipv4Addr) -> anyhow::Result<Ports> {
        let listeners: Vec<_> = (0..7)
            .map(|_| TcpListener::bind((address, 0)))
            .collect::<Result<_, _>>()
            .with_context(|| format!("no free port at {address}"))?;
        let port = |number: usize| listeners[number].local_addr().map(|address| address.port());
        Ok(Ports {
            public: port(0)?,
            peer: port(1)?,
            metrics: port(2)?,
            health: port(3)?,
            prometheus: port(4)?,
            web: port(5)?,
            scrape_proxy: port(6)?,
        })
    }
}
