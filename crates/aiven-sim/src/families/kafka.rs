//! Kafka, in KRaft mode, Kafka Connect and MirrorMaker, by Jolokia.
//!
//! What stands before a dot in a field is the end of the measurement's name:
//! `kafka.server:ReplicaManager.LeaderCount` has the field `Value`.

use super::Confidence::{Listed, Seen};
use super::Row;

/// The Java machine of all of them.
pub(crate) const JAVA: &[Row] = &[
    Row {
        levels: "used max committed init",
        ..Row::of("java.lang:Memory", Seen, "qub, doc, dev")
    },
    Row {
        levels: "ObjectPendingFinalizationCount",
        ..Row::of("java.lang:Memory", Listed, "doc, dev")
    },
    Row {
        levels: "duration",
        counts: "CollectionCount CollectionTime",
        ..Row::of(
            "java.lang:GarbageCollector.G1-Young-Generation",
            Listed,
            "doc",
        )
    },
];

/// A broker.
pub(crate) const KAFKA: &[Row] = &[
    Row {
        levels: "PartitionCount.Value LeaderCount.Value UnderReplicatedPartitions.Value \
                 UnderMinIsrPartitionCount.Value OfflineReplicaCount.Value",
        counts: "IsrShrinksPerSec.Count IsrExpandsPerSec.Count",
        ..Row::of("kafka.server:ReplicaManager", Seen, "do, exa, doc")
    },
    Row {
        levels: "OfflinePartitionsCount.Value ActiveBrokerCount.Value GlobalPartitionCount.Value \
                 GlobalTopicCount.Value TopicsToDeleteCount.Value ReplicasToDeleteCount.Value",
        ..Row::of("kafka.controller:KafkaController", Listed, "doc")
    },
    Row {
        levels: "LeaderElectionRateAndTimeMs.50thPercentile \
                 LeaderElectionRateAndTimeMs.75thPercentile \
                 LeaderElectionRateAndTimeMs.95thPercentile \
                 LeaderElectionRateAndTimeMs.98thPercentile \
                 LeaderElectionRateAndTimeMs.99thPercentile \
                 LeaderElectionRateAndTimeMs.999thPercentile \
                 LeaderElectionRateAndTimeMs.FifteenMinuteRate \
                 LeaderElectionRateAndTimeMs.FiveMinuteRate LeaderElectionRateAndTimeMs.Max \
                 LeaderElectionRateAndTimeMs.Mean LeaderElectionRateAndTimeMs.MeanRate \
                 LeaderElectionRateAndTimeMs.Min LeaderElectionRateAndTimeMs.OneMinuteRate \
                 LeaderElectionRateAndTimeMs.StdDev",
        counts: "ElectionFromEligibleLeaderReplicasPerSec.Count LeaderElectionRateAndTimeMs.Count \
                 UncleanLeaderElectionsPerSec.Count",
        ..Row::of("kafka.controller:ControllerStats", Listed, "doc")
    },
    Row {
        counts: "MessagesInPerSec.Count BytesInPerSec.Count BytesOutPerSec.Count \
                 BytesRejectedPerSec.Count FailedProduceRequestsPerSec.Count \
                 FailedFetchRequestsPerSec.Count TotalFetchRequestsPerSec.Count",
        ..Row::of("kafka.server:BrokerTopicMetrics", Seen, "nais, do, doc")
    },
    Row {
        counts: "TotalProduceRequestsPerSec.Count FetchMessageConversionsPerSec.Count \
                 ProduceMessageConversionsPerSec.Count ReassignmentBytesInPerSec.Count \
                 ReassignmentBytesOutPerSec.Count ReplicationBytesInPerSec.Count \
                 ReplicationBytesOutPerSec.Count",
        ..Row::of("kafka.server:BrokerTopicMetrics", Listed, "doc")
    },
    Row {
        levels: "RemoteCopyLagBytes.Value RemoteCopyLagSegments.Value RemoteDeleteLagBytes.Value \
                 RemoteDeleteLagSegments.Value RemoteLogMetadataCount.Value \
                 RemoteLogSizeBytes.Value RemoteLogSizeComputationTime.Value",
        counts: "RemoteCopyBytesPerSec.Count RemoteCopyRequestsPerSec.Count \
                 RemoteCopyErrorsPerSec.Count RemoteFetchBytesPerSec.Count \
                 RemoteFetchRequestsPerSec.Count RemoteFetchErrorsPerSec.Count \
                 RemoteDeleteRequestsPerSec.Count RemoteDeleteErrorsPerSec.Count \
                 BuildRemoteLogAuxStateErrorsPerSec.Count \
                 BuildRemoteLogAuxStateRequestsPerSec.Count",
        ..Row::of("kafka.server:BrokerTopicMetrics", Listed, "doc")
    },
    Row {
        levels: "lag offset",
        ..Row::of("kafka_consumer_group_rep", Seen, "nais, dev")
    },
    Row {
        levels: "TotalTimeMs.Mean TotalTimeMs.95thPercentile TotalTimeMs.99thPercentile",
        counts: "RequestsPerSec.Count TotalTimeMs.Count",
        ..Row::of("kafka.network:RequestMetrics", Listed, "doc, dev")
    },
    Row {
        levels: "RequestQueueSize.Value ResponseQueueSize.Value",
        ..Row::of("kafka.network:RequestChannel", Listed, "doc, dev")
    },
    Row {
        levels: "NetworkProcessorAvgIdlePercent.Value",
        ..Row::of("kafka.network:SocketServer", Listed, "doc")
    },
    Row {
        levels: "RequestHandlerAvgIdlePercent.OneMinuteRate",
        ..Row::of("kafka.server:KafkaRequestHandlerPool", Listed, "doc")
    },
    Row {
        levels: "Size.Value LogStartOffset.Value LogEndOffset.Value",
        ..Row::of("kafka.log:Log", Seen, "do, qub, doc")
    },
    Row {
        levels: "NumDelayedOperations.Value PurgatorySize.Value",
        ..Row::of("kafka.server:DelayedOperationPurgatory", Listed, "doc")
    },
    Row {
        levels: "BrokerState.Value",
        ..Row::of("kafka.server:KafkaServer", Listed, "doc, dev")
    },
    Row {
        levels: "MaxLag.Value",
        ..Row::of("kafka.server:ReplicaFetcherManager", Listed, "doc")
    },
    Row {
        levels: "NumGroups NumGroupsPreparingRebalance NumOffsets",
        ..Row::of("kafka.server:GroupMetadataManager", Listed, "doc")
    },
    Row {
        levels: "batch-flush-rate batch-flush-time-ms-max batch-linger-time-ms-max \
                 consumer-group-count consumer-group-rebalance-rate event-processing-time-ms-max \
                 event-purgatory-time-ms-max event-queue-size event-queue-time-ms-max \
                 group-completed-rebalance-rate group-count num-partitions offset-commit-rate \
                 offset-deletion-rate offset-expiration-rate partition-load-time-avg \
                 partition-load-time-max streams-group-count streams-group-rebalance-rate \
                 thread-idle-ratio-avg",
        counts: "consumer-group-rebalance-count group-completed-rebalance-count \
                 offset-commit-count offset-deletion-count offset-expiration-count \
                 streams-group-rebalance-count",
        ..Row::of("kafka.server:group-coordinator-metrics", Listed, "doc")
    },
    Row {
        levels: "cleaner-recopy-percent.Value max-clean-time-secs.Value",
        ..Row::of("kafka.log:LogCleaner", Listed, "doc, dev")
    },
    Row {
        levels: "time-since-last-run-ms.Value",
        ..Row::of("kafka.log:LogCleanerManager", Listed, "doc")
    },
    Row {
        levels: "LogFlushRateAndTimeMs.50thPercentile LogFlushRateAndTimeMs.75thPercentile \
                 LogFlushRateAndTimeMs.95thPercentile LogFlushRateAndTimeMs.98thPercentile \
                 LogFlushRateAndTimeMs.99thPercentile LogFlushRateAndTimeMs.999thPercentile \
                 LogFlushRateAndTimeMs.FifteenMinuteRate LogFlushRateAndTimeMs.FiveMinuteRate \
                 LogFlushRateAndTimeMs.Max LogFlushRateAndTimeMs.Mean \
                 LogFlushRateAndTimeMs.MeanRate LogFlushRateAndTimeMs.Min \
                 LogFlushRateAndTimeMs.OneMinuteRate LogFlushRateAndTimeMs.StdDev",
        counts: "LogFlushRateAndTimeMs.Count",
        ..Row::of("kafka.log:LogFlushStats", Listed, "doc")
    },
    Row {
        levels: "collect_time",
        ..Row::of("kafka.jolokia_collector", Listed, "doc, dev")
    },
];

