//! Accepts connections, one task each, up to fixed numbers at a time, and
//! serves HTTP/1 on them until it is told to stop.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Watch};
use super::descriptors;
use super::keep_alive::keep_alive;
use super::places::{InFlight, Limits, Places};

/// How long to wait after a failed accept, as when descriptors run out.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Trouble with accepting that comes again within this time is the same one.
const SAME_TROUBLE: Duration = Duration::from_secs(60);

/// How long a connection may take for a request's head, or rest before it: Hyper
/// counts both as one.
///
/// It is longer than clients keep their resting connections (Prometheus: five
/// minutes, `prometheus/common`), so that the client is the one who closes. If the
/// server did, at the very moment of a further request, the client would not know
/// whether that one was heard. Nobody is kept out meanwhile: a connection that
/// rests or is slow gives its place to the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(6 * 60);

/// Serves connections within the `limits` until `stop`. Then it lets the listener go
/// at once, and returns when the last connection has ended.
///
/// Whatever happens in one connection, a panic included, ends that one alone.
/// All end when this is dropped.
pub(crate) async fn serve_each<Served>(
    listener: Arc<TcpListener>,
    limits: Limits,
    stop: &CancellationToken,
    serve: impl Fn(Connection, SocketAddr) -> Served,
) where
    Served: Future<Output = ()> + Send + 'static,
{
    let places = Places::new(limits.at_most(descriptors::shares().accepted));
    let mut trouble = Trouble::default();
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            // Who has connected before the stop is served.
            biased;
            accepted = accept(&listener, &places, &mut trouble) => accepted,
            () = stop.cancelled() => break,
        };
        let Some((connection, peer)) = accepted else {
            continue;
        };
        let activity = connection.activity();
        let served = serve(connection, peer);
        connections.spawn(async move {
            tokio::select! {
                () = served => {}
                () = activity.evicted() => {}
            }
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// The next connection that gets a place.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Places>,
    trouble: &mut Trouble,
) -> Option<(Connection, SocketAddr)> {
    match listener.accept().await {
        Ok((stream, peer)) => {
            trouble.ends();
            let place = places.take(peer.ip()).await?;
            keep_alive(&stream);
            Some((Connection::new(stream, place), peer))
        }
        Err(error) => {
            trouble.happens(&error);
            if descriptors::is_shortage(&error) {
                descriptors::make_room();
            }
            sleep(ACCEPT_RETRY).await;
            None
        }
    }
}

/// Trouble with accepting, said once when it begins and once when it is over,
/// however often it comes and goes.
#[derive(Debug, Default)]
struct Trouble {
    last: Option<Instant>,
}

impl Trouble {
    fn happens(&mut self, error: &io::Error) {
        let last = self.last.replace(Instant::now());
        if last.is_none_or(|last| last.elapsed() >= SAME_TROUBLE) {
            tracing::warn!(%error, "accepting connections fails; trying again all the time");
        }
    }

    fn ends(&mut self) {
        if self.last.is_some_and(|last| last.elapsed() >= SAME_TROUBLE) {
            self.last = None;
            tracing::info!("connections are accepted again");
        }
    }
}

/// How requests are read: `max_head` is the largest head, and what is read ahead of
/// further requests.
pub(crate) fn http1(max_head: usize) -> hyper::server::conn::http1::Builder {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(max_head);
    http
}

/// Serves HTTP/1 on one connection until the client ends it, or until `stop`:
/// then a request under way is still answered.
///
/// # Errors
/// When the connection ends early.
pub(crate) async fn serve_http<S, B>(
    http: &hyper::server::conn::http1::Builder,
    connection: Connection,
    service: S,
    stop: &CancellationToken,
) -> hyper::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: Body + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let watch = connection.watch();
    serve_http_within(http, connection, watch, service, stop).await
}

/// The same on what is spoken within a connection, such as TLS; `watch` is the connection's.
///
/// # Errors
/// When the connection ends early.
pub(crate) async fn serve_http_within<I, S, B>(
    http: &hyper::server::conn::http1::Builder,
    stream: I,
    watch: Watch,
    service: S,
    stop: &CancellationToken,
) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: Body + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let service = Observed { service, watch };
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // A request that has arrived before the stop is answered.
        biased;
        ended = serving.as_mut() => return ended,
        () = stop.cancelled() => serving.as_mut().graceful_shutdown(),
    }
    serving.await
}

/// A service whose requests are seen to be under way, and of which the next one
/// begins when the answer before has left.
struct Observed<S> {
    service: S,
    watch: Watch,
}

impl<S, B> Service<Request<Incoming>> for Observed<S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = Response<ObservedBody<B>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = self.service.call(request);
        let watch = self.watch.clone();
        Box::pin(async move {
            watch.backlog.gone().await;
            let in_flight = watch.activity.begin();
            let answer = answer.await?;
            Ok(answer.map(|body| ObservedBody {
                body,
                _in_flight: in_flight,
            }))
        })
    }
}

/// The body of an answer under way.
struct ObservedBody<B> {
    body: B,
    _in_flight: InFlight,
}

impl<B: Body + Unpin> Body for ObservedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
