//! Whether a certificate can vouch for others. Said of what is configured before it is used: a
//! CA that cannot be verified with would otherwise show only as nodes that are not believed.

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::{Certificate, TbsCertificate};

use super::certificate::CertificateFacts;

/// RSA keys that ring verifies with, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Why it is no certificate that TLS takes, in words that go on after "certificate 1, which";
/// `None` if it is one.
pub(crate) fn malformed(der: &CertificateDer<'_>) -> Option<&'static str> {
    if der.is_empty() {
        return Some("is empty");
    }
    if Certificate::from_der(der).is_err() {
        return Some("is no X.509 certificate, or is not whole");
    }
    let added = RootCertStore::empty().add(der.clone());
    let refused = added.is_err();
    refused.then_some("is malformed in a way that TLS does not accept")
}

/// Why nothing can be verified with a certificate, in the same words; `None` if it can. An
/// expired one can: rustls asks no trust anchor for its dates.
pub(crate) fn unusable(der: &CertificateDer<'_>) -> Option<String> {
    if let Some(why) = malformed(der) {
        return Some(why.to_owned());
    }
    let certificate = Certificate::from_der(der).ok()?;
    let facts = CertificateFacts::of(&certificate);
    let body = &certificate.tbs_certificate;
    if !may_sign(body) && !facts.is_self_issued {
        return Some(format!(
            "is not a CA's: it is the certificate of '{}', which '{}' issued",
            facts.subject, facts.issuer
        ));
    }
    unusable_key(&body.subject_public_key_info, &facts.key)
}

/// Whether it may sign others (RFC 5280, 4.2.1.9). Certificates of version 1 have no way to say.
fn may_sign(body: &TbsCertificate) -> bool {
    let constraints = body.get::<BasicConstraints>();
    let is_old = body.extensions.is_none();
    constraints.is_ok_and(|found| found.map_or(is_old, |(_, constraints)| constraints.ca))
}

fn unusable_key(key: &SubjectPublicKeyInfoOwned, kind: &str) -> Option<String> {
    let algorithm = key.algorithm.to_der().ok();
    let known = ring::default_provider().signature_verification_algorithms;
    let fits = |algorithm: &[u8]| {
        let mut all = known.all.iter();
        // What rustls compares is without the tag and length of the sequence.
        all.any(|one| algorithm.get(2..) == Some(one.public_key_alg_id().as_ref()))
    };
    if !algorithm.is_some_and(|der| fits(&der)) {
        return Some(format!(
            "has a key that nothing can be verified with here ({kind}); RSA, ECDSA P-256 or P-384, and Ed25519 can be used"
        ));
    }
    let bits = rsa_bits(key)?;
    (!RSA_BITS.contains(&bits)).then(|| {
        format!(
            "has an RSA key of {bits} bits; {} to {} can be used",
            RSA_BITS.start(),
            RSA_BITS.end()
        )
    })
}

/// The length of an RSA key's modulus (RFC 8017, A.1.1); `None` for other keys.
fn rsa_bits(key: &SubjectPublicKeyInfoOwned) -> Option<usize> {
    let bytes = key.subject_public_key.as_bytes()?;
    let mut reader = SliceReader::new(bytes).ok()?;
    let modulus = reader.sequence(|inner| {
        let modulus: UintRef<'_> = inner.decode()?;
        let _exponent: UintRef<'_> = inner.decode()?;
        Ok(modulus)
    });
    let modulus = modulus.ok()?;
    let leading = modulus.as_bytes().first()?.leading_zeros() as usize;
    Some(modulus.as_bytes().len() * 8 - leading)
}

#[cfg(test)]
mod tests;
