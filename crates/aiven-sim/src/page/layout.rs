//! [`Layout`]: the series of a page, as Telegraf's output makes them of points.

use std::collections::BTreeMap;

use crate::conditions::{Life, NodeLife};
use crate::families::Kind;
use crate::page::Point;
use crate::page::spell::{Shown, Spell};

/// The series of a node, from one change of its service's life to the next.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// By family, then by labels.
    pub(crate) lines: Vec<Line>,
    /// The moment from which another layout holds.
    pub(crate) until: f64,
}

/// One series.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) family: String,
    pub(crate) kind: Kind,
    /// By name. Values may be empty: all series of a family have the same label names.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: Shown,
}

/// Series by family and tags: of two fields that make the same name the last counts.
type Families = BTreeMap<String, BTreeMap<Vec<(String, String)>, (Kind, Labels, Shown)>>;

type Labels = BTreeMap<String, String>;

impl Layout {
    /// The page of a node at a moment.
    pub(crate) fn of(life: &Life, node: &NodeLife, at: f64) -> Self {
        let spell = Spell::of(life, node, at);
        let mut families = Families::new();
        for point in &spell.points {
            let labels = labels(point);
            for (field, value) in &point.fields {
                let shown = spell.shown(point, field, *value);
                let name = format!("{}_{field}", point.measurement);
                let family = sanitize(&name, life.naming.colons);
                let series = families.entry(family).or_default();
                series.insert(point.tags.clone(), (point.kind, labels.clone(), shown));
            }
        }
        let lines = families.into_iter();
        Self {
            lines: lines
                .flat_map(|(family, series)| lines_of(&family, series))
                .collect(),
            until: spell.until,
        }
    }
}

fn lines_of(
    family: &str,
    series: BTreeMap<Vec<(String, String)>, (Kind, Labels, Shown)>,
) -> Vec<Line> {
    let names = series.values().flat_map(|(_, labels, _)| labels.keys());
    let empty: Labels = names.map(|name| (name.clone(), String::new())).collect();
    let mut lines: Vec<Line> = series
        .into_values()
        .map(|(kind, labels, value)| {
            let mut all = empty.clone();
            all.extend(labels);
            Line {
                family: family.to_owned(),
                kind,
                labels: all.into_iter().collect(),
                value,
            }
        })
        .collect();
    lines.sort_by(|a, b| a.labels.cmp(&b.labels));
    lines
}

fn labels(point: &Point) -> Labels {
    let tags = point
        .tags
        .iter()
        .map(|(name, value)| (name.as_str(), value));
    let texts = point.texts.iter().map(|(name, value)| (*name, value));
    tags.chain(texts)
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (sanitize(name, false), value.clone()))
        .collect()
}

/// Telegraf's way to a name that Prometheus takes.
fn sanitize(name: &str, colons: bool) -> String {
    let is_fine =
        |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || (colons && letter == ':');
    name.chars()
        .map(|letter| if is_fine(letter) { letter } else { '_' })
        .collect()
}
