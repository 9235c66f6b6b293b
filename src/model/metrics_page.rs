//! A page of metrics reduced to what may be shown to others: the name and the type of each
//! metric, the keys of its labels, and how many series it has. No value is kept, neither a
//! sample's nor a label's: those name databases, topics and tables.
//!
//! The grammar is that of the text format of Prometheus, with its quoted names, and of
//! OpenMetrics, wherever the two say the same
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>). A metric's name may
//! also have dots and hyphens, which a node of Aiven's has and Prometheus 3 takes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use winnow::ascii::{space0, space1};
use winnow::combinator::{alt, delimited, eof, opt, preceded, repeat, separated, terminated};
use winnow::error::EmptyError;
use winnow::prelude::*;
use winnow::token::{any, rest, take_while};

/// What is left of a page: its metrics by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The metrics, with the names that queries use: a histogram `a` is here as `a_bucket`,
    /// `a_count` and `a_sum`.
    pub metrics: BTreeMap<String, Metric>,
}

/// What is left of a metric.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Metric {
    /// The type that the page gives it; `untyped` if it gives none.
    pub kind: Kind,
    /// The keys that any of its series has as labels.
    pub labels: BTreeSet<String>,
    /// How many series it has.
    pub series: usize,
}

/// The type of a metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// `counter`
    Counter,
    /// `gauge`
    Gauge,
    /// `histogram`
    Histogram,
    /// `gaugehistogram`
    GaugeHistogram,
    /// `summary`
    Summary,
    /// `info`
    Info,
    /// `stateset`
    StateSet,
    /// `untyped`, `unknown`, or none.
    #[default]
    Untyped,
}

/// The text is no page of metrics. It is not quoted, since it may hold anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPage {
    /// This line, counted from 1, is not of the format.
    #[error("line {0} is not of a page of metrics")]
    Line(usize),
    /// There is no sample in it.
    #[error("the page is empty")]
    Empty,
}

impl Page {
    /// Reads a whole page.
    ///
    /// # Errors
    /// When a line of it is not of the format, or it has no sample.
    pub fn read(text: &str) -> Result<Page, NotAPage> {
        let mut page = Page::default();
        let mut kinds: HashMap<&str, Kind> = HashMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            match line_of.parse(line) {
                Ok(Line::Sample { name, labels }) => page.add(name, labels),
                Ok(Line::Type(name, kind)) => drop(kinds.insert(name, kind)),
                Ok(Line::Other) => {}
                Err(_) => return Err(NotAPage::Line(number)),
            }
        }
        if page.metrics.is_empty() {
            return Err(NotAPage::Empty);
        }
        for (name, metric) in &mut page.metrics {
            metric.kind = kind_of(&kinds, name);
        }
        Ok(page)
    }

    /// How many series all metrics have.
    pub fn series(&self) -> usize {
        self.metrics.values().map(|metric| metric.series).sum()
    }

    fn add(&mut self, name: &str, labels: Vec<&str>) {
        if !self.metrics.contains_key(name) {
            self.metrics.insert(name.to_owned(), Metric::default());
        }
        let Some(metric) = self.metrics.get_mut(name) else {
            return;
        };
        metric.series += 1;
        for key in labels {
            if !metric.labels.contains(key) {
                metric.labels.insert(key.to_owned());
            }
        }
    }
}

impl Kind {
    /// The word of the format.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
            Kind::GaugeHistogram => "gaugehistogram",
            Kind::Summary => "summary",
            Kind::Info => "info",
            Kind::StateSet => "stateset",
            Kind::Untyped => "untyped",
        }
    }

    /// What a type adds to the name of its metric.
    fn suffixes(self) -> &'static [&'static str] {
        match self {
            Kind::Counter => &["_total", "_created"],
            Kind::Histogram => &["_bucket", "_count", "_sum", "_created"],
            Kind::GaugeHistogram => &["_bucket", "_gcount", "_gsum"],
            Kind::Summary => &["_count", "_sum", "_created"],
            Kind::Info => &["_info"],
            Kind::Gauge | Kind::StateSet | Kind::Untyped => &[],
        }
    }
}

/// The type of the metric that a sample of this name belongs to.
fn kind_of(kinds: &HashMap<&str, Kind>, name: &str) -> Kind {
    if let Some(kind) = kinds.get(name) {
        return *kind;
    }
    let family = name.rsplit_once('_').map_or(name, |(family, _)| family);
    let kind = kinds.get(family).copied().unwrap_or_default();
    let suffix = name.strip_prefix(family).unwrap_or_default();
    match kind.suffixes().contains(&suffix) {
        true => kind,
        false => Kind::Untyped,
    }
}

