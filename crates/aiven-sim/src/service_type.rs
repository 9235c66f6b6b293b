//! What the simulator knows about Aiven's service types.
//!
//! The table follows `components` and plans as Aiven lists them; types that are
//! not in it behave like a plain multi-node service.

/// Facts about one service type.
#[derive(Debug)]
pub(crate) struct TypeFacts {
    /// Aiven's name for it.
    pub(crate) name: &'static str,
    /// `service_type_description`.
    pub(crate) description: &'static str,
    /// Port of the main component.
    pub(crate) port: u16,
    /// One primary under the main name, standbys only under `replica-HOST`.
    pub(crate) has_replica_name: bool,
    /// The `prometheus` integration supports it.
    pub(crate) prometheus: bool,
    /// Scheme of `service_uri`.
    pub(crate) scheme: &'static str,
}

const fn facts(
    name: &'static str,
    description: &'static str,
    port: u16,
    has_replica_name: bool,
    prometheus: bool,
    scheme: &'static str,
) -> TypeFacts {
    TypeFacts {
        name,
        description,
        port,
        has_replica_name,
        prometheus,
        scheme,
    }
}

/// Every type with facts of its own. `elasticsearch`, `influxdb` and `redis` have
/// ended at Aiven; fixtures and older installations still name them.
pub(crate) static TYPES: [TypeFacts; 16] = [
    facts(
        "cassandra",
        "Cassandra - Distributed NoSQL database",
        9042,
        false,
        true,
        "cassandra",
    ),
    facts(
        "clickhouse",
        "ClickHouse - Distributed columnar data store",
        9440,
        false,
        true,
        "clickhouse",
    ),
    facts(
        "dragonfly",
        "Dragonfly - In-memory data store",
        6379,
        true,
        true,
        "rediss",
    ),
    facts(
        "elasticsearch",
        "Elasticsearch - Search & Analyze Data",
        443,
        false,
        true,
        "https",
    ),
    facts(
        "flink",
        "Flink - Data stream processing",
        443,
        false,
        false,
        "https",
    ),
    facts(
        "grafana",
        "Grafana - Metrics Dashboard",
        443,
        false,
        false,
        "https",
    ),
    facts(
        "influxdb",
        "InfluxDB - Distributed Time Series Database",
        8086,
        false,
        true,
        "https+influxdb",
    ),
    facts(
        "kafka",
        "Kafka - High-Throughput Message Broker",
        9092,
        false,
        true,
        "kafka",
    ),
    facts(
        "kafka_connect",
        "Kafka Connect - Kafka Connect service",
        443,
        false,
        true,
        "https",
    ),
    facts(
        "kafka_mirrormaker",
        "Kafka MirrorMaker - Kafka Mirrormaker service",
        443,
        false,
        false,
        "https",
    ),
    facts(
        "m3db",
        "M3DB - Distributed time series database",
        9000,
        false,
        true,
        "https",
    ),
    facts(
        "mysql",
        "MySQL - Relational Database Management System",
        3306,
        true,
        true,
        "mysql",
    ),
    facts(
        "opensearch",
        "OpenSearch - Search & Analyze Data",
        443,
        false,
        true,
        "https",
    ),
    facts(
        "pg",
        "PostgreSQL - Object-Relational Database Management System",
        5432,
        true,
        true,
        "postgres",
    ),
    facts(
        "redis",
        "Caching - In-memory database",
        6379,
        true,
        true,
        "rediss",
    ),
    facts(
        "valkey",
        "Valkey - In-memory data store",
        6379,
        true,
        true,
        "rediss",
    ),
];

static UNHEARD_OF: TypeFacts = facts(
    "",
    "A service type that nobody knows yet",
    443,
    false,
    false,
    "https",
);

/// The facts about `name`.
pub(crate) fn of(name: &str) -> &'static TypeFacts {
    TYPES
        .iter()
        .find(|facts| facts.name == name)
        .unwrap_or(&UNHEARD_OF)
}
