//! Each kind of failure has its evidence and its remedy, and they fit each other.

use std::sync::Arc;

use super::super::words::tests::{assert_words, tls_errors};
use super::*;
use crate::model::outside_text::Secrets;

const WAITED: Duration = Duration::from_millis(19_010);

#[test]
fn every_finding_has_a_remedy_in_one_line_of_words() {
    for finding in Finding::ALL {
        let remedy = finding.remedy();
        assert!(remedy.len() > 20, "{finding:?}");
        assert!(
            !remedy.contains('\n') && !remedy.ends_with('.'),
            "{finding:?}"
        );
        let word = serde_json::to_string(&finding).unwrap();
        assert_eq!(serde_json::from_str::<Finding>(&word).unwrap(), finding);
    }
    assert_eq!(
        serde_json::from_str::<Finding>("\"of a later version\"").unwrap(),
        Finding::Unknown
    );
}

#[test]
fn a_remedy_is_about_what_was_found() {
    let of = |finding: Finding| finding.remedy();
    // Nobody is sent to Aiven for what is wrong on this machine or in the configuration.
    for own in [
        Finding::OwnLimit,
        Finding::NoRoute,
        Finding::NotValidYet,
        Finding::WrongClock,
        Finding::UnknownCa,
        Finding::IntermediateMissing,
        Finding::OthersCredentialsRefused,
        Finding::NoCredentials,
        Finding::GivenUp,
    ] {
        assert!(!of(own).contains("support"), "{own:?}");
    }
    // Nobody compares a password of ours with somebody else's endpoint.
    let others = of(Finding::OthersCredentialsRefused);
    assert!(!others.contains("integration.password") && !others.contains("integration.username"));
    // Nor to a firewall where the node was reached.
    for reached in Finding::ALL {
        if [FailureKind::Status, FailureKind::Unauthorised].contains(&reached.class()) {
            assert!(!of(reached).contains("firewall"), "{reached:?}");
            assert!(!of(reached).contains("ip_filter"), "{reached:?}");
        }
        // Nothing is sent before a certificate is believed; it is said where one is wrong.
        if [Finding::UnknownCa, Finding::OtherName, Finding::SelfSigned].contains(&reached) {
            assert!(of(reached).starts_with("nothing was sent"), "{reached:?}");
        }
    }
    for (finding, word) in [
        (Finding::OwnLimit, "this machine"),
        (Finding::NoAnswer, "ip_filter"),
        (Finding::Expired, "clock"),
        (Finding::WrongClock, "set this machine's clock"),
        (Finding::CredentialsRefused, "makes it anew"),
        (
            Finding::OthersCredentialsRefused,
            "ask who made that endpoint",
        ),
        (Finding::NotFound, "port"),
        (Finding::ServerError, "words"),
        (Finding::IntermediateMissing, "scrape_proxy.ca_cert"),
        (Finding::SlowPage, "scrape_timeout"),
    ] {
        assert!(of(finding).contains(word), "{finding:?} without {word}");
    }
}

#[test]
fn every_status_is_told_with_the_nodes_words_and_as_reached() {
    let words = OutsideText::prose("duplicate series x", &Secrets::default());
    for code in (201..=599).filter(|code| *code != 401) {
        let failure = of_status(StatusCode::from_u16(code).unwrap(), Some(&words));
        assert_eq!(failure.class, FailureKind::Status);
        assert!(failure.cause.contains("was reached"), "{}", failure.cause);
        assert!(
            failure.cause.contains(&code.to_string()),
            "{}",
            failure.cause
        );
        assert!(
            failure.cause.ends_with("and says: duplicate series x"),
            "{}",
            failure.cause
        );
    }
    for (code, finding) in [
        (204, Finding::OtherStatus),
        (302, Finding::Redirected),
        (403, Finding::Forbidden),
        (404, Finding::NotFound),
        (429, Finding::OtherStatus),
        (500, Finding::ServerError),
        (503, Finding::NotReady),
    ] {
        let failure = of_status(StatusCode::from_u16(code).unwrap(), None);
        assert_eq!(failure.finding, finding, "{code}");
    }
}

