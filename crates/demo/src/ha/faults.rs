//! What can go wrong, done on purpose while queries are in flight.

use std::time::{Duration, Instant};

use anyhow::ensure;
use testkit::Signal;
use tokio::time::sleep;

use crate::ha::gorouter::Method;
use crate::ha::load::{Load, Query};
use crate::ha::platform::Platform;

/// Answers in a row that show that all is well.
const ENOUGH: usize = 40;

/// How long a fault lasts; then what was killed is started again, as monit does.
const FAULT_LENGTH: Duration = Duration::from_secs(5);

/// How long the slow queries have run when the fault comes: long enough that the other server is
/// not given what this one may have died of.
const SLOW_QUERY_AGE: Duration = Duration::from_secs(2);

/// Longer than Caddy waits for a Prometheus that says nothing.
const HANG_LENGTH: Duration = Duration::from_secs(40);

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The first Prometheus dies, and replays its write-ahead log.
    PrometheusKilled,
    /// The first Prometheus is stopped and started in an orderly way.
    PrometheusRestarted,
    /// The first Prometheus no longer answers.
    PrometheusHangs,
    /// The second Prometheus, which nobody uses, dies.
    SecondPrometheusKilled,
    /// The Caddy beside the first Prometheus dies.
    CaddyKilled,
    /// The daemon beside the first Prometheus dies.
    DaemonKilled,
    /// Everything on the first VM dies at once.
    FirstVmGone,
    /// Everything on the second VM dies at once.
    SecondVmGone,
    /// The VMs do not reach each other.
    CutOff,
    /// BOSH restarts one VM after the other.
    RollingRestart,
}

/// All of them.
pub const ALL: [Fault; 10] = [
    Fault::PrometheusKilled,
    Fault::PrometheusRestarted,
    Fault::PrometheusHangs,
    Fault::SecondPrometheusKilled,
    Fault::CaddyKilled,
    Fault::DaemonKilled,
    Fault::FirstVmGone,
    Fault::SecondVmGone,
    Fault::CutOff,
    Fault::RollingRestart,
];

/// Those that are over quickly.
pub const QUICK: [Fault; 4] = [
    Fault::PrometheusKilled,
    Fault::CaddyKilled,
    Fault::FirstVmGone,
    Fault::CutOff,
];

impl Fault {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Fault::PrometheusKilled => "first Prometheus: SIGKILL, started again",
            Fault::PrometheusRestarted => "first Prometheus: restarted",
            Fault::PrometheusHangs => "first Prometheus: SIGSTOP for 40 s",
            Fault::SecondPrometheusKilled => "second Prometheus: SIGKILL, started again",
            Fault::CaddyKilled => "first Caddy: SIGKILL, started again",
            Fault::DaemonKilled => "first aiven-metrics: SIGKILL, started again",
            Fault::FirstVmGone => "first VM gone, and back",
            Fault::SecondVmGone => "second VM gone, and back",
            Fault::CutOff => "VMs cut off from each other",
            Fault::RollingRestart => "rolling restart, as BOSH does it",
        }
    }

    /// Whether the first Prometheus cannot be reached from all Caddys that have the route.
    fn moves(self) -> bool {
        !matches!(
            self,
            Fault::SecondPrometheusKilled
                | Fault::DaemonKilled
                | Fault::SecondVmGone
                | Fault::CutOff
                | Fault::RollingRestart
        )
    }

    /// Whether a slow query may be lost: with the server that works on it, which none follows.
    fn takes_slow_queries(self) -> bool {
        self.moves() || self == Fault::SecondVmGone
    }

    async fn inject(self, platform: &mut Platform) -> anyhow::Result<()> {
        let [first, second] = &mut platform.vms;
        match self {
            Fault::PrometheusKilled => first.kill_prometheus(),
            Fault::PrometheusRestarted => first.stop_prometheus().await,
            Fault::PrometheusHangs => first.signal_prometheus(Signal::STOP),
            Fault::SecondPrometheusKilled => second.kill_prometheus(),
            Fault::CaddyKilled => first.kill_caddy(),
            Fault::DaemonKilled => first.kill_daemon(),
            Fault::FirstVmGone => {
                platform.set_alive(0, false);
                platform.vms[0].vanish()
            }
            Fault::SecondVmGone => {
                platform.set_alive(1, false);
                platform.vms[1].vanish()
            }
            Fault::CutOff => {
                platform.cut(true);
                Ok(())
            }
            Fault::RollingRestart => {
                first.stop().await?;
                first.start(&platform.sim).await?;
                platform.until_registered(2).await?;
                platform.vms[1].stop().await
            }
        }
    }

    async fn repair(self, platform: &mut Platform) -> anyhow::Result<()> {
        let [first, second] = &mut platform.vms;
        match self {
            Fault::PrometheusKilled | Fault::PrometheusRestarted => first.start_prometheus().await,
            Fault::PrometheusHangs => first.signal_prometheus(Signal::CONT),
            Fault::SecondPrometheusKilled => second.start_prometheus().await,
            Fault::CaddyKilled => first.start_caddy(),
            Fault::DaemonKilled => first.start_daemon(&platform.sim).await,
            Fault::FirstVmGone => {
                first.start(&platform.sim).await?;
                platform.set_alive(0, true);
                Ok(())
            }
            Fault::SecondVmGone | Fault::RollingRestart => {
                second.start(&platform.sim).await?;
                platform.set_alive(1, true);
                Ok(())
            }
            Fault::CutOff => {
                platform.cut(false);
                Ok(())
            }
        }
    }

    fn length(self) -> Duration {
        if self == Fault::PrometheusHangs {
            HANG_LENGTH
        } else {
            FAULT_LENGTH
        }
    }
}

