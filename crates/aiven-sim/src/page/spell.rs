//! [`Spell`]: what a node reports between two changes of its service's life.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value as Json, json};

use crate::conditions::{Life, NodeLife, Quantity};
use crate::page::{Point, Value, points};

/// What a node reports from one change of its service's life to the next.
pub(crate) struct Spell {
    pub(crate) points: Vec<Point>,
    since: f64,
    /// The moment from which another holds.
    pub(crate) until: f64,
    /// What counters had reached when it began.
    counted: HashMap<PointId, Counted>,
}

/// What tells apart points over time: measurement and tags. Texts change.
type PointId = (String, Vec<(String, String)>);

/// What a point's counters had reached, by field.
type Counted = HashMap<&'static str, f64>;

/// The number of a field over time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shown {
    Level(Quantity),
    /// What has added up before a moment, and what it grows by since then.
    Count {
        before: f64,
        since: f64,
        rate: Quantity,
    },
}

impl Shown {
    /// The same at all times.
    pub(crate) fn fixed(value: f64) -> Self {
        Self::Level(Quantity::fixed(value))
    }

    /// Rounded to a thousandth.
    pub(crate) fn at(self, at: f64) -> f64 {
        let exact = match self {
            Self::Level(quantity) => quantity.at(at),
            Self::Count {
                before,
                since,
                rate,
            } => before + rate.between(since, at),
        };
        // Adding zero makes zero of minus zero.
        (exact * 1000.0).round() / 1000.0 + 0.0
    }
}

impl Spell {
    /// That of a node at a moment. Counters begin at zero with the node, and when the process
    /// that has them begins anew.
    pub(crate) fn of(life: &Life, node: &NodeLife, at: f64) -> Self {
        let changes = life.changes(node.born, f64::INFINITY);
        let next = changes.partition_point(|change| *change <= at).max(1);
        let until = changes.get(next).copied().unwrap_or(f64::INFINITY);
        let mut spell = Self {
            points: Vec::new(),
            since: node.born,
            until,
            counted: HashMap::new(),
        };
        for &since in &changes[..next] {
            let counted = spell.counted_at(since);
            spell = Self {
                points: points(&life.moment(since), node),
                since,
                until,
                counted,
            };
        }
        spell
    }

    /// What has been counted at `end`. A counter that is not there any more is forgotten.
    fn counted_at(&self, end: f64) -> HashMap<PointId, Counted> {
        let points = self.points.iter().map(|point| {
            let id = point_id(point);
            let before = self.counted.get(&id);
            let fields = point.fields.iter();
            let counted = fields.filter_map(|(field, value)| match value {
                Value::Count(rate) => {
                    let before = before.and_then(|before| before.get(field)).copied();
                    Some((
                        *field,
                        before.unwrap_or(0.0) + rate.between(self.since, end),
                    ))
                }
                Value::Level(_) => None,
            });
            let counted = counted.collect();
            (id, counted)
        });
        points.collect()
    }

    /// A point's fields, and their numbers.
    pub(crate) fn shown(&self, point: &Point) -> impl Iterator<Item = (&'static str, Shown)> {
        let counted = self.counted.get(&point_id(point));
        let fields = point.fields.iter();
        fields.map(move |(field, value)| match *value {
            Value::Level(quantity) => (*field, Shown::Level(quantity)),
            Value::Count(rate) => {
                let before = counted.and_then(|counted| counted.get(field));
                let shown = Shown::Count {
                    before: before.copied().unwrap_or(0.0),
                    since: self.since,
                    rate,
                };
                (*field, shown)
            }
        })
    }

    /// The points at a moment, as the test with Telegraf takes them.
    pub(crate) fn json(&self, at: f64) -> impl Iterator<Item = Json> {
        self.points.iter().map(move |point| {
            let numbers = self.shown(point);
            let numbers = numbers.map(|(field, shown)| (field.to_owned(), json!(shown.at(at))));
            // There is no tag without a value in line protocol.
            let tags = point.tags.iter().filter(|(_, value)| !value.is_empty());
            let texts = point.texts.iter();
            let texts = texts.map(|(field, text)| ((*field).to_owned(), json!(text)));
            json!({
                "measurement": point.measurement,
                "kind": point.kind,
                "tags": tags.cloned().collect::<BTreeMap<_, _>>(),
                "fields": numbers.chain(texts).collect::<serde_json::Map<_, _>>(),
            })
        })
    }
}

fn point_id(point: &Point) -> PointId {
    (point.measurement.clone(), point.tags.clone())
}
