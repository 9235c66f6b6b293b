//! The simulator against its own word: every fault does what it says, and what
//! a client relies on is there.

#![expect(
    clippy::disallowed_methods,
    reason = "a raw client of literal addresses: nothing is looked up"
)]
#![allow(clippy::unwrap_used, reason = "a test's panic is its message")]

mod api;
mod bulk;
mod client;
mod cloud_controller;
mod cloud_foundry_faults;
mod control;
mod dns;
mod faults;
mod fixture;
mod foundry;
mod integrations;
mod lifecycle;
mod node_faults;
mod nodes;
mod states;
mod uaa;
