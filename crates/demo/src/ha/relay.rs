//! The network from one VM to the other. While it is cut, bytes wait, as they do
//! when TCP sends them again and again.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One direction of the network.
#[derive(Debug)]
pub struct Relay {
    cut: watch::Sender<bool>,
    // Ends with this.
    _task: JoinSet<()>,
}

impl Relay {
    /// Relays what reaches `from` to `to`.
    ///
    /// # Errors
    /// When `from` is taken.
    pub async fn start(from: SocketAddr, to: SocketAddr) -> anyhow::Result<Relay> {
        let listener = TcpListener::bind(from)
            .await
            .with_context(|| format!("cannot listen on {from}"))?;
        let (cut, seen) = watch::channel(false);
        let mut task = JoinSet::new();
        task.spawn(relay(listener, to, seen));
        Ok(Relay { cut, _task: task })
    }

    /// Cuts the network, or heals it.
    pub fn cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }
}

async fn relay(listener: TcpListener, to: SocketAddr, cut: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connect(stream, to, cut.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connect(near: TcpStream, to: SocketAddr, mut cut: watch::Receiver<bool>) {
    healed(&mut cut).await;
    let Ok(socket) = TcpSocket::new_v4() else {
        return;
    };
    let Ok(far) = socket.connect(to).await else {
        return;
    };
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    tokio::join!(
        pump(near_read, far_write, cut.clone()),
        pump(far_read, near_write, cut)
    );
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut cut: watch::Receiver<bool>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        healed(&mut cut).await;
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
    healed(&mut cut).await;
}

async fn healed(cut: &mut watch::Receiver<bool>) {
    // An error means that the demo ends, and this task with it.
    let _ = cut.wait_for(|cut| !cut).await;
}
