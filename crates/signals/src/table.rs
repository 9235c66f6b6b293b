//! The table as it is written: TOML, one file a family of services.
//!
//! `README.md` of this crate has the format for those who write it. A key that is not known is
//! an error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::alerts::{self, Alerts};
use crate::expression::{Reader, Vocabulary};

pub mod board;
pub mod metric;
pub mod rule;
pub mod signal;

pub use board::{Board, NumberVariable, Overview};
pub use metric::{Confidence, Metric, Metrics};
pub use rule::Rule;
pub use signal::{Kind, Limit, Row, Signal, Value};

/// All files of the table.
#[derive(Debug)]
pub struct Table {
    /// By the name of the file, in the order of the boards' list.
    pub families: Vec<Family>,
    /// Every metric that an expression may read, and how sure its name is.
    pub metrics: Metrics,
    /// The jobs of alerts.
    pub alerts: Vec<Alerts>,
}

/// One file: a board with its signals, and the rules that they need.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// The name of its file.
    #[serde(skip)]
    pub name: String,
    /// The board on which the signals are drawn.
    pub board: Board,
    /// Other spellings of names, by what stands for them: `P_ = ["opensearch_", "elasticsearch_"]`.
    #[serde(default)]
    pub spellings: BTreeMap<String, Vec<String>>,
    /// What is shown, in the order of the board.
    #[serde(default, rename = "signal")]
    pub signals: Vec<Signal>,
    /// Tables of the overview.
    #[serde(default, rename = "overview")]
    pub overviews: Vec<Overview>,
    /// What the tenants' Prometheis record.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
}

impl Family {
    /// Who reads its board.
    pub fn reader(&self) -> Reader {
        match (self.board.operators, self.board.all_services) {
            (true, _) => Reader::Operator,
            (false, true) => Reader::Overview,
            (false, false) => Reader::Tenant,
        }
    }

    /// What its expressions may use beside PromQL.
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            spellings: self.spellings.clone(),
            numbers: self
                .board
                .numbers
                .iter()
                .map(|number| (number.name.clone(), number.chosen()))
                .collect(),
        }
    }
}

/// Why the table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or the folder.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A file is not as the format says.
    #[error("{path}: {source}")]
    Format {
        /// Which.
        path: PathBuf,
        /// With the line.
        source: Box<toml::de::Error>,
    },
}

/// Reads a folder: `metrics.toml`, the folder of alerts, and each other file as a family.
///
/// # Errors
/// If a file cannot be read, or is not as the format says.
pub fn read(folder: &Path) -> Result<Table, Error> {
    let mut families = Vec::new();
    for path in files(folder)? {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name != "metrics" {
            families.push(Family {
                name,
                ..parse(&path)?
            });
        }
    }
    families
        .sort_by(|one, other| (one.board.place, &one.name).cmp(&(other.board.place, &other.name)));
    Ok(Table {
        families,
        metrics: parse(&folder.join("metrics.toml"))?,
        alerts: alerts::read(folder)?,
    })
}

/// The TOML files of a folder, in the order of their names.
///
/// # Errors
/// If it cannot be listed.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::File {
        path: folder.to_owned(),
        source,
    };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    Ok(paths)
}

/// Reads one TOML file.
///
/// # Errors
/// If it cannot be read, or is not as the format says.
pub fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|source| Error::Format {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

impl Table {
    /// A signal by its id, with the family that has it.
    pub fn signal(&self, id: &str) -> Option<(&Family, &Signal)> {
        self.signals().find(|(_, signal)| signal.id == id)
    }

    /// All signals, each with its family.
    pub fn signals(&self) -> impl Iterator<Item = (&Family, &Signal)> {
        self.families
            .iter()
            .flat_map(|family| family.signals.iter().map(move |signal| (family, signal)))
    }

    /// The signals on a family's board, each with the family whose file has it: the family's own, then
    /// those of others that it wants, too.
    pub fn drawn_on<'a>(
        &'a self,
        family: &'a Family,
    ) -> impl Iterator<Item = (&'a Family, &'a Signal)> {
        let own = family.signals.iter().map(move |signal| (family, signal));
        own.chain(family.board.also.iter().filter_map(|id| self.signal(id)))
    }
}