#[test]
fn trouble_of_this_machine_is_told_as_such() {
    for (code, finding) in [
        (24, Finding::OwnLimit),
        (23, Finding::OwnLimit),
        (99, Finding::OwnLimit),
        (1, Finding::OwnLimit),
        (13, Finding::OwnLimit),
        (101, Finding::NoRoute),
        (113, Finding::NoRoute),
        (110, Finding::NoAnswer),
        (111, Finding::Refused),
        (104, Finding::NotConnected),
    ] {
        let failure = tcp(&io::Error::from_raw_os_error(code));
        assert_eq!(failure.finding, finding, "{code}: {}", failure.cause);
        assert_words(&failure.cause);
    }
}

#[test]
fn an_address_of_a_private_network_that_does_not_answer_is_told_as_such() {
    for (ip, finding) in [
        ("10.1.2.3", Finding::NoAnswerInPrivate),
        ("172.16.0.1", Finding::NoAnswerInPrivate),
        ("fd00::1", Finding::NoAnswerInPrivate),
        ("203.0.113.1", Finding::NoAnswer),
        ("127.0.0.1", Finding::NoAnswer),
        ("2001:db8::1", Finding::NoAnswer),
    ] {
        let failure =
            ConnectError::TcpTimeout(ip.parse().unwrap(), WAITED).failure(KnownClock::Unknown);
        assert_eq!(failure.finding, finding, "{ip}: {}", failure.cause);
    }
}

#[test]
fn a_cause_is_what_was_seen_and_how_long_was_waited() {
    let address = [203, 0, 113, 1].into();
    for (failure, words) in [
        (
            ConnectError::TcpTimeout(address, WAITED).failure(KnownClock::Right),
            "within 19 s",
        ),
        (
            ConnectError::TlsTimeout(WAITED).failure(KnownClock::Right),
            "no TLS within 19 s",
        ),
        (silent(WAITED), "did not answer within 19 s"),
        (
            tcp(&io::Error::from_raw_os_error(111)),
            "connection refused",
        ),
    ] {
        assert!(failure.cause.ends_with(words), "{}", failure.cause);
        assert!(!failure.cause.contains("perhaps"), "{}", failure.cause);
    }
}

#[test]
fn nobody_is_told_first_to_trust_or_to_open_something() {
    for certificate in [Finding::UnknownCa, Finding::IntermediateMissing] {
        let remedy = certificate.remedy();
        let (before, _) = remedy.split_once("scrape_proxy.ca_cert").unwrap();
        assert!(before.contains("compare the"), "{remedy}");
        assert!(remedy.contains("else do not trust it"), "{remedy}");
    }
    assert!(!Finding::SelfSigned.remedy().contains("ca_cert"));
    let private = Finding::NoAnswerInPrivate.remedy();
    assert!(private.contains("ask its owner whether"), "{private}");
    for finding in Finding::ALL {
        let remedy = finding.remedy();
        assert!(!remedy.contains("this line"), "{remedy}");
        assert!(
            !remedy.contains(" our ") && !remedy.contains(" us "),
            "{remedy}"
        );
    }
}

#[test]
fn every_error_of_a_handshake_is_told_in_words() {
    for error in tls_errors() {
        let error = ConnectError::Tls {
            name: "logs.example".into(),
            error: io::Error::new(io::ErrorKind::InvalidData, error),
        };
        let failure = error.failure(KnownClock::Unknown);
        assert_words(&failure.cause);
        assert!(failure.cause.contains("logs.example"), "{}", failure.cause);
        assert_ne!(failure.finding, Finding::Unknown);
    }
    let name: Arc<str> = "logs.example".into();
    for error in [
        ConnectError::NoName,
        ConnectError::InvalidName(Arc::clone(&name)),
        ConnectError::TcpTimeout([203, 0, 113, 1].into(), WAITED),
        ConnectError::TcpTimeout([10, 1, 2, 3].into(), WAITED),
        ConnectError::TlsTimeout(WAITED),
        ConnectError::Tls {
            name,
            error: io::ErrorKind::ConnectionReset.into(),
        },
    ] {
        assert_words(&error.failure(KnownClock::Unknown).cause);
    }
}
