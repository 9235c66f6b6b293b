//! The page about one service: the steps of `explain`, its nodes, and how to see the
//! same by hand.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::Room;
use crate::model::explain::{Explanation, Unknown, explain, find, nodes, unknown};
use crate::model::outside_text::cut;
use crate::model::situation::Situation;
use crate::model::status::{ServiceStatus, Status};

/// The most characters of a text in a table.
const MAX_CELL: usize = 400;

/// The most services that a name may mean and that are listed.
const MAX_MEANT: usize = 20;

/// One service.
#[derive(Debug)]
pub struct ServiceView {
    /// Why it is, or is not, scraped; step by step.
    pub explanation: Explanation,
    /// Its type, plan and cloud.
    pub details: Vec<(&'static str, String)>,
    /// Its nodes for which there is room.
    pub nodes: Vec<Node>,
    /// How many more it has.
    pub more: usize,
    /// What shows the same: what it is about, and the command or query.
    pub by_hand: Vec<(&'static str, String)>,
}

/// One target.
#[derive(Debug)]
pub struct Node {
    /// Its address.
    pub target: SocketAddr,
    /// The host name that it is published under.
    pub host: String,
    /// When its last scrape ended.
    pub scraped: Option<Timestamp>,
    /// How long that took, in seconds.
    pub seconds: Option<String>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// When it last went well.
    pub last_success: Option<Timestamp>,
    /// When its certificate ends.
    pub certificate_ends: Option<Timestamp>,
}

/// The service of that name, `PROJECT/SERVICE`; `proxy` is where the scrape proxy listens.
///
/// # Errors
/// When there is none, with names that look alike.
pub fn service_view(
    situation: Situation<'_>,
    name: &str,
    proxy: Option<SocketAddr>,
) -> Result<ServiceView, Unknown> {
    let (project, service) = name.split_once('/').unwrap_or(("", name));
    let mut status = situation.status_of(project, service);
    let explanation = match explain(&status, name) {
        Ok(mut explanations) if !explanations.is_empty() => explanations.remove(0),
        _ => return Err(others(situation, name)),
    };
    let Some(service) = status.services.pop() else {
        return Err(others(situation, name));
    };
    let mut room = Room::NODES;
    let nodes = nodes::of(&service);
    let all = nodes.len();
    let nodes = nodes.into_iter().map(Node::shown);
    let nodes: Vec<_> = nodes.take_while(|node| room.fits(node.texts())).collect();
    Ok(ServiceView {
        explanation,
        more: all.saturating_sub(nodes.len()),
        by_hand: by_hand(&service, nodes.first(), proxy),
        details: details(&service),
        nodes,
    })
}

/// Who else may be meant, and what is remembered.
fn others(situation: Situation<'_>, name: &str) -> Unknown {
    let status = Status::of(situation.snapshot, situation.scrapes, situation.at);
    let found = find(&status, name).into_iter().take(MAX_MEANT);
    let found: Vec<_> = found
        .map(|(one, _)| format!("{}/{}", one.project, one.service))
        .collect();
    match found.is_empty() {
        true => unknown(&status, name).remembering(situation.events, name),
        false => Unknown {
            remembered: Vec::new(),
            near: found,
            unlisted: Vec::new(),
            is_address: false,
        },
    }
}

fn details(service: &ServiceStatus) -> Vec<(&'static str, String)> {
    let count = service.node_count.map(|count| count.to_string());
    let integrations = service.integrations.iter().map(|one| {
        let state = if one.enabled { "enabled" } else { "disabled" };
        format!("{} with endpoint {}, {state}", one.id, one.endpoint_id)
    });
    let integrations: Vec<_> = integrations.take(5).collect();
    let all = [
        ("Type", service.service_type.clone()),
        ("Plan", service.plan.clone()),
        ("Cloud", service.cloud.clone()),
        ("Nodes, as Aiven says", count.unwrap_or_default()),
        ("Integration", integrations.join("; ")),
    ];
    let known = all.into_iter().filter(|(_, value)| !value.is_empty());
    known
        .map(|(name, value)| (name, cut(&value, MAX_CELL).into_owned()))
        .collect()
}

impl Node {
    fn shown(node: nodes::Node) -> Node {
        let short = |text: String| cut(&text, MAX_CELL).into_owned();
        Node {
            target: node.target,
            host: short(node.hostname),
            scraped: node.last_scrape,
            seconds: node.seconds.map(|seconds| format!("{seconds:.3} s")),
            failure: node.cause.map(short),
            last_success: node.last_success,
            certificate_ends: node.certificate_expires,
        }
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        [&*self.host].into_iter().chain(self.failure.as_deref())
    }
}

/// Names are percent-encoded in URLs and quoted in queries, so that none of them can
/// be anything but a name in the shell or in Prometheus.
fn by_hand(
    service: &ServiceStatus,
    node: Option<&Node>,
    proxy: Option<SocketAddr>,
) -> Vec<(&'static str, String)> {
    let name = format!("{}/{}", service.project, service.service);
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let labels = format!(
        "{{aiven_project={}, aiven_service_name={}}}",
        quoted(&service.project),
        quoted(&service.service)
    );
    let ours = format!(
        "{{project={}, service={}}}",
        quoted(&service.project),
        quoted(&service.service)
    );
    let page = node.zip(proxy).map(|(node, proxy)| {
        let target = node.target;
        let scrape = format!(
            "curl -sS -x http://{proxy} 'http://{target}/metrics?aiven_service={name}' | head"
        );
        ("A node's page, as Prometheus gets it", scrape)
    });
    let rest = [
        ("Nodes that Prometheus scrapes well", format!("up{labels}")),
        (
            "How long each scrape takes, in seconds",
            format!("scrape_duration_seconds{labels}"),
        ),
        (
            "Days until each certificate ends",
            format!("(aiven_metrics_certificate_expiry_timestamp_seconds{ours} - time()) / 86400"),
        ),
    ];
    page.into_iter().chain(rest).collect()
}

/// A string of PromQL.
fn quoted(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{text}\"")
}
