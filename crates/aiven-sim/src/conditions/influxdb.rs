//! `InfluxDB`.

use crate::conditions::host::Host;
use crate::conditions::life::{Moment, NodeLife};
use crate::conditions::quantity::Quantity;
use crate::conditions::state::State;

/// Databases and their shares of all.
const DATABASES: [(&str, f64); 2] = [("defaultdb", 0.9), ("_internal", 0.1)];

/// What a node does.
pub(crate) struct InfluxDb {
    /// A second, as all rates here.
    pub(crate) points: Quantity,
    pub(crate) dropped: Quantity,
    pub(crate) failed: Quantity,
    pub(crate) server_errors: Quantity,
    pub(crate) client_errors: Quantity,
    pub(crate) queries: Quantity,
    pub(crate) writes: Quantity,
    /// Bytes.
    pub(crate) heap: Quantity,
    pub(crate) databases: Vec<InfluxDatabase>,
}

/// One database.
pub(crate) struct InfluxDatabase {
    pub(crate) name: &'static str,
    pub(crate) series: Quantity,
    /// Bytes.
    pub(crate) disk: Quantity,
}

impl InfluxDb {
    pub(crate) fn of(moment: &Moment<'_>, node: &NodeLife) -> Self {
        let (life, number) = (moment.life, node.number);
        let drops = moment.is(State::InfluxdbDropping);
        let when = |rate| Quantity::fixed(if drops { rate } else { 0.0 });
        let host = Host::of(moment, node);
        let databases = DATABASES.map(|(name, share)| InfluxDatabase {
            name,
            series: life.swinging(0, name, 40_000.0 * share, 0.05),
            disk: host.disks[1].used.times(0.9 * share),
        });
        Self {
            points: life.swinging(number, "points", 2500.0, 0.3),
            dropped: when(80.0),
            failed: when(20.0),
            server_errors: when(1.5),
            client_errors: if drops {
                Quantity::fixed(4.0)
            } else {
                Quantity::fixed(0.02)
            },
            queries: life.swinging(number, "queries", 6.0, 0.3),
            writes: life.swinging(number, "writes", 12.0, 0.3),
            heap: life.swinging(number, "heap", host.memory * 0.3, 0.2),
            databases: databases.into(),
        }
    }
}
