//! The certificates that CredHub makes on a platform.

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

/// The name that Gorouter expects of a Caddy, `server_cert_domain_san` of the route.
pub const PUBLIC_NAME: &str = "prometheus-failover.service.cf.internal";

/// The default of the job's property `peer.server_name`.
const PEER_NAME: &str = "prometheus-failover";

/// A certificate with its key, both PEM.
#[derive(Debug)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub private_key: String,
}

/// All that the job's properties ask for.
#[derive(Debug)]
pub struct Certificates {
    /// The CA that Gorouter trusts.
    pub platform_ca: String,
    /// What Caddy shows to Gorouter.
    pub public: Pair,
    /// The CA that only the Caddys have certificates of.
    pub peer_ca: String,
    /// What Caddys show to each other.
    pub peer: Pair,
}

type Authority = CertifiedIssuer<'static, KeyPair>;

impl Certificates {
    /// Fresh ones.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new() -> anyhow::Result<Certificates> {
        let server = ExtendedKeyUsagePurpose::ServerAuth;
        let client = ExtendedKeyUsagePurpose::ClientAuth;
        let platform = authority("the platform's CA").context("cannot make a CA")?;
        let peers = authority("the Caddys' CA").context("cannot make a CA")?;
        Ok(Certificates {
            public: sign(&platform, PUBLIC_NAME, vec![server.clone()])?,
            platform_ca: platform.pem(),
            peer: sign(&peers, PEER_NAME, vec![server, client])?,
            peer_ca: peers.pem(),
        })
    }
}

fn authority(name: &str) -> Result<Authority, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn sign(
    authority: &Authority,
    name: &str,
    usages: Vec<ExtendedKeyUsagePurpose>,
) -> anyhow::Result<Pair> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = usages;
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, authority)?;
    Ok(Pair {
        certificate: certificate.pem(),
        private_key: key.serialize_pem(),
    })
}
