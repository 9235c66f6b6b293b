//! Certificate authorities and the certificates of nodes.
//!
//! A project has one [`Authority`]; a public CA is another. Keys are shared
//! between the nodes of an authority: they are cheap to make, but not for
//! ten thousand nodes.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A CA that signs node certificates.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    node_key: KeyPair,
}

/// What a node shows in a TLS handshake.
pub(crate) struct NodeCertificate {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) expires: Timestamp,
}

impl Authority {
    /// A fresh CA named `common_name`.
    pub(crate) fn new(common_name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self {
            issuer,
            node_key: KeyPair::generate()?,
        })
    }

    /// The CA's certificate.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for `names`: two years from yesterday, or ended a month ago.
    pub(crate) fn sign(
        &self,
        names: &[String],
        expired: bool,
    ) -> Result<NodeCertificate, rcgen::Error> {
        // The common name's limit is 64 characters; the names are in the SAN.
        self.sign_as("aiven-sim node", names, expired)
    }

    /// A certificate with `name` in its subject alone.
    pub(crate) fn sign_subject(&self, name: &str) -> Result<NodeCertificate, rcgen::Error> {
        self.sign_as(name, &[], false)
    }

    fn sign_as(
        &self,
        common_name: &str,
        names: &[String],
        expired: bool,
    ) -> Result<NodeCertificate, rcgen::Error> {
        let now = Timestamp::now();
        let (from, until) = if expired { (-400, -30) } else { (-1, 730) };
        let mut params = CertificateParams::new(names.to_vec())?;
        params
            .distinguished_name
            .push(DnType::CommonName, common_name);
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let expires = midnight(now, until);
        let for_rcgen = |date: Date| {
            rcgen::date_time_ymd(
                i32::from(date.year()),
                date.month().unsigned_abs(),
                date.day().unsigned_abs(),
            )
        };
        params.not_before = for_rcgen(midnight(now, from));
        params.not_after = for_rcgen(expires);
        let certificate = params.signed_by(&self.node_key, &self.issuer)?;
        Ok(NodeCertificate {
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.node_key.serialize_der())),
            expires: expires
                .to_zoned(TimeZone::UTC)
                .map_or(now, |zoned| zoned.timestamp()),
        })
    }
}

/// Midnight UTC, this many days from `now`.
fn midnight(now: Timestamp, days: i64) -> Date {
    now.to_zoned(TimeZone::UTC)
        .saturating_add(days.days())
        .date()
}
