//! TLS to a server, with the certificates that it shows.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::check::{Area, Check};
use crate::config::Config;
use crate::net::certificate::{CertificateFacts, date};
use crate::net::socket::connect;
use crate::net::tls;
use crate::net::verifier::RefusedCertificate;
use crate::resolve::NameResolver;

/// For connection and handshake.
const LIMIT: Duration = Duration::from_secs(10);

/// Most certificates of a chain that are shown.
const MAX_SHOWN: usize = 4;

/// A server that is reached without a proxy.
pub(super) struct Server<'a> {
    /// What depends on it.
    pub(super) area: Area,
    /// Its name in the line.
    pub(super) name: &'static str,
    /// Where it is.
    pub(super) url: &'a Url,
    /// What is trusted beside the public roots.
    pub(super) ca: &'a [CertificateDer<'static>],
    /// What to do where its certificate is not believed.
    pub(super) unbelieved: &'static str,
    /// What to do where there is no way to it.
    pub(super) unreached: &'static str,
}

/// Looks at the certificates of the API.
pub(super) async fn of_api(config: &Config, resolver: &NameResolver) -> Check {
    let server = Server {
        area: Area::Api,
        name: "the API",
        url: &config.aiven.api_url,
        ca: &config.aiven.ca_cert,
        unbelieved: "compare the issuer with that of another network: a proxy on the way that ends the TLS connection has a CA of its own: ask who runs the network whether it is meant, and only then trust that CA with aiven.ca_cert; an expired one may be this machine's clock",
        unreached: "let this machine reach it: see DNS, routes and firewalls, and aiven.http_proxy where a proxy is needed",
    };
    if config.aiven.http_proxy.is_some() {
        let because = "the API is reached through a proxy; the lines below say whether its certificate is believed";
        return server.area.skipped(server.subject(), because);
    }
    server.check(resolver).await
}

impl Server<'_> {
    fn subject(&self) -> String {
        format!("TLS of {}", self.name)
    }

    /// Looks at its certificates.
    pub(super) async fn check(&self, resolver: &NameResolver) -> Check {
        let (area, subject) = (self.area, self.subject());
        if self.url.scheme() != "https" {
            return area.skipped(subject, "it is reached by http, on this machine");
        }
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or(443);
        let shaken = timeout(LIMIT, self.shake_hands(resolver, host, port)).await;
        let shaken = shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let error = match shaken {
            Ok(chain) => return area.ok(subject, shown(&chain)),
            Err(error) => error,
        };
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        match inner.and_then(RefusedCertificate::of) {
            Some(refused) => area.failed(
                subject,
                format!(
                    "the certificate is not believed ({}): {}",
                    refused.why,
                    shown(&refused.shown)
                ),
                self.unbelieved,
            ),
            None => area.failed(
                subject,
                format!("no TLS with {host}:{port}: {error}"),
                self.unreached,
            ),
        }
    }

    async fn shake_hands(
        &self,
        resolver: &NameResolver,
        host: &str,
        port: u16,
    ) -> io::Result<Vec<CertificateDer<'static>>> {
        let mut roots = tls::public_roots();
        roots.add_parsable_certificates(self.ca.iter().cloned());
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let stream = connect(resolver, name, port).await?;
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::new(tls::showing_client(roots)));
        let stream = connector.connect(name, stream).await?;
        let (_, session) = stream.get_ref();
        let chain = session.peer_certificates().unwrap_or_default();
        Ok(chain.iter().map(|one| one.clone().into_owned()).collect())
    }
}

/// `'a.example' until 2027-01-01 00:00 UTC, by 'An Issuer'; …`, from the server's own on.
fn shown(chain: &[CertificateDer<'_>]) -> String {
    let shown = chain.iter().take(MAX_SHOWN);
    let shown = shown.map(|der| match CertificateFacts::read(der) {
        Some(facts) => format!(
            "'{}' until {}, by '{}'",
            facts.subject,
            date(facts.not_after),
            facts.issuer
        ),
        None => "a certificate that cannot be read".to_owned(),
    });
    shown.collect::<Vec<_>>().join("; ")
}
