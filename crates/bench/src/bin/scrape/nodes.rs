//! All nodes in one lean process: one TLS listener for every loopback address,
//! pages made beforehand. Their cost is nobody's.
//!
//! Told by line: `giant BYTES` serves pages of that size, `usual` the usual
//! ones; `hold` stops each page in its middle, `release` lets them go on;
//! `held` is answered with how many are stopped. Any other answer is `ok`.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::{BufRead, Write as _};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// Series on the usual page.
const SERIES: usize = 1_500;
/// What the giant page is made of.
const PIECE: usize = 16 << 10;

struct Nodes {
    plain: Bytes,
    gzip: Bytes,
    giant: AtomicU64,
    hold: watch::Sender<bool>,
    held: AtomicUsize,
}

/// Says `{"port", "ca"}`, then serves until its standard input ends.
pub async fn run() {
    let plain = page();
    let nodes = Arc::new(Nodes {
        gzip: compress(&plain),
        plain,
        giant: AtomicU64::new(0),
        hold: watch::Sender::new(false),
        held: AtomicUsize::new(0),
    });
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (config, ca) = tls();
    let about =
        json!({"port": port, "ca": ca, "plain": nodes.plain.len(), "gzip": nodes.gzip.len()});
    println!("{about}");
    let serving = tokio::spawn(accept(listener, config, Arc::clone(&nodes)));
    let told = tokio::task::spawn_blocking(move || obey(&nodes));
    told.await.unwrap();
    serving.abort();
}

fn obey(nodes: &Nodes) {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "giant" => nodes.giant.store(rest.parse().unwrap(), Ordering::Relaxed),
            "usual" => nodes.giant.store(0, Ordering::Relaxed),
            "hold" => drop(nodes.hold.send_replace(true)),
            "release" => drop(nodes.hold.send_replace(false)),
            "held" => {}
            other => panic!("told {other:?}"),
        }
        match word {
            "held" => println!("{}", nodes.held.load(Ordering::Relaxed)),
            _ => println!("ok"),
        }
        std::io::stdout().flush().unwrap();
    }
}

async fn accept(listener: TcpListener, config: Arc<ServerConfig>, nodes: Arc<Nodes>) {
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        // Loopback only, though no one address can be listened on.
        if peer.ip().is_loopback() {
            tokio::spawn(serve(stream, Arc::clone(&config), Arc::clone(&nodes)));
        }
    }
}

async fn serve(stream: TcpStream, config: Arc<ServerConfig>, nodes: Arc<Nodes>) {
    stream.set_nodelay(true).unwrap();
    let Ok(tls) = TlsAcceptor::from(config).accept(stream).await else {
        return;
    };
    let service = service_fn(|request| {
        let answer = answer(&nodes, &request);
        async move { Ok::<_, Infallible>(answer) }
    });
    // Clients may go whenever they like.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(tls), service)
        .await;
}

fn answer(nodes: &Arc<Nodes>, request: &Request<Incoming>) -> Response<BoxBody<Bytes, Infallible>> {
    let headers = request.headers();
    if !headers.contains_key(header::AUTHORIZATION) {
        let mut refusal = Response::new(Full::default().boxed());
        *refusal.status_mut() = StatusCode::UNAUTHORIZED;
        return refusal;
    }
    let gzip = headers.get(header::ACCEPT_ENCODING) == Some(&HeaderValue::from_static("gzip"));
    let page = if gzip { &nodes.gzip } else { &nodes.plain };
    let giant = nodes.giant.load(Ordering::Relaxed);
    let body = match giant {
        0 if !*nodes.hold.borrow() => Full::new(page.clone()).boxed(),
        0 => held(nodes, page),
        bytes => repeated(bytes),
    };
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    if gzip && giant == 0 {
        let coding = HeaderValue::from_static("gzip");
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, coding);
    }
    response
}

/// The first half now, the second when released.
fn held(nodes: &Arc<Nodes>, page: &Bytes) -> BoxBody<Bytes, Infallible> {
    let halves = [page.slice(..page.len() / 2), page.slice(page.len() / 2..)];
    let start = (Arc::clone(nodes), halves, 0);
    let frames = stream::unfold(start, async |(nodes, halves, at)| {
        if at == 1 {
            nodes.held.fetch_add(1, Ordering::Relaxed);
            let _ = nodes.hold.subscribe().wait_for(|hold| !hold).await;
            nodes.held.fetch_sub(1, Ordering::Relaxed);
        }
        let half = halves.get(at)?.clone();
        Some((Ok(Frame::data(half)), (nodes, halves, at + 1)))
    });
    StreamBody::new(Box::pin(frames)).boxed()
}

fn repeated(bytes: u64) -> BoxBody<Bytes, Infallible> {
    let piece = Bytes::from(vec![b'#'; PIECE]);
    let frames = (0..bytes.div_ceil(PIECE as u64)).map(move |_| Ok(Frame::data(piece.clone())));
    StreamBody::new(stream::iter(frames)).boxed()
}

/// Telegraf-like text.
fn page() -> Bytes {
    let mut page = String::new();
    for series in 0..SERIES {
        let family = series / 30;
        if series % 30 == 0 {
            writeln!(
                page,
                "# HELP opensearch_family_{family} Telegraf collected metric"
            )
            .unwrap();
            writeln!(page, "# TYPE opensearch_family_{family} untyped").unwrap();
        }
        let value = (series as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
        writeln!(
            page,
            "opensearch_family_{family}{{cluster_name=\"prod-lon-5f3a4c57\",host=\"prod-lon-5f3a4c57-1\",node_host=\"10.0.0.7\",node_id=\"bX9kq0vVQ8\",item=\"{}\"}} {value}",
            series % 30
        )
        .unwrap();
    }
    page.into()
}

fn compress(plain: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap().into()
}

/// A certificate for every host name of the simulator, and the CA that signed it.
fn tls() -> (Arc<ServerConfig>, String) {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["*.a.aivencloud.test".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &ca).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    (Arc::new(config), ca.pem())
}
