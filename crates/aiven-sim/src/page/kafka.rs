//! Kafka, Kafka Connect and `MirrorMaker`.

use std::collections::BTreeMap;

use crate::conditions::{
    Broker, Connect, Kafka, MirrorMaker, Moment, NodeLife, Quantity, TOPICS, Topic,
};
use crate::page::{Point, Value};

pub(super) fn points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let (life, cluster, own) = (moment.life, Kafka::of(moment), Broker::of(moment, node));
    let mut points = java(moment, node);
    points.extend(
        of_the_broker(&cluster, &own)
            .into_iter()
            .map(|point| point.rest(life, node)),
    );
    points.push(topic(&own, None).rest(life, node));
    // Produce requests are counted by broker only.
    let by_topic =
        |field: &str| !field.starts_with("TotalProduce") && !field.starts_with("Reassign");
    for one in &TOPICS {
        points.push(topic(&own, Some(one)).rest_where(life, node, by_topic));
        points.extend((0..one.partitions).map(|partition| log(&own, one, partition)));
    }
    points.extend(own.requests.iter().map(|(request, rate, slowest)| {
        Point::of("kafka.network:RequestMetrics")
            .tag("request", *request)
            .count("RequestsPerSec.Count", *rate)
            .count("TotalTimeMs.Count", *rate)
            .level("TotalTimeMs.99thPercentile", *slowest)
            .level("TotalTimeMs.95thPercentile", slowest.times(0.9))
            .level("TotalTimeMs.Mean", slowest.times(0.4))
    }));
    points.extend(
        ["Fetch", "Heartbeat", "Produce", "Rebalance"].map(|operation| {
            Point::of("kafka.server:DelayedOperationPurgatory")
                .tag("delayedOperation", operation)
                .rest(life, node)
        }),
    );
    if moment.shows_as_leader(node) {
        points.extend(cluster.lags.iter().map(|lag| {
            Point::of("kafka_consumer_group_rep")
                .tag("name", lag.group)
                .tag("topic", lag.topic)
                .tag("partition", lag.partition.to_string())
                .level("lag", lag.lag)
                .level("offset", Quantity::growing(1e6, life.since(), 40.0))
        }));
    }
    points.into_iter().flat_map(by_bean).collect()
}

/// What does not go by topic, partition or request.
fn of_the_broker(cluster: &Kafka, own: &Broker) -> Vec<Point> {
    let leads = (cluster.partitions / cluster.brokers.max(1.0)).floor();
    let topics = f64::from(u8::try_from(TOPICS.len()).unwrap_or(0));
    vec![
        Point::of("kafka.server:ReplicaManager")
            .fixed("PartitionCount.Value", own.partitions)
            .fixed("LeaderCount.Value", leads)
            .fixed("UnderReplicatedPartitions.Value", own.under_replicated)
            .fixed("UnderMinIsrPartitionCount.Value", own.under_min_isr)
            .fixed("OfflineReplicaCount.Value", 0.0)
            .count("IsrShrinksPerSec.Count", own.isr_shrinks)
            .count("IsrExpandsPerSec.Count", own.isr_shrinks),
        Point::of("kafka.controller:KafkaController")
            .fixed("OfflinePartitionsCount.Value", cluster.offline)
            .fixed("ActiveBrokerCount.Value", cluster.brokers)
            .fixed("GlobalPartitionCount.Value", cluster.partitions)
            .fixed("GlobalTopicCount.Value", topics)
            .fixed("TopicsToDeleteCount.Value", 0.0)
            .fixed("ReplicasToDeleteCount.Value", 0.0),
        Point::of("kafka.controller:ControllerStats")
            .count("UncleanLeaderElectionsPerSec.Count", own.unclean_elections)
            .count("LeaderElectionRateAndTimeMs.Count", own.unclean_elections),
        Point::of("kafka.network:RequestChannel"),
        Point::of("kafka.network:SocketServer")
            .level("NetworkProcessorAvgIdlePercent.Value", own.network_idle),
        Point::of("kafka.server:KafkaRequestHandlerPool").level(
            "RequestHandlerAvgIdlePercent.OneMinuteRate",
            own.handler_idle,
        ),
        Point::of("kafka.server:KafkaServer").fixed("BrokerState.Value", 3.0),
        Point::of("kafka.server:ReplicaFetcherManager"),
        Point::of("kafka.server:GroupMetadataManager"),
        Point::of("kafka.server:group-coordinator-metrics"),
        Point::of("kafka.log:LogCleaner"),
        Point::of("kafka.log:LogCleanerManager"),
        Point::of("kafka.log:LogFlushStats"),
        Point::of("kafka.jolokia_collector"),
    ]
}

