//! A port that listens until it is dropped.

use std::net::Shutdown;
use std::sync::{Arc, Weak};

use socket2::SockRef;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::address::ServerAddress;
use crate::shared::Shared;

/// Waiting connections that the kernel keeps for a server.
const BACKLOG: u32 = 1024;

/// Dropping it closes the port before anything else happens: the kernel refuses from then on,
/// although the task that accepts has not yet noticed.
pub(crate) struct OpenPort {
    /// The accepting task owns the listener, so that the port closes with it, too.
    listener: Weak<TcpListener>,
    accepting: CancellationToken,
}

impl OpenPort {
    /// Listens; `accept` gets the listener and runs until the port closes.
    ///
    /// # Panics
    ///
    /// When it cannot listen: the port is reserved, so that is no conflict but the end of some
    /// resource.
    pub(crate) fn open<F>(
        shared: &Shared,
        address: &ServerAddress,
        accept: impl FnOnce(Arc<TcpListener>) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let _runtime = shared.runtime().enter();
        let listener = match address.listen(BACKLOG) {
            Ok(listener) => Arc::new(listener),
            Err(error) => panic!("cannot listen on {}: {error}", address.socket_addr()),
        };
        let port = Self {
            listener: Arc::downgrade(&listener),
            accepting: CancellationToken::new(),
        };
        let (accepting, accept) = (port.accepting.clone(), accept(listener));
        shared.spawn(async move {
            accepting.run_until_cancelled_owned(accept).await;
        });
        port
    }
}

impl Drop for OpenPort {
    fn drop(&mut self) {
        self.accepting.cancel();
        if let Some(listener) = self.listener.upgrade() {
            // Fails only on a socket that does not listen any more.
            let _ = SockRef::from(&*listener).shutdown(Shutdown::Both);
        }
    }
}
