//! A connection that somebody made to us. It bounds how long its peer may keep us
//! from sending, and tells what happens on it.
//!
//! The bound is on the time that sending was blocked since the last request was
//! read: a peer that takes a byte now and then is blocked nearly all the time, and
//! one that waits for a slow answer is not.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep};

use super::places::{Activity, Place};

/// How long a peer may keep an answer from being sent.
const BLOCKED_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection with its place.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    activity: Arc<Activity>,
    backlog: Arc<Backlog>,
    blocked: Option<Blocked>,
    /// How much longer sending may be blocked.
    left: Duration,
    _place: Place,
}

/// What is to be seen of a connection from outside of it.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(super) activity: Arc<Activity>,
    pub(super) backlog: Arc<Backlog>,
}

/// Sending is blocked.
#[derive(Debug)]
struct Blocked {
    since: Instant,
    /// Until it has been so for too long.
    too_long: Pin<Box<Sleep>>,
}

/// Whether something is left to send that the peer does not take.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    exists: AtomicBool,
    gone: Notify,
}

impl Backlog {
    /// Returns when all that was to be sent has left.
    pub(super) async fn gone(&self) {
        while self.exists() {
            self.gone.notified().await;
        }
    }

    fn exists(&self) -> bool {
        self.exists.load(Ordering::Relaxed)
    }

    fn clear(&self) {
        if self.exists.swap(false, Ordering::Relaxed) {
            self.gone.notify_one();
        }
    }
}

impl Connection {
    pub(super) fn new(stream: TcpStream, place: Place) -> Self {
        Connection {
            stream,
            activity: place.activity(),
            backlog: Arc::default(),
            blocked: None,
            left: BLOCKED_TIMEOUT,
            _place: place,
        }
    }

    /// The address that the peer connected to.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    pub(super) fn activity(&self) -> Arc<Activity> {
        Arc::clone(&self.activity)
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch {
            activity: Arc::clone(&self.activity),
            backlog: Arc::clone(&self.backlog),
        }
    }

    /// The first byte that the peer sends, which is still there to be read; none if it ends.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(crate) async fn first_byte(&self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        let count = self.stream.peek(&mut byte).await?;
        Ok((count > 0).then_some(byte[0]))
    }

    /// Takes the outcome of an attempt to send, and bounds how often it is `Pending`.
    fn sent(
        &mut self,
        context: &mut Context<'_>,
        attempt: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if attempt.is_ready() {
            self.activity.happened();
            if let Some(blocked) = self.blocked.take() {
                self.left = self.left.saturating_sub(blocked.since.elapsed());
            }
            return attempt;
        }
        let left = self.left;
        let blocked = self.blocked.get_or_insert_with(|| Blocked {
            since: Instant::now(),
            too_long: Box::pin(sleep(left)),
        });
        self.backlog.exists.store(true, Ordering::Relaxed);
        if blocked.too_long.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the peer did not take the answer in time",
        )))
    }
}

/// What the peer has not taken is of no use to anybody: the kernel need not keep
/// and repeat it.
impl Drop for Connection {
    fn drop(&mut self) {
        if self.blocked.is_some() {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let attempt = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.activity.happened();
            if !self.backlog.exists() {
                self.left = BLOCKED_TIMEOUT;
            }
        }
        attempt
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent(context, attempt)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.sent(context, attempt)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called once all that there was to send has been written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.backlog.clear();
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
