//! A simulated Aiven: API, DNS and metrics nodes on loopback addresses, with
//! faults on demand, in-process or as the binary `aiven-sim`.
//!
//! | part | where |
//! |---|---|
//! | HTTP API, as `api.aiven.io` | `api` |
//! | name server (UDP and TCP) | `dns`, `zone` |
//! | HTTPS metrics servers, one address each | `node`, `address`, `authority` |
//! | what is so with a service and its nodes, seeded | `conditions`, [`State`] |
//! | how nodes show it, and what each signal must be | `page`, `families`, `truth`, [`History`] |
//! | Cloud Controller and UAA, if wanted | `cloud_foundry`, `broker` |
//! | what exists, and how it is listed | `account`, `render` |
//! | what can be done to it, by a method or by JSON | `command`, `control` |
//! | what goes wrong | [`Fault`], [`ApiFault`], [`DnsFault`], [`NodeFault`] |
//! | what was asked | [`Request`], [`DnsQueries`], [`NodeRecord`] |
//! | the handle that tests hold | [`Simulator`] |
//!
//! Simulators share nothing but the loopback network: any number run side by
//! side. What Aiven's documents leave open is marked `(?)`.
//!
//! ```
//! # use aiven_sim::{ApiFault, Fault, Operation, ServiceSpec, Simulator};
//! # async fn example() -> std::io::Result<()> {
//! let sim = Simulator::builder().project("proj").start().await?;
//! sim.add_service("proj", ServiceSpec::new("os-1", "opensearch").nodes(3));
//! sim.inject(Fault::new(Operation::ListServices).times(2), ApiFault::status(503));
//! // … start a client with sim.api_url(), sim.token(), sim.dns_addr() …
//! sim.wait_until("the service is integrated", |sim| !sim.integrations("proj").is_empty()).await;
//! # Ok(())
//! # }
//! ```

mod account;
mod address;
mod api;
mod authority;
mod body;
mod broker;
mod builder;
mod bulk;
mod clock;
mod cloud_foundry;
mod command;
mod conditions;
pub mod control;
mod dns;
mod families;
mod fault;
mod fault_book;
mod history;
mod node;
mod open_port;
mod page;
mod refusal;
mod render;
mod request_log;
pub mod scenario;
mod service_type;
mod shared;
mod simulator;
mod spec;
mod token;
mod truth;
mod wire;
mod zone;

pub use account::{Endpoint, Integration};
pub use broker::service_name;
pub use builder::Builder;
pub use cloud_foundry::{ClientSpec, InstanceSpec, InstanceType, Role, UaaRelease, UserSpec};
pub use conditions::State;
pub use families::write_families;
pub use fault::{
    ApiFault, DnsFault, Fault, NodeFault, OddInstance, OddRow, Operation, PageLoop, Server,
    ServerFault,
};
pub use fault_book::FaultId;
pub use history::History;
pub use node::{NodeRecord, SCRAPES_SERVED};
pub use refusal::Refusal;
pub use render::SERVICE_PASSWORD;
pub use request_log::Request;
pub use shared::Pace;
pub use simulator::{NodeView, Simulator};
pub use spec::{ServiceSpec, ServiceState};
pub use token::{Permission, TokenSpec};
pub use zone::DnsQueries;
