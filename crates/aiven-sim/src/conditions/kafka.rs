//! Kafka, Kafka Connect and MirrorMaker.

use crate::conditions::host::Host;
use crate::conditions::life::{Moment, NodeLife, count};
use crate::conditions::quantity::Quantity;
use crate::conditions::state::State;

/// A topic, with its partitions, its share of the traffic, and bytes a message.
pub(crate) struct Topic {
    pub(crate) name: &'static str,
    pub(crate) partitions: usize,
    pub(crate) share: f64,
    pub(crate) message: f64,
}

pub(crate) const TOPICS: [Topic; 4] = [
    topic("orders", 6, 0.5, 900.0),
    topic("payments", 6, 0.25, 600.0),
    topic("clicks", 3, 0.2, 300.0),
    topic("audit", 1, 0.05, 1400.0),
];

const fn topic(name: &'static str, partitions: usize, share: f64, message: f64) -> Topic {
    Topic {
        name,
        partitions,
        share,
        message,
    }
}

/// Consumer groups, what they read, and how far behind a partition they are.
const GROUPS: [(&str, &str, f64); 4] = [
    ("billing", "orders", 40.0),
    ("billing", "payments", 25.0),
    ("search-indexer", "orders", 12.0),
    ("archive", "audit", 150.0),
];

/// Requests, how many a second, and milliseconds of the slowest in a hundred.
const REQUESTS: [(&str, f64, f64); 6] = [
    ("Produce", 120.0, 14.0),
    ("Fetch", 90.0, 510.0),
    ("FetchConsumer", 60.0, 505.0),
    ("FetchFollower", 30.0, 501.0),
    ("Metadata", 4.0, 3.0),
    ("OffsetCommit", 8.0, 6.0),
];

/// How far a group is behind in one partition.
pub(crate) struct Lag {
    pub(crate) group: &'static str,
    pub(crate) topic: &'static str,
    pub(crate) partition: usize,
    pub(crate) lag: Quantity,
}

/// A cluster.
pub(crate) struct Kafka {
    pub(crate) brokers: f64,
    pub(crate) partitions: f64,
    pub(crate) offline: f64,
    pub(crate) lags: Vec<Lag>,
}

impl Kafka {
    pub(crate) fn of(moment: &Moment<'_>) -> Self {
        let life = moment.life;
        let grows = |group| moment.is(State::KafkaLagGrowing) && group == "billing";
        let lags = GROUPS.iter().flat_map(|&(group, name, level)| {
            let topic = TOPICS.iter().find(|topic| topic.name == name);
            let partitions = topic.map_or(0, |topic| topic.partitions);
            (0..partitions).map(move |partition| Lag {
                group,
                topic: name,
                partition,
                lag: if grows(group) {
                    Quantity::growing(level, moment.entered, 3.0)
                } else {
                    life.swinging(partition, group, level, 0.4)
                },
            })
        });
        let offline = moment.is(State::KafkaOfflinePartitions);
        Self {
            brokers: moment.running_count(),
            partitions: count(TOPICS.iter().map(|topic| topic.partitions).sum()),
            offline: if offline { 3.0 } else { 0.0 },
            lags: lags.collect(),
        }
    }
}

