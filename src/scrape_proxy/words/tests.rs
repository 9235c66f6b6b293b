//! No error is told in the names of its types.

use std::sync::Arc;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, ContentType, HandshakeType, PeerIncompatible, PeerMisbehaved};

use super::*;

/// At least one error of each kind that rustls has, and of each that holds something.
pub(in super::super) fn tls_errors() -> Vec<TlsError> {
    let mut errors = vec![
        TlsError::InappropriateMessage {
            expect_types: vec![ContentType::Handshake],
            got_type: ContentType::ApplicationData,
        },
        TlsError::InappropriateHandshakeMessage {
            expect_types: vec![HandshakeType::ServerHello],
            got_type: HandshakeType::Finished,
        },
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType),
        TlsError::InvalidMessage(InvalidMessage::MissingData("ServerHello")),
        TlsError::InvalidMessage(InvalidMessage::UnknownProtocolVersion),
        TlsError::NoCertificatesPresented,
        TlsError::UnsupportedNameType,
        TlsError::DecryptError,
        TlsError::EncryptError,
        TlsError::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon),
        TlsError::PeerIncompatible(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig),
        TlsError::PeerMisbehaved(PeerMisbehaved::BadCertChainExtensions),
        TlsError::General("something unforeseen".to_owned()),
        TlsError::FailedToGetCurrentTime,
        TlsError::FailedToGetRandomBytes,
        TlsError::HandshakeNotComplete,
        TlsError::PeerSentOversizedRecord,
        TlsError::NoApplicationProtocol,
        TlsError::BadMaxFragmentSize,
        TlsError::Other(OtherError(Arc::new(io::Error::other("x")))),
    ];
    let alerts = (0..=u8::MAX).map(|code| TlsError::AlertReceived(AlertDescription::from(code)));
    errors.extend(alerts);
    errors.extend(
        certificate_errors()
            .into_iter()
            .map(TlsError::InvalidCertificate),
    );
    errors
}

/// Every kind of trouble with a certificate.
#[expect(deprecated, reason = "webpki may still give the older variant")]
pub(in super::super) fn certificate_errors() -> Vec<CertificateError> {
    use CertificateError as E;
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));
    let other = |text: &'static str| E::Other(OtherError(Arc::new(io::Error::other(text))));
    vec![
        E::BadEncoding,
        E::Expired,
        E::ExpiredContext {
            time,
            not_after: time,
        },
        E::NotValidYet,
        E::NotValidYetContext {
            time,
            not_before: time,
        },
        E::Revoked,
        E::UnhandledCriticalExtension,
        E::UnknownIssuer,
        E::UnknownRevocationStatus,
        E::ExpiredRevocationList,
        E::ExpiredRevocationListContext {
            time,
            next_update: time,
        },
        E::BadSignature,
        E::UnsupportedSignatureAlgorithm,
        E::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: vec![6, 8, 42],
            supported_algorithms: vec![],
        },
        E::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: vec![6, 8, 42],
            public_key_algorithm_id: vec![48, 16],
        },
        E::NotValidForName,
        E::NotValidForNameContext {
            expected: "logs.example".try_into().expect("a name"),
            presented: vec!["DnsName(\"other.example\")".to_owned()],
        },
        E::InvalidPurpose,
        E::InvalidPurposeContext {
            required: rustls::ExtendedKeyPurpose::ServerAuth,
            presented: vec![rustls::ExtendedKeyPurpose::Other(vec![1, 3, 6])],
        },
        E::InvalidOcspResponse,
        E::ApplicationVerificationFailure,
        other("CaUsedAsEndEntity"),
        other("NameConstraintViolation"),
        other("TrailingData(SignedData)"),
        other("UnsupportedSignatureAlgorithmContext(Context { oid: [6, 8] })"),
    ]
}

/// Whether a person can read it: one line, none of the marks and names that types have.
#[track_caller]
pub(in super::super) fn assert_words(text: &str) {
    let debug = |word: &str| {
        let mut letters = word
            .chars()
            .skip_while(|letter| !letter.is_ascii_alphabetic());
        let rest = letters.by_ref().skip(1).collect::<String>();
        let humps = rest.chars().filter(char::is_ascii_uppercase).count();
        let small = rest.chars().filter(char::is_ascii_lowercase).count();
        // `NotValidForName`, and no `HTTP`, `AES-GCM` or `ip_filter`.
        humps >= 1 && small >= 4 && !["OpenSearch", "Content-Type", "Content-Types"].contains(&word)
    };
    assert!(!text.contains(['{', '}', '\n', '[']), "{text}");
    assert!(
        !text.contains("(0x") && !text.contains("Some(") && !text.contains("os error"),
        "{text}"
    );
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    for word in words {
        assert!(!debug(word), "{word} in: {text}");
    }
    assert!(text.contains(' '), "{text}");
}

#[test]
fn no_error_of_tls_is_told_in_the_names_of_its_types() {
    for error in tls_errors() {
        assert_words(&of_tls(&error));
    }
    for error in certificate_errors() {
        assert_words(&of_certificate(&error));
    }
}

#[test]
fn what_a_variant_is_called_becomes_words() {
    let told = of_tls(&TlsError::PeerIncompatible(
        PeerIncompatible::NoKxGroupsInCommon,
    ));
    assert!(told.contains("(no kx groups in common)"), "{told}");
    let told = of_tls(&TlsError::AlertReceived(AlertDescription::HandshakeFailure));
    assert!(told.contains("\"handshake failure\""), "{told}");
}

#[test]
fn errors_of_the_kernel_are_told_without_numbers() {
    for code in 1..=133 {
        let told = of_io(&io::Error::from_raw_os_error(code));
        assert!(!told.contains("os error") && !told.contains('{'), "{told}");
    }
}
