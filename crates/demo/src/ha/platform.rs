//! Everything that runs: the simulated Aiven, two VMs, the network between
//! them, route_registrar and Gorouter.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aiven_sim::{Simulator, scenario};
use anyhow::{Context, ensure};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::Arguments;
use crate::ha::certificates::{Certificates, PUBLIC_NAME};
use crate::ha::gorouter::{Gorouter, User};
use crate::ha::network::Network;
use crate::ha::relay::Relay;
use crate::ha::slow::SlowStorage;
use crate::ha::vm::{Vm, id};
use crate::narrator::Narrator;

/// Between two health checks by route_registrar; on a platform it is 10 s.
const REGISTRATION_INTERVAL: Duration = Duration::from_secs(1);

/// How long a Caddy may take to get the route, or to lose it.
const REGISTERED_TIMEOUT: Duration = Duration::from_secs(120);

/// Between two looks at that.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// The CA that signed what Caddy shows to Gorouter.
const CA_FILE: &str = "platform-ca.crt";

/// Two VMs of the group `prometheus`, with all that is around them.
#[derive(Debug)]
pub struct Platform {
    /// The simulated Aiven.
    pub sim: Simulator,
    /// The VMs, by index.
    pub vms: [Vm; 2],
    /// What passes between them.
    relays: [Relay; 2],
    /// The slow remote storage.
    pub slow: SlowStorage,
    /// The client.
    pub gorouter: Arc<Gorouter>,
    alive: [Arc<AtomicBool>; 2],
    registrars: JoinSet<()>,
    folder: TempDir,
    // Keeps the ports of all VMs.
    _network: Network,
}

impl Platform {
    /// Lays out everything and starts it, one VM after the other.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(arguments: &Arguments, narrator: &Narrator) -> anyhow::Result<Platform> {
        let folder = TempDir::with_prefix("aiven-metrics-ha-").context("no temporary folder")?;
        let sim = simulated_aiven(narrator).await?;
        let slow = SlowStorage::start().await?;
        let network = Network::reserve()?;
        let vms = [0, 1].map(|index| {
            Vm::new(
                index,
                network.vm(index),
                network.ports,
                folder.path(),
                arguments,
                slow.remote_read(),
            )
        });
        let certificates = Certificates::new()?;
        let user = User {
            name: "grafana",
            password: id(4711),
        };
        let caddy = arguments.caddy.as_ref().context("--ha needs --caddy")?;
        lay_out(&vms, &network, &certificates, &user, caddy).await?;
        std::fs::write(folder.path().join(CA_FILE), &certificates.platform_ca)?;
        let relays = relays(&vms, &network).await?;
        let public = [vms[0].public(), vms[1].public()];
        let gorouter = Arc::new(Gorouter::new(&public, &certificates.platform_ca, user)?);
        let mut platform = Platform {
            sim,
            vms,
            relays,
            slow,
            gorouter,
            alive: [(); 2].map(|()| Arc::new(AtomicBool::new(true))),
            registrars: JoinSet::new(),
            folder,
            _network: network,
        };
        for vm in &mut platform.vms {
            vm.start(&platform.sim).await?;
            narrator.listening(
                &format!("Caddy on {vm}"),
                &format!("https://{}", vm.public()),
            );
        }
        platform.register();
        Ok(platform)
    }

    /// How many nodes should be scraped.
    pub fn serving_nodes(&self) -> usize {
        let projects = self.sim.projects();
        let nodes = projects
            .iter()
            .map(|project| self.sim.serving_addresses(project).len());
        nodes.sum()
    }

    fn register(&mut self) {
        for vm in &self.vms {
            let (index, script) = (vm.index, vm.health_check());
            let (gorouter, alive) = (Arc::clone(&self.gorouter), Arc::clone(&self.alive[index]));
            self.registrars.spawn(async move {
                loop {
                    let healthy = Vm::healthy(&script).await;
                    // A VM that is gone does not report that.
                    if let Some(healthy) = healthy
                        && alive.load(Ordering::Relaxed)
                    {
                        gorouter.register(index, healthy);
                    }
                    sleep(REGISTRATION_INTERVAL).await;
                }
            });
        }
    }

    /// Whether the VM is there at all, as far as its route_registrar goes.
    pub fn set_alive(&self, index: usize, alive: bool) {
        self.alive[index].store(alive, Ordering::Relaxed);
    }

    /// Cuts the network between the VMs, or heals it.
    pub fn cut(&self, cut: bool) {
        for relay in &self.relays {
            relay.cut(cut);
        }
    }

    /// Waits until this many Caddys have the route.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn until_registered(&self, number: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + REGISTERED_TIMEOUT;
        while self.gorouter.registered() != number {
            ensure!(
                Instant::now() < deadline,
                "{} of {number} Caddys have the route",
                self.gorouter.registered()
            );
            sleep(LOOK_INTERVAL).await;
        }
        Ok(())
    }

    /// Tells where everything is.
    pub fn introduce(&self, narrator: &Narrator) {
        let ca = self.folder.path().join(CA_FILE);
        for vm in &self.vms {
            narrator.line(&format!("  {vm}  Prometheus http://{}", vm.prometheus()));
            narrator.line(&format!(
                "       Caddy      curl --cacert {} --connect-to ::{} --user {} https://{PUBLIC_NAME}/api/v1/query?query=up",
                ca.display(),
                vm.public(),
                self.gorouter.credentials()
            ));
        }
    }

    /// Stops everything. After a failure the files stay, and the ends of the logs are shown.
    ///
    /// # Errors
    /// The failure of `played`, or that of a process that does not end well.
    pub async fn stop(mut self, played: anyhow::Result<()>) -> anyhow::Result<()> {
        self.registrars.shutdown().await;
        self.cut(false);
        if played.is_err() {
            for vm in &self.vms {
                eprintln!("\n{}", vm.last_lines());
            }
        }
        let mut result = played;
        for vm in &mut self.vms {
            let ended = vm.end().await;
            result = result.and(ended);
        }
        self.sim.stop().await;
        if result.is_err() {
            eprintln!("\nAll files are kept in {}", self.folder.keep().display());
        }
        result
    }
}