/// What one broker does.
pub(crate) struct Broker {
    /// Replicas that it has; each partition has one on every broker, up to three.
    pub(crate) partitions: f64,
    pub(crate) under_replicated: f64,
    pub(crate) under_min_isr: f64,
    /// A second, as all rates here.
    pub(crate) isr_shrinks: Quantity,
    pub(crate) unclean_elections: Quantity,
    pub(crate) failed_produce: Quantity,
    pub(crate) failed_fetch: Quantity,
    /// Messages of all topics.
    pub(crate) messages: Quantity,
    /// Requests, how many, and milliseconds of the slowest in a hundred.
    pub(crate) requests: Vec<(&'static str, Quantity, Quantity)>,
    /// Shares of the time, from 0 to 1.
    pub(crate) handler_idle: Quantity,
    pub(crate) network_idle: Quantity,
    /// Bytes, of a topic with all of the share.
    pub(crate) logs: Quantity,
    pub(crate) remote: Quantity,
}

impl Broker {
    pub(crate) fn of(moment: &Moment<'_>, node: &NodeLife) -> Self {
        let (life, number) = (moment.life, node.number);
        let lacks = matches!(
            moment.state,
            State::KafkaUnderReplicated | State::KafkaBrokerMissing | State::NodeDown
        );
        let offline = moment.is(State::KafkaOfflinePartitions);
        let when = |holds: bool, value: f64| if holds { value } else { 0.0 };
        let busy = moment.is(State::CpuBusy);
        let messages = life.pick(0, "messages", 300.0..900.0);
        let requests = REQUESTS.map(|(name, rate, time)| {
            let time = life.swinging(number, name, time, 0.03);
            (name, life.swinging(number, "requests", rate, 0.2), time)
        });
        Self {
            partitions: count(TOPICS.iter().map(|topic| topic.partitions).sum()),
            under_replicated: when(lacks, 5.0),
            under_min_isr: when(moment.is(State::KafkaUnderReplicated), 1.0),
            isr_shrinks: Quantity::fixed(when(lacks, 0.05)),
            unclean_elections: Quantity::fixed(when(offline, 0.004)),
            failed_produce: Quantity::fixed(when(offline, 3.0)),
            failed_fetch: Quantity::fixed(when(offline, 2.0)),
            messages: life.swinging(number, "messages", messages, 0.3),
            requests: requests.to_vec(),
            handler_idle: life.swinging(number, "handlers", if busy { 0.12 } else { 0.8 }, 0.05),
            network_idle: life.swinging(number, "network", if busy { 0.3 } else { 0.9 }, 0.03),
            logs: Host::of(moment, node).disks[1].used.times(0.9),
            remote: Host::of(moment, node).disks[1].used.times(2.0),
        }
    }

    /// Bytes that come in a second, by topic.
    pub(crate) fn bytes_in(&self, topic: &Topic) -> Quantity {
        self.messages.times(topic.share * topic.message)
    }

    /// Bytes of one partition.
    pub(crate) fn log(&self, topic: &Topic) -> Quantity {
        self.logs.times(topic.share / count(topic.partitions))
    }

    /// Bytes that come in a second, of all topics.
    pub(crate) fn all_bytes_in(&self) -> Quantity {
        let bytes = TOPICS.iter().map(|topic| topic.share * topic.message);
        self.messages.times(bytes.sum())
    }
}

/// A worker of Kafka Connect.
pub(crate) struct Connect {
    /// Connectors and their tasks.
    pub(crate) connectors: [(&'static str, usize); 2],
    /// Connector and task that has failed.
    pub(crate) failed: Option<(&'static str, usize)>,
    pub(crate) rebalancing: f64,
}

impl Connect {
    pub(crate) fn of(moment: &Moment<'_>) -> Self {
        let fails = moment.is(State::ConnectTaskFailing);
        Self {
            connectors: [("sink-orders", 3), ("source-products", 2)],
            failed: fails.then_some(("sink-orders", 0)),
            rebalancing: 0.0,
        }
    }

    /// Records that one task of a connector fails to write, in a second.
    pub(crate) fn failures(&self, connector: &str, task: usize) -> Quantity {
        let fails = self.failed == Some((connector, task));
        // It goes on to fail until it gives up; here it never does.
        Quantity::fixed(if fails { 2.0 } else { 0.0 })
    }

    pub(crate) fn tasks(&self) -> f64 {
        count(self.connectors.iter().map(|(_, tasks)| tasks).sum())
    }
}

/// `MirrorMaker`.
pub(crate) struct MirrorMaker {
    /// Messages that a flow is behind.
    pub(crate) flows: [(&'static str, Quantity); 2],
}

impl MirrorMaker {
    pub(crate) fn of(moment: &Moment<'_>) -> Self {
        let flow = |name, lag| (name, moment.life.swinging(0, name, lag, 0.4));
        Self {
            flows: [flow("london->ireland", 35.0), flow("ireland->london", 6.0)],
        }
    }
}
