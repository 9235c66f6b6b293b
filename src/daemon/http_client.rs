//! The HTTP client for the API: our own trust, our own resolver, no redirects.

use std::sync::Arc;

use anyhow::Context;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::aiven::Client;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::resolve::NameResolver;

/// The client for Aiven's API that the configuration describes.
///
/// # Errors
/// When the token or a certificate cannot be used.
pub fn api_client(
    config: &Config,
    resolver: &NameResolver,
    metrics: Metrics,
) -> anyhow::Result<Client> {
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(&config.aiven.ca_cert)?)
        .dns_resolver(Arc::new(resolver.clone()))
        // A redirect would carry the token to wherever it points.
        .redirect(reqwest::redirect::Policy::none())
        // What is reached must not depend on variables in the environment.
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

/// TLS 1.2 or newer, trusting the built-in public roots and `extra`.
fn tls(extra: &[CertificateDer<'static>]) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for certificate in extra {
        roots
            .add(certificate.clone())
            .context("aiven.ca_cert: not usable as a trust anchor")?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("setting TLS up failed")?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
