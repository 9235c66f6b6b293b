//! Trust and credentials of scrapes, against a simulated Aiven.

mod daemon;
mod endpoint_of_others;
mod log;
mod our_endpoint;
mod project_cas;
mod rig;
mod saved;
