//! A daemon: ready, with targets, and Prometheus scrapes through it.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::Instant;

use super::plan::DaemonPlan;
use super::samples::samples;
use super::{Errand, Finding, OPERATORS_COMMAND};
use crate::cli::ask::Http;

/// Verdicts of services that are rightly not scraped.
const NOT_TO_SCRAPE: [&str; 3] = ["not_selected", "ineligible", "powered_off"];

impl Errand {
    /// Makes all checks of one daemon. Its scrapes are looked for `scrape_wait`
    /// long even if patience is over.
    pub(super) async fn check_daemon(&mut self, daemon: &DaemonPlan, scrape_wait: Duration) {
        let instance = &daemon.instance;
        let Some(url) = &daemon.url else {
            let why = "web.listen is a loopback address: run the errand colocated with it";
            self.report.skip(&format!("{instance}: the daemon"), why);
            return;
        };
        let status = format!("bosh ssh {instance} -c '{OPERATORS_COMMAND} status'");

        let check = format!("{instance}: the daemon is ready");
        match self.attempt(async || is_ready(&self.http, url).await).await {
            Ok(found) => self.report.pass(&check, &found),
            Err(Finding { found, .. }) => {
                let remedy = format!(
                    "{status}; if it is not running: bosh -d DEPLOYMENT restart {instance}"
                );
                self.report.fail(&check, &found, &remedy);
                return;
            }
        }

        let check = format!("{instance}: targets are published");
        match self
            .attempt(async || has_targets(&self.http, url).await)
            .await
        {
            Ok(found) => {
                self.published = self.published.max(Some(found.published));
                self.report.pass(&check, &found.text);
                self.check_labels(daemon, url, &status).await;
                if found.published > 0 {
                    self.check_scrapes(daemon, url, &status, scrape_wait).await;
                }
            }
            Err(Finding { found, .. }) => {
                self.published = self.published.max(Some(0));
                let remedy = format!(
                    "{status}, and '{OPERATORS_COMMAND} explain SERVICE' for one of them; right after a first deployment run the errand again in some minutes"
                );
                self.report.fail(&check, &found, &remedy);
            }
        }
    }

    /// The daemon knows of scrapes because it relays them, so this is evidence
    /// about a Prometheus that cannot be reached from here.
    async fn check_scrapes(
        &mut self,
        daemon: &DaemonPlan,
        url: &str,
        status: &str,
        wait: Duration,
    ) {
        let check = format!("{}: Prometheus scrapes them", daemon.instance);
        if !daemon.relays_scrapes {
            let why = "the scrape proxy is off, so the daemon does not see scrapes";
            self.report.skip(&check, why);
            return;
        }
        let mut scrapes = Scrapes::default();
        let seen = self.attempt_for(wait, async || scrapes.grow(&self.http, url).await);
        match seen.await {
            Ok(found) => self.report.pass(&check, &found),
            Err(Finding { found, .. }) => {
                let remedy = format!(
                    "{status}; it names the cause for each service, or says that Prometheus does not ask (then compare the scrape job's proxy_url and file_sd_configs with scrape_proxy.listen and targets.path)"
                );
                self.report.fail(&check, &found, &remedy);
            }
        }
    }
}

async fn is_ready(http: &Http, url: &str) -> Result<String, Finding> {
    let answer = http.get(&format!("{url}/readyz")).await?;
    match answer.status {
        StatusCode::OK => Ok(answer.body),
        _ if answer.body.trim().is_empty() => Err(Finding::unexpected_status(&answer)),
        _ => Err(Finding::of(&answer, &answer.body)),
    }
}

/// How many targets a daemon publishes, with the text about it.
struct Targets {
    published: u64,
    text: String,
}

/// Passes too if there is nothing that should be published.
async fn has_targets(http: &Http, url: &str) -> Result<Targets, Finding> {
    let answer = http.get(&format!("{url}/metrics")).await?;
    if answer.status != StatusCode::OK {
        return Err(Finding::unexpected_status(&answer));
    }
    Ok(judge_targets(&answer.body)?)
}

