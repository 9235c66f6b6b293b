//! What every connection needs, in either direction: accepting, and TLS.

pub(crate) mod accept;
pub(crate) mod tls;
