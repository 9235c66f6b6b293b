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
    counted: HashMap<CounterId, f64>,
}

/// What tells apart the processes' counters: measurement, field and tags. Texts change.
type CounterId = (String, &'static str, Vec<(String, String)>);

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
    fn counted_at(&self, end: f64) -> HashMap<CounterId, f64> {
        let fields = self.points.iter().flat_map(|point| {
            let fields = point.fields.iter();
            fields.map(move |(field, value)| (point, *field, *value))
        });
        fields
            .filter_map(|(point, field, value)| match value {
                Value::Count(rate) => {
                    let id = counter_id(point, field);
                    let before = self.counted.get(&id).copied().unwrap_or(0.0);
                    Some((id, before + rate.between(self.since, end)))
                }
                Value::Level(_) => None,
            })
            .collect()
    }

    /// The number of a point's field.
    pub(crate) fn shown(&self, point: &Point, field: &'static str, value: Value) -> Shown {
        match value {
            Value::Level(quantity) => Shown::Level(quantity),
            Value::Count(rate) => {
                let before = self.counted.get(&counter_id(point, field));
                Shown::Count {
                    before: before.copied().unwrap_or(0.0),
                    since: self.since,
                    rate,
                }
            }
        }
    }

    /// The points at a moment, as the test with Telegraf takes them.
    pub(crate) fn json(&self, at: f64) -> impl Iterator<Item = Json> {
        self.points.iter().map(move |point| {
            let numbers = point.fields.iter().map(|(field, value)| {
                let number = self.shown(point, field, *value).at(at);
                ((*field).to_owned(), json!(number))
            });
            let texts = point.texts.iter();
            let texts = texts.map(|(field, text)| ((*field).to_owned(), json!(text)));
            json!({
                "measurement": point.measurement,
                "kind": point.kind,
                "tags": point.tags.iter().cloned().collect::<BTreeMap<_, _>>(),
                "fields": numbers.chain(texts).collect::<serde_json::Map<_, _>>(),
            })
        })
    }
}

fn counter_id(point: &Point, field: &'static str) -> CounterId {
    (point.measurement.clone(), field, point.tags.clone())
}
