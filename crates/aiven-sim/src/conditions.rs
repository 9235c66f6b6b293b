//! What is so with a service and its nodes at any moment, by what was seeded.
//!
//! Everything here is a pure function of a [`Life`] and a moment: the service's name and plan
//! choose the levels, the states that it was put into change them. `page` shows it under
//! Telegraf's names, `truth` says it by the signals' ids; neither reads the other.

mod clickhouse;
mod host;
mod influxdb;
mod kafka;
mod life;
mod life_so_far;
mod mysql;
mod pg;
mod quantity;
mod search;
mod state;
mod valkey;

pub(crate) use clickhouse::ClickHouse;
pub(crate) use host::{Disk, Host};
pub(crate) use influxdb::InfluxDb;
pub(crate) use kafka::{Broker, Connect, Kafka, MirrorMaker, TOPICS, Topic};
pub(crate) use life::{Life, Moment, NodeLife};
pub(crate) use life_so_far::LifeSoFar;
pub(crate) use mysql::MySql;
pub(crate) use pg::{Database, Pg};
pub(crate) use quantity::Quantity;
pub(crate) use search::{Search, SearchNode};
pub use state::State;
pub(crate) use valkey::Valkey;
