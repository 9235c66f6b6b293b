//! PostgreSQL.

use std::collections::BTreeMap;

use crate::conditions::Pg;
use crate::truth::{About, DAY, max};

/// The largest dead rows are asked for of this many tables.
const WORST: usize = 10;

pub(super) fn tell(about: &mut About<'_, '_>) {
    let moment = about.moment;
    let nodes = about.databases();
    let all: Vec<_> = nodes
        .iter()
        .map(|node| (*node, Pg::of(&moment, node)))
        .collect();
    if all.is_empty() {
        return;
    }
    tell_service(about, &all.iter().map(|(_, pg)| pg).collect::<Vec<_>>());
    for (node, pg) in &all {
        let sum = |of: fn(&crate::conditions::Database) -> crate::conditions::Quantity| -> f64 {
            pg.databases
                .iter()
                .map(|database| of(database).at(moment.at))
                .sum()
        };
        about.node("pg_commits", node, sum(|database| database.commits));
        let (hit, read) = (sum(|database| database.hit), sum(|database| database.read));
        about.node("pg_cache_hits", node, 100.0 * hit / (hit + read));
        about.node("pg_temp_bytes", node, sum(|database| database.temporary));
        let host = moment.life.host(node.number);
        for database in &pg.databases {
            let labels = [
                ("host", host.clone()),
                ("datname", database.name.to_owned()),
            ];
            about.with("pg_connections", labels, about.now(database.connections));
        }
    }
    tell_databases(about, &all.iter().map(|(_, pg)| pg).collect::<Vec<_>>());
}

fn tell_service(about: &mut About<'_, '_>, all: &[&Pg]) {
    let databases = || all.iter().flat_map(|pg| &pg.databases);
    let commits: f64 = databases()
        .map(|database| about.now(database.commits))
        .sum();
    let rollbacks: f64 = databases()
        .map(|database| about.now(database.rollbacks))
        .sum();
    about.service("pg_rollbacks", 100.0 * rollbacks / (commits + rollbacks));
    let standbys: Vec<f64> = all
        .iter()
        .flat_map(|pg| &pg.standbys)
        .map(|(_, behind)| about.now(*behind))
        .collect();
    if let Some(behind) = max(standbys.iter().copied()) {
        about.service("pg_replication_lag", behind);
        about.service(
            "pg_standbys",
            u32::try_from(standbys.len()).map_or(0.0, f64::from),
        );
    }
    let mut pools: BTreeMap<&str, f64> = BTreeMap::new();
    for (pool, wait) in all.iter().flat_map(|pg| pg.pools) {
        *pools.entry(pool).or_default() += about.now(wait) / 1e6;
    }
    for (pool, waited) in pools {
        about.with("pg_pool_wait", [("db", pool.to_owned())], waited);
    }
    // Equal on all nodes.
    let Some(pg) = all.first() else { return };
    let mut tables: Vec<(&str, f64)> = pg
        .dead_rows
        .iter()
        .map(|(table, rows)| (*table, about.now(*rows)))
        .collect();
    tables.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (table, rows) in tables.into_iter().take(WORST) {
        about.with("pg_dead_rows", [("table_name", table.to_owned())], rows);
    }
}

fn tell_databases(about: &mut About<'_, '_>, all: &[&Pg]) {
    let Some(pg) = all.first() else { return };
    for (number, database) in pg.databases.iter().enumerate() {
        let name = || [("datname", database.name.to_owned())];
        let on_all = || all.iter().filter_map(|pg| pg.databases.get(number));
        if let Some(age) = max(on_all().map(|one| about.now(one.oldest_query))) {
            about.with("pg_oldest_query", name(), age);
        }
        let deadlocks = on_all().map(|one| about.increase(one.deadlocks)).sum();
        about.with("pg_deadlocks", name(), deadlocks);
        let size = max(on_all().map(|one| about.now(one.size))).unwrap_or(0.0);
        about.with("pg_database_size", name(), size);
        let growth = about.largest_growth(|moment, node| {
            let databases = Pg::of(moment, node).databases;
            databases
                .get(number)
                .map(|database| database.size.at(moment.at))
        });
        if let Some(growth) = growth {
            about.with("pg_database_size_30d", name(), size + 30.0 * DAY * growth);
        }
    }
}
