//! Certificates that are not believed, and what is shown of them.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{ServerName, UnixTime};

use super::super::words::tests::{assert_words, certificate_errors};
use super::*;
use crate::net::verifier::ShowingVerifier;

const NAME: &str = "logs.example";

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params
}

fn ca_params(common_name: &str) -> CertificateParams {
    let mut params = params(common_name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn ca(common_name: &str) -> Issuer {
    let key = KeyPair::generate().unwrap();
    CertifiedIssuer::self_signed(ca_params(common_name), key).unwrap()
}

fn signed(params: CertificateParams, issuer: &Issuer) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    params.signed_by(&key, issuer).unwrap().der().clone()
}

/// What is told of a chain by somebody who trusts `root`.
fn told(root: &CertificateDer<'static>, chain: &[CertificateDer<'static>]) -> Failure {
    told_at(root, chain, UnixTime::now())
}

fn told_at(
    root: &CertificateDer<'static>,
    chain: &[CertificateDer<'static>],
    now: UnixTime,
) -> Failure {
    told_by(
        root,
        chain,
        now.as_secs().cast_signed(),
        KnownClock::Unknown,
    )
}

fn told_by(
    root: &CertificateDer<'static>,
    chain: &[CertificateDer<'static>],
    now: i64,
    clock: KnownClock,
) -> Failure {
    let now = std::time::Duration::from_secs(now.cast_unsigned());
    let now = UnixTime::since_unix_epoch(now);
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let verifier = ShowingVerifier::new(verifier.build().unwrap());
    let name = ServerName::try_from(NAME).unwrap();
    let error = verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], now);
    let failure = of_handshake(&error.expect_err("refused"), NAME, clock);
    assert_words(&failure.cause);
    failure
}

#[track_caller]
fn assert_told(failure: &Failure, finding: Finding, words: &[&str]) {
    assert_eq!(failure.finding, finding, "{}", failure.cause);
    for word in words {
        assert!(
            failure.cause.contains(word),
            "no {word:?}: {}",
            failure.cause
        );
    }
}

#[test]
fn an_issuer_that_was_not_sent_is_told_by_its_name() {
    let root = ca("Root");
    let key = KeyPair::generate().unwrap();
    let between = CertifiedIssuer::signed_by(ca_params("Between"), key, &root).unwrap();
    let leaf = signed(params("node", &[NAME]), &between);
    let failure = told(root.der(), std::slice::from_ref(&leaf));
    let words = [
        "issuer 'Between'",
        "sent no other certificate with it",
        NAME,
        "subject 'node'",
    ];
    assert_told(&failure, Finding::IntermediateMissing, &words);
    // Sent, and still of another CA.
    let failure = told(ca("Other").der(), &[leaf, between.der().clone()]);
    assert_told(&failure, Finding::UnknownCa, &["issuer 'Root' is neither"]);
}

#[test]
fn a_name_in_the_subject_alone_is_told_as_such() {
    let root = ca("Root");
    let failure = told(root.der(), &[signed(params(NAME, &[]), &root)]);
    assert_told(
        &failure,
        Finding::NameInSubjectOnly,
        &["logs.example only in its subject (CN)"],
    );
}

