//! The client of Aiven's API, by way of `aiven.http_proxy` if that is set, and the reader
//! of Cloud Controller.

use std::sync::Arc;

use anyhow::Context;

use crate::aiven::Client;
use crate::aiven::client::{Connection, HttpProxy};
use crate::api_client::connect;
use crate::cloud_foundry::Reader;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::endpoint::EndpointChoice;
use crate::model::outside_text::Secrets;
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
    let secrets = Secrets::default();
    if let EndpointChoice::Named {
        credentials: Some(credentials),
        ..
    } = &config.integration.endpoint
    {
        secrets.add(&credentials.password);
    }
    let trust = connect::trusting(&config.aiven.ca_cert, "aiven.ca_cert")?;
    let proxy = config.aiven.http_proxy.as_ref();
    let timeout = config.aiven.request_timeout;
    let mut http = connect::client(trust.clone(), resolver.clone(), timeout);
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

/// The reader of Cloud Controller, if one is configured. Without one that works targets are
/// published all the same.
pub(super) fn cloud_foundry_reader(
    config: &Config,
    resolver: &NameResolver,
    metrics: Metrics,
    secrets: Secrets,
) -> Option<Reader> {
    let config = config.cloud_foundry.as_ref()?;
    match Reader::new(config, resolver.clone(), metrics, secrets) {
        Ok(reader) => Some(reader),
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(error, "Cloud Foundry is not read, so its names are missing");
            None
        }
    }
}
