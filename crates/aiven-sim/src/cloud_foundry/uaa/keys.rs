//! Signing keys, and the signatures of JWTs.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::refusal::Refusal;

/// Fixed key pairs, for tests alone: making an RSA key takes seconds without optimisation, and
/// ring makes none. Anybody can read them here, so nothing else must ever trust them.
const PAIRS: [(&str, &str); 3] = [
    (
        include_str!("../../../keys/uaa-1.pem"),
        include_str!("../../../keys/uaa-1.pub.pem"),
    ),
    (
        include_str!("../../../keys/uaa-2.pem"),
        include_str!("../../../keys/uaa-2.pub.pem"),
    ),
    (
        include_str!("../../../keys/uaa-3.pem"),
        include_str!("../../../keys/uaa-3.pub.pem"),
    ),
];

/// What a signature is checked with.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey {
    /// Big-endian, without leading zeros.
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
}

struct Key {
    kid: String,
    pair: KeyPair,
    public_pem: &'static str,
}

/// UAA's keys: all are listed, one signs. After the third rotation the pairs come round
/// again under new ids.
pub(super) struct KeyRing {
    keys: Vec<Key>,
    active: String,
    made: usize,
}

impl KeyRing {
    /// `key-1`, which signs, and `key-2`, as cf-deployment has it.
    pub(super) fn new() -> Self {
        let mut ring = Self {
            keys: Vec::new(),
            active: "key-1".into(),
            made: 0,
        };
        ring.add();
        ring.add();
        ring
    }

    fn add(&mut self) {
        let (private, public_pem) = PAIRS[self.made % PAIRS.len()];
        self.made += 1;
        let der = PrivatePkcs8KeyDer::from_pem_slice(private.as_bytes());
        let pair = der
            .ok()
            .and_then(|der| KeyPair::from_pkcs8(der.secret_pkcs8_der()).ok());
        let Some(pair) = pair else {
            unreachable!("the keys in this folder can be read")
        };
        self.keys.push(Key {
            kid: format!("key-{}", self.made),
            pair,
            public_pem,
        });
    }

    /// The newest key signs from now on, and one more is listed.
    pub(super) fn rotate(&mut self) -> String {
        self.active = format!("key-{}", self.made);
        self.add();
        self.active.clone()
    }

    pub(super) fn retire(&mut self, kid: &str) -> Result<(), Refusal> {
        if kid == self.active {
            return Err(Refusal::new(
                422,
                format!("{kid} signs: rotate the keys first"),
            ));
        }
        let before = self.keys.len();
        self.keys.retain(|key| key.kid != kid);
        let known = self.keys.len() < before;
        known
            .then_some(())
            .ok_or_else(|| Refusal::new(404, format!("UAA has no key {kid}")))
    }

    pub(super) fn public(&self) -> Vec<PublicKey> {
        let keys = self.keys.iter().map(|key| {
            let public: PublicKeyComponents<Vec<u8>> = key.pair.public().into();
            PublicKey {
                n: public.n,
                e: public.e,
            }
        });
        keys.collect()
    }

    /// As `/token_keys` lists them; older releases write `n` with a leading zero byte.
    pub(super) fn listed(&self, leading_zero: bool) -> Vec<Value> {
        let row = |(key, public): (&Key, PublicKey)| {
            let zero: &[u8] = if leading_zero { &[0] } else { &[] };
            json!({
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.kid,
                "e": BASE64URL.encode(public.e),
                "n": BASE64URL.encode([zero, &public.n].concat()),
                "value": key.public_pem.trim(),
            })
        };
        self.keys.iter().zip(self.public()).map(row).collect()
    }

    /// A JWT of these claims; `issuer` makes its `jku`.
    pub(super) fn sign(&self, claims: &Value, url: &str) -> String {
        let active = self.keys.iter().find(|key| key.kid == self.active);
        let Some(active) = active else {
            unreachable!("the active key is never retired")
        };
        let header = json!({"alg": "RS256", "jku": format!("{url}/token_keys"), "kid": active.kid, "typ": "JWT"});
        let part = |value: &Value| BASE64URL.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; active.pair.public().modulus_len()];
        let random = SystemRandom::new();
        let result = active.pair.sign(
            &RSA_PKCS1_SHA256,
            &random,
            signed.as_bytes(),
            &mut signature,
        );
        // Fails only without a source of random numbers.
        result.map_or_else(
            |_| signed.clone(),
            |()| format!("{signed}.{}", BASE64URL.encode(&signature)),
        )
    }
}

/// Claims of a JWT that one of the keys signed. Whom they are for and until when is not checked.
pub(crate) fn read_token(token: &str, keys: &[PublicKey]) -> Option<Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let json = |part: &str| serde_json::from_slice::<Value>(&BASE64URL.decode(part).ok()?).ok();
    if json(header)?["alg"] != "RS256" {
        return None;
    }
    let signature = BASE64URL.decode(signature).ok()?;
    let is_by = |key: &PublicKey| {
        let PublicKey { n, e } = key;
        let key = PublicKeyComponents { n, e };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
            .is_ok()
    };
    keys.iter().any(is_by).then(|| json(claims))?
}

/// SHA-256 in base64url, as PKCE's `S256` has it.
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    BASE64URL.encode(digest(&SHA256, bytes))
}
