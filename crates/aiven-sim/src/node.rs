//! One node of a service: an HTTPS server for `/metrics`, as Telegraf's
//! `prometheus_client` output is, and everything that can go wrong with it.

mod page;
mod serve;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConfig;
use rustls::crypto::ring;
use tokio_util::sync::CancellationToken;

use crate::account::Credentials;
use crate::address::ServerAddress;
use crate::authority::{Authority, NodeCertificate};
use crate::fault::NodeFault;
use crate::open_port::OpenPort;
use crate::shared::Shared;

pub use page::SCRAPES_SERVED;
pub(crate) use page::{MetricsPage, PageSpec};

/// What a node has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeRecord {
    /// TCP connections accepted.
    pub connections: usize,
    /// Connections that are open now.
    pub open_connections: usize,
    /// TLS handshakes completed, resumed ones included.
    pub handshakes: usize,
    /// TLS handshakes that resumed an earlier session.
    pub resumed_handshakes: usize,
    /// HTTP requests read.
    pub requests: usize,
    /// Pages sent with status 200.
    pub pages: usize,
    /// Every `Authorization` header value, in order.
    pub authorizations: Vec<String>,
}

/// A node's server, running or not. A test may hold it longer than the node exists.
pub(crate) struct NodeServer {
    pub(crate) address: ServerAddress,
    names: Vec<String>,
    page: MetricsPage,
    authority: Mutex<Arc<Authority>>,
    tls: Mutex<Option<(Shown, Arc<ServerConfig>)>>,
    record: Mutex<NodeRecord>,
    state: Mutex<State>,
}

/// What decides how the next connection or request is met.
#[derive(Default)]
struct State {
    credentials: Option<Credentials>,
    fault: Option<NodeFault>,
    running: Option<Running>,
}

/// A server that was started and not stopped.
struct Running {
    /// Ends every connection that is open.
    connections: CancellationToken,
    /// `None` while connections are refused.
    port: Option<OpenPort>,
}

/// Which certificate is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Right,
    OtherName,
    Expired,
    OtherCa,
    NameInSubject,
}

impl Shown {
    fn under(fault: Option<&NodeFault>) -> Self {
        match fault {
            Some(NodeFault::OtherName) => Self::OtherName,
            Some(NodeFault::Expired) => Self::Expired,
            Some(NodeFault::OtherCa) => Self::OtherCa,
            Some(NodeFault::NameInSubject) => Self::NameInSubject,
            _ => Self::Right,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl NodeServer {
    /// A stopped server that will show a certificate for `names` by `authority`.
    pub(crate) fn new(
        address: ServerAddress,
        names: Vec<String>,
        authority: Arc<Authority>,
        page: PageSpec,
    ) -> Self {
        Self {
            address,
            names,
            page: MetricsPage::new(page),
            authority: Mutex::new(authority),
            tls: Mutex::default(),
            record: Mutex::default(),
            state: Mutex::default(),
        }
    }

    pub(crate) fn record(&self) -> NodeRecord {
        lock(&self.record).clone()
    }

    fn note(&self, note: impl FnOnce(&mut NodeRecord)) {
        note(&mut lock(&self.record));
    }

    /// What goes wrong from now on. The port is open or closed as the fault has it when this
    /// returns; connections that the fault would not have let in are ended.
    pub(crate) fn set_fault(self: &Arc<Self>, shared: &Arc<Shared>, fault: Option<NodeFault>) {
        let mut state = lock(&self.state);
        let refuses = fault == Some(NodeFault::Refuse);
        let ends_connections = refuses || Shown::under(fault.as_ref()) != Shown::Right;
        state.fault = fault;
        let Some(running) = &mut state.running else {
            return;
        };
        if refuses {
            running.port = None;
        } else if running.port.is_none() {
            running.port = Some(self.open_port(shared));
        }
        if ends_connections {
            std::mem::take(&mut running.connections).cancel();
        }
    }

    fn fault(&self) -> Option<NodeFault> {
        lock(&self.state).fault.clone()
    }

    pub(crate) fn set_credentials(&self, credentials: Option<Credentials>) {
        lock(&self.state).credentials = credentials;
    }

    /// Shows certificates of this authority to new connections.
    pub(crate) fn set_authority(&self, authority: Arc<Authority>) {
        *lock(&self.authority) = authority;
        *lock(&self.tls) = None;
    }

    /// Whether the server was started and not stopped; a fault may close its port all the same.
    pub(crate) fn is_running(&self) -> bool {
        lock(&self.state).running.is_some()
    }

    /// Starts serving; the port is open when this returns. Does nothing on a
    /// running server.
    pub(crate) fn start(self: &Arc<Self>, shared: &Arc<Shared>, credentials: Option<Credentials>) {
        let mut state = lock(&self.state);
        if state.running.is_some() {
            return;
        }
        state.credentials = credentials;
        let refuses = state.fault == Some(NodeFault::Refuse);
        state.running = Some(Running {
            connections: CancellationToken::new(),
            port: (!refuses).then(|| self.open_port(shared)),
        });
    }

    /// Stops serving and ends every connection; the port is closed when this returns.
    pub(crate) fn stop(&self) {
        if let Some(running) = lock(&self.state).running.take() {
            running.connections.cancel();
        }
    }

    fn open_port(self: &Arc<Self>, shared: &Arc<Shared>) -> OpenPort {
        OpenPort::open(shared, &self.address, |listener| {
            serve::accept(Arc::clone(self), Arc::clone(shared), listener)
        })
    }

    /// For a connection that was accepted: what ends it; `None` if it came too late.
    fn admit(&self) -> Option<CancellationToken> {
        let state = lock(&self.state);
        let running = state.running.as_ref()?;
        running.port.as_ref().map(|_| running.connections.clone())
    }

    /// The certificate without faults, signed anew.
    pub(crate) fn certificate(&self) -> Result<NodeCertificate, rcgen::Error> {
        self.sign(Shown::Right)
    }

    fn sign(&self, shown: Shown) -> Result<NodeCertificate, rcgen::Error> {
        let authority = Arc::clone(&*lock(&self.authority));
        match shown {
            Shown::Right => authority.sign(&self.names, false),
            Shown::OtherName => {
                authority.sign(&["somebody-elses-service.a.aivencloud.test".into()], false)
            }
            Shown::Expired => authority.sign(&self.names, true),
            Shown::NameInSubject => authority.sign_subject(&self.names[0]),
            Shown::OtherCa => Authority::new("Nobody's CA")?.sign(&self.names, false),
        }
    }

    /// TLS as the fault has it. Sessions resume only within one configuration,
    /// so a changed certificate is seen by the next connection.
    fn tls_config(&self, fault: Option<&NodeFault>) -> io::Result<Arc<ServerConfig>> {
        let wanted = Shown::under(fault);
        if let Some((shown, config)) = &*lock(&self.tls)
            && *shown == wanted
        {
            return Ok(Arc::clone(config));
        }
        let certificate = self.sign(wanted).map_err(io::Error::other)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(certificate.chain, certificate.key)
            })
            .map_err(io::Error::other)?;
        // Room for a few scrapers; the default is made for busy servers.
        config.session_storage = rustls::server::ServerSessionMemoryCache::new(32);
        let config = Arc::new(config);
        *lock(&self.tls) = Some((wanted, Arc::clone(&config)));
        Ok(config)
    }
}
