//! What every node has.

use crate::conditions::{Host, Moment, NodeLife};
use crate::page::Layout;
use crate::truth::{About, DAY, GROWTH_WINDOW, max, min, slope};

/// Per cent a day; what grows more slowly does not grow.
const SLOWEST: f64 = 0.01;

/// Seconds between the samples that a percentile is taken of.
const PERCENTILE_STEP: f64 = 300.0;

pub(super) fn tell(about: &mut About<'_, '_>, since: f64) {
    let moment = about.moment;
    let (nodes, all) = (about.nodes(), moment.nodes().count());
    let count = |things: usize| u32::try_from(things).map_or(0.0, f64::from);
    about.service("nodes_up", count(nodes.len()));
    about.service("nodes_expected", count(all));
    for &node in &nodes {
        tell_node(about, node);
    }
    let kept = nodes
        .iter()
        .map(|node| Layout::of(moment.life, node, moment.at).lines.len());
    let kept = count(kept.sum());
    about.service("series_kept", kept);
    if nodes.is_empty() {
        return;
    }
    let dropped = nodes
        .iter()
        .map(|node| about.now(Host::of(&moment, node).dropped));
    let dropped = dropped.sum();
    about.service("connections_dropped", dropped);
    if let Some(days) = days_until(&moment, &nodes, 1.0) {
        about.service("disk_days_left", days);
    }
    let plan = || [("aiven_plan", moment.life.plan.clone())];
    if let Some(busy) = percentile(&moment, since, |host, at| host.busy.at(at)) {
        about.with("cpu_p95", plan(), busy);
    }
    let used = percentile(&moment, since, |host, at| 100.0 - host.available.at(at));
    if let Some(used) = used {
        about.with("memory_p95", plan(), used);
    }
}

fn tell_node(about: &mut About<'_, '_>, node: &NodeLife) {
    let host = Host::of(&about.moment, node);
    let busy = about.now(host.busy);
    about.node("cpu_busy", node, busy);
    about.node("io_wait", node, busy * Host::WAITING);
    about.node("cpu_steal", node, busy * Host::STOLEN);
    let cpus = u32::try_from(host.cpus).map_or(1.0, f64::from);
    about.node("load_per_cpu", node, about.now(host.load()) / cpus);
    about.node("memory_used", node, 100.0 - about.now(host.available));
    let used = host
        .disks
        .iter()
        .map(|disk| 100.0 * about.now(disk.used) / disk.total);
    if let Some(used) = max(used) {
        about.node("disk_used", node, used);
    }
    about.node("net_received", node, about.now(host.received));
    about.node("net_sent", node, about.now(host.sent));
    let name = about.moment.life.host(node.number);
    for disk in &host.disks {
        let labels = [("host", name.clone()), ("name", disk.name.to_owned())];
        about.with("disk_busy", labels, about.now(disk.busy));
    }
}

/// Days until the first disk has this share used, by its growth in the last hours; none if no
/// disk grows, or no node is old enough.
pub(super) fn days_until(moment: &Moment<'_>, nodes: &[&NodeLife], share: f64) -> Option<f64> {
    let old = nodes
        .iter()
        .filter(|node| moment.at - node.born > GROWTH_WINDOW);
    min(old.flat_map(|node| {
        let disks = 0..Host::of(moment, node).disks.len();
        disks.filter_map(|disk| days_of(moment, node, disk, share))
    }))
}

fn days_of(moment: &Moment<'_>, node: &NodeLife, disk: usize, share: f64) -> Option<f64> {
    let used = |moment: &Moment<'_>| {
        let disk = &Host::of(moment, node).disks[disk];
        100.0 * disk.used.at(moment.at) / disk.total
    };
    let a_day = DAY
        * slope(*moment, GROWTH_WINDOW, |moment| {
            moment.answers(node).then(|| used(moment))
        })?;
    let left = (100.0 * share - used(moment)).max(0.0);
    (a_day > SLOWEST).then(|| left / a_day)
}

/// The 95th percentile of what the worst node had since the past began.
fn percentile(moment: &Moment<'_>, since: f64, value: impl Fn(&Host, f64) -> f64) -> Option<f64> {
    let moments = std::iter::successors(Some(moment.at), |at| Some(at - PERCENTILE_STEP));
    let worst = moments.take_while(|at| *at >= since).filter_map(|at| {
        let then = moment.life.moment(at);
        let nodes = then.answering();
        max(nodes.map(|node| value(&Host::of(&then, node), at)))
    });
    quantile(worst.collect(), 0.95)
}

/// As PromQL's `quantile_over_time` has it, between the two nearest.
fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let rank = share * u32::try_from(last).map_or(0.0, f64::from);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the length"
    )]
    let (below, above) = (rank.floor() as usize, rank.ceil() as usize);
    match (values.get(below), values.get(above)) {
        (Some(below), Some(above)) => Some(below + (above - below) * rank.fract()),
        _ => None,
    }
}
