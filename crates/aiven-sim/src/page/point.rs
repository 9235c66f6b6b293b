//! [`Point`]: one line of line protocol.

use crate::conditions::{Life, NodeLife, Quantity};
use crate::families::{self, Kind};
use crate::page::{measurement_name, usual};

/// The number of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    /// It is this.
    Level(Quantity),
    /// It has grown by this rate a second since the process began.
    Count(Quantity),
}

/// What one input reports about one thing.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) measurement: String,
    pub(crate) kind: Kind,
    pub(crate) tags: Vec<(String, String)>,
    /// Fields that are text.
    pub(crate) texts: Vec<(&'static str, String)>,
    /// Fields that are numbers.
    pub(crate) fields: Vec<(&'static str, Value)>,
}

impl Point {
    pub(crate) fn gauge(measurement: &str) -> Self {
        Self::of_kind(measurement, Kind::Gauge)
    }

    pub(crate) fn counter(measurement: &str) -> Self {
        Self::of_kind(measurement, Kind::Counter)
    }

    pub(crate) fn of(measurement: &str) -> Self {
        Self::of_kind(measurement, Kind::Untyped)
    }

    fn of_kind(measurement: &str, kind: Kind) -> Self {
        Self {
            measurement: measurement.to_owned(),
            kind,
            tags: Vec::new(),
            texts: Vec::new(),
            fields: Vec::new(),
        }
    }

    pub(crate) fn tag(mut self, name: &str, value: impl Into<String>) -> Self {
        self.tags.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn text(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.texts.push((name, value.into()));
        self
    }

    /// A field that goes up and down.
    pub(crate) fn level(mut self, field: &'static str, quantity: Quantity) -> Self {
        self.fields.push((field, Value::Level(quantity)));
        self
    }

    /// A field that does not move.
    pub(crate) fn fixed(self, field: &'static str, value: f64) -> Self {
        self.level(field, Quantity::fixed(value))
    }

    /// A field that grows by this a second.
    pub(crate) fn count(mut self, field: &'static str, rate: Quantity) -> Self {
        self.fields.push((field, Value::Count(rate)));
        self
    }

    /// All other fields that the table has for this measurement and kind, at usual values.
    pub(crate) fn rest(self, life: &Life, node: &NodeLife) -> Self {
        self.rest_where(life, node, |_| true)
    }

    /// Those of them that are wanted.
    pub(crate) fn rest_where(
        mut self,
        life: &Life,
        node: &NodeLife,
        wanted: impl Fn(&str) -> bool,
    ) -> Self {
        for row in families::rows(&life.service_type) {
            if row.measurement != self.measurement || row.kind != self.kind {
                continue;
            }
            let levels = row.levels.split_ascii_whitespace();
            for field in levels.filter(|field| wanted(field)) {
                self.add_if_missing(field, || Value::Level(usual::level(life, node, field)));
            }
            let counts = row.counts.split_ascii_whitespace();
            for field in counts.filter(|field| wanted(field)) {
                self.add_if_missing(field, || Value::Count(usual::rate(life, node, field)));
            }
        }
        self
    }

    fn add_if_missing(&mut self, field: &'static str, value: impl FnOnce() -> Value) {
        if self.fields.iter().all(|(name, _)| *name != field) {
            self.fields.push((field, value()));
        }
    }

    /// Adds the tags that every point of a node has, and gives the measurement the name that
    /// its service has it under.
    pub(super) fn is_of(&mut self, life: &Life, node: &NodeLife) {
        let common = [
            ("cloud", life.cloud.as_str()),
            ("host", &life.host(node.number)),
            ("project", &life.project),
            ("service", &life.service),
            ("service_type", &life.service_type),
        ];
        for (name, value) in common {
            self.tags.push((name.to_owned(), value.to_owned()));
        }
        self.tags.sort();
        self.measurement = measurement_name(life, &self.measurement);
    }
}
