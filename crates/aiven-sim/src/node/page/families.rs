//! Which series a type's nodes have, in Telegraf's naming: `measurement_field`.

mod measurements;

use crate::node::PageSpec;
use measurements::{
    CLICKHOUSE, HOST, INFLUXDB, KAFKA, MYSQL, Measurement, POSTGRES, REDIS, SEARCH,
};

/// How a value moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only grows.
    Counter,
    /// Swings around a level.
    Gauge,
}

/// One line of the page.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) family: String,
    pub(super) labels: String,
    pub(super) kind: Kind,
    level: f64,
}

impl Series {
    /// The value this many seconds after the start; counters never fall.
    pub(super) fn value(&self, second: u64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a test run")]
        let second = second as f64;
        match self.kind {
            Kind::Counter => (self.level * (100.0 + second)).floor(),
            Kind::Gauge => {
                ((self.level * (1.0 + 0.3 * (second / 7.0 + self.level).sin())) * 1000.0).round()
                    / 1000.0
            }
        }
    }
}

fn of_type(service_type: &str) -> &'static [Measurement] {
    match service_type {
        "opensearch" | "elasticsearch" => SEARCH,
        "kafka" | "kafka_connect" => KAFKA,
        "pg" => POSTGRES,
        "mysql" => MYSQL,
        "redis" | "valkey" | "dragonfly" => REDIS,
        "influxdb" => INFLUXDB,
        "clickhouse" => CLICKHOUSE,
        _ => &[],
    }
}

/// Every series of a node: those of every host, those of its type, and, up to a
/// wanted number, shards of a filler; families stay together.
pub(super) fn layout(spec: &PageSpec) -> Vec<Series> {
    let mut layout = Vec::new();
    for measurement in HOST.iter().chain(of_type(&spec.service_type)) {
        let gauges = measurement
            .gauges
            .split_whitespace()
            .map(|field| (field, Kind::Gauge));
        let counters = measurement
            .counters
            .split_whitespace()
            .map(|field| (field, Kind::Counter));
        for (field, kind) in gauges.chain(counters) {
            for labels in measurement.labels.split_whitespace() {
                let family = format!("{}_{field}", measurement.name);
                layout.push(series(
                    family,
                    labels.trim_matches('-'),
                    kind,
                    spec,
                    layout.len(),
                ));
            }
        }
    }
    if let Some(wanted) = spec.series {
        layout.truncate(wanted);
        for shard in 0..wanted.saturating_sub(layout.len()) {
            let labels = format!("shard=\"{shard}\"");
            layout.push(series(
                "sim_shard_docs_count".into(),
                &labels,
                Kind::Gauge,
                spec,
                shard,
            ));
        }
    }
    layout
}

fn series(family: String, labels: &str, kind: Kind, spec: &PageSpec, number: usize) -> Series {
    let comma = if labels.is_empty() { "" } else { "," };
    let labels = format!("host=\"{}\"{comma}{labels}", spec.node);
    let percentage = family.contains("percent") || family.starts_with("cpu_usage");
    let level =
        f64::from(u16::try_from(number % if percentage { 70 } else { 997 }).unwrap_or(0)) + 1.5;
    Series {
        family,
        labels,
        kind,
        level,
    }
}
