//! Black-box tests: the real binary, started as an operator starts it, against
//! a simulated Aiven. One module for each behaviour; the harness is `support`.
//!
//! Nothing here sleeps or looks at the clock: a test waits for what it expects
//! to see, and fails with the daemon's log when that does not come.

// Panics are how tests speak, also in the functions that they share.
#![allow(clippy::unwrap_used)]
// What tests connect to is always an address, never a name.
#![expect(clippy::disallowed_methods)]

mod api_client;
mod changes;
mod commands;
mod configuration;
mod crashes;
mod dns;
mod explains;
mod full_disk;
mod integrating;
mod listings;
mod process;
mod removal;
mod saved_state;
mod scrape_credentials;
mod scrape_failures;
mod scrape_refusals;
mod scrape_relays;
mod scrape_secrets;
mod scrape_trust;
mod secrets;
mod size;
mod support;
mod web;
