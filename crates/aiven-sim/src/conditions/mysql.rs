//! MySQL.

use crate::conditions::life::{Moment, NodeLife};
use crate::conditions::quantity::Quantity;
use crate::conditions::state::State;

/// What one node does.
pub(crate) struct MySql {
    pub(crate) max_connections: f64,
    pub(crate) connections: Quantity,
    pub(crate) most_connections: f64,
    pub(crate) running: Quantity,
    /// A second, as all rates here.
    pub(crate) refused: Quantity,
    pub(crate) aborted: Quantity,
    pub(crate) slow: Quantity,
    pub(crate) deadlocks: Quantity,
    pub(crate) lock_waits: Quantity,
    pub(crate) questions: Quantity,
    /// Shares of the questions.
    pub(crate) statements: [(&'static str, f64); 4],
    pub(crate) page_requests: Quantity,
    pub(crate) page_reads: Quantity,
    pub(crate) temporary_tables: Quantity,
    pub(crate) temporary_on_disk: Quantity,
    pub(crate) pages: f64,
    pub(crate) filled: Quantity,
    /// Seconds; a replica's.
    pub(crate) delay: Option<Quantity>,
}

impl MySql {
    pub(crate) fn of(moment: &Moment<'_>, node: &NodeLife) -> Self {
        let (life, number) = (moment.life, node.number);
        let leads = moment.leads(node);
        let max_connections = 75.0 * life.memory_gib();
        let full = moment.is(State::MysqlConnectionsFull) && leads;
        let level = max_connections * if leads { 0.25 } else { 0.05 };
        let connections = if full {
            Quantity::fixed(0.97 * max_connections)
        } else {
            life.swinging(number, "connections", level, 0.2)
        };
        let questions = life.swinging(number, "questions", if leads { 420.0 } else { 150.0 }, 0.3);
        let requests = questions.times(25.0);
        let temporary = questions.times(0.06);
        let late = moment.is(State::MysqlReplicaLate);
        let delay = if late {
            Quantity::growing(300.0, moment.entered, 0.2)
        } else {
            Quantity::fixed(0.0)
        };
        // A replica repeats the writes.
        let statements = if leads {
            [0.7, 0.15, 0.1, 0.05]
        } else {
            [0.3, 0.35, 0.25, 0.1]
        };
        let [select, insert, update, delete] = statements;
        let pages = (life.memory_gib() * 0.6 * 65_536.0).floor();
        Self {
            max_connections,
            connections,
            most_connections: if full {
                max_connections
            } else {
                (level * 1.4).ceil()
            },
            running: life.swinging(number, "running", if full { 40.0 } else { 4.0 }, 0.3),
            refused: Quantity::fixed(if full { 0.5 } else { 0.0 }),
            aborted: Quantity::fixed(0.01),
            slow: life.swinging(number, "slow", 0.05, 0.5),
            deadlocks: Quantity::fixed(if leads { 0.003 } else { 0.0 }),
            lock_waits: life.swinging(number, "lock waits", 0.3, 0.4),
            questions,
            statements: [
                ("select", select),
                ("insert", insert),
                ("update", update),
                ("delete", delete),
            ],
            page_requests: requests,
            page_reads: requests.times(life.pick(number, "page reads", 0.002..0.01)),
            temporary_tables: temporary,
            temporary_on_disk: temporary.times(0.08),
            pages,
            filled: life.swinging(number, "filled", pages * 0.88, 0.03),
            delay: (!leads).then_some(delay),
        }
    }
}
