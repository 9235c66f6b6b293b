//! A Prometheus: answers, and has Aiven targets that are up.

use form_urlencoded::byte_serialize;
use reqwest::StatusCode;
use serde::Deserialize;

use super::plan::PrometheusPlan;
use super::{Errand, Finding, OPERATORS_COMMAND, beginning};
use crate::cli::ask::Http;

impl Errand {
    /// Makes all checks of one Prometheus.
    pub(super) async fn check_prometheus(&mut self, prometheus: &PrometheusPlan) {
        let PrometheusPlan { instance, url, .. } = prometheus;
        let check = format!("{instance}: Prometheus answers");
        match self.wait_for(prometheus).await {
            Ok(found) => self.report.pass(&check, &found),
            Err(Finding { status: None, .. }) if !prometheus.is_here => {
                let why = "not reachable from here, as it should be if it listens on loopback: run the errand colocated with it";
                self.report.skip(&check, why);
                return;
            }
            Err(Finding { found, .. }) => {
                let remedy = format!(
                    "bosh ssh {instance} -c 'sudo monit summary; sudo tail /var/vcap/sys/log/prometheus/prometheus.stderr.log'"
                );
                self.report.fail(&check, &found, &remedy);
                return;
            }
        }

        let check = format!("{instance}: Aiven targets are up");
        if self.published == Some(0) {
            self.report.skip(&check, "there is nothing to scrape");
            return;
        }
        match self
            .attempt(async || has_targets_up(&self.http, url).await)
            .await
        {
            Ok(found) => self.report.pass(&check, &found),
            Err(Finding { found, .. }) => {
                let remedy = format!(
                    "bosh ssh {instance} -c '{OPERATORS_COMMAND} status'; it names the cause for each service"
                );
                self.report.fail(&check, &found, &remedy);
            }
        }
    }

    /// What is elsewhere and does not answer at all will not begin to.
    async fn wait_for(&self, prometheus: &PrometheusPlan) -> Result<String, Finding> {
        let url = &prometheus.url;
        if !prometheus.is_here {
            let first = is_ready(&self.http, url).await;
            if first
                .as_ref()
                .is_err_and(|finding| finding.status.is_none())
            {
                return first;
            }
        }
        self.attempt(async || is_ready(&self.http, url).await).await
    }
}

async fn is_ready(http: &Http, url: &str) -> Result<String, Finding> {
    let answer = http.get(&format!("{url}/-/ready")).await?;
    match answer.status {
        StatusCode::OK => Ok(answer.body),
        _ => Err(Finding::of(&answer, &answer.body)),
    }
}

async fn has_targets_up(http: &Http, url: &str) -> Result<String, Finding> {
    let known = count(http, url, "count(up{aiven_project!=\"\"})").await?;
    let up = count(http, url, "count(up{aiven_project!=\"\"} == 1)").await?;
    let found = format!("{up} of {known}");
    match up {
        0 => Err(found.into()),
        _ => Ok(found),
    }
}

/// The answer to a query that counts.
#[derive(Deserialize)]
struct Queried {
    data: QueriedData,
}

#[derive(Deserialize)]
struct QueriedData {
    result: Vec<QueriedSample>,
}

#[derive(Deserialize)]
struct QueriedSample {
    value: (f64, String),
}

/// The number that a query gives; 0 where it has no result.
async fn count(http: &Http, url: &str, query: &str) -> Result<u64, Finding> {
    let query: String = byte_serialize(query.as_bytes()).collect();
    let answer = http.get(&format!("{url}/api/v1/query?query={query}")).await;
    let answer = answer.map_err(|error| format!("no answer to a query: {error}"))?;
    let counted = serde_json::from_str::<Queried>(&answer.body).ok();
    match counted.filter(|_| answer.status == StatusCode::OK) {
        Some(queried) => {
            let first = queried.data.result.first();
            Ok(first.map_or(0, |sample| sample.value.1.parse().unwrap_or(0)))
        }
        None => {
            let (code, body) = (answer.status.as_u16(), beginning(&answer.body));
            Err(format!("answer {code} to a query: {body}").into())
        }
    }
}
