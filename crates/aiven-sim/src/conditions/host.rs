//! The machine of a node.

use crate::conditions::life::{Moment, NodeLife};
use crate::conditions::quantity::Quantity;
use crate::conditions::state::{State, has_database};

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
const DAY: f64 = 86_400.0;

/// The machine of one node.
pub(crate) struct Host {
    pub(crate) cpus: usize,
    /// Per cent of all processors' time, with what waits and what is stolen.
    pub(crate) busy: Quantity,
    /// Bytes.
    pub(crate) memory: f64,
    /// Per cent of the memory.
    pub(crate) available: Quantity,
    /// Bytes a second.
    pub(crate) received: Quantity,
    pub(crate) sent: Quantity,
    /// New connections a second.
    pub(crate) accepted: Quantity,
    pub(crate) dropped: Quantity,
    pub(crate) disks: [Disk; 2],
}

/// One disk of a node.
pub(crate) struct Disk {
    pub(crate) path: &'static str,
    pub(crate) device: &'static str,
    /// The block device below.
    pub(crate) name: &'static str,
    /// Bytes.
    pub(crate) total: f64,
    pub(crate) used: Quantity,
    /// Per cent of the time.
    pub(crate) busy: Quantity,
}

impl Host {
    /// Shares of the time that is not idle: user, system, waiting for a disk, stolen, and
    /// interrupts.
    pub(crate) const USER: f64 = 0.72;
    pub(crate) const SYSTEM: f64 = 0.2;
    pub(crate) const WAITING: f64 = 0.05;
    pub(crate) const STOLEN: f64 = 0.01;
    pub(crate) const INTERRUPTS: f64 = 0.02;

    pub(crate) fn of(moment: &Moment<'_>, node: &NodeLife) -> Self {
        let life = moment.life;
        let number = node.number;
        let dropped = if moment.is(State::ClientsRefused) {
            4.0
        } else {
            0.0
        };
        let busy = if moment.is(State::CpuBusy) {
            life.swinging(number, "cpu", 96.0, 0.02)
        } else {
            life.swinging(
                number,
                "cpu",
                life.pick(number, "cpu level", 15.0..45.0),
                0.3,
            )
        };
        let available = if moment.is(State::MemoryLow) {
            life.swinging(number, "memory", 3.0, 0.2)
        } else {
            life.swinging(
                number,
                "memory",
                life.pick(0, "memory level", 28.0..55.0),
                0.08,
            )
        };
        let traffic = life.pick(0, "traffic", 4e5..4e6);
        Self {
            cpus: cpus(life.memory_gib()),
            busy,
            memory: life.memory_gib() * GIB,
            available,
            received: life.swinging(number, "received", traffic, 0.3),
            sent: life.swinging(number, "sent", traffic * 1.7, 0.3),
            accepted: life.swinging(number, "accepted", 3.0, 0.4),
            dropped: Quantity::fixed(dropped),
            disks: [root(moment, node), data(moment, node)],
        }
    }

    /// The load that goes with the busy processors.
    pub(crate) fn load(&self) -> Quantity {
        self.busy
            .times(crate::conditions::life::count(self.cpus) * 0.011)
    }
}

fn cpus(gib: f64) -> usize {
    match gib {
        ..4.0 => 1,
        ..16.0 => 2,
        ..32.0 => 4,
        _ => 8,
    }
}

fn root(moment: &Moment<'_>, node: &NodeLife) -> Disk {
    let total = 20.0 * GIB;
    Disk {
        path: "/",
        device: "md0",
        name: "nvme0n1",
        total,
        used: Quantity::fixed(total * 0.4),
        busy: moment.life.swinging(node.number, "root busy", 1.5, 0.5),
    }
}

fn data(moment: &Moment<'_>, node: &NodeLife) -> Disk {
    let life = moment.life;
    let total = life.memory_gib() * 20.0 * GIB;
    let level = life.pick(0, "disk level", 0.35..0.55);
    let used = match moment.state {
        // Full in three days.
        State::DiskFilling => {
            Quantity::growing(0.62, moment.entered, (1.0 - 0.62) / (3.0 * DAY)).within(0.0, 0.995)
        }
        State::DiskNearlyFull => Quantity::fixed(0.92 + 0.002 * life.fraction(node.number, "disk")),
        // Filled in twenty minutes.
        _ if moment.syncs(node) => {
            Quantity::growing(0.05, node.born, level / 1200.0).within(0.0, level)
        }
        _ if grows(&life.service_type) => {
            let days = life.pick(0, "days", 120.0..240.0);
            Quantity::growing(level, life.since(), (1.0 - level) / (days * DAY)).within(0.0, 0.995)
        }
        _ => Quantity::fixed(level),
    };
    Disk {
        path: "/srv",
        device: "md1",
        name: "nvme1n1",
        total,
        used: used.times(total),
        busy: life.swinging(
            node.number,
            "data busy",
            life.pick(0, "data busy level", 4.0..25.0),
            0.4,
        ),
    }
}

/// Whether the type keeps on disk what its clients give it.
fn grows(service_type: &str) -> bool {
    let in_memory = matches!(service_type, "valkey" | "redis" | "dragonfly");
    let stateless = matches!(service_type, "kafka_connect" | "kafka_mirrormaker");
    has_database(service_type) && !in_memory && !stateless
}
