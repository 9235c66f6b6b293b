//! Aiven can be reached only through an HTTP proxy: a real tinyproxy, before a
//! simulated Aiven that speaks TLS.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::path::PathBuf;
use std::sync::Arc;

use aiven_sim::{ServiceSpec, Simulator};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use testkit::{Config, Daemon, PROJECT, Process, Program, aiven, integrate_all};
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;

use crate::binary::{command, start};

const USER: &str = "platform-user";
const WORD: &str = "proxy-Secret-4711";

/// A server that takes TLS off, and the CA that it is trusted by.
pub struct TlsFront {
    address: SocketAddr,
    ca: String,
}

/// A server that shows a certificate like this, and the CA that signed it.
fn server(certificate: &CertificateParams) -> (Arc<ServerConfig>, String) {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = certificate.signed_by(&key, &ca).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (Arc::new(server), ca.pem())
}

/// Takes TLS off what is for `behind`.
async fn tls_before(behind: SocketAddr, certificate: &CertificateParams) -> TlsFront {
    let (server, ca) = server(certificate);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let Ok((client, _)) = listener.accept().await else {
                continue;
            };
            let acceptor = TlsAcceptor::from(Arc::clone(&server));
            tokio::spawn(async move {
                let mut client = acceptor.accept(client).await.ok()?;
                let socket = TcpSocket::new_v4().ok()?;
                let mut server = socket.connect(behind).await.ok()?;
                let copied = tokio::io::copy_bidirectional(&mut client, &mut server);
                copied.await.ok()
            });
        }
    });
    TlsFront { address, ca }
}

/// A tinyproxy that asks for [`USER`] and [`WORD`].
struct Tinyproxy {
    process: Process,
    port: u16,
    _folder: TempDir,
}

fn tinyproxy() -> PathBuf {
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/build/tools/bin/tinyproxy");
    let path = PathBuf::from(ours);
    assert!(
        path.exists(),
        "no tinyproxy; `scripts/setup proxy` fetches it"
    );
    path
}

impl Tinyproxy {
    /// Starts it; `more` are lines of its configuration.
    async fn start(port: Option<u16>, more: &str) -> Tinyproxy {
        // It cannot be told to let the system choose, so another may be faster.
        for _ in 0..5 {
            let port = port.unwrap_or_else(free_port);
            let folder = TempDir::new().unwrap();
            let file = folder.path().join("tinyproxy.conf");
            let lines = format!(
                "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nBasicAuth {USER} {WORD}\n{more}\n"
            );
            fs::write(&file, lines).unwrap();
            let program = Program::new(tinyproxy()).args(["-d", "-c"]).arg(&file);
            let process = program.start().unwrap();
            let listens = |line: &str| line.contains("Accepting connections").then_some(());
            if process.stdout.find(listens).await.is_ok() {
                return Tinyproxy {
                    process,
                    port,
                    _folder: folder,
                };
            }
        }
        panic!("tinyproxy does not start");
    }

    fn url(&self, user: &str) -> String {
        format!("http://{user}@127.0.0.1:{}", self.port)
    }
}

