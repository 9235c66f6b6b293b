//! Everything that runs, and looking at all of it at once.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aiven_sim::{Simulator, scenario};
use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::Arguments;
use crate::agreement::differences;
use crate::daemon::{Addresses, Daemon, Status};
use crate::expected::Expected;
use crate::news::News;
use crate::prometheus::Prometheus;
use crate::teller::Teller;

/// How often everything is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// How long the world may differ from what it must be.
const DEADLINE: Duration = Duration::from_secs(90);

/// A node opens its port this long after its service was integrated: at Aiven
/// it is about a minute.
const INTEGRATION_DELAY: Duration = Duration::from_secs(2);

/// For one request to somebody on this machine.
const REQUEST: Duration = Duration::from_secs(10);

/// The simulated Aiven, the daemon and Prometheus.
#[derive(Debug)]
pub struct Stage {
    /// The simulated Aiven.
    pub sim: Simulator,
    /// The real daemon.
    pub daemon: Daemon,
    /// The real Prometheus.
    pub prometheus: Prometheus,
    /// Tells what happens.
    pub teller: Teller,
    http: reqwest::Client,
    news: News,
    folder: TempDir,
}

impl Stage {
    /// Starts everything.
    ///
    /// # Errors
    /// When one of the three does not start.
    pub async fn set(arguments: &Arguments) -> anyhow::Result<Stage> {
        let http = http_client()?;
        let folder = TempDir::with_prefix("aiven-metrics-demo-").context("no temporary folder")?;
        let sim = Simulator::builder()
            .integration_delay(INTEGRATION_DELAY)
            .dns_ttl(1)
            .own_threads(1)
            .start()
            .await
            .context("the simulated Aiven does not start")?;
        scenario::demo(&sim);
        let teller = Teller::new();
        let daemon = Daemon::start(
            &arguments.daemon,
            &sim,
            folder.path(),
            Addresses::any(),
            http.clone(),
        )
        .await?;
        let prometheus =
            Prometheus::start(&arguments.prometheus, &daemon, folder.path(), http.clone());
        let prometheus = prometheus.await?;
        Ok(Stage {
            sim,
            daemon,
            prometheus,
            teller,
            http,
            news: News::default(),
            folder,
        })
    }

    /// Looks at everything and tells the news.
    ///
    /// # Errors
    /// When the daemon or Prometheus has ended or does not answer.
    pub async fn look(&mut self) -> anyhow::Result<Status> {
        let status = self.daemon.status().await?;
        let targets = self.prometheus.targets().await?;
        self.news.tell(&self.sim, &status, &targets, &self.teller);
        Ok(status)
    }

    /// Goes on looking for so long.
    ///
    /// # Errors
    /// As [`Stage::look`].
    pub async fn watch(&mut self, how_long: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + how_long;
        while Instant::now() < until {
            self.look().await?;
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Looks until Aiven, the daemon and Prometheus agree.
    ///
    /// # Errors
    /// When they still differ at the deadline, with the differences.
    pub async fn until_all_agree(&mut self) -> anyhow::Result<Expected> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let status = self.look().await?;
            let expected = Expected::of(&self.sim, &self.http).await?;
            let found = differences(&expected, &status, &self.prometheus).await?;
            if found.is_empty() {
                return Ok(expected);
            }
            if Instant::now() > deadline {
                bail!(
                    "still not right after {DEADLINE:?}:\n  {}",
                    found.join("\n  ")
                );
            }
            sleep(LOOK).await;
        }
    }

    /// Where everything's files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops everything. After a failure the files stay, and the logs' ends are shown.
    ///
    /// # Errors
    /// The failure of `played`, or that of a process which does not end well.
    pub async fn clear(self, played: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
        if played.is_err() {
            self.teller.line(&format!(
                "\n{}\n{}",
                self.daemon.last_lines(),
                self.prometheus.last_lines()
            ));
        }
        let daemon = self.daemon.stop().await;
        let prometheus = self.prometheus.stop().await;
        self.sim.stop().await;
        let result = played.and_then(|code| daemon.and(prometheus).map(|()| code));
        match result {
            Ok(_) => self.teller.line("Everything has been stopped."),
            Err(_) => {
                let kept = self.folder.keep();
                self.teller
                    .line(&format!("All files are kept in {}", kept.display()));
            }
        }
        result
    }
}

/// For requests to what runs on this machine.
///
/// # Errors
/// When there is no TLS.
pub fn http_client() -> anyhow::Result<reqwest::Client> {
    // Only an error when somebody did it before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().timeout(REQUEST);
    builder.build().context("cannot make an HTTP client")
}
