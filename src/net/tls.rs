//! TLS: the one place that decides versions, ciphers and built-in
//! trust. Verification is never turned off.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::verifier::ShowingVerifier;

/// The public roots that are built in.
pub(crate) fn public_roots() -> RootCertStore {
    RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
}

/// The roots of the machine, which its operator may have added to. One that
/// cannot be read vouches for nobody.
pub(crate) fn machine_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// A client of TLS 1.2 or newer that trusts `roots` and shows no certificate.
#[expect(
    clippy::expect_used,
    reason = "rustls has TLS 1.2 and 1.3 compiled in, and ring has suites for both: no input matters"
)]
pub(crate) fn client(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites for TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The same, and what it refuses it shows: a refusal is a [`RefusedCertificate`].
///
/// [`RefusedCertificate`]: super::verifier::RefusedCertificate
pub(crate) fn showing_client(roots: RootCertStore) -> ClientConfig {
    let mut config = client(roots.clone());
    let provider = Arc::clone(config.crypto_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    // Without any root nothing is believed, and there is nothing to tell of.
    if let Ok(verifier) = verifier {
        let showing = Arc::new(ShowingVerifier::new(verifier));
        config.dangerous().set_certificate_verifier(showing);
    }
    config
}

/// TLS of a server of ours.
#[derive(Clone)]
pub struct ServerTls {
    /// For clients on this machine: one that shows a certificate shows one of the CA.
    pub here: Arc<ServerConfig>,
    /// For all others: each shows one.
    pub elsewhere: Arc<ServerConfig>,
    /// What it shows, its own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The CAs of clients.
    pub clients: Vec<CertificateDer<'static>>,
}

/// It holds a private key.
impl fmt::Debug for ServerTls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ServerTls")
    }
}

/// A server of TLS 1.2 or newer that shows `chain`. Clients may show a certificate that one of
/// `clients` vouches for, or have to if `everybody` is to.
///
/// # Errors
/// If the key is not the certificate's, or one of them cannot be used.
pub(crate) fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    clients: &[CertificateDer<'static>],
    everybody: bool,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(clients.iter().cloned());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = if everybody {
        verifier
    } else {
        verifier.allow_unauthenticated()
    };
    let verifier = verifier
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
}
