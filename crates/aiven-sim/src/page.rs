//! A node's page: what Telegraf's `prometheus_client` output makes of the node's measurements.
//!
//! [`points`] says what the node reports, as line protocol has it; [`Layout`] makes the
//! families and label sets of it, by Telegraf's rules: letters outside of `[A-Za-z0-9_:]`
//! become `_`, fields that are text become labels, and the type follows from the input. That
//! the two agree with Telegraf itself is shown by `spec/telegraf_spec.rb`.

//T mod clickhouse;
mod host;
//T mod influxdb;
//T mod kafka;
mod layout;
mod spell;
//T mod mysql;
//T mod pg;
mod point;
mod search;
mod usual;
//T mod valkey;

pub(crate) use layout::Layout;
pub(crate) use point::{Point, Value};
pub(crate) use spell::{Shown, Spell};

use crate::conditions::{Moment, NodeLife};

/// What a node reports from this moment until the next change of its service's life.
pub(crate) fn points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let mut points = host::points(moment, node);
    if moment.shows_database(node) {
        points.extend(match moment.life.service_type.as_str() {
            "opensearch" | "elasticsearch" => search::points(moment, node),
            //T             "kafka" => kafka::points(moment, node),
            //T             "kafka_connect" => kafka::connect_points(moment, node),
            //T             "kafka_mirrormaker" => kafka::mirrormaker_points(moment, node),
            //T             "pg" => pg::points(moment, node),
            //T             "mysql" => mysql::points(moment, node),
            //T             "redis" | "valkey" | "dragonfly" => valkey::points(moment, node),
            //T             "influxdb" => influxdb::points(moment, node),
            //T             "clickhouse" => clickhouse::points(moment, node),
            _ => Vec::new(),
        });
    }
    for point in &mut points {
        point.is_of(moment.life, node);
    }
    points
}
