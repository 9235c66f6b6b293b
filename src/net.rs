//! What every connection needs, in either direction: accepting, and TLS.

pub(crate) mod accept;
pub(crate) mod connection;
pub(crate) mod places;
pub(crate) mod tls;
