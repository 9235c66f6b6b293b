//! PostgreSQL.

use crate::conditions::{Moment, NodeLife, Pg, Quantity};
use crate::page::Point;

pub(super) fn points(moment: &Moment<'_>, node: &NodeLife) -> Vec<Point> {
    let (life, pg) = (moment.life, Pg::of(moment, node));
    let mut points = Vec::new();
    for database in &pg.databases {
        let of_it = |view: &str| {
            let point = Point::of(&format!("postgresql.{view}"));
            point.tag("datname", database.name)
        };
        points.push(
            of_it("pg_stat_database")
                .count("xact_commit", database.commits)
                .count("xact_rollback", database.rollbacks)
                .count("blks_hit", database.hit)
                .count("blks_read", database.read)
                .count("deadlocks", database.deadlocks)
                .count("temp_bytes", database.temporary)
                .count("temp_files", database.temporary.times(1e-6))
                .rest(life, node),
        );
        points.push(
            of_it("pg_stat_activity")
                .level("conn_count", database.connections)
                .level("oldest_running_query_age", database.oldest_query)
                .level("oldest_non_autovacuum_query_age", database.oldest_query)
                .level("oldest_conn_age", Quantity::growing(0.0, node.born, 1.0)),
        );
        points.push(of_it("database_size").level("database_size", database.size));
        points.push(
            of_it("transactions")
                .fixed("freeze_limit", 2e8)
                .level("txns", Quantity::growing(1e7, node.born, 10.0)),
        );
    }
    points.push(Point::of("postgresql.pg_stat_bgwriter").rest(life, node));
    points.extend(pg.dead_rows.iter().map(|(table, dead)| {
        Point::of("postgresql.pg_stat_user_tables")
            .tag("datname", "orders")
            .tag("schemaname", "public")
            .tag("table_name", *table)
            .level("n_dead_tup", *dead)
            .level("n_live_tup", dead.times(20.0))
            .rest(life, node)
    }));
    points.extend(pg.standbys.iter().map(|(standby, behind)| {
        Point::of("postgresql.pg_stat_replication")
            .tag("application_name", standby)
            .level("bytes_diff", *behind)
            .level("flush_diff", behind.times(0.5))
    }));
    points.extend(pg.pools.iter().map(|(pool, wait)| {
        Point::of("pgbouncer")
            .tag("db", *pool)
            .tag("instance", "pgbouncer_1")
            .count("total_wait_time", *wait)
            .level("avg_wait_time", wait.times(0.01))
            .rest(life, node)
    }));
    points
}
