//! Trust and credentials of scrapes, against a simulated Aiven.

// Clippy's leave for tests does not reach what tests share.
#![allow(clippy::unwrap_used)]

mod credentials {
    mod daemon;
    mod endpoint_of_others;
    mod log;
    mod our_endpoint;
    mod project_cas;
    mod rig;
}