/// A worker of Kafka Connect.
pub(crate) const CONNECT: &[Row] = &[
    Row {
        levels: "connector-count connector-startup-failure-percentage \
                 connector-startup-success-percentage task-count task-startup-failure-percentage \
                 task-startup-success-percentage",
        counts: "connector-startup-attempts-total connector-startup-failure-total \
                 connector-startup-success-total task-startup-attempts-total \
                 task-startup-failure-total task-startup-success-total",
        ..Row::of("kafka.connect:connect-worker-metrics", Listed, "doc")
    },
    Row {
        levels: "epoch rebalance-avg-time-ms rebalance-max-time-ms rebalance-min-time-ms \
                 rebalancing time-since-last-rebalance-ms",
        counts: "completed-rebalances-total failed-rebalances-total",
        ..Row::of(
            "kafka.connect:connect-worker-rebalance-metrics",
            Listed,
            "doc",
        )
    },
    Row {
        levels: "info running-ratio",
        texts: "status",
        ..Row::of("kafka.connect:connector-task-metrics", Listed, "doc, exa")
    },
    Row {
        levels: "info",
        texts: "status type connector-class connector-version",
        ..Row::of("kafka.connect:connector-metrics", Listed, "doc")
    },
    Row {
        counts: "total-record-failures",
        ..Row::of("kafka.connect:task-error-metrics", Listed, "exa")
    },
];

/// What MirrorMaker has beside Connect's.
pub(crate) const MIRRORMAKER: &[Row] = &[
    Row {
        levels: "replication_lag",
        ..Row::of("kafka_mirrormaker_summary", Listed, "exa")
    },
    Row {
        levels: "record-rate byte-rate replication-latency-ms record-age-ms",
        ..Row::of("kafka.connect.mirror:MirrorSourceConnector", Listed, "exa")
    },
];
