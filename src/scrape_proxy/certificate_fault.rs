//! What is wrong with what a node showed in its TLS handshake, with what it showed.

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, Error as TlsError, InvalidMessage};

use super::words;
use crate::model::scrape::{Failure, Finding};
use crate::model::surroundings::{KnownClock, WrongClock};
use crate::net::certificate::{CertificateFacts, date};
use crate::net::verifier::RefusedCertificate;

/// A TLS handshake for `name` that failed with rustls's error, with what is known of this
/// machine's clock.
pub(super) fn of_handshake(error: &TlsError, name: &str, clock: KnownClock) -> Failure {
    if let Some(refused) = RefusedCertificate::of(error) {
        return of_certificate(&refused.why, &refused.shown, name, clock);
    }
    if let TlsError::InvalidCertificate(why) = error {
        return of_certificate(why, &[], name, clock);
    }
    let finding = match error {
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => Finding::NotTls,
        TlsError::PeerIncompatible(_) | TlsError::AlertReceived(_) => Finding::NoCommonTls,
        _ => Finding::TlsBroken,
    };
    let why = words::of_tls(error);
    Failure::new(
        finding,
        format!("the TLS handshake for {name} failed: {why}"),
    )
}

/// A certificate that was refused for this reason, the first of those `shown`.
fn of_certificate(
    why: &CertificateError,
    shown: &[CertificateDer<'_>],
    name: &str,
    clock: KnownClock,
) -> Failure {
    let facts = shown.first().and_then(|der| CertificateFacts::read(der));
    let Some(facts) = facts else {
        let why = words::of_certificate(why);
        let cause = format!("the certificate shown for {name} is not valid: {why}");
        return Failure::new(Finding::InvalidCertificate, cause);
    };
    use CertificateError as E;
    let (finding, problem) = match why {
        E::UnknownIssuer => unknown_issuer(&facts, shown),
        E::BadSignature => (
            Finding::UnknownCa,
            format!(
                "it is of another CA than those trusted: its issuer has the name of a trusted one, '{}', and another key",
                facts.issuer
            ),
        ),
        E::NotValidForName | E::NotValidForNameContext { .. } => return other_name(&facts, name),
        E::Expired | E::ExpiredContext { .. } => {
            let problem = format!("it has expired on {}", date(facts.not_after));
            by_the_clock(Finding::Expired, problem, why, clock)
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            let problem = format!("it is not valid before {}", date(facts.not_before));
            by_the_clock(Finding::NotValidYet, problem, why, clock)
        }
        _ if is_about_algorithms(why) => unknown_algorithm(&facts, shown),
        other => (Finding::InvalidCertificate, words::of_certificate(other)),
    };
    let cause = format!(
        "the certificate shown for {name} is not believed: {problem} ({})",
        described(&facts)
    );
    Failure::new(finding, cause)
}

/// Where this machine's clock is known to be wrong it is the first suspect: whether it is the
/// cause shows when the certificate is judged by the clock of Aiven's API. Where it is known to
/// be right, nobody has to look at it.
fn by_the_clock(
    finding: Finding,
    problem: String,
    why: &CertificateError,
    clock: KnownClock,
) -> (Finding, String) {
    let clock = match (clock, finding) {
        (KnownClock::Wrong(clock), _) => clock,
        (KnownClock::Right, Finding::Expired) => {
            let problem = format!("{problem} by a clock that agrees with Aiven's");
            return (Finding::ExpiredIndeed, problem);
        }
        (KnownClock::Right | KnownClock::Unknown, _) => return (finding, problem),
    };
    let by_ours = format!(
        "{problem} by this machine's clock, which is {}",
        clock.difference()
    );
    match is_valid_by(clock, why) {
        Some(true) => (
            Finding::WrongClock,
            format!("{by_ours}: by that one it is valid"),
        ),
        Some(false) => (finding, format!("{by_ours}, and by that one, too")),
        None => (finding, by_ours),
    }
}

/// Whether what is refused for its dates is valid at the time of Aiven's API; unknown where
/// rustls does not tell the dates.
fn is_valid_by(clock: WrongClock, why: &CertificateError) -> Option<bool> {
    let moment = |time: &UnixTime| Timestamp::from_second(i64::try_from(time.as_secs()).ok()?).ok();
    match why {
        CertificateError::ExpiredContext { time, not_after } => {
            Some(clock.corrected(moment(time)?) <= moment(not_after)?)
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            Some(clock.corrected(moment(time)?) >= moment(not_before)?)
        }
        _ => None,
    }
}

/// The certificate in short: whose, by whom, for which names, from when to when.
fn described(facts: &CertificateFacts) -> String {
    let names = facts.all_names();
    format!(
        "{}, names {}, {}",
        whose(facts),
        names.as_deref().unwrap_or("none"),
        dates(facts),
    )
}

fn whose(facts: &CertificateFacts) -> String {
    format!("subject '{}', issuer '{}'", facts.subject, facts.issuer)
}

fn dates(facts: &CertificateFacts) -> String {
    format!(
        "valid {} to {}",
        date(facts.not_before),
        date(facts.not_after)
    )
}

fn unknown_issuer(facts: &CertificateFacts, shown: &[CertificateDer<'_>]) -> (Finding, String) {
    if facts.is_self_issued {
        let problem = "it is of another CA than those trusted: it is signed by itself";
        return (Finding::SelfSigned, problem.to_owned());
    }
    const TRUSTED: &str = "neither the project's CA, scrape_proxy.ca_cert nor a public root";
    let last = shown.last().and_then(|der| CertificateFacts::read(der));
    match last {
        Some(last) if shown.len() > 1 => {
            let problem = format!(
                "it is of another CA than those trusted: it was shown with {} more, and the last one's issuer '{}' is {TRUSTED}",
                shown.len() - 1,
                last.issuer,
            );
            (Finding::UnknownCa, problem)
        }
        _ => {
            let problem = format!(
                "it is of another CA than those trusted: its issuer '{}' is {TRUSTED}, and the node sent no other certificate with it",
                facts.issuer,
            );
            (Finding::IntermediateMissing, problem)
        }
    }
}

/// A certificate without the name that was asked for.
fn other_name(facts: &CertificateFacts, name: &str) -> Failure {
    let names = facts.all_names();
    let finding = match names {
        None if facts.subject.eq_ignore_ascii_case(name) => Finding::NameInSubjectOnly,
        _ => Finding::OtherName,
    };
    let shown = match names {
        Some(names) => format!("for {names}, not for {name}"),
        None if finding == Finding::NameInSubjectOnly => format!(
            "with the name {name} only in its subject (CN), which TLS clients do not accept"
        ),
        None => format!("without names that TLS clients go by, so not for {name}"),
    };
    let (whose, dates) = (whose(facts), dates(facts));
    let cause = format!("the node shows a certificate {shown} ({whose}, {dates})");
    Failure::new(finding, cause)
}

#[expect(deprecated, reason = "webpki may still give the older variant")]
fn is_about_algorithms(why: &CertificateError) -> bool {
    matches!(
        why,
        CertificateError::UnsupportedSignatureAlgorithm
            | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    )
}

fn unknown_algorithm(facts: &CertificateFacts, shown: &[CertificateDer<'_>]) -> (Finding, String) {
    let issuer = shown.get(1).and_then(|der| CertificateFacts::read(der));
    let key = issuer.map_or_else(String::new, |issuer| {
        format!(", with a key of the kind {}", issuer.key)
    });
    let problem = format!(
        "'{}' signed it with {}{key}, in a way that cannot be verified here",
        facts.issuer, facts.signature
    );
    (Finding::UnknownAlgorithm, problem)
}

#[cfg(test)]
mod tests;
