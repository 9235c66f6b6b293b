//! `capture`: a node's page, fetched through the running daemon's scrape proxy and reduced
//! to what may be shown to others.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, bail};
use reqwest::StatusCode;

use super::ask::{Daemon, Http, MAX_PAGE};
use super::output;
use crate::model::explain::{self, MatchedBy};
use crate::model::metrics_page::Page;
use crate::model::scrape::Target;
use crate::model::status::{ServiceStatus, Status};
use crate::scrape_proxy::OWN_USER_AGENT;

/// How much of a refusal of the proxy is shown.
const MAX_REFUSAL: usize = 4 << 10;

/// A node and whose it is.
struct Meant<'a> {
    service: &'a ServiceStatus,
    target: SocketAddr,
}

/// Prints the reduced page of one node of the service that is meant.
///
/// # Errors
/// When no service or more than one is meant, when it has no node, and when its page
/// cannot be had or read.
pub(super) async fn run(
    daemon: &Daemon,
    proxy: SocketAddr,
    text: &str,
) -> anyhow::Result<ExitCode> {
    let (_, status) = daemon.status().await?;
    let meant = meant(&status, text)?;
    let page = page(proxy, &meant).await?;
    let page = String::from_utf8(page).context("the page is not UTF-8")?;
    let reduced = Page::read(&page).with_context(|| {
        format!(
            "the page of {} cannot be reduced; it is not shown",
            meant.target
        )
    })?;
    for (name, metric) in &reduced.metrics {
        let labels: Vec<_> = metric.labels.iter().map(String::as_str).collect();
        let (kind, series) = (metric.kind.as_str(), metric.series);
        let line = format!("{name} {kind} {series} {}", labels.join(","));
        output::whole_line(line.trim_end());
    }
    let service = meant.service;
    output::note(format_args!(
        "{} metrics with {} series at {} of {}/{}; look through them before you send them",
        reduced.metrics.len(),
        reduced.series(),
        meant.target,
        service.project,
        service.service
    ));
    Ok(ExitCode::SUCCESS)
}

/// The one service that the text means, and one of its nodes: the one whose address was
/// given, else one that was scraped well, else the first.
fn meant<'a>(status: &'a Status, text: &str) -> anyhow::Result<Meant<'a>> {
    let found = explain::find(status, text);
    let (service, matched_by) = match found[..] {
        [] => bail!("no service {text} is known; aiven-metrics explain {text} suggests others"),
        [one] => one,
        _ => {
            let names = found
                .iter()
                .take(3)
                .map(|(one, _)| format!("{}/{}", one.project, one.service));
            let names: Vec<_> = names.collect();
            bail!(
                "{text} can mean any of {} services ({}); ask for one of them as PROJECT/SERVICE",
                found.len(),
                names.join(", ")
            );
        }
    };
    let mut targets: Vec<SocketAddr> = service
        .hosts
        .iter()
        .flat_map(|host| &host.targets)
        .copied()
        .collect();
    if matched_by == MatchedBy::Address {
        targets.retain(|target| explain::is_at(text, *target));
    }
    let is_well = |target: &&SocketAddr| {
        let last = service.scrapes.get(target);
        last.is_some_and(|last| last.failure.is_none())
    };
    let target = targets.iter().find(is_well).or_else(|| targets.first());
    let target = *target.with_context(|| {
        format!("nothing is published of {text}; aiven-metrics explain {text} says why")
    })?;
    Ok(Meant { service, target })
}

/// All of the page, decompressed.
async fn page(proxy: SocketAddr, meant: &Meant<'_>) -> anyhow::Result<Vec<u8>> {
    let target = Target {
        project: meant.service.project.as_str().into(),
        service: meant.service.service.as_str().into(),
        address: meant.target,
    };
    let http = Http::through(proxy, OWN_USER_AGENT)?;
    let (status, body) = http.scrape(&target, MAX_PAGE).await.with_context(|| {
        format!("the scrape proxy at {proxy} gives no page; is this its scrape_proxy.listen, and does the daemon run?")
    })?;
    if status == StatusCode::OK {
        return Ok(body);
    }
    let words = String::from_utf8_lossy(body.get(..MAX_REFUSAL).unwrap_or(&body));
    bail!("no page of {}: {}", meant.target, words.trim());
}
