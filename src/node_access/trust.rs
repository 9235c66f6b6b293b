//! TLS towards nodes: which certificates are believed.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::model::project_cas::ProjectCas;
use crate::net::tls;

/// Host names of one project whose TLS sessions are kept. Nodes of a service
/// share a name; rustls keeps eight tickets for each.
const SESSION_NAMES: usize = 8192;
const TICKETS_PER_NAME: usize = 8;

/// What is trusted whatever the project: the public roots and
/// `scrape_proxy.ca_cert`.
pub(super) struct Anchors(RootCertStore);

impl Anchors {
    /// `extra` was checked with the configuration.
    pub(super) fn new(extra: &[CertificateDer<'static>]) -> Anchors {
        let mut roots = tls::public_roots();
        roots.add_parsable_certificates(extra.iter().cloned());
        Anchors(roots)
    }

    /// A TLS client that trusts these CAs too, without any session yet.
    pub(super) fn with(&self, project_cas: &ProjectCas) -> Arc<ClientConfig> {
        let mut roots = self.0.clone();
        for pem in project_cas.pems() {
            // A saved file that was tampered with or cut costs its own CA only.
            let sections = CertificateDer::pem_slice_iter(pem.as_bytes());
            roots.add_parsable_certificates(sections.filter_map(Result::ok));
        }
        let mut config = tls::showing_client(roots);
        config.resumption = Resumption::in_memory_sessions(SESSION_NAMES * TICKETS_PER_NAME);
        Arc::new(config)
    }
}
