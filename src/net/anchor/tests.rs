//! What a CA can vouch with, and what it cannot.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;

use super::*;

fn fixture(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}

#[test]
fn keys_that_ring_verifies_with_are_usable_and_others_are_not() {
    let usable = [
        include_str!("certificates/secp384r1.pem"),
        include_str!("certificates/rsa2048.pem"),
        include_str!("certificates/ed25519.pem"),
    ];
    for pem in usable {
        assert_eq!(unusable(&fixture(pem)), None);
    }
    let p521 = unusable(&fixture(include_str!("certificates/secp521r1.pem"))).expect("a reason");
    assert!(p521.contains("secp521r1"), "{p521}");
    assert!(p521.contains("P-384"), "{p521}");
    let short = unusable(&fixture(include_str!("certificates/rsa1024.pem"))).expect("a reason");
    assert!(short.contains("1024 bits"), "{short}");
}

#[test]
fn the_public_roots_and_a_fresh_ca_are_usable() {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let ca = CertifiedIssuer::self_signed(params, key).expect("a CA");
    assert_eq!(unusable(ca.der()), None);
}

#[test]
fn what_is_no_ca_is_not_usable_and_it_is_said_whose_it_is() {
    let leaf = fixture(include_str!("certificates/signed_with_secp521r1.pem"));
    let why = unusable(&leaf).expect("a reason");
    assert!(
        why.contains("not a CA's") && why.contains("'P-521 CA'"),
        "{why}"
    );
    assert!(unusable(&CertificateDer::from(Vec::new())).is_some_and(|why| why.contains("empty")));
    let broken = CertificateDer::from(leaf[..leaf.len() / 2].to_vec());
    assert!(unusable(&broken).is_some_and(|why| why.contains("no X.509")));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4096))]

    /// Whatever bytes are pasted, there is an answer in words.
    #[test]
    fn any_bytes_are_judged(at in 0_usize..2000, byte: u8, cut in 0_usize..2000) {
        let mut der = fixture(include_str!("certificates/secp521r1.pem")).to_vec();
        let length = der.len();
        der[at % length] = byte;
        der.truncate(cut.max(length / 8));
        if let Some(why) = unusable(&CertificateDer::from(der)) {
            proptest::prop_assert!(!why.contains(['{', '\n']), "{why}");
        }
    }
}

/// rustls takes an expired anchor, so a restart with one must not fail.
#[test]
fn an_expired_ca_is_usable() {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let ca = CertifiedIssuer::self_signed(params, key).expect("a CA");
    assert_eq!(unusable(ca.der()), None);
}