#[test]
fn other_names_are_shown_up_to_a_few() {
    let root = ca("Root");
    let names: Vec<String> = (0..200)
        .map(|number| format!("node-{number}.example"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let failure = told(root.der(), &[signed(params("node", &names), &root)]);
    let words = [
        "shows a certificate for node-0",
        ", not for logs.example (",
        "node-0.example",
        "196 more",
    ];
    assert_told(&failure, Finding::OtherName, &words);
    assert!(failure.cause.len() < 1000, "{}", failure.cause);
}

#[test]
fn a_self_signed_one_is_told_as_such() {
    let alone = params(NAME, &[NAME])
        .self_signed(&KeyPair::generate().unwrap())
        .unwrap();
    let failure = told(ca("Root").der(), &[alone.der().clone()]);
    assert_told(&failure, Finding::SelfSigned, &["signed by itself"]);
}

#[test]
fn dates_are_shown_where_they_are_what_is_wrong() {
    let root = ca("Root");
    let mut dated = params("node", &[NAME]);
    dated.not_before = rcgen::date_time_ymd(2030, 1, 2);
    dated.not_after = rcgen::date_time_ymd(2031, 3, 4);
    let leaf = signed(dated, &root);
    let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let early = told_at(root.der(), std::slice::from_ref(&leaf), at(1_800_000_000));
    assert_told(
        &early,
        Finding::NotValidYet,
        &["not valid before 2030-01-02"],
    );
    let late = told_at(root.der(), std::slice::from_ref(&leaf), at(2_000_000_000));
    assert_told(&late, Finding::Expired, &["expired on 2031-03-04"]);
    // Nobody is sent to a clock that is known to be right.
    for (clock, finding) in [
        (KnownClock::Right, Finding::ExpiredIndeed),
        (KnownClock::Unknown, Finding::Expired),
    ] {
        let late = told_by(
            root.der(),
            std::slice::from_ref(&leaf),
            2_000_000_000,
            clock,
        );
        assert_told(&late, finding, &["expired on 2031-03-04"]);
        let is_sent_to_the_clock = late.finding.remedy().contains("clock");
        assert_eq!(is_sent_to_the_clock, finding == Finding::Expired);
    }
}

#[test]
fn a_ca_that_cannot_be_verified_with_is_told_by_its_key() {
    let pem = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let root = pem(include_str!("../../net/anchor/certificates/secp521r1.pem"));
    let leaf = pem(include_str!(
        "../../net/anchor/certificates/signed_with_secp521r1.pem"
    ));
    let failure = told(&root, &[leaf]);
    assert_told(
        &failure,
        Finding::UnknownAlgorithm,
        &["'P-521 CA'", "cannot be verified"],
    );
}

#[test]
fn a_new_ca_of_the_same_name_is_told_apart_by_its_key() {
    let failure = told(
        ca("Project CA").der(),
        &[signed(params("node", &[NAME]), &ca("Project CA"))],
    );
    assert_told(&failure, Finding::UnknownCa, &["another CA", "another key"]);
}

#[test]
fn certificates_for_other_purposes_or_of_a_ca_are_told_in_words() {
    let root = ca("Root");
    let mut for_clients = params("node", &[NAME]);
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let failure = told(root.der(), &[signed(for_clients, &root)]);
    assert_told(&failure, Finding::InvalidCertificate, &["not for servers"]);
    let mut of_a_ca = ca_params("node");
    of_a_ca.subject_alt_names = vec![rcgen::SanType::DnsName(NAME.try_into().unwrap())];
    let failure = told(root.der(), &[signed(of_a_ca, &root)]);
    assert_told(
        &failure,
        Finding::InvalidCertificate,
        &["ca used as end entity"],
    );
    let broken = told(root.der(), &[CertificateDer::from(vec![48, 3, 1, 1, 0])]);
    assert_told(&broken, Finding::InvalidCertificate, &["malformed"]);
}

#[test]
fn no_reason_is_told_in_the_names_of_its_types() {
    let root = ca("Root");
    let leaf = signed(params("node", &[NAME]), &root);
    for why in certificate_errors() {
        for shown in [&[][..], std::slice::from_ref(&leaf)] {
            let failure = of_certificate(&why, shown, NAME, KnownClock::Unknown);
            assert_words(&failure.cause);
            assert!(failure.cause.contains(NAME), "{}", failure.cause);
        }
    }
}

#[test]
fn a_clock_that_is_known_to_be_wrong_is_the_first_suspect() {
    let root = ca("Root");
    let mut dated = params("node", &[NAME]);
    dated.not_before = rcgen::date_time_ymd(2030, 1, 2);
    dated.not_after = rcgen::date_time_ymd(2031, 3, 4);
    let leaf = signed(dated, &root);
    let (early, late) = (1_893_000_000, 1_931_000_000);
    let told = |now: i64, ahead_seconds: i64| {
        let since = Timestamp::UNIX_EPOCH;
        let clock = WrongClock {
            ahead_seconds,
            since,
        };
        told_by(
            root.der(),
            std::slice::from_ref(&leaf),
            now,
            KnownClock::Wrong(clock),
        )
    };
    let (day, years) = (86_400, 10 * 365 * 86_400);
    for (now, ahead, words) in [
        (early, -30 * day, "not valid before 2030-01-02"),
        (late, 60 * day, "expired on 2031-03-04"),
    ] {
        let failure = told(now, ahead);
        let words = [
            words,
            "by this machine's clock, which is",
            "by that one it is valid",
        ];
        assert_told(&failure, Finding::WrongClock, &words);
    }
    // The clock is wrong, and that is not why.
    for (now, ahead, finding) in [
        (early, day, Finding::NotValidYet),
        (late, day, Finding::Expired),
        (late, -years, Finding::Expired),
    ] {
        let failure = told(now, ahead);
        let words = ["and by that one, too", "this machine's clock, which is"];
        assert_told(&failure, finding, &words);
    }
}
