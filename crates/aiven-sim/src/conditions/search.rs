//! OpenSearch and Elasticsearch.

use crate::conditions::host::Host;
use crate::conditions::life::{Moment, NodeLife, OVERLAP, count};
use crate::conditions::quantity::Quantity;
use crate::conditions::state::State;

const INDICES: [&str; 6] = [
    "articles",
    "audit",
    "logs-000011",
    "logs-000012",
    "products",
    "sessions",
];
const PRIMARIES_AN_INDEX: f64 = 5.0;

/// A cluster.
pub(crate) struct Search {
    pub(crate) status: Status,
    pub(crate) indices: &'static [&'static str],
    pub(crate) primaries: f64,
    /// Shards with a node, primaries and replicas.
    pub(crate) active: f64,
    pub(crate) unassigned: f64,
    pub(crate) initializing: f64,
    pub(crate) relocating: f64,
    pub(crate) nodes: f64,
    /// Of all shards, in bytes.
    pub(crate) store: Quantity,
    /// Without those of replicas.
    pub(crate) documents: Quantity,
}

/// The health of a cluster or index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Green = 1,
    Yellow = 2,
    Red = 3,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }

    pub(crate) fn code(self) -> f64 {
        f64::from(self as u8)
    }
}

impl Search {
    pub(crate) fn of(moment: &Moment<'_>) -> Self {
        let nodes = moment.running_count();
        let status = match moment.state {
            State::Red => Status::Red,
            State::Yellow | State::NodeDown => Status::Yellow,
            _ => Status::Green,
        };
        let replicas: f64 = if moment.nodes().count() > 1 { 1.0 } else { 0.0 };
        let primaries = count(INDICES.len()) * PRIMARIES_AN_INDEX;
        // Without a second node the replicas have no place; with some, those of one node.
        let of_one_node = (primaries / count(moment.nodes().count()).max(1.0)).ceil();
        let unassigned = match status {
            Status::Green => 0.0,
            Status::Yellow => of_one_node,
            Status::Red => of_one_node + 4.0,
        };
        let wanted = primaries * (1.0 + replicas.max(if unassigned > 0.0 { 1.0 } else { 0.0 }));
        let moves = moment.is(State::NodeReplaced) && moment.at < moment.entered + OVERLAP;
        let node = moment.nodes().next();
        let used = node.map_or(Quantity::fixed(0.0), |node| {
            Host::of(moment, node).disks[1].used
        });
        let store = used.times(0.9 * nodes);
        Self {
            status,
            indices: &INDICES,
            primaries: primaries - if status == Status::Red { 4.0 } else { 0.0 },
            active: wanted - unassigned,
            unassigned,
            initializing: if status == Status::Yellow { 2.0 } else { 0.0 },
            relocating: if moves { 4.0 } else { 0.0 },
            nodes,
            store,
            documents: store.times(1.0 / 1500.0 / (1.0 + replicas)),
        }
    }
}

/// What one node of a cluster does.
pub(crate) struct SearchNode {
    /// A second.
    pub(crate) searches: Quantity,
    /// Milliseconds a search takes on a shard.
    pub(crate) search_time: f64,
    /// Documents a second, replicas included.
    pub(crate) indexed: Quantity,
    /// Milliseconds.
    pub(crate) index_time: f64,
    /// Per cent.
    pub(crate) heap: Quantity,
    /// Milliseconds a second.
    pub(crate) old_gc: Quantity,
    pub(crate) young_gc: Quantity,
    /// A second.
    pub(crate) writes_rejected: Quantity,
    pub(crate) searches_rejected: Quantity,
    pub(crate) breakers_tripped: Quantity,
    /// Bytes.
    pub(crate) store: Quantity,
}

impl SearchNode {
    pub(crate) fn of(moment: &Moment<'_>, node: &NodeLife) -> Self {
        let (life, number) = (moment.life, node.number);
        let when = |state, rate| Quantity::fixed(if moment.is(state) { rate } else { 0.0 });
        let trips = moment.is(State::BreakersTripping);
        let heap = if trips {
            92.0
        } else {
            life.pick(number, "heap level", 45.0..60.0)
        };
        let old_gc = if trips { 120.0 } else { 0.4 };
        Self {
            searches: life.swinging(
                number,
                "searches",
                life.pick(0, "searches", 60.0..180.0),
                0.3,
            ),
            search_time: life.pick(number, "search time", 3.0..9.0),
            indexed: life.swinging(
                number,
                "indexed",
                life.pick(0, "indexed", 100.0..500.0),
                0.3,
            ),
            index_time: life.pick(number, "index time", 0.3..0.9),
            heap: life.swinging(number, "heap", heap, 0.05),
            old_gc: life.swinging(number, "old gc", old_gc, 0.2),
            young_gc: life.swinging(number, "young gc", 4.0, 0.2),
            writes_rejected: when(State::ShardsRejecting, 5.0),
            searches_rejected: when(State::ShardsRejecting, 2.0),
            breakers_tripped: when(State::BreakersTripping, 0.02),
            store: Host::of(moment, node).disks[1].used.times(0.9),
        }
    }
}
