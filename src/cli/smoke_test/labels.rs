//! Whether services have the labels of Cloud Foundry, where the daemon is to ask it.

use reqwest::StatusCode;

use super::samples::samples;
use super::{Errand, Finding};
use crate::cli::ask::Http;
use crate::cli::smoke_test::plan::DaemonPlan;

impl Errand {
    /// Checks the labels of one daemon; says nothing if it is not to ask Cloud Foundry.
    pub(super) async fn check_labels(&mut self, daemon: &DaemonPlan, url: &str, status: &str) {
        let check = format!("{}: services have Cloud Foundry's labels", daemon.instance);
        match self
            .attempt(async || are_labelled(&self.http, url).await)
            .await
        {
            Ok(Some(found)) => self.report.pass(&check, &found),
            Ok(None) => {}
            Err(Finding { found, .. }) => {
                let remedy = format!("{status}; it says why Cloud Foundry cannot be read");
                self.report.fail(&check, &found, &remedy);
            }
        }
    }
}

async fn are_labelled(http: &Http, url: &str) -> Result<Option<String>, Finding> {
    let answer = http.get(&format!("{url}/metrics")).await?;
    if answer.status != StatusCode::OK {
        return Err(Finding::unexpected_status(&answer));
    }
    Ok(judge_labels(&answer.body)?)
}

/// What these metrics tell of labels; `None` if the daemon is not to ask Cloud Foundry.
fn judge_labels(metrics: &str) -> Result<Option<String>, String> {
    let (mut all, mut confirmed, mut is_told) = (0, 0, false);
    for sample in samples(metrics, "aiven_metrics_labelled_services") {
        is_told = true;
        all += sample.value as u64;
        if sample.label("ownership") == Some("confirmed") {
            confirmed += sample.value as u64;
        }
    }
    let found =
        format!("Cloud Controller has confirmed the labels of {confirmed} of {all} services");
    match (is_told, all, confirmed) {
        (false, ..) => Ok(None),
        (true, 1.., 0) => Err(found),
        _ => Ok(Some(found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(counts: &[(&str, u32)]) -> String {
        let line = |(ownership, count): &(&str, u32)| {
            format!(
                "aiven_metrics_labelled_services{{ownership=\"{ownership}\",project=\"p\"}} {count}\n"
            )
        };
        counts.iter().map(line).collect()
    }

    #[test]
    fn labels_are_there_if_cloud_controller_confirmed_one_or_there_is_none_to_confirm() {
        let some = metrics(&[("confirmed", 2), ("claimed", 1), ("unknown", 1)]);
        let found = "Cloud Controller has confirmed the labels of 2 of 4 services";
        assert_eq!(judge_labels(&some).unwrap().as_deref(), Some(found));
        let none = metrics(&[("confirmed", 0), ("claimed", 3), ("unknown", 0)]);
        let found = "Cloud Controller has confirmed the labels of 0 of 3 services";
        assert_eq!(judge_labels(&none).unwrap_err(), found);
        let empty = metrics(&[("confirmed", 0), ("claimed", 0), ("unknown", 0)]);
        assert!(judge_labels(&empty).unwrap().is_some());
        assert_eq!(judge_labels("aiven_metrics_targets 3\n").unwrap(), None);
    }
}
