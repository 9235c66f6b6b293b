//! `ClickHouse`.

use crate::conditions::host::Host;
use crate::conditions::life::{Moment, NodeLife};
use crate::conditions::quantity::Quantity;
use crate::conditions::state::State;

/// What one node does.
pub(crate) struct ClickHouse {
    pub(crate) running: Quantity,
    pub(crate) readonly: f64,
    pub(crate) delayed: f64,
    /// A second.
    pub(crate) queries: Quantity,
    pub(crate) inserted: Quantity,
    pub(crate) merges: Quantity,
    pub(crate) parts: Quantity,
    pub(crate) rows: Quantity,
    pub(crate) tcp: Quantity,
    pub(crate) http: Quantity,
}

impl ClickHouse {
    pub(crate) fn of(moment: &Moment<'_>, node: &NodeLife) -> Self {
        let (life, number) = (moment.life, node.number);
        let readonly = moment.is(State::ClickhouseReadonly);
        let inserted = if readonly { 400.0 } else { 9000.0 };
        Self {
            running: life.swinging(number, "running", 4.0, 0.4),
            readonly: if readonly { 2.0 } else { 0.0 },
            delayed: if readonly { 3.0 } else { 0.0 },
            queries: life.swinging(number, "queries", 35.0, 0.3),
            inserted: life.swinging(number, "inserted", inserted, 0.3),
            merges: life.swinging(number, "merges", 2.0, 0.5),
            parts: life.swinging(number, "parts", 420.0, 0.15),
            rows: Host::of(moment, node).disks[1].used.times(1.0 / 60.0),
            tcp: life.swinging(number, "tcp", 12.0, 0.2),
            http: life.swinging(number, "http", 20.0, 0.2),
        }
    }
}
