//! A simulated VM: a loopback address of its own, a folder laid out as
//! `/var/vcap`, and on it the daemon, Prometheus and Caddy, the latter with the
//! files and scripts that the job's templates render to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use aiven_sim::Simulator;
use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use testkit::{Daemon, Process, Program, Signal};
use tokio::process::Command;
use tokio::time::timeout;

use crate::Arguments;
use crate::daemon;
use crate::ha::certificates::Certificates;
use crate::ha::network::Ports;
use crate::prometheus;

const JOB: &str = "jobs/prometheus-failover";
const DATA: &str = "data/prometheus-failover";

/// For one of the job's scripts; drain waits for a slow query.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(180);

/// One VM of the group.
#[derive(Debug)]
pub struct Vm {
    /// From 0, the index of the BOSH instance.
    pub index: usize,
    address: Ipv4Addr,
    ports: Ports,
    /// `/var/vcap`.
    root: PathBuf,
    daemon_program: PathBuf,
    prometheus_program: PathBuf,
    remote_read: Value,
    daemon: Option<Daemon>,
    prometheus: Option<Process>,
    caddy: Option<Process>,
}

impl Vm {
    /// A VM on which nothing runs yet.
    pub fn new(
        index: usize,
        address: Ipv4Addr,
        ports: Ports,
        folder: &Path,
        arguments: &Arguments,
        remote_read: Value,
    ) -> Vm {
        Vm {
            index,
            address,
            ports,
            root: folder.join(format!("vm{}", index + 1)),
            daemon_program: arguments.daemon.clone(),
            prometheus_program: arguments.prometheus.clone(),
            remote_read,
            daemon: None,
            prometheus: None,
            caddy: None,
        }
    }

