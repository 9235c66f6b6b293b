//! A signal: one thing that is measured, and how it is shown.

use serde::Deserialize;

/// One thing that is measured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// Its name for tests, the simulator's truth and the documents; never changes.
    pub id: String,
    /// Which of the tenants' three questions it answers.
    pub row: Row,
    /// In plain words, for the top of the panel.
    pub title: String,
    /// What a bad value means, and what to do then.
    pub description: String,
    /// Grafana's name of the unit: `percent`, `bytes`, `ops`, `s`, `short`, …
    pub unit: String,
    /// How it is drawn.
    pub kind: Kind,
    /// PromQL with the shorthand of [`crate::expression`].
    pub expression: String,
    /// Grafana's template of a series' name.
    pub legend: String,
    /// What is shown where there is nothing; every panel has it, since empty is a value.
    pub empty: String,
    /// From which value on which colour, in rising order; below the first it is green.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// The colour below the first limit, where that is not green.
    #[serde(default)]
    pub below: Option<String>,
    /// Words for values.
    #[serde(default)]
    pub values: Vec<Value>,
    /// The signal in whose panel this one is drawn, too.
    #[serde(default)]
    pub beside: Option<String>,
    /// Digits after the point.
    #[serde(default)]
    pub decimals: Option<u32>,
    /// Lowest value of the axis.
    #[serde(default)]
    pub min: Option<f64>,
    /// Highest value of the axis.
    #[serde(default)]
    pub max: Option<f64>,
    /// The most points of a line, where one for each scrape would cost too much.
    #[serde(default)]
    pub points: Option<u32>,
    /// Grafana's name of the lines' colour, where it means something: red for what is down.
    #[serde(default)]
    pub color: Option<String>,
    /// Whether series are piled up: parts of one whole.
    #[serde(default)]
    pub stacked: bool,
}

/// The tenants' three questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Row {
    /// What is wrong now.
    Now,
    /// How it behaves.
    Behaves,
    /// When it will be full.
    Plan,
}

impl Row {
    /// In the order of the board.
    pub const ALL: [Self; 3] = [Self::Now, Self::Behaves, Self::Plan];

    /// The row's heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Now => "What is wrong now",
            Self::Behaves => "How it behaves",
            Self::Plan => "When it will be full",
        }
    }
}

/// Grafana's core panels; no others are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Lines over time.
    Timeseries,
    /// The last value, large.
    Stat,
    /// The last value of each series, as bars.
    Bargauge,
}

impl Kind {
    /// Whether only the last value is asked for.
    pub fn is_instant(self) -> bool {
        !matches!(self, Self::Timeseries)
    }

    /// Grafana's name.
    pub fn panel(self) -> &'static str {
        match self {
            Self::Timeseries => "timeseries",
            Self::Stat => "stat",
            Self::Bargauge => "bargauge",
        }
    }
}

/// From `at` on, the colour.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// In the signal's unit.
    pub at: f64,
    /// Grafana's name of a colour.
    pub color: String,
}

/// Words for a value, or for values from one to another.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// The value, or the lowest of them.
    pub from: f64,
    /// The highest, if there are several.
    #[serde(default)]
    pub to: Option<f64>,
    /// What is shown in its place.
    pub text: String,
    /// Grafana's name of a colour.
    #[serde(default)]
    pub color: Option<String>,
}
