//! What every connection needs, in either direction: accepting, keep-alive, and TLS.

pub(crate) mod accept;
pub(crate) mod anchor;
pub(crate) mod certificate;
pub(crate) mod connection;
pub(crate) mod descriptors;
pub(crate) mod keep_alive;
pub(crate) mod places;
pub(crate) mod socket;
pub(crate) mod tls;
pub(crate) mod verifier;
