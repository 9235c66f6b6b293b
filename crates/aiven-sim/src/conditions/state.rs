//! The states that a service can be put into.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// Something that is so, or has gone wrong, with a service and its nodes. A service of a
/// type that cannot be in a state stays healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing is wrong.
    Healthy,
    /// The last node is replaced by a new one, which fills its disk first; both run for a while.
    NodeReplaced,
    /// A standby has become the primary (PostgreSQL, MySQL, Valkey, Redis, Dragonfly).
    PrimaryMoved,
    /// Another node is the elected one and reports the cluster's statistics (OpenSearch), or
    /// the consumers' lag (Kafka).
    ElectedMoved,
    /// Replicas of shards have no node (OpenSearch, Elasticsearch).
    Yellow,
    /// Primary shards have no node, and the process of the last node is gone (the same).
    Red,
    /// The data disk will be full in some days.
    DiskFilling,
    /// The data disk is at 92 per cent, and stays there.
    DiskNearlyFull,
    /// The database is dead on every node; the machines live.
    DatabaseDead,
    /// The last node of several does not answer.
    NodeDown,
    /// No node answers.
    ServiceDown,
    /// Every processor is busy.
    CpuBusy,
    /// Hardly any memory is available.
    MemoryLow,
    /// The firewall drops new connections.
    ClientsRefused,
    /// Thread pools reject writes and searches (OpenSearch, Elasticsearch).
    ShardsRejecting,
    /// The parent circuit breaker trips (the same).
    BreakersTripping,
    /// Nearly all connections are taken (PostgreSQL).
    PgConnectionsFull,
    /// A query runs for longer than an hour.
    PgLongQuery,
    /// The standby is far behind.
    PgReplicaLagging,
    /// Nearly all connections are taken, and some refused (MySQL).
    MysqlConnectionsFull,
    /// The replica is late, and gets later.
    MysqlReplicaLate,
    /// Memory is nearly at its limit (Valkey, Redis, Dragonfly).
    ValkeyMemoryFull,
    /// Keys are evicted.
    ValkeyEvicting,
    /// Partitions have fewer replicas in sync than they should (Kafka).
    KafkaUnderReplicated,
    /// Partitions have no leader.
    KafkaOfflinePartitions,
    /// One consumer group falls behind.
    KafkaLagGrowing,
    /// The broker of the last node is dead, its machine lives.
    KafkaBrokerMissing,
    /// A task of a connector has failed (Kafka Connect).
    ConnectTaskFailing,
    /// Replicas are read-only, inserts are delayed (`ClickHouse`).
    ClickhouseReadonly,
    /// Points are dropped and clients get errors (`InfluxDB`).
    InfluxdbDropping,
}

impl State {
    /// Whether a service of this type and size can be in the state.
    pub(crate) fn is_for(self, service_type: &str, nodes: usize) -> bool {
        let search = matches!(service_type, "opensearch" | "elasticsearch");
        let valkey = matches!(service_type, "valkey" | "redis" | "dragonfly");
        match self {
            Self::Healthy
            | Self::NodeReplaced
            | Self::DiskFilling
            | Self::DiskNearlyFull
            | Self::ServiceDown
            | Self::CpuBusy
            | Self::MemoryLow
            | Self::ClientsRefused => true,
            Self::NodeDown => nodes > 1,
            Self::DatabaseDead => has_database(service_type),
            Self::PrimaryMoved => nodes > 1 && (valkey || matches!(service_type, "pg" | "mysql")),
            Self::ElectedMoved => nodes > 1 && (search || service_type == "kafka"),
            Self::Yellow | Self::ShardsRejecting | Self::BreakersTripping => search,
            Self::Red => search && nodes > 1,
            Self::PgConnectionsFull | Self::PgLongQuery => service_type == "pg",
            Self::PgReplicaLagging => nodes > 1 && service_type == "pg",
            Self::MysqlConnectionsFull => service_type == "mysql",
            Self::MysqlReplicaLate => nodes > 1 && service_type == "mysql",
            Self::ValkeyMemoryFull | Self::ValkeyEvicting => valkey,
            Self::KafkaOfflinePartitions | Self::KafkaLagGrowing => service_type == "kafka",
            Self::KafkaUnderReplicated | Self::KafkaBrokerMissing => {
                nodes > 1 && service_type == "kafka"
            }
            Self::ConnectTaskFailing => service_type == "kafka_connect",
            Self::ClickhouseReadonly => service_type == "clickhouse",
            Self::InfluxdbDropping => service_type == "influxdb",
        }
    }
}

/// Whether the type has families of its own, beside the machine's.
pub(crate) fn has_database(service_type: &str) -> bool {
    crate::families::tables(service_type).len() > 1
}
