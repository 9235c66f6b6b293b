//! The verifier of nodes' certificates. It decides as rustls does; what it adds is that a
//! refusal carries the certificates that were refused, so that people can be shown them.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

/// Most certificates of a chain that a refusal keeps.
const MAX_SHOWN: usize = 4;

/// A refused certificate: why, and what was shown.
#[derive(Debug)]
pub(crate) struct RefusedCertificate {
    /// rustls's reason.
    pub why: CertificateError,
    /// The node's own certificate first, then what it sent with it; DER.
    pub shown: Vec<CertificateDer<'static>>,
}

impl fmt::Display for RefusedCertificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the certificate was refused")
    }
}

impl std::error::Error for RefusedCertificate {}

impl RefusedCertificate {
    /// The refusal inside of rustls's error, if that is what it is.
    pub fn of(error: &Error) -> Option<&RefusedCertificate> {
        match error {
            Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
                inner.downcast_ref()
            }
            _ => None,
        }
    }
}

/// rustls's own verifier, with refusals that show what was refused.
#[derive(Debug)]
pub(crate) struct ShowingVerifier(Arc<WebPkiServerVerifier>);

impl ShowingVerifier {
    /// Decides as `verifier` does.
    pub fn new(verifier: Arc<WebPkiServerVerifier>) -> ShowingVerifier {
        ShowingVerifier(verifier)
    }
}

impl ServerCertVerifier for ShowingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.0
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            Error::InvalidCertificate(why) => {
                let chain = std::iter::once(end_entity).chain(intermediates);
                let shown = chain.take(MAX_SHOWN).map(|one| one.clone().into_owned());
                let refused = RefusedCertificate {
                    why,
                    shown: shown.collect(),
                };
                CertificateError::Other(OtherError(Arc::new(refused))).into()
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
