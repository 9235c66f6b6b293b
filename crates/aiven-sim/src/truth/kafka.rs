//! Kafka, Kafka Connect and `MirrorMaker`.

use std::collections::BTreeMap;

use crate::conditions::{Broker, Connect, Kafka, MirrorMaker, NodeLife, TOPICS};
use crate::truth::{About, LAG_WINDOW, max, slope};

/// The largest topics are asked for.
const LARGEST: usize = 10;

/// Requests whose time says something.
const REQUESTS: [&str; 3] = ["Produce", "FetchConsumer", "FetchFollower"];

pub(super) fn tell(about: &mut About<'_, '_>) {
    let moment = about.moment;
    let nodes = about.databases();
    if nodes.is_empty() {
        return;
    }
    let cluster = Kafka::of(&moment);
    let there = u32::try_from(moment.nodes().count()).map_or(0.0, f64::from);
    about.service("kafka_offline_partitions", cluster.offline);
    about.service("kafka_brokers_missing", (there - cluster.brokers).max(0.0));
    if nodes.iter().any(|node| moment.shows_as_leader(node)) {
        tell_lag(about, &cluster);
    }
    let brokers: Vec<_> = nodes
        .iter()
        .map(|node| (*node, Broker::of(&moment, node)))
        .collect();
    tell_brokers(about, &brokers);
}

fn tell_lag(about: &mut About<'_, '_>, cluster: &Kafka) {
    let mut groups: BTreeMap<&str, f64> = BTreeMap::new();
    for lag in &cluster.lags {
        *groups.entry(lag.group).or_default() += about.now(lag.lag);
    }
    for (group, lag) in groups {
        let name = || [("name", group.to_owned())];
        about.with("kafka_lag", name(), lag);
        let growth = slope(about.moment, LAG_WINDOW, |moment| {
            let lags = Kafka::of(moment).lags.into_iter();
            let lags = lags.filter(|lag| lag.group == group);
            Some(lags.map(|lag| lag.lag.at(moment.at)).sum())
        });
        if let Some(growth) = growth {
            about.with("kafka_lag_growth", name(), growth);
        }
    }
}

fn tell_brokers(about: &mut About<'_, '_>, brokers: &[(&NodeLife, Broker)]) {
    let own = || brokers.iter().map(|(_, own)| own);
    let unclean = own().map(|own| about.increase(own.unclean_elections)).sum();
    for (id, value) in [
        (
            "kafka_under_replicated",
            own().map(|own| own.under_replicated).sum(),
        ),
        (
            "kafka_under_min_isr",
            own().map(|own| own.under_min_isr).sum(),
        ),
        (
            "kafka_failed_produce",
            own().map(|own| about.now(own.failed_produce)).sum(),
        ),
        (
            "kafka_failed_fetch",
            own().map(|own| about.now(own.failed_fetch)).sum(),
        ),
        (
            "kafka_messages",
            own().map(|own| about.now(own.messages)).sum(),
        ),
        (
            "kafka_bytes_in",
            own().map(|own| about.now(own.all_bytes_in())).sum(),
        ),
        (
            "kafka_isr_shrinks",
            own().map(|own| about.now(own.isr_shrinks)).sum(),
        ),
        ("kafka_unclean_elections", unclean),
        (
            "kafka_remote_size",
            own().map(|own| about.now(own.remote)).sum(),
        ),
    ] {
        about.service(id, value);
    }
    for (node, own) in brokers {
        about.node("kafka_handler_idle", node, about.now(own.handler_idle));
        about.node("kafka_network_idle", node, about.now(own.network_idle));
        about.node("kafka_partitions", node, own.partitions);
    }
    for topic in TOPICS.iter().take(LARGEST) {
        let name = || [("topic", topic.name.to_owned())];
        let bytes = own().map(|own| about.now(own.bytes_in(topic))).sum();
        about.with("kafka_topic_bytes_in", name(), bytes);
        let partitions = u32::try_from(topic.partitions).map_or(0.0, f64::from);
        let size = own()
            .map(|own| about.now(own.log(topic)) * partitions)
            .sum();
        about.with("kafka_topic_size", name(), size);
    }
    for request in REQUESTS {
        let times = own().flat_map(|own| &own.requests);
        let times = times.filter(|(name, _, _)| *name == request);
        if let Some(slowest) = max(times.map(|(_, _, time)| about.now(*time))) {
            about.with(
                "kafka_request_p99",
                [("request", request.to_owned())],
                slowest,
            );
        }
    }
}

pub(super) fn tell_connect(about: &mut About<'_, '_>) {
    let connect = Connect::of(&about.moment);
    let workers = about.databases().len();
    let count = |things: usize| u32::try_from(things).map_or(0.0, f64::from);
    if workers == 0 {
        return;
    }
    about.service("connect_tasks", connect.tasks() * count(workers));
    about.service("connect_rebalancing", connect.rebalancing);
    for (connector, tasks) in connect.connectors {
        let failures = (0..tasks).map(|task| about.increase(connect.failures(connector, task)));
        let failures = failures.sum::<f64>() * count(workers);
        about.with(
            "connect_task_failures",
            [("connector", connector.to_owned())],
            failures,
        );
    }
}

pub(super) fn tell_mirrormaker(about: &mut About<'_, '_>) {
    tell_connect(about);
    if about.databases().is_empty() {
        return;
    }
    for (flow, lag) in MirrorMaker::of(&about.moment).flows {
        about.with(
            "mirrormaker_lag",
            [("replication_flow", flow.to_owned())],
            about.now(lag),
        );
    }
}
