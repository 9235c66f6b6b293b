//! [`Life`]: a service's nodes over time, and the states that it was put into.

use std::f64::consts::TAU;
use std::ops::Range;

use crate::conditions::quantity::{Quantity, Swing};
use crate::conditions::state::State;
use crate::spec::ServiceSpec;

/// Seconds after which a family that nobody reports any more leaves Telegraf's page.
pub(crate) const EXPIRATION: f64 = 60.0;

/// Seconds for which a node that is replaced runs beside the new one.
pub(crate) const OVERLAP: f64 = 600.0;

/// The age of a service's first nodes when it is added.
const FIRST_AGE: f64 = 9.0 * 86_400.0;

/// How a node writes what no source settles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Naming {
    /// `kafka_server:ReplicaManager_…`, as Telegraf 1.37 has it, instead of `kafka_server_…`.
    pub(crate) colons: bool,
    /// `valkey_…` instead of `redis_…`.
    pub(crate) valkey: bool,
}

/// One node, from its start to its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NodeLife {
    /// That of its host name, which grows with each new node of the service.
    pub(crate) number: usize,
    pub(crate) born: f64,
    pub(crate) gone: Option<f64>,
}

/// A service's nodes over time, and the states that it was put into. Moments are seconds
/// since 1970.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Life {
    pub(crate) project: String,
    pub(crate) service: String,
    pub(crate) service_type: String,
    pub(crate) plan: String,
    pub(crate) cloud: String,
    pub(crate) naming: Naming,
    pub(crate) nodes: Vec<NodeLife>,
    states: Vec<(f64, State)>,
    /// Who is the primary, or the elected one, from when on.
    leaders: Vec<(f64, usize)>,
}

impl Life {
    /// A healthy service without nodes.
    pub(crate) fn of(project: &str, spec: &ServiceSpec) -> Self {
        Self {
            project: project.to_owned(),
            service: spec.name.clone(),
            service_type: spec.service_type.clone(),
            plan: spec.plan.clone(),
            cloud: spec.cloud.clone(),
            naming: Naming {
                colons: spec.kafka_colons,
                valkey: spec.valkey_names,
            },
            nodes: Vec::new(),
            states: Vec::new(),
            leaders: Vec::new(),
        }
    }

    /// From `at` on these are its nodes, the first of them the primary or the elected one. The
    /// first nodes of all are old by then.
    pub(crate) fn has_nodes(&mut self, numbers: &[usize], at: f64) {
        let first = self.nodes.is_empty();
        for node in &mut self.nodes {
            if node.gone.is_none() && !numbers.contains(&node.number) {
                node.gone = Some(at);
            }
        }
        for &number in numbers {
            if self.nodes.iter().all(|node| node.number != number) {
                let born = if first {
                    at - self.first_age(number)
                } else {
                    at
                };
                let gone = None;
                self.nodes.push(NodeLife { number, born, gone });
            }
        }
        if first {
            let born = at - FIRST_AGE * 2.0;
            self.states.push((born, State::Healthy));
            self.leaders
                .extend(numbers.first().map(|&number| (born, number)));
        }
        self.is_led_by(numbers.first().copied(), at);
    }

    fn first_age(&self, number: usize) -> f64 {
        FIRST_AGE + self.fraction(number, "age") * 86_400.0
    }

    fn is_led_by(&mut self, number: Option<usize>, at: f64) {
        let now = self.leaders.last().map(|(_, number)| *number);
        if number != now {
            self.leaders.extend(number.map(|number| (at, number)));
        }
    }

    /// Puts it into a state, if there is such a state for it, and otherwise makes it healthy.
    pub(crate) fn enters(&mut self, state: State, at: f64) {
        let nodes = self.moment(at).nodes().count();
        let fits = state.is_for(&self.service_type, nodes);
        self.states
            .push((at, if fits { state } else { State::Healthy }));
    }

    /// The same, and lets happen to its nodes what goes with it.
    pub(crate) fn plays(&mut self, state: State, at: f64) {
        self.enters(state, at);
        match self.moment(at).state {
            State::NodeReplaced => {
                let (mut before, old) = (self.numbers(at), self.moment(at).last_node());
                let new = self.nodes.iter().map(|node| node.number).max().unwrap_or(0) + 1;
                before.push(new);
                self.has_nodes(&before, at);
                before.retain(|number| Some(*number) != old);
                self.has_nodes(&before, at + OVERLAP);
            }
            State::PrimaryMoved | State::ElectedMoved => {
                let mut numbers = self.numbers(at);
                numbers.rotate_left(1);
                self.has_nodes(&numbers, at);
            }
            _ => {}
        }
    }

    /// The numbers of its nodes, the leader's first.
    pub(crate) fn numbers(&self, at: f64) -> Vec<usize> {
        let moment = self.moment(at);
        let leader = moment.leader();
        let rest = moment.nodes().map(|node| node.number);
        let rest = rest.filter(|number| Some(*number) != leader);
        leader.into_iter().chain(rest).collect()
    }

