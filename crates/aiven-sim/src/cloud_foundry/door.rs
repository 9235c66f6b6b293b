//! A port with TLS, and what goes wrong before HTTP begins.

use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::crypto::ring;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::address::ServerAddress;
use crate::authority::Authority;
use crate::cloud_foundry::serve;
use crate::fault::{Server, ServerFault};
use crate::open_port::OpenPort;
use crate::shared::Shared;
use crate::wire::{ResetSwitch, Wire};

/// Pause after a connection that could not be accepted: the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Where one of Cloud Foundry's servers is reached.
pub(crate) struct Door {
    server: Server,
    address: ServerAddress,
    authority: Arc<Authority>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    fault: Option<ServerFault>,
    /// Made for this fault.
    tls: Option<(Option<ServerFault>, Arc<ServerConfig>)>,
    /// Ends every connection that is open.
    connections: CancellationToken,
    port: Option<OpenPort>,
}

impl Door {
    /// Takes a port and keeps it closed.
    pub(crate) fn new(server: Server, authority: Arc<Authority>) -> io::Result<Self> {
        Ok(Self {
            server,
            address: ServerAddress::take_port()?,
            authority,
            state: Mutex::default(),
        })
    }

    /// `https://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address.socket_addr())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes wrong from now on. The port is open or closed as the fault has it when this
    /// returns, and connections that were open are ended.
    pub(crate) fn set_fault(self: &Arc<Self>, shared: &Arc<Shared>, fault: Option<ServerFault>) {
        let mut state = self.state();
        if state.port.is_some() && state.fault == fault {
            return;
        }
        state.fault = fault;
        if fault == Some(ServerFault::Refuse) {
            state.port = None;
        } else if state.port.is_none() {
            state.port = Some(OpenPort::open(shared, &self.address, |listener| {
                accept(Arc::clone(self), Arc::clone(shared), listener)
            }));
        }
        std::mem::take(&mut state.connections).cancel();
    }

    fn tls(&self) -> io::Result<Arc<ServerConfig>> {
        let mut state = self.state();
        let wanted = state.fault;
        if let Some((fault, config)) = &state.tls
            && *fault == wanted
        {
            return Ok(Arc::clone(config));
        }
        let own = [self.address.ip().to_string(), "localhost".into()];
        let certificate = match wanted {
            Some(ServerFault::OtherCa) => {
                Authority::new("Nobody's CA").and_then(|nobody| nobody.sign(&own, false))
            }
            Some(ServerFault::OtherName) => {
                self.authority.sign(&["somebody-else.test".into()], false)
            }
            Some(ServerFault::Expired) => self.authority.sign(&own, true),
            _ => self.authority.sign(&own, false),
        };
        let certificate = certificate.map_err(io::Error::other)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .and_then(|builder| {
                let builder = builder.with_no_client_auth();
                builder.with_single_cert(certificate.chain, certificate.key)
            })
            .map_err(io::Error::other)?;
        let config = Arc::new(config);
        state.tls = Some((wanted, Arc::clone(&config)));
        Ok(config)
    }
}

async fn accept(door: Arc<Door>, shared: Arc<Shared>, listener: Arc<TcpListener>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (end, fault) = {
            let state = door.state();
            (state.connections.clone(), state.fault)
        };
        let connection = connection(Arc::clone(&door), Arc::clone(&shared), stream, fault);
        shared.spawn(async move {
            end.run_until_cancelled_owned(connection).await;
        });
    }
}

async fn connection(
    door: Arc<Door>,
    shared: Arc<Shared>,
    stream: TcpStream,
    fault: Option<ServerFault>,
) {
    let reset = ResetSwitch::default();
    let wire = Wire::new(stream, reset.clone());
    match fault {
        Some(ServerFault::Hang) => return pending().await,
        Some(ServerFault::Reset) => return reset.arm(),
        _ => {}
    }
    let Ok(config) = door.tls() else {
        return;
    };
    // A client that does not like the certificate ends it here.
    let Ok(tls) = TlsAcceptor::from(config).accept(wire).await else {
        return;
    };
    let service =
        service_fn(|request| serve::respond(&shared, door.server, request, reset.clone()));
    // Clients may go whenever they like.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(tls), service)
        .await;
}
