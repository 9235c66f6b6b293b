//! What the right query must answer: each signal's values, by what was seeded.
//!
//! The ids are those of the table of signals. A value has the labels that the signal's query
//! aggregates by. Rates are a second, latencies milliseconds, shares per cent, sizes bytes,
//! forecasts days. Increases are over fifteen minutes. A signal without a value, such as the
//! days until a disk that does not fill is full, is not there.

mod clickhouse;
mod influxdb;
mod kafka;
mod mysql;
mod node;
mod pg;
mod search;
mod valkey;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::conditions::{Life, Moment, NodeLife, Quantity};

/// What a signal must be, of one thing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Sample {
    pub(crate) labels: BTreeMap<&'static str, String>,
    pub(crate) value: f64,
}

/// The seconds that an increase is asked over.
const INCREASE: f64 = 900.0;

/// The seconds that the growth of disks, databases and memory is asked over.
const GROWTH_WINDOW: f64 = 6.0 * 3600.0;

/// The seconds that the growth of lag is asked over.
const LAG_WINDOW: f64 = 900.0;

/// Seconds between the values that growth is taken of.
const STEP: f64 = 60.0;

const DAY: f64 = 86_400.0;

/// What each signal must be.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Truth {
    signals: BTreeMap<&'static str, Vec<Sample>>,
}

impl Truth {
    /// That of these services at a moment, with a past that begins at `since`.
    pub(crate) fn of<'a>(lives: impl IntoIterator<Item = &'a Life>, since: f64, at: f64) -> Self {
        let mut truth = Self::default();
        for life in lives {
            let moment = life.moment(at);
            let mut about = About {
                truth: &mut truth,
                moment,
            };
            node::tell(&mut about, since);
            match life.service_type.as_str() {
                "opensearch" | "elasticsearch" => search::tell(&mut about),
                "kafka" => kafka::tell(&mut about),
                "kafka_connect" => kafka::tell_connect(&mut about),
                "kafka_mirrormaker" => kafka::tell_mirrormaker(&mut about),
                "pg" => pg::tell(&mut about),
                "mysql" => mysql::tell(&mut about),
                "redis" | "valkey" | "dragonfly" => valkey::tell(&mut about),
                "influxdb" => influxdb::tell(&mut about),
                "clickhouse" => clickhouse::tell(&mut about),
                _ => {}
            }
        }
        truth
    }
}

/// What is told about one service.
struct About<'t, 'l> {
    truth: &'t mut Truth,
    moment: Moment<'l>,
}

impl<'l> About<'_, 'l> {
    /// A value of the whole service.
    fn service(&mut self, id: &'static str, value: f64) {
        self.with(id, [], value);
    }

    /// A value of one node.
    fn node(&mut self, id: &'static str, node: &NodeLife, value: f64) {
        let host = self.moment.life.host(node.number);
        self.with(id, [("host", host)], value);
    }

    /// A value with these labels beside the service's.
    fn with<const N: usize>(
        &mut self,
        id: &'static str,
        labels: [(&'static str, String); N],
        value: f64,
    ) {
        let life = self.moment.life;
        let of_the_service = [
            ("aiven_project", life.project.clone()),
            ("aiven_service_name", life.service.clone()),
        ];
        let labels = of_the_service.into_iter().chain(labels).collect();
        self.truth
            .signals
            .entry(id)
            .or_default()
            .push(Sample { labels, value });
    }

    /// The value of a quantity now.
    fn now(&self, quantity: Quantity) -> f64 {
        quantity.at(self.moment.at)
    }

    /// What has added up in the last fifteen minutes, or since the state began.
    fn increase(&self, rate: Quantity) -> f64 {
        let from = (self.moment.at - INCREASE).max(self.moment.entered);
        rate.between(from, self.moment.at)
    }

    /// How fast something of a node has grown in the last hours, a second; of those moments in
    /// which it was there.
    fn growth(
        &self,
        node: &NodeLife,
        value: impl Fn(&Moment<'_>, &NodeLife) -> Option<f64>,
    ) -> Option<f64> {
        slope(self.moment, GROWTH_WINDOW, |moment| {
            let there = node.born <= moment.at && moment.answers(node);
            let shown = there && moment.shows_database(node);
            shown.then(|| value(moment, node)).flatten()
        })
    }

    /// The same of the node on which it has grown most.
    fn largest_growth(&self, value: impl Fn(&Moment<'_>, &NodeLife) -> Option<f64>) -> Option<f64> {
        let nodes = self.databases();
        max(nodes
            .into_iter()
            .filter_map(|node| self.growth(node, &value)))
    }

    /// The nodes that are scraped.
    fn nodes(&self) -> Vec<&'l NodeLife> {
        self.moment.answering().collect()
    }

    /// Those of them whose page shows the database.
    fn databases(&self) -> Vec<&'l NodeLife> {
        let nodes = self.moment.answering();
        nodes
            .filter(|node| self.moment.shows_database(node))
            .collect()
    }
}

/// The largest, if there is one.
fn max(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    values.into_iter().max_by(f64::total_cmp)
}

/// The smallest, if there is one.
fn min(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    values.into_iter().min_by(f64::total_cmp)
}

/// How fast a value has grown in the seconds before a moment, as PromQL's `deriv` has it: the
/// slope of the line that fits best.
fn slope(
    moment: Moment<'_>,
    window: f64,
    value: impl Fn(&Moment<'_>) -> Option<f64>,
) -> Option<f64> {
    let before = std::iter::successors(Some(0.0), |before| Some(before + STEP));
    let before = before.take_while(|before| *before < window);
    let values: Vec<(f64, f64)> = before
        .filter_map(|before| {
            let then = moment.life.moment(moment.at - before);
            value(&then).map(|value| (-before, value))
        })
        .collect();
    let count = f64::from(u32::try_from(values.len()).ok()?);
    if count < 2.0 {
        return None;
    }
    let mean_time = values.iter().map(|(time, _)| time).sum::<f64>() / count;
    let mean = values.iter().map(|(_, value)| value).sum::<f64>() / count;
    let together = values
        .iter()
        .map(|(time, value)| (time - mean_time) * (value - mean));
    let spread = values.iter().map(|(time, _)| (time - mean_time).powi(2));
    Some(together.sum::<f64>() / spread.sum::<f64>())
}
