//! PostgreSQL.

use crate::conditions::host::Host;
use crate::conditions::life::{Moment, NodeLife};
use crate::conditions::quantity::Quantity;
use crate::conditions::state::State;

/// Tables of the larger database, the ten with the most dead rows first.
const TABLES: [&str; 12] = [
    "orders",
    "order_lines",
    "payments",
    "customers",
    "addresses",
    "carts",
    "events",
    "invoices",
    "refunds",
    "sessions",
    "products",
    "prices",
];

/// What one node does.
pub(crate) struct Pg {
    pub(crate) databases: [Database; 2],
    /// Bytes that each standby is behind. Only the primary knows.
    pub(crate) standbys: Vec<(String, Quantity)>,
    /// Dead rows by table.
    pub(crate) dead_rows: Vec<(&'static str, Quantity)>,
    /// Microseconds a second that clients wait for a connection, by pool.
    pub(crate) pools: [(&'static str, Quantity); 2],
}

/// One database on one node.
pub(crate) struct Database {
    pub(crate) name: &'static str,
    /// A second.
    pub(crate) commits: Quantity,
    pub(crate) rollbacks: Quantity,
    pub(crate) deadlocks: Quantity,
    /// Blocks a second.
    pub(crate) hit: Quantity,
    pub(crate) read: Quantity,
    /// Bytes a second.
    pub(crate) temporary: Quantity,
    pub(crate) connections: Quantity,
    /// Seconds.
    pub(crate) oldest_query: Quantity,
    /// Bytes.
    pub(crate) size: Quantity,
}

impl Pg {
    pub(crate) fn of(moment: &Moment<'_>, node: &NodeLife) -> Self {
        let (life, number) = (moment.life, node.number);
        let others = moment.running().filter(|other| other.number != number);
        let standbys = others
            .filter(|_| moment.shows_as_leader(node))
            .map(|other| {
                let behind = if moment.is(State::PgReplicaLagging) {
                    Quantity::growing(6e8, moment.entered, 2e4)
                } else {
                    life.swinging(other.number, "behind", 2e5, 0.4)
                };
                (life.host(other.number), behind)
            });
        let dead_rows = TABLES
            .iter()
            .zip([90, 70, 50, 40, 30, 20, 15, 10, 8, 5, 2, 1]);
        Self {
            databases: [
                database(moment, node, "defaultdb", 0.2),
                database(moment, node, "orders", 0.8),
            ],
            standbys: standbys.collect(),
            dead_rows: dead_rows
                .map(|(table, thousands)| {
                    let rows = f64::from(thousands) * 1000.0;
                    (*table, life.swinging(0, table, rows, 0.1))
                })
                .collect(),
            pools: [("orders-web", 28_000.0), ("orders-jobs", 12_000.0)]
                .map(|(pool, wait)| (pool, life.swinging(number, pool, wait, 0.5))),
        }
    }
}

fn database(moment: &Moment<'_>, node: &NodeLife, name: &'static str, share: f64) -> Database {
    let (life, number) = (moment.life, node.number);
    let leads = moment.leads(node);
    let commits = life.swinging(number, "commits", if leads { 180.0 } else { 40.0 }, 0.3);
    let commits = commits.times(share);
    let connections = match (moment.is(State::PgConnectionsFull), leads) {
        (true, true) => Quantity::fixed(0.97 * max_connections(life.memory_gib())),
        (_, true) => life.swinging(number, "connections", 40.0, 0.2),
        (_, false) => Quantity::fixed(5.0),
    };
    let long = moment.is(State::PgLongQuery) && leads && name == "orders";
    let oldest_query = if long {
        Quantity::growing(4000.0, moment.entered, 1.0)
    } else {
        life.swinging(number, name, 3.0, 0.6)
    };
    let deadlocks = if leads { 0.002 * share } else { 0.0 };
    let blocks = commits.times(30.0);
    let misses = life.pick(number, "misses", 0.004..0.02);
    Database {
        name,
        commits,
        rollbacks: commits.times(0.012),
        deadlocks: Quantity::fixed(deadlocks),
        hit: blocks.times(1.0 - misses),
        read: blocks.times(misses),
        temporary: life.swinging(number, "temporary", 2e5 * share, 0.4),
        connections: connections.times(share),
        oldest_query,
        size: Host::of(moment, node).disks[1].used.times(0.8 * share),
    }
}

/// What the plan allows [doc `pg-connection-limits.md`].
fn max_connections(gib: f64) -> f64 {
    match gib {
        ..4.0 => 25.0,
        ..8.0 => 100.0,
        ..16.0 => 200.0,
        ..32.0 => 400.0,
        ..64.0 => 800.0,
        _ => 1000.0,
    }
}
