//! CAs that nothing can be verified with: said by `check-config`, and no reason not to start.

use serde_json::json;

use super::{CA, accepted, with};

const P521: &str = include_str!("../../net/anchor/certificates/secp521r1.pem");
const LEAF: &str = include_str!("../../net/anchor/certificates/signed_with_secp521r1.pem");

#[test]
fn a_ca_that_cannot_be_verified_with_is_doubted_by_its_number() {
    for key in ["aiven.ca_cert", "scrape_proxy.ca_cert"] {
        assert_eq!(accepted(&with(key, json!(CA))).doubts(), []);
        for (pem, word) in [(P521, "secp521r1"), (LEAF, "not a CA's")] {
            let doubts = accepted(&with(key, json!(format!("{CA}\n{pem}")))).doubts();
            let [doubt] = &doubts[..] else {
                panic!("{doubts:?}")
            };
            assert_eq!(doubt.path, key);
            assert!(doubt.message.contains("certificate 2"), "{doubt}");
            assert!(doubt.message.contains(word), "{doubt}");
        }
    }
}
