//! A node's page: what Telegraf's `prometheus_client` output makes of the node's measurements.
//!
//! [`points`] says what the node reports, as line protocol has it; [`Layout`] makes the
//! families and label sets of it, by Telegraf's rules: letters outside of `[A-Za-z0-9_:]`
//! become `_`, fields that are text become labels, and the type follows from the input. That
//! the two agree with Telegraf itself is shown by `spec/telegraf_spec.rb`.

mod clickhouse;
mod host;
mod influxdb;
mod kafka;
mod layout;
mod mysql;
mod pg;
mod point;
mod search;
mod spell;
#[cfg(test)]
mod tests;
mod usual;
mod valkey;

pub(crate) use layout::{Labels, Layout, Line, family};
pub(crate) use point::{Point, Value};
pub(crate) use spell::{Shown, Spell};

use crate::conditions::{Life, Moment, NodeLife};

/// The name that a measurement of the table has on the nodes of this service.
pub(crate) fn measurement_name(life: &Life, measurement: &str) -> String {
    let renamed = |from: &str, to: &str| {
        let rest = measurement.strip_prefix(from);
        rest.map(|rest| format!("{to}{rest}"))
    };
    let old = life.service_type == "elasticsearch";
    let old = old
        .then(|| renamed("opensearch_", "elasticsearch_"))
        .flatten();
    let valkey = life
        .naming
        .valkey
        .then(|| renamed("redis", "valkey"))
        .flatten();
    old.or(valkey).unwrap_or_else(|| measurement.to_owned())
}

/// What a node reports from this moment until the next change of its service's life.
pub(crate) fn points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let mut points = host::points(moment, node);
    if moment.shows_database(node) {
        points.extend(match moment.life.service_type.as_str() {
            "opensearch" | "elasticsearch" => search::points(moment, node),
            "kafka" => kafka::points(moment, node),
            "kafka_connect" => kafka::connect_points(moment, node),
            "kafka_mirrormaker" => kafka::mirrormaker_points(moment, node),
            "pg" => pg::points(moment, node),
            "mysql" => mysql::points(moment, node),
            "redis" | "valkey" | "dragonfly" => valkey::points(moment, node),
            "influxdb" => influxdb::points(moment, node),
            "clickhouse" => clickhouse::points(moment, node),
            _ => Vec::new(),
        });
    }
    for point in &mut points {
        point.is_of(moment.life, node);
    }
    points
}

/// Labels as the text format has them, between the braces.
pub(crate) fn label_text<'a>(labels: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let escaped = |value: &str| {
        let value = value.replace('\\', r"\\").replace('"', "\\\"");
        value.replace('\n', r"\n")
    };
    let labels = labels.into_iter();
    let labels: Vec<String> = labels
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    labels.join(",")
}
