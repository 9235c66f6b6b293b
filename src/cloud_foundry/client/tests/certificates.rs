//! Servers with certificates that are not to be trusted.

use std::net::Ipv4Addr;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A server with a certificate for this name. Returns where it is, and its CA.
async fn tls_server(name: &str) -> (Url, CertificateDer<'static>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let shown = params.signed_by(&key, &ca).unwrap().der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![shown], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whether it succeeds or not, that is all.
            let _ = acceptor.accept(stream).await;
        }
    });
    (url.parse().unwrap(), ca.der().clone())
}

#[tokio::test]
async fn a_certificate_of_an_unknown_ca_or_of_another_host_is_told_apart() {
    let (url, certificate) = tls_server("127.0.0.1").await;
    let mut settings = config(url, INTERVAL);
    let failure = async |config: &config::CloudFoundry| {
        let mut client = reader(config).0.client;
        client.read_all(needed()).await.unwrap_err().to_string()
    };
    let said = failure(&settings).await;
    assert!(said.contains("cloud_foundry.ca_cert"), "{said}");
    settings.ca_cert = vec![certificate];
    let said = failure(&settings).await;
    assert!(!said.contains("certificate"), "{said}");

    let (url, certificate) = tls_server("api.example").await;
    let mut settings = config(url, INTERVAL);
    settings.ca_cert = vec![certificate];
    let said = failure(&settings).await;
    assert!(
        said.contains("the host name that the certificate is for"),
        "{said}"
    );
}
