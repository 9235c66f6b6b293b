//! Everything that runs: started, looked at together, and stopped.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aiven_sim::{Simulator, scenario};
use anyhow::{Context, bail};
use tempfile::TempDir;
use testkit::{Daemon, http_client};
use tokio::time::sleep;

use crate::Arguments;
use crate::agreement::differences;
use crate::changes::Changes;
use crate::daemon::{self, Status};
use crate::expected::Expected;
use crate::narrator::Narrator;
use crate::prometheus::Prometheus;
use crate::setup;

/// Between two looks at everything.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// How long Aiven, the daemon and Prometheus may take to agree.
pub const AGREE_TIMEOUT: Duration = Duration::from_secs(180);

/// A node opens its port this long after its service was integrated; at Aiven
/// it takes about a minute.
const INTEGRATION_DELAY: Duration = Duration::from_secs(2);

/// The simulated Aiven, the daemon and Prometheus.
#[derive(Debug)]
pub struct Environment {
    /// The simulated Aiven.
    pub sim: Simulator,
    /// The real daemon.
    pub daemon: Daemon,
    /// The real Prometheus.
    pub prometheus: Prometheus,
    /// Tells what happens.
    pub narrator: Narrator,
    http: reqwest::Client,
    changes: Changes,
    folder: TempDir,
}

impl Environment {
    /// Starts everything.
    ///
    /// # Errors
    /// When one of the three does not start.
    pub async fn start(arguments: &Arguments) -> anyhow::Result<Environment> {
        let http = http_client();
        let folder = TempDir::with_prefix("aiven-metrics-demo-").context("no temporary folder")?;
        let sim = Simulator::builder()
            .integration_delay(INTEGRATION_DELAY)
            .dns_ttl(1)
            .cloud_foundry()
            .own_threads(1)
            .start()
            .await
            .context("the simulated Aiven does not start")?;
        scenario::demo_with_cloud_foundry(&sim);
        let narrator = Narrator::new();
        narrator.listening("the simulated Aiven", &sim.api_url());
        let config = daemon::configuration(&sim, folder.path());
        let daemon = daemon::start(&arguments.daemon, &config).await?;
        narrator.listening("aiven-metrics", &format!("http://{}", daemon.address));
        if let Some(script) = &arguments.setup {
            if !arguments.prometheus.exists() {
                narrator.line(&format!(
                    "demo: compiling Prometheus, some minutes the first time; meanwhile look at http://{}/status",
                    daemon.address
                ));
            }
            setup::run(script).await?;
        }
        let prometheus =
            Prometheus::start(&arguments.prometheus, &daemon, folder.path(), http.clone());
        let prometheus = prometheus.await?;
        narrator.listening("Prometheus", &format!("http://{}", prometheus.address));
        Ok(Environment {
            sim,
            daemon,
            prometheus,
            narrator,
            http,
            changes: Changes::default(),
            folder,
        })
    }

    /// Asks the simulated Aiven.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Looks at everything and tells what has changed.
    ///
    /// # Errors
    /// When the daemon or Prometheus has ended or does not answer.
    pub async fn look(&mut self) -> anyhow::Result<Status> {
        let status = self.daemon.read("/status").await?;
        let targets = self.prometheus.targets().await?;
        self.changes
            .tell(&self.sim, &status, &targets, &self.narrator);
        Ok(status)
    }

    /// Keeps looking for this long.
    ///
    /// # Errors
    /// As [`Environment::look`].
    pub async fn watch(&mut self, how_long: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + how_long;
        while Instant::now() < until {
            self.look().await?;
            sleep(LOOK_INTERVAL).await;
        }
        Ok(())
    }

    /// Looks until Aiven, the daemon and Prometheus agree.
    ///
    /// # Errors
    /// When they still differ after [`AGREE_TIMEOUT`], with the differences.
    pub async fn until_all_agree(&mut self) -> anyhow::Result<Expected> {
        let deadline = Instant::now() + AGREE_TIMEOUT;
        loop {
            let status = self.look().await?;
            let expected = Expected::of(&self.sim, &self.http).await?;
            let found = differences(&expected, &status, &self.prometheus).await?;
            if found.is_empty() {
                return Ok(expected);
            }
            if Instant::now() > deadline {
                bail!(
                    "still not as it should be after {AGREE_TIMEOUT:?}:\n  {}",
                    found.join("\n  ")
                );
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    /// Where all files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops everything. After a failure the files stay, and the ends of the logs are shown.
    ///
    /// # Errors
    /// The failure of `played`, or that of a process that does not end well.
    pub async fn stop(self, played: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
        if played.is_err() {
            self.narrator.line(&format!(
                "\n{}\n{}",
                self.daemon.last_lines(),
                self.prometheus.last_lines()
            ));
        }
        let daemon = self.daemon.stop().await.map(drop);
        let prometheus = self.prometheus.stop().await;
        self.sim.stop().await;
        let result = played.and_then(|code| daemon.and(prometheus).map(|()| code));
        match result {
            Ok(_) => self.narrator.line("Everything has been stopped."),
            Err(_) => {
                let kept = self.folder.keep();
                self.narrator
                    .line(&format!("All files are kept in {}", kept.display()));
            }
        }
        result
    }
}
