//! `smoke-test`, the errand: checks from outside that a deployment does its job.
//! Every daemon is ready and Prometheus scrapes through it, every Prometheus
//! answers and has Aiven targets that are up, or there is nothing to scrape and
//! why, and tenants get one answer by way of the route. One line a check.
//!
//! From a VM of its own it cannot reach what listens on loopback only; such a
//! check is reported as skipped.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use reqwest::StatusCode;
use rustls::RootCertStore;
use tokio::time::{Instant, sleep};

use self::plan::Plan;
use self::report::Report;
use super::ask::{Answer, Http, NoAnswer};
use crate::model::later::later;

mod daemon;
mod labels;
mod plan;
mod prometheus;
mod report;
mod route;
mod samples;

/// The command for operators on a VM of the daemon.
const OPERATORS_COMMAND: &str = "/var/vcap/jobs/aiven-metrics/bin/aiven-metrics";

/// Between two tries of a check that has not passed yet.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// How much of a surprising answer is shown.
const SHOWN_CHARACTERS: usize = 200;

/// What the configuration file at `path` wants to be checked.
///
/// # Errors
/// When the file cannot be read, or names something that cannot be checked.
pub(super) fn plan(path: &Path) -> anyhow::Result<Plan> {
    Plan::load(path)
}

/// Makes all checks. Exits 1 if one failed or none could be made.
pub(super) async fn run(plan: Plan) -> anyhow::Result<ExitCode> {
    let mut errand = Errand {
        http: Http::new(RootCertStore::empty(), plan.answer_timeout)?,
        patience_ends: later(Instant::now(), plan.patience),
        report: Report::default(),
        published: None,
    };
    for daemon in &plan.daemons {
        errand.check_daemon(daemon, plan.scrape_wait).await;
    }
    for prometheus in &plan.prometheus_servers {
        errand.check_prometheus(prometheus).await;
    }
    if plan.prometheus_servers.is_empty() {
        errand.report.skip(
            "Prometheus",
            "no link of type prometheus: nothing is known of it; deploy the errand with one",
        );
    }
    if let Some(route) = &plan.route {
        let http = Http::new(route.roots()?, plan.answer_timeout)?;
        errand.check_route(route, &http).await;
    }
    Ok(super::exit_code(errand.report.conclude()))
}

/// The errand under way.
struct Errand {
    /// Asks daemons and Prometheus.
    http: Http,
    /// Until then a check is tried again, all checks together.
    patience_ends: Instant,
    report: Report,
    /// The most targets that a daemon publishes; unset while none told.
    published: Option<u64>,
}

impl Errand {
    /// Tries a check until it passes or patience is over.
    async fn attempt<T>(
        &self,
        check: impl AsyncFnMut() -> Result<T, Finding>,
    ) -> Result<T, Finding> {
        self.attempt_for(Duration::ZERO, check).await
    }

    /// The same, but for `at_least` that long.
    async fn attempt_for<T>(
        &self,
        at_least: Duration,
        mut check: impl AsyncFnMut() -> Result<T, Finding>,
    ) -> Result<T, Finding> {
        let end = self.patience_ends.max(later(Instant::now(), at_least));
        loop {
            let checked = check().await;
            if checked.is_ok() || Instant::now() >= end {
                return checked;
            }
            sleep(RETRY_INTERVAL).await;
        }
    }
}

/// What a check found that did not pass.
#[derive(Debug)]
struct Finding {
    /// For the operator.
    found: String,
    /// The status of the answer, if there was one.
    status: Option<StatusCode>,
    /// Whether the server's certificate was refused.
    is_untrusted: bool,
}

impl Finding {
    /// What is wrong with `answer`, in words.
    fn of(answer: &Answer, found: impl Into<String>) -> Self {
        Finding {
            status: Some(answer.status),
            ..Finding::from(found.into())
        }
    }

    /// `answer` has another status than 200.
    fn unexpected_status(answer: &Answer) -> Self {
        Finding::of(answer, format!("answer {}", answer.status.as_u16()))
    }
}

impl From<String> for Finding {
    fn from(found: String) -> Self {
        Finding {
            found,
            status: None,
            is_untrusted: false,
        }
    }
}

impl From<NoAnswer> for Finding {
    fn from(error: NoAnswer) -> Self {
        Finding {
            found: error.to_string(),
            status: None,
            is_untrusted: error.is_untrusted,
        }
    }
}

/// The beginning of a body that may be anything.
fn beginning(body: &str) -> &str {
    match body.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => body.split_at(end).0,
        None => body,
    }
}
