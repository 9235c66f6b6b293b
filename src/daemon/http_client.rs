//! The HTTP client for the API: with our trust anchors and our resolver, without
//! redirects.

use std::sync::Arc;

use anyhow::Context;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;

use crate::aiven::Client;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::net::tls;
use crate::resolve::NameResolver;

/// The client for Aiven's API that the configuration describes.
///
/// # Errors
/// When the token or a certificate cannot be used.
pub(crate) fn api_client(
    config: &Config,
    resolver: &NameResolver,
    metrics: Metrics,
) -> anyhow::Result<Client> {
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(trusting(&config.aiven.ca_cert)?)
        .dns_resolver(Arc::new(resolver.clone()))
        // A redirect would send the token to another server.
        .redirect(reqwest::redirect::Policy::none())
        // Proxy variables in the environment must have no effect.
        .no_proxy()
        .connect_timeout(config.aiven.request_timeout)
        .user_agent(concat!("aiven-metrics/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("setting the HTTP client up failed")?;
    Client::new(
        http,
        config.aiven.api_url.clone(),
        config.aiven.api_token.clone(),
        config.aiven.request_timeout,
        metrics,
    )
}

/// Trusts the built-in public roots and `extra`.
fn trusting(extra: &[CertificateDer<'static>]) -> anyhow::Result<ClientConfig> {
    let mut roots = tls::public_roots();
    for certificate in extra {
        roots
            .add(certificate.clone())
            .context("aiven.ca_cert: not usable as a trust anchor")?;
    }
    Ok(tls::client(roots))
}
