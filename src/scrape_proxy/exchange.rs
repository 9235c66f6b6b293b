//! HTTP over one connection to a node, driven by the scrape that uses it. It has no task of its
//! own: a scrape needs no switch between tasks, and a scrape that is dropped ends its connection.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::BUFFER;
use super::own_wakes::OwnWakes;

/// What moves bytes while it is polled, until the connection ends.
type Connection = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// One connection that speaks HTTP/1.
pub(super) struct Exchange {
    sender: SendRequest<Empty<Bytes>>,
    /// `None` once the connection has ended.
    connection: Option<Connection>,
    wakes: Arc<OwnWakes>,
}

impl Exchange {
    /// Speaks HTTP over `stream`.
    ///
    /// # Errors
    /// hyper's.
    pub async fn over<S>(stream: S) -> hyper::Result<Exchange>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut http = http1::Builder::new();
        http.max_buf_size(BUFFER);
        let (sender, connection) = http.handshake(TokioIo::new(stream)).await?;
        Ok(Exchange {
            sender,
            connection: Some(Box::pin(connection)),
            wakes: Arc::default(),
        })
    }

    /// Whether another request can be sent, as far as this side knows: the node may have
    /// closed the connection since it was last used.
    pub fn is_open(&mut self) -> bool {
        drive(
            &mut self.connection,
            &mut Context::from_waker(Waker::noop()),
        );
        self.connection.is_some() && !self.sender.is_closed()
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// # Errors
    /// hyper's; no whole head of an answer was seen then.
    pub async fn send(
        &mut self,
        request: Request<Empty<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        let Exchange {
            sender,
            connection,
            wakes,
        } = self;
        std::future::poll_fn(|context| {
            wakes.poll(context, |context| {
                if let Poll::Ready(ready) = sender.poll_ready(context) {
                    return Poll::Ready(ready);
                }
                drive(connection, context);
                sender.poll_ready(context)
            })
        })
        .await?;
        let mut answer = pin!(sender.send_request(request));
        std::future::poll_fn(|context| {
            wakes.poll(context, |context| {
                drive(connection, context);
                answer.as_mut().poll(context)
            })
        })
        .await
    }

    /// The next frame of a body that arrives over this connection.
    pub fn poll_frame(
        &mut self,
        body: &mut Incoming,
        context: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let mut body = Pin::new(body);
        let connection = &mut self.connection;
        self.wakes.poll(context, |context| {
            if let Poll::Ready(frame) = body.as_mut().poll_frame(context) {
                return Poll::Ready(frame);
            }
            drive(connection, context);
            body.as_mut().poll_frame(context)
        })
    }
}

/// Moves whatever bytes can be moved now.
fn drive(connection: &mut Option<Connection>, context: &mut Context<'_>) {
    let Some(open) = connection else {
        return;
    };
    if let Poll::Ready(end) = open.as_mut().poll(context) {
        *connection = None;
        if let Err(error) = end {
            tracing::debug!(%error, "a connection to a node ended");
        }
    }
}
