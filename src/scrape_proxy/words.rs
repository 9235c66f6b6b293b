//! Errors of libraries in words for people. Theirs are often the names of their own types.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::io;

use rustls::{CertificateError, Error as TlsError, InvalidMessage, OtherError};

/// What went wrong with TLS, to go on after "the TLS handshake failed: ". What is wrong with
/// a certificate is told by the certificate instead.
pub(super) fn of_tls(error: &TlsError) -> String {
    match error {
        TlsError::AlertReceived(alert) => {
            format!("the node ended it with the alert \"{}\"", spaced(alert))
        }
        TlsError::InappropriateMessage { got_type, .. } => {
            format!(
                "the node sent a message of type \"{}\" out of turn",
                spaced(got_type)
            )
        }
        TlsError::InappropriateHandshakeMessage { got_type, .. } => {
            format!("the node sent a \"{}\" out of turn", spaced(got_type))
        }
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "what the node sends is not TLS".to_owned()
        }
        TlsError::InvalidMessage(why) => {
            format!("the node sent a malformed message ({})", spaced(why))
        }
        TlsError::PeerIncompatible(why) => {
            format!(
                "the node and this program have no common way ({})",
                spaced(why)
            )
        }
        TlsError::PeerMisbehaved(why) => {
            format!("the node broke the rules of TLS ({})", spaced(why))
        }
        TlsError::InvalidCertificate(why) => of_certificate(why),
        TlsError::NoCertificatesPresented => "the node showed no certificate".to_owned(),
        TlsError::DecryptError => "what the node sent cannot be decrypted".to_owned(),
        TlsError::PeerSentOversizedRecord => "the node sent a record that is too large".to_owned(),
        TlsError::NoApplicationProtocol => {
            "the node speaks no protocol that is known here".to_owned()
        }
        TlsError::FailedToGetCurrentTime => "this machine's clock cannot be read".to_owned(),
        TlsError::FailedToGetRandomBytes => "this machine gives no random numbers".to_owned(),
        TlsError::General(text) => text.clone(),
        TlsError::Other(OtherError(inner)) => of_other(&**inner),
        TlsError::HandshakeNotComplete => "the handshake did not come to its end".to_owned(),
        other => format!("it met with \"{}\"", spaced(other)),
    }
}

/// What is wrong with a certificate where nothing better can be said.
pub(super) fn of_certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::BadEncoding => "it is malformed".to_owned(),
        CertificateError::Revoked => "it was revoked".to_owned(),
        CertificateError::UnhandledCriticalExtension => {
            "it has a critical extension that is not known here".to_owned()
        }
        CertificateError::BadSignature => {
            "its signature is not by the key of the issuer that it names".to_owned()
        }
        CertificateError::UnknownIssuer => "its issuer is not trusted".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not for servers (extended key usage)".to_owned()
        }
        CertificateError::Other(OtherError(inner)) => of_other(&**inner),
        other => format!("it met with \"{}\"", spaced(other)),
    }
}

/// An error that is no type of rustls: webpki's, which are names of variants, or a sentence.
fn of_other(error: &(dyn StdError + Send + Sync)) -> String {
    let text = error.to_string();
    if text.contains(' ') && !text.contains(['{', '(']) {
        return text;
    }
    format!("it met with \"{}\"", spaced_name(&text))
}

/// Why a connection did not bring a whole answer, to go on after "the node broke it off: ".
pub(super) fn of_http(error: &hyper::Error) -> String {
    if error.is_parse() {
        return error.to_string();
    }
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    match causes.find_map(|cause| cause.downcast_ref()) {
        Some(error) => of_io(error),
        None => "it closed the connection".to_owned(),
    }
}

/// The same of an error of the connection itself.
pub(super) fn of_io(error: &io::Error) -> String {
    let inner = error.get_ref();
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<TlsError>()) {
        return of_tls(error);
    }
    match error.kind() {
        io::ErrorKind::ConnectionReset => "it reset the connection".to_owned(),
        io::ErrorKind::UnexpectedEof => "it closed the connection in the middle".to_owned(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            "it closed the connection".to_owned()
        }
        io::ErrorKind::TimedOut => "it is not there any more".to_owned(),
        // Of the kernel, and of hyper about a malformed chunk.
        kind => inner.map_or_else(|| kind.to_string(), ToString::to_string),
    }
}

/// The name of an enum's variant as words: `NoKxGroupsInCommon` becomes "no kx groups in
/// common". What the variant holds is left out.
fn spaced(variant: &dyn Debug) -> String {
    spaced_name(&format!("{variant:?}"))
}

fn spaced_name(name: &str) -> String {
    let mut words = String::new();
    let mut after_small = false;
    for letter in name.chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && after_small {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
        after_small = !letter.is_ascii_uppercase();
    }
    words
}

#[cfg(test)]
pub(super) mod tests;
