//! What a certificate says of itself, for people who have to find out why it is not believed.
//! All of it is what somebody else wrote: bounded and cleaned here.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::model::outside_text::{OutsideText, Secrets};
use crate::model::surroundings::{Holder, OwnCertificate};
use x509_cert::Certificate;
use x509_cert::der::asn1::OctetString;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::oid::db::{DB, rfc4519};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::Time;

/// Most names of a certificate that are told.
const MAX_NAMES: usize = 4;

/// A certificate as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateFacts {
    /// Whose it is: the common name, or all of the subject.
    pub subject: String,
    /// Who signed it: the common name, or all of the issuer.
    pub issuer: String,
    /// The names that TLS clients go by (RFC 6125): the subject alternative names.
    pub names: Vec<String>,
    /// How many more names there are.
    pub more_names: usize,
    /// When it begins to be valid.
    pub not_before: Option<Timestamp>,
    /// When it expires.
    pub not_after: Option<Timestamp>,
    /// Whether subject and issuer are the same.
    pub is_self_issued: bool,
    /// How it is signed.
    pub signature: String,
    /// What kind of key it is for.
    pub key: String,
}

impl CertificateFacts {
    /// Reads a certificate; `None` if it is none.
    pub fn read(der: &[u8]) -> Option<CertificateFacts> {
        let certificate = Certificate::from_der(der).ok()?;
        Some(CertificateFacts::of(&certificate))
    }

    /// What this certificate says.
    pub fn of(certificate: &Certificate) -> CertificateFacts {
        let body = &certificate.tbs_certificate;
        let alternative = body.get::<SubjectAltName>().ok().flatten();
        let alternative = alternative.map(|(_, names)| names.0).unwrap_or_default();
        let mut names: Vec<String> = alternative.iter().filter_map(name_of).collect();
        let more_names = names.len().saturating_sub(MAX_NAMES);
        names.truncate(MAX_NAMES);
        CertificateFacts {
            subject: told(&body.subject),
            issuer: told(&body.issuer),
            names,
            more_names,
            not_before: timestamp(body.validity.not_before),
            not_after: timestamp(body.validity.not_after),
            is_self_issued: body.subject == body.issuer,
            signature: algorithm(&certificate.signature_algorithm.oid),
            key: key(&body.subject_public_key_info),
        }
    }

    /// `'a', 'b' and 3 more`; what to say if there are none is the caller's.
    pub fn all_names(&self) -> Option<String> {
        if self.names.is_empty() {
            return None;
        }
        let mut text = self.names.join(", ");
        if self.more_names > 0 {
            text.push_str(&format!(" and {} more", self.more_names));
        }
        Some(text)
    }
}

/// `notAfter` of a certificate (RFC 5280, 4.1.2.5).
pub(crate) fn expiry(der: &[u8]) -> Option<Timestamp> {
    let certificate = Certificate::from_der(der).ok()?;
    timestamp(certificate.tbs_certificate.validity.not_after)
}

/// A certificate of ours, as far as its end goes; `None` if it cannot be read.
pub(crate) fn own(certificate: Holder, der: &[u8]) -> Option<OwnCertificate> {
    let facts = CertificateFacts::read(der)?;
    Some(OwnCertificate {
        certificate,
        project: None,
        subject: facts.subject,
        ends: facts.not_after?,
    })
}

/// A point in time, to the minute, as people read it.
pub(crate) fn date(at: Option<Timestamp>) -> String {
    at.map_or_else(
        || "an unreadable date".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

fn timestamp(time: Time) -> Option<Timestamp> {
    let seconds = time.to_unix_duration().as_secs();
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}

/// The common name, or the whole name as RFC 4514 writes it.
fn told(name: &Name) -> String {
    let attributes = name.0.iter().flat_map(|part| part.0.iter());
    let mut common = attributes.filter(|attribute| attribute.oid == rfc4519::CN);
    let text = match common.next() {
        Some(attribute) => String::from_utf8_lossy(attribute.value.value()).into_owned(),
        None => name.to_string(),
    };
    clean(&text)
}

/// The most characters of a name that are told.
const MAX_NAME: usize = 100;

/// A name that anybody can have put into a certificate.
fn clean(name: &str) -> String {
    OutsideText::prose_within(name, MAX_NAME, &Secrets::default()).into()
}

fn name_of(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(clean(name.as_str())),
        GeneralName::IpAddress(address) => ip(address).map(|ip| ip.to_string()),
        _ => None,
    }
}

fn ip(address: &OctetString) -> Option<IpAddr> {
    let bytes = address.as_bytes();
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

/// An algorithm's name, or its number.
fn algorithm(oid: &ObjectIdentifier) -> String {
    DB.by_oid(oid)
        .map_or_else(|| oid.to_string(), str::to_owned)
}

/// A key's kind, with the curve if it has one.
fn key(key: &SubjectPublicKeyInfoOwned) -> String {
    let kind = algorithm(&key.algorithm.oid);
    let curve = key.algorithm.parameters.as_ref();
    let curve = curve.and_then(|curve| curve.to_der().ok());
    let curve = curve.and_then(|der| ObjectIdentifier::from_der(&der).ok());
    match curve {
        Some(curve) => format!("{kind} on {}", algorithm(&curve)),
        None => kind,
    }
}