/// One topic, or all of them together, which has an empty name.
fn topic(own: &Broker, topic: Option<&Topic>) -> Point {
    let share = topic.map_or(1.0, |topic| topic.share);
    let bytes = topic.map_or(own.all_bytes_in(), |topic| own.bytes_in(topic));
    Point::of("kafka.server:BrokerTopicMetrics")
        .tag("topic", topic.map_or("", |topic| topic.name))
        .count("MessagesInPerSec.Count", own.messages.times(share))
        .count("BytesInPerSec.Count", bytes)
        .count("BytesOutPerSec.Count", bytes.times(2.2))
        .count("ReplicationBytesInPerSec.Count", bytes.times(2.0))
        .count("ReplicationBytesOutPerSec.Count", bytes.times(2.0))
        .count(
            "FailedProduceRequestsPerSec.Count",
            own.failed_produce.times(share),
        )
        .count(
            "FailedFetchRequestsPerSec.Count",
            own.failed_fetch.times(share),
        )
        .level("RemoteLogSizeBytes.Value", own.remote.times(share))
}

fn log(own: &Broker, topic: &Topic, partition: usize) -> Point {
    let size = own.log(topic);
    Point::of("kafka.log:Log")
        .tag("topic", topic.name)
        .tag("partition", partition.to_string())
        .level("Size.Value", size)
        .fixed("LogStartOffset.Value", 1e6)
        .level(
            "LogEndOffset.Value",
            size.times(1.0 / topic.message).plus(1e6),
        )
}

fn java(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let life = moment.life;
    let heap = life.memory_gib() / 4.0 * 1024.0 * 1024.0 * 1024.0;
    vec![
        Point::of("java.lang:Memory")
            .fixed("max", heap)
            .fixed("init", heap)
            .fixed("committed", heap)
            .level("used", life.swinging(node.number, "java", heap * 0.55, 0.3))
            .rest(life, node),
        Point::of("java.lang:GarbageCollector.G1-Young-Generation").rest(life, node),
    ]
}

/// Jolokia has a measurement for each bean: what stands before the dot of a field is the end
/// of its name.
fn by_bean(point: Point) -> Vec<Point> {
    let mut beans: BTreeMap<Option<&str>, Vec<(&'static str, Value)>> = BTreeMap::new();
    for (field, value) in &point.fields {
        let (bean, attribute) = match field.rsplit_once('.') {
            Some((bean, attribute)) => (Some(bean), attribute),
            None => (None, *field),
        };
        beans.entry(bean).or_default().push((attribute, *value));
    }
    let bean = |(bean, fields): (Option<&str>, Vec<_>)| Point {
        measurement: match bean {
            Some(bean) => format!("{}.{bean}", point.measurement),
            None => point.measurement.clone(),
        },
        kind: point.kind,
        tags: point.tags.clone(),
        texts: point.texts.clone(),
        fields,
    };
    beans.into_iter().map(bean).collect()
}

pub(super) fn connect_points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let (life, connect) = (moment.life, Connect::of(moment));
    let mut points = java(moment, node);
    points.push(
        Point::of("kafka.connect:connect-worker-metrics")
            .fixed("connector-count", 2.0)
            .fixed("task-count", connect.tasks())
            .fixed("connector-startup-failure-percentage", 0.0)
            .fixed("connector-startup-success-percentage", 100.0)
            .fixed("task-startup-failure-percentage", 0.0)
            .fixed("task-startup-success-percentage", 100.0)
            .rest(life, node),
    );
    points.push(
        Point::of("kafka.connect:connect-worker-rebalance-metrics")
            .fixed("rebalancing", connect.rebalancing)
            .rest(life, node),
    );
    for (connector, tasks) in connect.connectors {
        let kind = connector.split('-').next().unwrap_or_default();
        points.push(
            Point::of("kafka.connect:connector-metrics")
                .tag("connector", connector)
                .text("status", "running")
                .text("type", kind)
                .text("connector-class", "io.aiven.connect.jdbc.JdbcSinkConnector")
                .text("connector-version", "6.10.0")
                .fixed("info", 1.0),
        );
        for task in 0..tasks {
            let failed = connect.failed == Some((connector, task));
            points.push(
                Point::of("kafka.connect:connector-task-metrics")
                    .tag("connector", connector)
                    .tag("task", task.to_string())
                    .text("status", if failed { "failed" } else { "running" })
                    .fixed("info", 1.0)
                    .fixed("running-ratio", if failed { 0.0 } else { 1.0 }),
            );
            points.push(
                Point::of("kafka.connect:task-error-metrics")
                    .tag("connector", connector)
                    .tag("task", task.to_string())
                    .count("total-record-failures", connect.failures(connector, task)),
            );
        }
    }
    points
}

pub(super) fn mirrormaker_points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let (life, mirror) = (moment.life, MirrorMaker::of(moment));
    let mut points = connect_points(moment, node);
    points.extend(mirror.flows.map(|(flow, lag)| {
        Point::of("kafka_mirrormaker_summary")
            .tag("replication_flow", flow)
            .level("replication_lag", lag)
    }));
    points.extend(TOPICS.iter().map(|topic| {
        Point::of("kafka.connect.mirror:MirrorSourceConnector")
            .tag("topic", topic.name)
            .tag("partition", "0")
            .rest(life, node)
    }));
    points
}