async fn simulated_aiven(narrator: &Narrator) -> anyhow::Result<Simulator> {
    let sim = Simulator::builder()
        .dns_ttl(1)
        .cloud_foundry()
        .own_threads(1)
        .start()
        .await;
    let sim = sim.context("the simulated Aiven does not start")?;
    scenario::demo(&sim);
    narrator.listening("the simulated Aiven", &sim.api_url());
    Ok(sim)
}

/// Renders the job for both VMs. Each reaches the other by way of a relay.
async fn lay_out(
    vms: &[Vm; 2],
    network: &Network,
    certificates: &Certificates,
    user: &User,
    caddy: &Path,
) -> anyhow::Result<()> {
    for (own, other) in [(0, 1), (1, 0)] {
        let instances = json!([
            instance(own, network.vm(own)),
            instance(other, network.seen_from(own)),
        ]);
        let user = (user.name, user.password.as_str());
        vms[own]
            .lay_out(certificates, user, &instances, caddy)
            .await?;
    }
    Ok(())
}

/// From the first VM to the second, and back.
async fn relays(vms: &[Vm; 2], network: &Network) -> anyhow::Result<[Relay; 2]> {
    let seen = |index| SocketAddr::from((network.seen_from(index), network.ports.peer));
    Ok([
        Relay::start(seen(0), vms[1].peer()).await?,
        Relay::start(seen(1), vms[0].peer()).await?,
    ])
}

/// A BOSH instance, as a link has it.
fn instance(index: usize, address: Ipv4Addr) -> serde_json::Value {
    json!({
        "name": "prometheus", "id": id(index), "index": index,
        "bootstrap": index == 0, "az": format!("z{}", index + 1), "address": address,
    })
}
