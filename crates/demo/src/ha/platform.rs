//! Everything that runs: the simulated Aiven, two VMs, the network between
//! them, route_registrar and Gorouter.

use std::net::{Ipv4Addr, SocketAddr};
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
use crate::ha::ports::Ports;
use crate::ha::relay::Relay;
use crate::ha::slow::SlowStorage;
use crate::ha::vm::{Vm, id};
use crate::stage::http_client;
use crate::teller::Teller;

/// As often as route_registrar asks the health check here; on a platform every 10 s.
const REGISTRATION_INTERVAL: Duration = Duration::from_secs(1);

/// How long something may take to come about.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Two VMs of the group `prometheus`, with all that is around them.
#[derive(Debug)]
pub struct Platform {
    /// The simulated Aiven.
    pub sim: Simulator,
    /// The VMs, by index.
    pub vms: [Vm; 2],
    /// The network between them.
    pub network: [Relay; 2],
    /// The slow remote storage.
    pub slow: SlowStorage,
    /// The client.
    pub gorouter: Arc<Gorouter>,
    alive: [Arc<AtomicBool>; 2],
    registrars: JoinSet<()>,
    folder: TempDir,
}

impl Platform {
    /// Lays out everything and starts it, one VM after the other.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(arguments: &Arguments) -> anyhow::Result<Platform> {
        let http = http_client()?;
        let caddy = arguments.caddy.as_ref().context("--ha needs --caddy")?;
        let folder = TempDir::with_prefix("aiven-metrics-ha-").context("no temporary folder")?;
        let sim = Simulator::builder().dns_ttl(1).own_threads(1).start().await;
        let sim = sim.context("the simulated Aiven does not start")?;
        scenario::demo(&sim);
        let slow = SlowStorage::start().await?;
        let net = Network::of_this_process();
        let ports = Ports::free_at(net.vm(0))?;
        let vms = [0, 1].map(|index| {
            Vm::new(
                index,
                net.vm(index),
                ports,
                folder.path(),
                arguments,
                slow.remote_read(),
                http.clone(),
            )
        });
        let certificates = Certificates::new()?;
        let ca = folder.path().join("platform-ca.crt");
        std::fs::write(ca, &certificates.platform_ca)?;
        let user = User {
            name: "grafana",
            password: id(4711),
        };
        for (vm, other) in [(0, 1), (1, 0)] {
            let instances = json!([instance(vm, net.vm(vm)), instance(other, net.seen_from(vm)),]);
            let user = (user.name, user.password.as_str());
            vms[vm]
                .lay_out(&certificates, user, &instances, caddy)
                .await?;
        }
        let network = [
            Relay::start(
                SocketAddr::from((net.seen_from(0), ports.peer)),
                vms[1].peer(),
            )
            .await?,
            Relay::start(
                SocketAddr::from((net.seen_from(1), ports.peer)),
                vms[0].peer(),
            )
            .await?,
        ];
        let public = [vms[0].public(), vms[1].public()];
        let gorouter = Arc::new(Gorouter::new(&public, &certificates.platform_ca, user)?);
        let mut platform = Platform {
            sim,
            vms,
            network,
            slow,
            gorouter,
            alive: [(); 2].map(|()| Arc::new(AtomicBool::new(true))),
            registrars: JoinSet::new(),
            folder,
        };
        for vm in &mut platform.vms {
            vm.start(&platform.sim).await?;
        }
        platform.register();
        Ok(platform)
    }

    fn register(&mut self) {
        for vm in &self.vms {
            let (index, script) = (vm.index, vm.health_check());
            let (gorouter, alive) = (Arc::clone(&self.gorouter), Arc::clone(&self.alive[index]));
            self.registrars.spawn(async move {
                loop {
                    let healthy = Vm::healthy(&script).await;
                    // Nobody says that a VM is gone.
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
        for relay in &self.network {
            relay.cut(cut);
        }
    }

    /// Waits until so many Caddys have the route.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn until_registered(&self, number: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + DEADLINE;
        while self.gorouter.registered() != number {
            ensure!(
                Instant::now() < deadline,
                "{} of {number} Caddys have the route",
                self.gorouter.registered()
            );
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Tells where everything is.
    pub fn introduce(&self, teller: &Teller) {
        let ca = self.folder.path().join("platform-ca.crt");
        for vm in &self.vms {
            teller.line(&format!("  {vm}  Prometheus http://{}", vm.prometheus()));
            teller.line(&format!(
                "       Caddy      curl --cacert {} --connect-to ::{} --user {} https://{PUBLIC_NAME}/api/v1/query?query=up",
                ca.display(),
                vm.public(),
                self.gorouter.credentials()
            ));
        }
    }

    /// Stops everything. After a failure the files stay, and the logs' ends are shown.
    ///
    /// # Errors
    /// The failure of `played`, or that of a process which does not end well.
    pub async fn clear(mut self, played: anyhow::Result<()>) -> anyhow::Result<()> {
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

/// Loopback addresses that no other demo uses at the same time.
struct Network([u8; 2]);

impl Network {
    fn of_this_process() -> Network {
        let [.., high, low] = std::process::id().to_be_bytes();
        Network([64 + high % 128, low])
    }

    fn vm(&self, index: usize) -> Ipv4Addr {
        self.host(if index == 0 { 1 } else { 2 })
    }

    /// The other VM, as the VM with this index reaches it.
    fn seen_from(&self, index: usize) -> Ipv4Addr {
        self.host(if index == 0 { 12 } else { 21 })
    }

    fn host(&self, last: u8) -> Ipv4Addr {
        let Network([second, third]) = *self;
        Ipv4Addr::new(127, second, third, last)
    }
}

/// A BOSH instance, as a link has it.
fn instance(index: usize, address: Ipv4Addr) -> serde_json::Value {
    json!({
        "name": "prometheus", "id": id(index), "index": index,
        "bootstrap": index == 0, "az": format!("z{}", index + 1), "address": address,
    })
}