/// The targets that these metrics tell of, or what is wrong.
fn judge_targets(metrics: &str) -> Result<Targets, String> {
    let published = samples(metrics, "aiven_metrics_targets")
        .map(|one| one.value)
        .sum::<f64>() as u64;
    let verdicts = services_by_verdict(metrics);
    let text = match verdicts.is_empty() {
        true => format!("{published} targets; services by verdict: none is listed in the projects"),
        false => format!(
            "{published} targets; services by verdict: {}",
            counted(&verdicts)
        ),
    };
    let all_unscraped = verdicts
        .keys()
        .all(|verdict| NOT_TO_SCRAPE.contains(verdict));
    match published {
        0 if all_unscraped => Ok(Targets {
            published,
            text: format!("nothing to scrape; {text}"),
        }),
        0 => Err(text),
        _ => Ok(Targets { published, text }),
    }
}

/// Verdicts that at least one service has.
fn services_by_verdict(metrics: &str) -> BTreeMap<&str, u64> {
    let mut verdicts = BTreeMap::new();
    for sample in samples(metrics, "aiven_metrics_services") {
        if let Some(verdict) = sample.label("verdict").filter(|_| sample.value > 0.0) {
            *verdicts.entry(verdict).or_default() += sample.value as u64;
        }
    }
    verdicts
}

fn counted(verdicts: &BTreeMap<&str, u64>) -> String {
    let counted = verdicts
        .iter()
        .map(|(verdict, count)| format!("{count} {verdict}"));
    counted.collect::<Vec<_>>().join(", ")
}

/// The scrapes that a daemon relayed successfully while somebody looked.
#[derive(Default)]
struct Scrapes {
    /// When the first look was, and how many there had been until then.
    first: Option<(Instant, u64)>,
}

impl Scrapes {
    /// Passes once their number has grown since the first look.
    async fn grow(&mut self, http: &Http, url: &str) -> Result<String, Finding> {
        let answer = http.get(&format!("{url}/metrics")).await?;
        if answer.status != StatusCode::OK {
            return Err(Finding::unexpected_status(&answer));
        }
        let relayed = relayed(&answer.body);
        let (began, before) = *self.first.get_or_insert((Instant::now(), relayed));
        // Fewer after a restart, which counts from nothing.
        let grown = relayed.saturating_sub(before);
        let found = format!(
            "{grown} scrapes succeeded in {} s; services by verdict: {}",
            began.elapsed().as_secs(),
            counted(&services_by_verdict(&answer.body))
        );
        match grown {
            0 => Err(found.into()),
            _ => Ok(found),
        }
    }
}

fn relayed(metrics: &str) -> u64 {
    let all = samples(metrics, "aiven_metrics_scrape_proxy_requests_total");
    let ok = all.filter(|sample| sample.label("outcome") == Some("ok"));
    ok.map(|sample| sample.value).sum::<f64>() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(counts: &[(&str, u32)]) -> String {
        let line = |(verdict, count): &(&str, u32)| {
            format!("aiven_metrics_services{{project=\"p\",verdict=\"{verdict}\"}} {count}\n")
        };
        counts.iter().map(line).collect()
    }

    #[test]
    fn nothing_published_is_fine_only_if_nothing_should_be() {
        let judged = |targets: u32, counts: &[(&str, u32)]| {
            let metrics = format!(
                "aiven_metrics_targets{{project=\"p\"}} {targets}\n{}",
                services(counts)
            );
            judge_targets(&metrics).map(|found| found.text)
        };
        assert_eq!(
            judged(0, &[]).unwrap(),
            "nothing to scrape; 0 targets; services by verdict: none is listed in the projects"
        );
        assert_eq!(
            judged(
                0,
                &[
                    ("powered_off", 1),
                    ("ineligible", 2),
                    ("not_selected", 3),
                    ("leaving", 0)
                ]
            )
            .unwrap(),
            "nothing to scrape; 0 targets; services by verdict: 2 ineligible, 3 not_selected, 1 powered_off"
        );
        assert_eq!(
            judged(0, &[("awaiting_integration", 1), ("powered_off", 1)]).unwrap_err(),
            "0 targets; services by verdict: 1 awaiting_integration, 1 powered_off"
        );
        assert_eq!(
            judged(2, &[("scraped", 1)]).unwrap(),
            "2 targets; services by verdict: 1 scraped"
        );
    }

    #[test]
    fn only_scrapes_that_succeeded_count() {
        let metrics = "aiven_metrics_scrape_proxy_requests_total{outcome=\"ok\"} 7\n\
                       aiven_metrics_scrape_proxy_requests_total{outcome=\"timeout\"} 9\n";
        assert_eq!(relayed(metrics), 7);
        assert_eq!(relayed(""), 0);
    }
}
