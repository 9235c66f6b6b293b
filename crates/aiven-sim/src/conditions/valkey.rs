//! Valkey, Redis and Dragonfly.

use crate::conditions::host::Host;
use crate::conditions::life::{Moment, NodeLife, count};
use crate::conditions::quantity::Quantity;
use crate::conditions::state::State;

const DAY: f64 = 86_400.0;

/// Commands, their share of all, and microseconds a call.
const COMMANDS: [(&str, f64, f64); 8] = [
    ("get", 0.5, 6.0),
    ("set", 0.2, 9.0),
    ("hgetall", 0.1, 24.0),
    ("expire", 0.1, 4.0),
    ("del", 0.05, 7.0),
    ("zrange", 0.03, 60.0),
    ("scan", 0.01, 180.0),
    ("ping", 0.01, 1.0),
];

/// What one node does.
pub(crate) struct Valkey {
    pub(crate) leads: bool,
    /// Bytes.
    pub(crate) limit: f64,
    pub(crate) used: Quantity,
    /// Of the memory that the system has given, by what is used.
    pub(crate) fragmentation: f64,
    /// What happens when memory is full: Aiven's default, or that of a cache.
    pub(crate) policy: &'static str,
    /// A second.
    pub(crate) evicted: Quantity,
    pub(crate) commands: Quantity,
    pub(crate) hits: Quantity,
    pub(crate) misses: Quantity,
    pub(crate) clients: Quantity,
    pub(crate) max_clients: f64,
    pub(crate) blocked: Quantity,
    pub(crate) keys: Quantity,
    /// The replicas' addresses; only the primary has them.
    pub(crate) replicas: Vec<String>,
    /// Commands, each with its rate and microseconds a call.
    pub(crate) by_command: Vec<(&'static str, Quantity, f64)>,
}

impl Valkey {
    pub(crate) fn of(moment: &Moment<'_>, node: &NodeLife) -> Self {
        let (life, number) = (moment.life, node.number);
        let leads = moment.leads(node);
        let limit = Host::of(moment, node).memory * 0.7;
        let share = match moment.state {
            State::ValkeyMemoryFull => Quantity::fixed(0.96),
            State::ValkeyEvicting => Quantity::fixed(0.995),
            _ => {
                let level = life.pick(0, "memory", 0.35..0.55);
                Quantity::growing(level, life.since(), 0.002 / DAY)
            }
        };
        let is_cache = moment.is(State::ValkeyEvicting);
        let evicts = is_cache && leads;
        let commands = life.swinging(number, "commands", if leads { 900.0 } else { 150.0 }, 0.3);
        let lookups = commands.times(0.6);
        let hit = life.pick(number, "hit", 0.85..0.97);
        let others = moment.running().filter(|other| other.number != number);
        let replicas = others
            .filter(|_| leads)
            .map(|other| format!("10.0.0.{}", other.number));
        let used = share.within(0.0, 1.0).times(limit);
        let by_command = COMMANDS.map(|(name, share, time)| {
            let time = time * life.pick(number, name, 0.9..1.1);
            (name, commands.times(share), time)
        });
        Self {
            leads,
            limit,
            used,
            fragmentation: life.pick(number, "fragmentation", 1.05..1.25),
            policy: if is_cache {
                "allkeys-lru"
            } else {
                "noeviction"
            },
            evicted: Quantity::fixed(if evicts { 50.0 } else { 0.0 }),
            commands,
            hits: lookups.times(hit),
            misses: lookups.times(1.0 - hit),
            clients: life.swinging(number, "clients", 60.0, 0.2),
            max_clients: 10_000.0,
            blocked: Quantity::fixed(if leads { 2.0 } else { 0.0 }),
            keys: used.times(1.0 / 900.0),
            replicas: replicas.collect(),
            by_command: by_command.to_vec(),
        }
    }

    pub(crate) fn connected_replicas(&self) -> f64 {
        count(self.replicas.len())
    }
}