/// What a fault did to the queries.
#[derive(Debug)]
pub struct Outcome {
    /// The fault.
    pub fault: Fault,
    /// Quick GETs, and how many failed.
    pub get: Count,
    /// Quick POSTs, and how many failed.
    pub post: Count,
    /// POSTs that had no answer yet when the fault came.
    pub posts_in_flight: usize,
    /// Time from the fault to the first answer of the other Prometheus.
    pub moved: Option<Duration>,
    /// Time from the repair to the next answer of the first Prometheus.
    pub returned: Option<Duration>,
    /// The slowest of the quick queries.
    pub slowest: Duration,
    /// The slow queries, one GET and one POST, in that order.
    pub slow: Vec<Result<Duration, String>>,
}

/// Queries, and how many of them failed.
#[derive(Debug)]
pub struct Count {
    /// All.
    pub all: usize,
    /// Those that failed, and why.
    pub failed: Vec<String>,
}

/// Injects `fault` while queries are in flight, with `slowly` slow ones as well.
///
/// # Errors
/// When the queries do not recover, or more of them fail than may.
pub async fn run_fault(
    fault: Fault,
    slowly: bool,
    platform: &mut Platform,
) -> anyhow::Result<Outcome> {
    platform.until_registered(2).await?;
    platform.gorouter.forget_failures();
    let mut load = Load::start(&platform.gorouter);
    load.until_from("vm1", Instant::now(), ENOUGH).await?;
    if slowly {
        let asked = platform.slow.asked();
        load.ask_slowly();
        platform.slow.until_asked(asked + 2).await?;
        sleep(SLOW_QUERY_AGE).await;
    }

    load.until_in_flight().await?;
    // What is killed has ended when the kill returns, and meanwhile this thread, on which the
    // queries run, sends none: no other POST can be lost than these.
    let posts_in_flight = load.posts_in_flight();
    let injected = Instant::now();
    fault.inject(platform).await?;
    let moved = if fault.moves() {
        Some(load.until_from("vm2", injected, ENOUGH).await?)
    } else {
        load.until_answered(Instant::now(), ENOUGH).await?;
        None
    };
    sleep(fault.length().saturating_sub(injected.elapsed())).await;
    let repaired = Instant::now();
    fault.repair(platform).await?;
    let back = load.until_from("vm1", repaired, ENOUGH).await?;
    let queries = load.finish().await?;

    let outcome = Outcome {
        fault,
        get: count(&queries, Method::Get),
        post: count(&queries, Method::Post),
        posts_in_flight,
        moved,
        returned: moved.map(|_| back),
        slowest: slowest(&queries),
        slow: slow(&queries),
    };
    outcome.check()?;
    Ok(outcome)
}

impl Outcome {
    /// For the terminal.
    pub fn in_words(&self) -> String {
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        let mut lines = vec![format!(
            "  {} of {} GETs failed, {} of {} POSTs ({} in flight); the slowest took {}",
            self.get.failed.len(),
            self.get.all,
            self.post.failed.len(),
            self.post.all,
            self.posts_in_flight,
            seconds(self.slowest)
        )];
        if let (Some(moved), Some(returned)) = (self.moved, self.returned) {
            lines.push(format!(
                "  the other Prometheus answered after {}, the first one again {} after it was back",
                seconds(moved),
                seconds(returned)
            ));
        }
        for slow in &self.slow {
            lines.push(match slow {
                Ok(took) => format!(
                    "  a query that takes 20 s was answered after {}",
                    seconds(*took)
                ),
                Err(_) => "  a query that takes 20 s was lost".to_owned(),
            });
        }
        lines.join("\n")
    }

    fn check(&self) -> anyhow::Result<()> {
        let name = self.fault.name();
        let (get, post) = (&self.get.failed, &self.post.failed);
        if !self.fault.takes_slow_queries() {
            let lost: Vec<_> = self
                .slow
                .iter()
                .filter_map(|slow| slow.as_ref().err())
                .collect();
            ensure!(lost.is_empty(), "{name}: slow queries were lost: {lost:?}");
        }
        if self.fault == Fault::PrometheusHangs {
            // What it took is not asked of the other one.
            let mut lost = get.iter().chain(post);
            ensure!(
                lost.all(|cause| cause.contains("504")),
                "{name}: lost otherwise than by silence:\n  {}\n  {}",
                get.join("\n  "),
                post.join("\n  ")
            );
            return Ok(());
        }
        ensure!(
            get.is_empty(),
            "{name}: {} GETs failed:\n  {}",
            get.len(),
            get.join("\n  ")
        );
        ensure!(
            post.len() <= self.posts_in_flight,
            "{name}: {} POSTs failed, but only {} were in flight:\n  {}",
            post.len(),
            self.posts_in_flight,
            post.join("\n  ")
        );
        Ok(())
    }
}

fn count(queries: &[Query], method: Method) -> Count {
    let wanted = |query: &&Query| query.method == method && !query.slow;
    let of_method = || queries.iter().filter(wanted);
    let failed = of_method().filter_map(|query| query.answer.as_ref().err().cloned());
    Count {
        all: of_method().count(),
        failed: failed.collect(),
    }
}

fn slowest(queries: &[Query]) -> Duration {
    let quick = queries.iter().filter(|query| !query.slow);
    quick.map(|query| query.took).max().unwrap_or_default()
}

fn slow(queries: &[Query]) -> Vec<Result<Duration, String>> {
    let mut slow: Vec<_> = queries.iter().filter(|query| query.slow).collect();
    slow.sort_by_key(|query| query.method == Method::Post);
    let result = |query: &&Query| match &query.answer {
        Ok(_) => Ok(query.took),
        Err(error) => Err(error.clone()),
    };
    slow.iter().map(result).collect()
}