/// A line, without its values.
#[derive(Debug, PartialEq)]
enum Line<'a> {
    Sample {
        name: &'a str,
        labels: Vec<&'a str>,
    },
    Type(&'a str, Kind),
    /// Empty, or a comment that matters to nobody here.
    Other,
}

/// Within braces: the metric's own name, in quotes, or a label.
#[derive(Clone, Copy)]
enum Member<'a> {
    Name(&'a str),
    Label(&'a str),
}

type Parsed<T> = Result<T, EmptyError>;

fn line_of<'a>(input: &mut &'a str) -> Parsed<Line<'a>> {
    let comment = ('#', rest).map(|_| Line::Other);
    let nothing = eof.map(|_| Line::Other);
    delimited(space0, alt((type_line, comment, sample, nothing)), space0).parse_next(input)
}

fn type_line<'a>(input: &mut &'a str) -> Parsed<Line<'a>> {
    let name = alt((quoted, metric_name));
    let (name, kind) = (
        delimited(('#', space0, "TYPE", space1), name, space1),
        terminated(kind, (space0, eof)),
    )
        .parse_next(input)?;
    Ok(Line::Type(name, kind))
}

fn kind(input: &mut &str) -> Parsed<Kind> {
    alt((
        "counter".value(Kind::Counter),
        "gaugehistogram".value(Kind::GaugeHistogram),
        "gauge".value(Kind::Gauge),
        "histogram".value(Kind::Histogram),
        "summary".value(Kind::Summary),
        "info".value(Kind::Info),
        "stateset".value(Kind::StateSet),
        alt(("untyped", "unknown")).value(Kind::Untyped),
    ))
    .parse_next(input)
}

fn sample<'a>(input: &mut &'a str) -> Parsed<Line<'a>> {
    let outside = terminated(opt(metric_name), space0).parse_next(input)?;
    let members = opt(braces).parse_next(input)?.unwrap_or_default();
    let mut names = members.iter().filter_map(|member| match member {
        Member::Name(name) => Some(*name),
        Member::Label(_) => None,
    });
    // One name, either before the braces or within.
    let name = match (outside, names.next(), names.next()) {
        (Some(name), None, _) | (None, Some(name), None) => name,
        _ => return Err(EmptyError),
    };
    let labels = members.iter().filter_map(|member| match member {
        Member::Label(key) => Some(*key),
        Member::Name(_) => None,
    });
    let labels = labels.collect();
    let timestamp = opt(preceded(space1, number));
    let exemplar = opt((space1, '#', rest));
    (space0, number, timestamp, exemplar, space0, eof).parse_next(input)?;
    Ok(Line::Sample { name, labels })
}

fn braces<'a>(input: &mut &'a str) -> Parsed<Vec<Member<'a>>> {
    let comma = || (space0, ',', space0);
    let members = separated(0.., member, comma());
    delimited(('{', space0), members, (opt(comma()), space0, '}')).parse_next(input)
}

fn member<'a>(input: &mut &'a str) -> Parsed<Member<'a>> {
    let value = || (space0, '=', space0, quoted);
    alt((
        terminated(alt((quoted, label_name)), value()).map(Member::Label),
        quoted.map(Member::Name),
    ))
    .parse_next(input)
}

/// The inside of a string, its escapes as they stand.
fn quoted<'a>(input: &mut &'a str) -> Parsed<&'a str> {
    let plain = take_while(1.., |letter| letter != '"' && letter != '\\').void();
    let piece = alt((plain, ('\\', any).void()));
    let inside = repeat::<_, _, (), _, _>(0.., piece).take();
    delimited('"', inside, '"').parse_next(input)
}

fn metric_name<'a>(input: &mut &'a str) -> Parsed<&'a str> {
    let begins = |letter: char| letter.is_ascii_alphabetic() || "_:".contains(letter);
    let goes_on = |letter: char| letter.is_ascii_alphanumeric() || "_:.-".contains(letter);
    (take_while(1, begins), take_while(0.., goes_on))
        .take()
        .parse_next(input)
}

fn label_name<'a>(input: &mut &'a str) -> Parsed<&'a str> {
    let begins = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    let goes_on = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    (take_while(1, begins), take_while(0.., goes_on))
        .take()
        .parse_next(input)
}

fn number(input: &mut &str) -> Parsed<()> {
    take_while(1.., |letter: char| letter.is_ascii_graphic())
        .verify(|text: &str| text.parse::<f64>().is_ok())
        .void()
        .parse_next(input)
}

#[cfg(test)]
mod tests;
