//! One node of a service: an HTTPS server for `/metrics`, as Telegraf's
//! `prometheus_client` output is, and everything that can go wrong with it.

mod page;
mod serve;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConfig;
use rustls::crypto::ring;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::address::NodeAddress;
use crate::authority::{Authority, NodeCertificate};
use crate::fault::NodeFault;
use crate::shared::Shared;
use crate::world::Credentials;

pub(crate) use page::{MetricsPage, PageSpec};

/// Waiting connections that the kernel keeps for a node.
const BACKLOG: u32 = 1024;

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

/// A node's server, running or not. Outlives the node in the hands of a test.
pub(crate) struct NodeServer {
    pub(crate) address: NodeAddress,
    names: Vec<String>,
    page: MetricsPage,
    authority: Mutex<Arc<Authority>>,
    credentials: Mutex<Option<Credentials>>,
    tls: Mutex<Option<(Shown, Arc<ServerConfig>)>>,
    fault: watch::Sender<Option<NodeFault>>,
    record: Mutex<NodeRecord>,
    running: Mutex<Option<CancellationToken>>,
}

/// Which certificate is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Right,
    OtherName,
    Expired,
    OtherCa,
}

impl Shown {
    fn under(fault: Option<&NodeFault>) -> Self {
        match fault {
            Some(NodeFault::OtherName) => Self::OtherName,
            Some(NodeFault::Expired) => Self::Expired,
            Some(NodeFault::OtherCa) => Self::OtherCa,
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
        address: NodeAddress,
        names: Vec<String>,
        authority: Arc<Authority>,
        page: PageSpec,
    ) -> Self {
        Self {
            address,
            names,
            page: MetricsPage::new(page),
            authority: Mutex::new(authority),
            credentials: Mutex::default(),
            tls: Mutex::default(),
            fault: watch::Sender::new(None),
            record: Mutex::default(),
            running: Mutex::default(),
        }
    }

    pub(crate) fn record(&self) -> NodeRecord {
        lock(&self.record).clone()
    }

    fn note(&self, note: impl FnOnce(&mut NodeRecord)) {
        note(&mut lock(&self.record));
    }

    pub(crate) fn set_fault(&self, fault: Option<NodeFault>) {
        self.fault.send_replace(fault);
    }

    pub(crate) fn set_credentials(&self, credentials: Option<Credentials>) {
        *lock(&self.credentials) = credentials;
    }

    /// Shows certificates of this authority to new connections.
    pub(crate) fn set_authority(&self, authority: Arc<Authority>) {
        *lock(&self.authority) = authority;
        *lock(&self.tls) = None;
    }

    /// Whether a listening server is up (it may still refuse by a fault).
    pub(crate) fn is_running(&self) -> bool {
        lock(&self.running).is_some()
    }

    /// Starts serving; the port is open when this returns. Does nothing on a
    /// running server.
    pub(crate) fn start(self: &Arc<Self>, shared: &Arc<Shared>, credentials: Option<Credentials>) {
        let mut running = lock(&self.running);
        if running.is_some() {
            return;
        }
        self.set_credentials(credentials);
        let stop = shared.child_stop();
        *running = Some(stop.clone());
        let listener = {
            let _runtime = shared.runtime().enter();
            // The serving task tries again if this fails.
            self.listen().ok()
        };
        shared.spawn(serve::serve(
            Arc::clone(self),
            Arc::clone(shared),
            listener,
            stop,
        ));
    }

    /// Stops serving and drops every connection.
    pub(crate) fn stop(&self) {
        if let Some(stop) = lock(&self.running).take() {
            stop.cancel();
        }
    }

    fn listen(&self) -> io::Result<TcpListener> {
        if *self.fault.borrow() == Some(NodeFault::Refuse) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        self.address.socket()?.listen(BACKLOG)
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
