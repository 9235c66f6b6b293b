//! Who is let in, by where it is and what it shows.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use super::super::{LIMITS, serve_connection};
use crate::net::accept::serve_each;
use crate::net::tls;
use crate::net::tls::ServerTls;

const NAME: &str = "aiven-metrics";

type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Authority(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    fn sign(&self) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
        let signed = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        (signed.der().clone(), key)
    }
}

/// What a client does.
enum Client<'a> {
    SpeaksPlainly,
    ShowsNothing,
    Shows(&'a Authority),
}

async fn connected(server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.connect(server).await.unwrap()
}

/// The status of the answer; none without one.
async fn status(ca: &Authority, server: SocketAddr, client: Client<'_>) -> Option<String> {
    let stream = connected(server).await;
    let mut roots = RootCertStore::empty();
    roots.add(ca.certificate()).unwrap();
    let config = match client {
        Client::SpeaksPlainly => return ask(stream).await,
        Client::ShowsNothing => tls::client(roots),
        Client::Shows(authority) => {
            let (certificate, key) = authority.sign();
            let provider = tls::client(RootCertStore::empty())
                .crypto_provider()
                .clone();
            ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_client_auth_cert(vec![certificate], key)
                .unwrap()
        }
    };
    let name = ServerName::try_from(NAME).unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream);
    ask(stream.await.ok()?).await
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<String> {
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.ok()?;
    let mut answer = Vec::new();
    // rustls tells of a refused certificate when the answer is read.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    Some(answer.split(' ').nth(1)?.to_owned())
}

/// A server for clients at `peer`, wherever they are in truth.
async fn server(ca: &Authority, peer: SocketAddr) -> SocketAddr {
    let (certificate, key) = ca.sign();
    let clients = [ca.certificate()];
    let config = |everybody| {
        let server = tls::server(
            vec![certificate.clone()],
            key.clone_key(),
            &clients,
            everybody,
        );
        Arc::new(server.unwrap())
    };
    let tls = ServerTls {
        here: config(false),
        elsewhere: config(true),
        chain: Vec::new(),
        clients: Vec::new(),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let router = Router::new().route("/", get(async || "found"));
        let never = CancellationToken::new();
        let serve = |stream, _| {
            serve_connection(
                router.clone(),
                Some(tls.clone()),
                stream,
                peer,
                never.clone(),
            )
        };
        serve_each(listener.into(), LIMITS, &never, serve).await;
    });
    address
}

/// Asks as each of `peers`: with plain HTTP, with TLS and no certificate, with one of the CA,
/// and with one of another.
async fn assert_answers(peers: &[&str], expected: [Option<&str>; 4]) {
    for peer in peers {
        let (ca, other) = (Authority::new(), Authority::new());
        let server = server(&ca, peer.parse().unwrap()).await;
        let clients = [
            Client::SpeaksPlainly,
            Client::ShowsNothing,
            Client::Shows(&ca),
            Client::Shows(&other),
        ];
        for (client, expected) in clients.into_iter().zip(expected) {
            let answer = status(&ca, server, client).await;
            assert_eq!(answer.as_deref(), expected, "{peer}");
        }
    }
}

#[tokio::test]
async fn this_machine_needs_neither_tls_nor_a_certificate() {
    let peers = ["127.0.0.1:4000", "[::1]:4000", "[::ffff:127.0.0.2]:4000"];
    assert_answers(&peers, [Some("200"), Some("200"), Some("200"), None]).await;
}

#[tokio::test]
async fn another_machine_shows_a_certificate_of_the_ca() {
    let peers = ["10.0.16.5:4000", "[2001:db8::1]:4000"];
    assert_answers(&peers, [Some("403"), None, Some("200"), None]).await;
}

#[tokio::test]
async fn a_client_that_ends_at_once_ends_nobody_else() {
    let ca = Authority::new();
    let server = server(&ca, "10.0.16.5:4000".parse().unwrap()).await;
    drop(connected(server).await);
    let answer = status(&ca, server, Client::Shows(&ca)).await;
    assert_eq!(answer.as_deref(), Some("200"));
}