    fn at(&self, port: u16) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.address), port)
    }

    /// Where Gorouter connects.
    pub fn public(&self) -> SocketAddr {
        self.at(self.ports.public)
    }

    /// Where other Caddys connect.
    pub fn peer(&self) -> SocketAddr {
        self.at(self.ports.peer)
    }

    /// Where Prometheus listens; on a platform only this VM reaches it.
    pub fn prometheus(&self) -> SocketAddr {
        self.at(self.ports.prometheus)
    }

    /// Renders the job as the Director does, and lays out the rest as the agent does.
    ///
    /// # Errors
    /// When the Director would refuse it.
    pub async fn lay_out(
        &self,
        certificates: &Certificates,
        user: (&str, &str),
        instances: &Value,
        caddy: &Path,
    ) -> anyhow::Result<()> {
        for folder in [JOB, DATA, "packages/caddy/bin", "state"] {
            std::fs::create_dir_all(self.root.join(folder))?;
        }
        std::os::unix::fs::symlink(caddy, self.root.join("packages/caddy/bin/caddy"))?;
        let context = self.root.join("context.json");
        let described = json!({
            "properties": self.properties(certificates, user),
            "links": { "peers": {
                "instances": instances,
                "properties": { "peer": { "listen": format!("0.0.0.0:{}", self.ports.peer) } },
            } },
            "spec": { "index": self.index, "id": id(self.index) },
        });
        std::fs::write(&context, described.to_string())?;
        let rendered = Command::new("ruby")
            .arg("spec/render/render.rb")
            .args(["--job", JOB, "--context"])
            .arg(context)
            .arg("--into")
            .arg(self.root.join(JOB))
            .output()
            .await
            .context("cannot run ruby")?;
        ensure!(
            rendered.status.success(),
            "the job does not render:\n{}",
            String::from_utf8_lossy(&rendered.stderr)
        );
        Ok(())
    }

    /// What differs from the defaults, because all VMs are this machine.
    fn properties(&self, certificates: &Certificates, (name, password): (&str, &str)) -> Value {
        json!({
            "users": [{ "name": name, "password": password }],
            "public": {
                "listen": self.public(),
                "certificate": certificates.public.certificate,
                "private_key": certificates.public.private_key,
            },
            "peer": {
                "listen": self.peer(),
                "ca": certificates.peer_ca,
                "certificate": certificates.peer.certificate,
                "private_key": certificates.peer.private_key,
            },
            "prometheus": { "address": self.prometheus() },
            "metrics": { "listen": self.at(self.ports.metrics) },
            "health": { "listen": self.at(self.ports.health) },
            "drain": { "leave_route": "3s" },
        })
    }

    /// Starts everything as BOSH does, post-start included.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(&mut self, sim: &Simulator) -> anyhow::Result<()> {
        self.script("pre-start").await?;
        self.start_daemon(sim).await?;
        self.start_prometheus().await?;
        self.start_caddy()?;
        self.script("post-start").await
    }

    /// Drains and stops everything as BOSH does.
    ///
    /// # Errors
    /// When something does not stop in time.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.script("drain").await?;
        self.end().await
    }

    /// Stops everything that runs.
    ///
    /// # Errors
    /// When something does not stop in time.
    pub async fn end(&mut self) -> anyhow::Result<()> {
        let mut result = Ok(());
        let processes = [self.caddy.take(), self.prometheus.take()];
        for process in processes.into_iter().flatten() {
            result = result.and(process.stop().await.map(drop));
        }
        if let Some(daemon) = self.daemon.take() {
            result = result.and(daemon.stop().await.map(drop));
        }
        result
    }

    /// Kills everything, as when the VM is gone.
    ///
    /// # Errors
    /// When something had ended before.
    pub fn vanish(&mut self) -> anyhow::Result<()> {
        self.kill_caddy()?;
        self.kill_prometheus()?;
        self.kill_daemon()
    }

    /// # Errors
    /// When it does not listen.
    pub async fn start_daemon(&mut self, sim: &Simulator) -> anyhow::Result<()> {
        let config = daemon::configuration(sim, &self.root)
            .web_at(self.at(self.ports.web))
            .proxy_at(self.at(self.ports.scrape_proxy))
            .instance(self.index);
        self.daemon = Some(daemon::start(&self.daemon_program, &config).await?);
        Ok(())
    }

    /// Starts Prometheus on the samples that it had, without waiting for it.
    ///
    /// # Errors
    /// When the daemon does not run, or Prometheus does not start.
    pub async fn start_prometheus(&mut self) -> anyhow::Result<()> {
        let Some(daemon) = &self.daemon else {
            bail!("the daemon does not run on {self}");
        };
        let mut config = prometheus::configuration(daemon).await?;
        config["remote_read"] = self.remote_read.clone();
        // Prometheus derives the moments of its scrapes from the host's name and these
        // labels, and here all have the same host.
        config["global"]["external_labels"] = json!({ "vm": self.to_string() });
        // Says who answered; nothing else in an answer does.
        config["scrape_configs"][1]["static_configs"][0]["labels"] =
            json!({ "vm": self.to_string() });
        let file = &self.prometheus_program;
        let program = prometheus::program(file, &config, &self.root, self.prometheus())?;
        self.prometheus = Some(program.arg("--query.timeout=30s").start()?);
        Ok(())
    }

    /// Starts Caddy as the job's bpm.yml does.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_caddy(&mut self) -> anyhow::Result<()> {
        let data = self.root.join(DATA);
        let program = self.root.join("packages/caddy/bin/caddy");
        let caddy = Program::new(program)
            .named("Caddy")
            .args(["run", "--config", "config/caddy.json", "--envfile"])
            .arg(data.join("password-hashes"))
            .folder(self.root.join(JOB))
            .env("HOME", &data)
            .log_file(self.root.join("caddy.log"));
        self.caddy = Some(caddy.start()?);
        Ok(())
    }

    /// # Errors
    /// When it does not run.
    pub fn kill_caddy(&mut self) -> anyhow::Result<()> {
        kill(self.caddy.take())
    }

    /// # Errors
    /// When it does not run.
    pub fn kill_prometheus(&mut self) -> anyhow::Result<()> {
        kill(self.prometheus.take())
    }

    /// # Errors
    /// When it does not run.
    pub fn kill_daemon(&mut self) -> anyhow::Result<()> {
        let daemon = self.daemon.take().context("it does not run")?;
        daemon.kill();
        Ok(())
    }

    /// Stops Prometheus in an orderly way.
    ///
    /// # Errors
    /// When it does not run, or does not stop in time.
    pub async fn stop_prometheus(&mut self) -> anyhow::Result<()> {
        let prometheus = self.prometheus.take().context("Prometheus does not run")?;
        prometheus.stop().await.map(drop)
    }

    /// Sends Prometheus a signal.
    ///
    /// # Errors
    /// When it does not run.
    pub fn signal_prometheus(&mut self, signal: Signal) -> anyhow::Result<()> {
        let prometheus = self.prometheus.as_mut();
        prometheus
            .context("Prometheus does not run")?
            .signal(signal)
    }

    /// Whether the route's health check passes; `None` if it cannot be run.
    pub async fn healthy(script: &Path) -> Option<bool> {
        let mut command = Command::new(script);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.kill_on_drop(true).status().await;
        status.ok().map(|status| status.success())
    }

    /// The route's health check.
    pub fn health_check(&self) -> PathBuf {
        self.root.join(JOB).join("bin/health-check")
    }

    async fn script(&self, name: &str) -> anyhow::Result<()> {
        let mut command = Command::new(self.root.join(JOB).join("bin").join(name));
        let output = timeout(SCRIPT_TIMEOUT, command.kill_on_drop(true).output())
            .await
            .with_context(|| format!("{name} on {self} takes longer than {SCRIPT_TIMEOUT:?}"))??;
        ensure!(
            output.status.success(),
            "{name} on {self} failed:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// The ends of the logs of what runs.
    pub fn last_lines(&self) -> String {
        let processes = [self.caddy.as_ref(), self.prometheus.as_ref()];
        let logs = processes.into_iter().flatten().map(Process::last_lines);
        let daemon = self.daemon.as_ref().map(Daemon::last_lines);
        let logs: Vec<_> = logs.chain(daemon).collect();
        format!("{self}\n{}", logs.join("\n"))
    }
}

impl std::fmt::Display for Vm {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "vm{}", self.index + 1)
    }
}

/// The id of a BOSH instance.
pub fn id(index: usize) -> String {
    format!("00000000-0000-4000-8000-{index:012}")
}

fn kill(process: Option<Process>) -> anyhow::Result<()> {
    process.context("it does not run")?.kill();
    Ok(())
}
