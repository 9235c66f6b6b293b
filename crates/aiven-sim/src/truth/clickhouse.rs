//! `ClickHouse`.

use crate::conditions::ClickHouse;
use crate::truth::About;

pub(super) fn tell(about: &mut About<'_, '_>) {
    for node in about.databases() {
        let own = ClickHouse::of(&about.moment, node);
        for (id, value) in [
            ("clickhouse_queries_running", about.now(own.running)),
            ("clickhouse_readonly_replicas", own.readonly),
            ("clickhouse_delayed_inserts", own.delayed),
            ("clickhouse_queries", about.now(own.queries)),
            ("clickhouse_inserted_rows", about.now(own.inserted)),
            ("clickhouse_merges", about.now(own.merges)),
            ("clickhouse_parts", about.now(own.parts)),
            ("clickhouse_rows", about.now(own.rows)),
            (
                "clickhouse_connections",
                about.now(own.tcp) + about.now(own.http),
            ),
        ] {
            about.node(id, node, value);
        }
    }
}
