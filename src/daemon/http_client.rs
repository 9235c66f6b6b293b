//! The HTTP client for the API: with our trust anchors and our resolver, without
//! redirects, and by way of `aiven.http_proxy` if that is set.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;

use crate::aiven::Client;
use crate::aiven::client::{Connection, HttpProxy};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::endpoint::EndpointChoice;
use crate::model::outside_text::Secrets;
use crate::net::tls;
use crate::resolve::NameResolver;

/// A connection on which nothing arrives is tested after this long, and then
/// this often.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// So many tests in a row without an answer, and it is dead.
const MAX_KEEPALIVE_FAILURES: u32 = 3;

/// The client for Aiven's API that the configuration describes.
///
/// # Errors
/// When the token or a certificate cannot be used.
pub(crate) fn api_client(
    config: &Config,
    resolver: &NameResolver,
    metrics: Metrics,
) -> anyhow::Result<Client> {
    let secrets = Secrets::default();
    if let EndpointChoice::Named {
        credentials: Some(credentials),
        ..
    } = &config.integration.endpoint
    {
        secrets.add(&credentials.password);
    }
    let trust = trusting(&config.aiven.ca_cert)?;
    let proxy = config.aiven.http_proxy.as_ref();
    let mut http = reqwest::Client::builder()
        .tls_backend_preconfigured(trust.clone())
        .dns_resolver(Arc::new(resolver.clone()))
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
        .connect_timeout(config.aiven.request_timeout)
        .user_agent(concat!("aiven-metrics/", env!("CARGO_PKG_VERSION")));
    if let Some(proxy) = proxy {
        for secret in proxy.secrets() {
            secrets.add(&secret);
        }
        let mut way = reqwest::Proxy::all(proxy.url.clone()).context("aiven.http_proxy")?;
        if let Some(authorization) = proxy.authorization() {
            way = way.custom_http_auth(authorization);
        }
        http = http.proxy(way);
    }
    let connection = Connection {
        http: http.build().context("setting the HTTP client up failed")?,
        proxy: proxy.map(|proxy| HttpProxy {
            host: proxy.host().to_owned(),
            port: proxy.port(),
            tls: proxy.is_secure().then(|| Arc::new(trust)),
            authorization: proxy.authorization(),
            resolver: Arc::new(resolver.clone()),
        }),
        base: config.aiven.api_url.clone(),
        request_timeout: config.aiven.request_timeout,
    };
    Client::new(connection, &config.aiven.api_token, secrets, metrics)
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
