//! What is so with a service and its nodes at any moment, by what was seeded.
//!
//! Everything here is a pure function of a [`Life`] and a moment: the service's name and plan
//! choose the levels, the states that it was put into change them. `page` shows it under
//! Telegraf's names, `truth` says it by the signals' ids; neither reads the other.

//T mod clickhouse;
mod host;
//T mod influxdb;
//T mod kafka;
mod life;
//T mod mysql;
//T mod pg;
mod quantity;
mod search;
mod state;
//T mod valkey;

//T pub(crate) use clickhouse::ClickHouse;
pub(crate) use host::{Disk, Host};
//T pub(crate) use influxdb::InfluxDb;
//T pub(crate) use kafka::{Connect, Kafka, MirrorMaker};
pub(crate) use life::{Life, Moment, Naming, NodeLife};
//T pub(crate) use mysql::MySql;
//T pub(crate) use pg::Pg;
pub(crate) use quantity::Quantity;
pub(crate) use search::{Search, SearchNode};
pub use state::State;
//T pub(crate) use valkey::Valkey;
