//! [`Layout`]: the series of a page, as Telegraf's output makes them of points.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::conditions::{Life, NodeLife};
use crate::families::Kind;
use crate::page::spell::{Shown, Spell};
use crate::page::{Point, label_text};

/// The series of a node, from one change of its service's life to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    /// By family, then by labels.
    pub(crate) lines: Vec<Line>,
    /// The moment from which another layout holds.
    pub(crate) until: f64,
}

/// One series.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) family: Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) labels: Arc<Labels>,
    pub(crate) value: Shown,
}

/// A series' labels, which many series of a node share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Labels {
    /// By name. Values may be empty: all series of a family have the same label names.
    pub(crate) pairs: BTreeMap<String, String>,
    /// As the page has them.
    pub(crate) text: String,
}

impl Labels {
    pub(crate) fn new(pairs: BTreeMap<String, String>) -> Self {
        let text = label_text(&pairs);
        Self { pairs, text }
    }
}

/// A point's tags, sorted.
type Tags = Vec<(String, String)>;

/// What points contribute to a family.
struct Family {
    /// That of the first point.
    kind: Kind,
    /// The labels that any point has had.
    names: BTreeMap<String, String>,
    /// Labels and numbers by tags: of two fields that make the same name the last counts.
    series: BTreeMap<Tags, (BTreeMap<String, String>, Shown)>,
}

impl Layout {
    /// The page of a node at a moment.
    pub(crate) fn of(life: &Life, node: &NodeLife, at: f64) -> Self {
        let spell = Spell::of(life, node, at);
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        for point in &spell.points {
            let labels = labels(point);
            let names = labels.keys().map(|name| (name.clone(), String::new()));
            let names: BTreeMap<String, String> = names.collect();
            for (field, shown) in spell.shown(point) {
                let name = family(life, &point.measurement, field);
                let family = families.entry(name).or_insert_with(|| Family {
                    kind: point.kind,
                    names: BTreeMap::new(),
                    series: BTreeMap::new(),
                });
                family.names.extend(names.clone());
                family
                    .series
                    .insert(point.tags.clone(), (labels.clone(), shown));
            }
        }
        let mut known = HashSet::new();
        let mut lines = Vec::new();
        for (name, family) in families {
            lines.extend(lines_of(&name, family, &mut known));
        }
        let until = spell.until;
        Self { lines, until }
    }

    /// The page, as Telegraf writes it.
    pub(crate) fn text(&self, at: f64) -> String {
        let mut page = String::with_capacity(self.lines.len() * 160);
        let mut family = "";
        for line in &self.lines {
            // Writing to a String cannot fail.
            if *line.family != *family {
                family = &line.family;
                let kind = line.kind.word();
                let _ = writeln!(
                    page,
                    "# HELP {family} Telegraf collected metric\n# TYPE {family} {kind}"
                );
            }
            let (labels, value) = (&line.labels.text, line.value.at(at));
            let _ = writeln!(page, "{family}{{{labels}}} {value}");
        }
        page
    }
}

/// All series of a family have the labels that any of them has had.
fn lines_of(name: &str, family: Family, known: &mut HashSet<Arc<Labels>>) -> Vec<Line> {
    let name: Arc<str> = name.into();
    let series = family.series.into_values();
    let mut lines: Vec<Line> = series
        .map(|(labels, value)| {
            let mut all = family.names.clone();
            all.extend(labels);
            let labels = Arc::new(Labels::new(all));
            let labels = known.get(&labels).cloned().unwrap_or(labels);
            known.insert(Arc::clone(&labels));
            Line {
                family: Arc::clone(&name),
                kind: family.kind,
                labels,
                value,
            }
        })
        .collect();
    lines.sort_by(|a, b| a.labels.pairs.cmp(&b.labels.pairs));
    lines
}

fn labels(point: &Point) -> BTreeMap<String, String> {
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

/// The name of a measurement's field on the page of a node of this service.
pub(crate) fn family(life: &Life, measurement: &str, field: &str) -> String {
    sanitize(&format!("{measurement}_{field}"), life.naming.colons)
}

/// Telegraf's way to a name that Prometheus takes.
fn sanitize(name: &str, colons: bool) -> String {
    let is_fine =
        |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || (colons && letter == ':');
    name.chars()
        .map(|letter| if is_fine(letter) { letter } else { '_' })
        .collect()
}
