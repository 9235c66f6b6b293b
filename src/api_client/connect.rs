//! The HTTP client: with our trust anchors and our resolver, without redirects.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use reqwest::ClientBuilder;
use reqwest::dns::Resolve;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;

use crate::net::tls;

/// A connection on which nothing arrives is tested after this long, and then
/// this often.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// So many tests in a row without an answer, and it is dead.
const MAX_KEEPALIVE_FAILURES: u32 = 3;

/// A client of an API that is verified by `trust`.
pub(crate) fn client(
    trust: ClientConfig,
    resolver: impl Resolve + 'static,
    connect_timeout: Duration,
) -> ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(trust)
        .dns_resolver(Arc::new(resolver))
        // A redirect would send the token to another server.
        .redirect(reqwest::redirect::Policy::none())
        // Proxy variables in the environment must have no effect.
        .no_proxy()
        // Each request has a connection of its own: one that rests may have been
        // dropped silently on the way, which only a deadline would show.
        .pool_max_idle_per_host(0)
        .tcp_keepalive(KEEPALIVE)
        .tcp_keepalive_interval(KEEPALIVE)
        .tcp_keepalive_retries(MAX_KEEPALIVE_FAILURES)
        .connect_timeout(connect_timeout)
        .user_agent(concat!("aiven-metrics/", env!("CARGO_PKG_VERSION")))
}

/// Trusts the built-in public roots and `extra`, which `key` of the configuration names.
///
/// # Errors
/// When a certificate cannot be used.
pub(crate) fn trusting(
    extra: &[CertificateDer<'static>],
    key: &'static str,
) -> anyhow::Result<ClientConfig> {
    let mut roots = tls::public_roots();
    for certificate in extra {
        roots
            .add(certificate.clone())
            .with_context(|| format!("{key}: not usable as a trust anchor"))?;
    }
    Ok(tls::client(roots))
}
