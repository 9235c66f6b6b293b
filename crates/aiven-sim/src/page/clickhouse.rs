//! `ClickHouse` and its `ZooKeeper`.

use crate::conditions::{ClickHouse, Moment, NodeLife};
use crate::page::Point;

pub(super) fn points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let (life, own) = (moment.life, ClickHouse::of(moment, node));
    let source = life.host(node.number);
    let of_it = |table: &str| Point::of(table).tag("source", &source);
    let state = if moment.leads(node) {
        "leader"
    } else {
        "follower"
    };
    vec![
        of_it("clickhouse_metrics")
            .level("query", own.running)
            .fixed("readonly_replica", own.readonly)
            .fixed("delayed_inserts", own.delayed)
            .level("merge", own.merges)
            .level("tcp_connection", own.tcp)
            .level("http_connection", own.http)
            .rest(life, node),
        of_it("clickhouse_events")
            .count("query", own.queries)
            .count("select_query", own.queries.times(0.8))
            .count("inserted_rows", own.inserted)
            .count("inserted_bytes", own.inserted.times(90.0))
            .rest(life, node),
        of_it("clickhouse_asynchronous_metrics")
            .fixed("number_of_databases", 3.0)
            .fixed("number_of_tables", 40.0)
            .level("total_parts_of_merge_tree_tables", own.parts)
            .level("total_rows_of_merge_tree_tables", own.rows),
        of_it("clickhouse_replication_queue").rest(life, node),
        Point::of("zookeeper")
            .tag("server", "localhost")
            .tag("port", "2181")
            .tag("state", state)
            .rest(life, node),
    ]
}