    /// How things are at a moment.
    pub(crate) fn moment(&self, at: f64) -> Moment<'_> {
        let entered = self.states.iter().rfind(|(entered, _)| *entered <= at);
        let (entered, state) = entered.copied().unwrap_or((at, State::Healthy));
        Moment {
            life: self,
            at,
            state,
            entered,
        }
    }

    /// The moments from `from` to `to` at which something changes other than by numbers that
    /// swing and grow; `from` is the first.
    pub(crate) fn changes(&self, from: f64, to: f64) -> Vec<f64> {
        let entered = self.states.iter().map(|(at, _)| *at);
        let led = self.leaders.iter().map(|(at, _)| *at);
        let expires = entered.chain(led).flat_map(|at| [at, at + EXPIRATION]);
        let nodes = self.nodes.iter();
        let nodes = nodes
            .flat_map(|node| [Some(node.born), node.gone])
            .flatten();
        let within = expires.chain(nodes).filter(|at| *at > from && *at < to);
        let mut changes: Vec<f64> = within.chain([from]).collect();
        changes.sort_by(f64::total_cmp);
        changes.dedup();
        changes
    }

    /// The node of this number.
    pub(crate) fn node(&self, number: usize) -> Option<&NodeLife> {
        self.nodes.iter().find(|node| node.number == number)
    }

    /// When it began, some time before its first nodes.
    pub(crate) fn since(&self) -> f64 {
        self.states.first().map_or(0.0, |(at, _)| *at)
    }

    /// `SERVICE-NUMBER`, the name that a node's series have.
    pub(crate) fn host(&self, number: usize) -> String {
        format!("{}-{number}", self.service)
    }

    /// GiB of memory, by the plan's name.
    pub(crate) fn memory_gib(&self) -> f64 {
        let size = self
            .plan
            .rsplit('-')
            .next()
            .and_then(|size| size.parse().ok());
        size.filter(|size| *size >= 1.0).unwrap_or(1.0)
    }

    /// A number from 0 to 1, always the same for this service and these words.
    pub(crate) fn fraction(&self, node: usize, word: &str) -> f64 {
        let node = node.to_le_bytes();
        let bytes = [self.service.as_bytes(), &node, word.as_bytes()];
        // FNV-1a, then a finaliser, since its high bits hardly depend on the last byte.
        let mut hash = bytes
            .concat()
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
        hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        #[expect(clippy::cast_precision_loss, reason = "24 bits are enough")]
        let fraction = (hash >> 40) as f64 / (1_u64 << 24) as f64;
        fraction
    }

    /// A number of this range, always the same for this service and these words.
    pub(crate) fn pick(&self, node: usize, word: &str, range: Range<f64>) -> f64 {
        range.start + self.fraction(node, word) * (range.end - range.start)
    }

    /// Around `level`, by `share` of it up and down, in some hours.
    pub(crate) fn swinging(&self, node: usize, word: &str, level: f64, share: f64) -> Quantity {
        let swing = Swing {
            period: 7200.0 + 10_800.0 * self.fraction(node, word),
            phase: TAU * self.fraction(node + 1000, word),
        };
        Quantity::swinging(level, share, swing)
    }
}

/// How things are with a service at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) life: &'a Life,
    pub(crate) at: f64,
    pub(crate) state: State,
    /// When it entered this state.
    pub(crate) entered: f64,
}

impl<'a> Moment<'a> {
    pub(crate) fn is(&self, state: State) -> bool {
        self.state == state
    }

    /// Its nodes, the oldest first.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &'a NodeLife> + use<'a> {
        let at = self.at;
        let alive =
            move |node: &&NodeLife| node.born <= at && node.gone.is_none_or(|gone| gone > at);
        self.life.nodes.iter().filter(alive)
    }

    fn last_node(&self) -> Option<usize> {
        self.nodes().last().map(|node| node.number)
    }

    fn is_last(&self, node: &NodeLife) -> bool {
        self.last_node() == Some(node.number)
    }

    /// The primary, or the elected node.
    pub(crate) fn leader(&self) -> Option<usize> {
        let led = self
            .life
            .leaders
            .iter()
            .rfind(|(since, _)| *since <= self.at);
        led.map(|(_, number)| *number)
    }

    pub(crate) fn leads(&self, node: &NodeLife) -> bool {
        self.leader() == Some(node.number)
    }

    /// Whether the page of this node still shows what only a leader reports.
    pub(crate) fn shows_as_leader(&self, node: &NodeLife) -> bool {
        let before = Moment {
            at: self.at - EXPIRATION,
            ..*self
        };
        let was = before.leads(node) && node.born < before.at;
        self.leads(node) || was
    }

    /// Whether the machine answers.
    pub(crate) fn answers(&self, node: &NodeLife) -> bool {
        match self.state {
            State::NodeDown => !self.is_last(node),
            State::ServiceDown => false,
            _ => true,
        }
    }

    /// The nodes that answer, the oldest first.
    pub(crate) fn answering(&self) -> impl Iterator<Item = &'a NodeLife> + use<'a, '_> {
        self.nodes().filter(|node| self.answers(node))
    }

    /// Whether the node's database runs.
    pub(crate) fn runs(&self, node: &NodeLife) -> bool {
        match self.state {
            State::DatabaseDead => false,
            State::Red | State::KafkaBrokerMissing => !self.is_last(node),
            _ => self.answers(node),
        }
    }

    /// Whether the page of this node shows its database: it runs, or ran until just now.
    pub(crate) fn shows_database(&self, node: &NodeLife) -> bool {
        self.runs(node) || self.at < self.entered + EXPIRATION
    }

    /// The nodes whose database runs, the oldest first.
    pub(crate) fn running(&self) -> impl Iterator<Item = &'a NodeLife> + use<'a, '_> {
        self.nodes().filter(|node| self.runs(node))
    }

    /// How many nodes' databases run.
    pub(crate) fn running_count(&self) -> f64 {
        count(self.running().count())
    }

    /// Whether the node is new enough to be taking its data from the others.
    pub(crate) fn syncs(&self, node: &NodeLife) -> bool {
        self.is(State::NodeReplaced) && node.born >= self.entered
    }
}

/// A number of things.
pub(crate) fn count(things: usize) -> f64 {
    u32::try_from(things).map_or(f64::INFINITY, f64::from)
}
