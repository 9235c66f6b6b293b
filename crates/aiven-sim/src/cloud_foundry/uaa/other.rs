//! Another UAA, such as the real one: the Cloud Controller takes its tokens instead.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::HOST;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpSocket;

use super::keys::PublicKey;

/// Larger answers are refused.
const MAX_BODY: usize = 1 << 20;

/// Where it is, and what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct OtherUaa {
    pub(crate) url: String,
    pub(crate) issuer: String,
    pub(crate) keys: Vec<PublicKey>,
}

impl OtherUaa {
    /// Nothing is known of it yet: its keys are fetched when a token comes.
    pub(crate) fn at(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            issuer: String::new(),
            keys: Vec::new(),
        }
    }

    /// Asks it for its issuer and its keys.
    pub(crate) async fn fetch(url: &str) -> io::Result<Self> {
        let discovery = get(&format!("{url}/.well-known/openid-configuration")).await?;
        let keys = get(&format!("{url}/token_keys")).await?;
        let keys = keys["keys"].as_array().into_iter().flatten();
        Ok(Self {
            url: url.to_owned(),
            issuer: discovery["issuer"].as_str().unwrap_or_default().to_owned(),
            keys: keys.filter_map(key).collect(),
        })
    }
}

fn key(row: &Value) -> Option<PublicKey> {
    let number = |member: &str| {
        let bytes = BASE64URL.decode(row[member].as_str()?).ok()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(bytes[zeros..].to_vec())
    };
    Some(PublicKey {
        n: number("n")?,
        e: number("e")?,
    })
}

/// JSON from `http://` on this machine.
async fn get(url: &str) -> io::Result<Value> {
    let uri: Uri = url.parse().map_err(io::Error::other)?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
    let authority =
        authority.ok_or_else(|| io::Error::other(format!("{url} is no http:// URL")))?;
    let ip = match authority.host() {
        "localhost" => Ipv4Addr::LOCALHOST,
        host => host.parse().map_err(io::Error::other)?,
    };
    let address = SocketAddr::from((ip, authority.port_u16().unwrap_or(80)));
    let stream = TcpSocket::new_v4()?.connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(HOST, authority.as_str())
        .header("accept", "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let read = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
        serde_json::from_slice(&body.map_err(io::Error::other)?.to_bytes())
            .map_err(io::Error::other)
    };
    tokio::select! {
        answer = read => answer,
        // Ends first only when it fails.
        end = connection => Err(io::Error::other(format!("{url}: the connection ended: {end:?}"))),
    }
}
