//! How a node serves: it accepts connections, speaks TLS and then HTTP, each with its faults.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::HandshakeKind;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::body::Body;
use crate::fault::NodeFault;
use crate::node::{NodeServer, lock};
use crate::shared::Shared;
use crate::wire::{ResetSwitch, Wire};

/// Pause after a connection that could not be accepted: the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Accepts connections, one task each, until it is dropped.
pub(super) async fn accept(node: Arc<NodeServer>, shared: Arc<Shared>, listener: Arc<TcpListener>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(end) = node.admit() else {
            continue;
        };
        let open = OpenConnection::new(Arc::clone(&node), Arc::clone(&shared));
        shared.spawn(async move {
            end.run_until_cancelled_owned(open.serve(stream)).await;
        });
    }
}

/// Counts itself out when dropped, however the connection ends.
struct OpenConnection {
    node: Arc<NodeServer>,
    shared: Arc<Shared>,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.node.note(|record| record.open_connections -= 1);
        self.shared.changed();
    }
}

impl OpenConnection {
    fn new(node: Arc<NodeServer>, shared: Arc<Shared>) -> Self {
        node.note(|record| {
            record.connections += 1;
            record.open_connections += 1;
        });
        shared.changed();
        Self { node, shared }
    }

    async fn serve(self, stream: TcpStream) {
        let reset = ResetSwitch::default();
        let wire = Wire::new(stream, reset.clone());
        let fault = self.node.fault();
        match fault {
            Some(NodeFault::Hang) => return pending().await,
            Some(NodeFault::Reset) => return reset.arm(),
            _ => {}
        }
        let Ok(config) = self.node.tls_config(fault.as_ref()) else {
            return;
        };
        // A client that does not like the certificate ends it here.
        let Ok(tls) = TlsAcceptor::from(config).accept(wire).await else {
            return;
        };
        let resumed = tls.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
        self.node.note(|record| {
            record.handshakes += 1;
            record.resumed_handshakes += usize::from(resumed);
        });
        self.shared.changed();
        let requests = AtomicUsize::new(0);
        let service = service_fn(|request| {
            let is_first = requests.fetch_add(1, Ordering::Relaxed) == 0;
            self.respond(request, reset.clone(), is_first)
        });
        // Clients may go whenever they like.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(tls), service)
            .await;
    }

    /// The fault, once it is not [`NodeFault::HangAfterRequest`].
    async fn fault_after_hanging(&self) -> Option<NodeFault> {
        let mut changes = self.shared.subscribe();
        loop {
            changes.mark_unchanged();
            let fault = self.node.fault();
            if fault != Some(NodeFault::HangAfterRequest) {
                return fault;
            }
            if changes.changed().await.is_err() {
                return pending().await;
            }
        }
    }

    async fn respond(
        &self,
        request: Request<Incoming>,
        reset: ResetSwitch,
        is_first: bool,
    ) -> io::Result<Response<Body>> {
        let authorization = request.headers().get(AUTHORIZATION).map(text);
        self.node.note(|record| {
            record.requests += 1;
            record.authorizations.extend(authorization.clone());
        });
        self.shared.changed();
        let fault = self.fault_after_hanging().await;
        match fault {
            Some(NodeFault::Hang) => return pending().await,
            Some(NodeFault::Reset) => {
                reset.arm();
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            Some(NodeFault::SilentOnceRested) if !is_first => return pending().await,
            Some(NodeFault::Answer {
                code,
                headers,
                body,
            }) => {
                return answer(code, &headers, body);
            }
            Some(NodeFault::Status(code)) => {
                return Ok(plain(
                    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                ));
            }
            _ => {}
        }
        let wrong =
            fault == Some(NodeFault::WrongPassword) || !self.node.accepts(authorization.as_deref());
        let mut response = match (request.method(), request.uri().path()) {
            _ if wrong => unauthorized(),
            (&Method::GET, "/metrics") => self.page(&request),
            (_, "/metrics") => plain(StatusCode::METHOD_NOT_ALLOWED),
            _ => plain(StatusCode::NOT_FOUND),
        };
        response = response.map(|body| match fault {
            Some(NodeFault::Trickle { bytes, every }) => body.trickled(bytes, every),
            Some(NodeFault::ResetMidBody) => body.cut_in_half(Some(reset)),
            _ => body,
        });
        Ok(response)
    }

    fn page(&self, request: &Request<Incoming>) -> Response<Body> {
        let gzip = request
            .headers()
            .get_all(ACCEPT_ENCODING)
            .iter()
            .any(|value| {
                text(value)
                    .split(',')
                    .any(|coding| coding.trim().starts_with("gzip"))
            });
        let (body, compressed) = self.node.page.body(gzip);
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
        );
        if compressed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        self.node.note(|record| record.pages += 1);
        self.shared.changed();
        response
    }
}

impl NodeServer {
    fn accepts(&self, authorization: Option<&str>) -> bool {
        let state = lock(&self.state);
        let Some(credentials) = &state.credentials else {
            return false;
        };
        let pair = format!("{}:{}", credentials.username, credentials.password);
        let expected = BASE64_STANDARD.encode(pair);
        authorization.and_then(|value| value.strip_prefix("Basic ")) == Some(expected.as_str())
    }
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::whole(format!("{status}\n")));
    *response.status_mut() = status;
    response
}

fn answer(code: u16, headers: &[(String, String)], body: String) -> io::Result<Response<Body>> {
    let mut response = Response::builder().status(code);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response
        .body(Body::whole(body))
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

fn unauthorized() -> Response<Body> {
    let mut response = plain(StatusCode::UNAUTHORIZED);
    response.headers_mut().insert(
        WWW_AUTHENTICATE,
        HeaderValue::from_static("Basic realm=\"Restricted\""),
    );
    response
}