fn free_port() -> u16 {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A certificate for `localhost`.
pub fn for_localhost() -> CertificateParams {
    CertificateParams::new(vec!["localhost".to_owned()]).unwrap()
}

/// An Aiven with one integrated service, and a configuration that reaches it only
/// through a proxy.
pub async fn behind_a_proxy() -> (Simulator, TlsFront, Config) {
    behind_tls(&for_localhost()).await
}

/// An Aiven that speaks TLS with a certificate like this.
pub async fn behind_tls(certificate: &CertificateParams) -> (Simulator, TlsFront, Config) {
    let sim = aiven().await;
    sim.add_service(PROJECT, ServiceSpec::new("logs", "opensearch"));
    integrate_all(&sim);
    let api = sim.api_url();
    let behind = api.trim_start_matches("http://").parse().unwrap();
    let front = tls_before(behind, certificate).await;
    let url = format!("https://localhost:{}", front.address.port());
    let config = Config::quick(&sim)
        .with("aiven.api_url", url)
        .with("aiven.ca_cert", front.ca.clone());
    (sim, front, config)
}

/// Waits until `status` says these words about the proxy; none of its secrets may
/// be in anything that the daemon or `plan` shows.
async fn says(daemon: &Daemon, config: &Config, words: &[&str]) {
    let named = |one: &serde_json::Value| {
        let cause = one["stages"]["list"]["failing"]["cause"].as_str();
        cause.is_some_and(|cause| words.iter().all(|word| cause.contains(word)))
    };
    let project = daemon.project_when(PROJECT, named).await;
    let planned = command(config, "plan", &[]).await;
    assert_eq!(planned.code, Some(1));
    let planned = format!("{}{}", planned.stdout, planned.stderr);
    for word in words {
        assert!(planned.contains(word), "{word} is not in {planned}");
    }
    for shown in [project.to_string(), planned, daemon.printed()] {
        for secret in [WORD, "wrong-Secret", USER] {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
    }
}

#[tokio::test]
async fn the_api_is_reached_through_the_proxy_and_its_loss_is_named() {
    let (sim, _front, config) = behind_a_proxy().await;
    let proxy = Tinyproxy::start(None, "").await;
    let config = config.with("aiven.http_proxy", proxy.url(&format!("{USER}:{WORD}")));
    let daemon = start(&config).await;
    let addresses = sim.serving_addresses(PROJECT);
    daemon.publishes(addresses.clone()).await;
    let (port, place) = (proxy.port, format!("127.0.0.1:{}", proxy.port));
    assert!(proxy.process.stdout.text().contains("CONNECT"));
    proxy.process.stop().await.unwrap();
    let words = [place.as_str(), "aiven.http_proxy", "cannot be reached"];
    says(&daemon, &config, &words).await;
    daemon.publishes(addresses).await;
    let _proxy = Tinyproxy::start(Some(port), "").await;
    daemon
        .project_when(PROJECT, |one| one["stages"]["list"]["failing"].is_null())
        .await;
}

#[tokio::test]
async fn a_wrong_password_is_named_and_not_shown() {
    let (_sim, _front, config) = behind_a_proxy().await;
    let proxy = Tinyproxy::start(None, "").await;
    for user in [format!("{USER}:wrong-Secret"), "wrong-Secret:x".to_owned()] {
        let config = Config::in_folder(config.folder(), &_sim)
            .with(
                "aiven.api_url",
                format!("https://localhost:{}", _front.address.port()),
            )
            .with("aiven.ca_cert", _front.ca.clone())
            .with("aiven.http_proxy", proxy.url(&user));
        let daemon = start(&config).await;
        let place = format!("127.0.0.1:{}", proxy.port);
        // tinyproxy answers 401 to wrong credentials, others 407.
        let words = [place.as_str(), "aiven.http_proxy", "user and password"];
        says(&daemon, &config, &words).await;
    }
}

#[tokio::test]
async fn a_refusal_of_the_proxy_is_named() {
    let (_sim, front, config) = behind_a_proxy().await;
    // Connections to this port alone are allowed.
    let proxy = Tinyproxy::start(None, "ConnectPort 1").await;
    let config = config.with("aiven.http_proxy", proxy.url(&format!("{USER}:{WORD}")));
    let daemon = start(&config).await;
    let to = format!(
        "refuses to connect to localhost:{} (403",
        front.address.port()
    );
    says(&daemon, &config, &[&to]).await;
}

#[tokio::test]
async fn a_proxy_that_speaks_tls_is_verified() {
    let (sim, _front, config) = behind_a_proxy().await;
    let proxy = Tinyproxy::start(None, "").await;
    let before = tls_before(
        SocketAddr::from((Ipv4Addr::LOCALHOST, proxy.port)),
        &for_localhost(),
    )
    .await;
    let url = format!("https://{USER}:{WORD}@localhost:{}", before.address.port());
    let config = config.with("aiven.http_proxy", url);
    {
        let daemon = start(&config).await;
        says(
            &daemon,
            &config,
            &["aiven.http_proxy", "cannot be reached", "certificate"],
        )
        .await;
    }
    let trusted = format!("{}{}", _front.ca, before.ca);
    let config = config.with("aiven.ca_cert", trusted);
    let daemon = start(&config).await;
    daemon.publishes(sim.serving_addresses(PROJECT)).await;
}
