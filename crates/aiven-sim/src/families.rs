//! Every family that a node may show, with the source of its name and how sure it is.
//!
//! The names are of Telegraf's measurements and fields, as in line protocol; what becomes of
//! them on a page is in `page`. Sources and confidence are those of the facts that this
//! simulator follows:
//!
//! | source | what |
//! |---|---|
//! | `doc` | Aiven's documentation at 073a07f |
//! | `dev` | Aiven's earlier documentation, `devportal`, at b764ff8, 1d33fc8 and 9848c92 |
//! | `exa` | aiven/aiven-examples at dc00c00 |
//! | `do` | digitalocean/do-agent at bc91446, whose managed databases were Aiven's |
//! | `gds`, `adm` | GOV.UK PaaS: its Prometheus' federation, and its tenants' pages |
//! | `nais` | NAV's documentation and console |
//! | `qub` | Netcracker/qubership-kafka |
//! | `ts` | timescale/examples |
//! | `tel` | Telegraf's input of the same name, at b272631 |
//! | `sim` | nobody: the simulator's own |

mod clickhouse;
mod host;
mod influxdb;
mod kafka;
mod mysql;
mod pg;
mod search;
mod valkey;

use std::io::{self, Write};

use serde::Serialize;

use crate::conditions::Life;
use crate::page::{family, measurement_name};
use crate::scenario::services;

/// The `TYPE` of a family, which follows from how Telegraf's input adds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// `AddGauge`.
    Gauge,
    /// `AddCounter`.
    Counter,
    /// `AddFields`.
    Untyped,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Untyped => "untyped",
        }
    }
}

/// How sure it is that a real node has the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Confidence {
    /// In real output, or used by people against real nodes.
    Seen,
    /// In Aiven's own documentation or dashboards.
    Listed,
    /// Follows from Telegraf's input plugin, and nobody has said that Aiven has it.
    Plugin,
}

/// Fields of one measurement that have the same source.
#[derive(Debug)]
pub(crate) struct Row {
    /// The measurement's name in line protocol.
    pub(crate) measurement: &'static str,
    pub(crate) kind: Kind,
    /// Fields that go up and down, separated by white space.
    pub(crate) levels: &'static str,
    /// Fields that only grow.
    pub(crate) counts: &'static str,
    /// Fields that are text, and therefore labels of all others.
    pub(crate) texts: &'static str,
    /// Where the names come from, see the table above; separated by `, `.
    pub(crate) sources: &'static str,
    pub(crate) confidence: Confidence,
}

impl Row {
    /// Untyped, and as yet without fields.
    const fn of(measurement: &'static str, confidence: Confidence, sources: &'static str) -> Self {
        Self {
            measurement,
            kind: Kind::Untyped,
            levels: "",
            counts: "",
            texts: "",
            sources,
            confidence,
        }
    }

    /// The fields that become families.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = &'static str> {
        let levels = self.levels.split_ascii_whitespace();
        levels.chain(self.counts.split_ascii_whitespace())
    }
}

/// The tables of what a type's nodes have.
pub(crate) fn tables(service_type: &str) -> &'static [&'static [Row]] {
    match service_type {
        "opensearch" | "elasticsearch" => &[host::HOST, search::SEARCH],
        "kafka" => &[host::HOST, kafka::JAVA, kafka::KAFKA],
        "kafka_connect" => &[host::HOST, kafka::JAVA, kafka::CONNECT],
        "kafka_mirrormaker" => &[host::HOST, kafka::JAVA, kafka::CONNECT, kafka::MIRRORMAKER],
        "pg" => &[host::HOST, pg::PG],
        "mysql" => &[host::HOST, mysql::MYSQL],
        "redis" | "valkey" | "dragonfly" => &[host::HOST, valkey::VALKEY],
        "influxdb" => &[host::HOST, influxdb::INFLUXDB],
        "clickhouse" => &[host::HOST, clickhouse::CLICKHOUSE],
        _ => &[host::HOST],
    }
}

/// Every row that a type's nodes have.
pub(crate) fn rows(service_type: &str) -> impl Iterator<Item = &'static Row> {
    tables(service_type).iter().copied().flatten()
}

/// Every family of the scenario `states`, by type, as JSON: a line a family.
///
/// # Errors
///
/// When it cannot be written.
pub fn write_families(out: &mut impl Write) -> io::Result<()> {
    for seeded in services() {
        let life = Life::of(seeded.project, &seeded.spec);
        for row in rows(&life.service_type) {
            let measurement = measurement_name(&life, row.measurement);
            for field in row.numbers() {
                let line = serde_json::json!({
                    "service_type": life.service_type,
                    "family": family(&life, &measurement, field),
                    "kind": row.kind,
                    "confidence": row.confidence,
                    "sources": row.sources,
                    "texts": row.texts.split_ascii_whitespace().collect::<Vec<_>>(),
                });
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(())
}
