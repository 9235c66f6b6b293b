//! A page on its way through: frame by frame as the node sends it, never
//! collected, compressed bytes as they are, within the scrape's deadline.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

use super::scrape::Scrape;
use super::upstream::Upstream;
use crate::model::scrape::{Failure, FailureKind};

/// The body of a relayed answer. Says how the scrape ended, by its end or by
/// being dropped before.
pub(super) struct RelayedBody {
    page: Incoming,
    deadline: Pin<Box<Sleep>>,
    /// Taken when the scrape has ended.
    scrape: Option<(Scrape, Upstream)>,
}

impl RelayedBody {
    /// Relays `page`, which arrives over `upstream`.
    pub fn new(page: Incoming, deadline: Sleep, scrape: Scrape, upstream: Upstream) -> Self {
        let mut body = RelayedBody {
            page,
            deadline: Box::pin(deadline),
            scrape: Some((scrape, upstream)),
        };
        if body.page.is_end_stream() {
            body.succeed();
        }
        body
    }

    fn succeed(&mut self) {
        if let Some((scrape, upstream)) = self.scrape.take() {
            scrape.succeeded(upstream);
        }
    }

    fn fail(&mut self, failure: Failure) -> std::io::Error {
        let error = std::io::Error::other(failure.cause.clone());
        if let Some((scrape, _)) = self.scrape.take() {
            scrape.failed(failure);
        }
        error
    }
}

impl Body for RelayedBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let this = self.get_mut();
        if this.deadline.as_mut().poll(context).is_ready() {
            let cause = "the node did not send the whole page in time";
            return Poll::Ready(Some(Err(
                this.fail(Failure::new(FailureKind::Timeout, cause))
            )));
        }
        let frame = match ready!(Pin::new(&mut this.page).poll_frame(context)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                let cause = format!("the node broke the page off: {error}");
                return Poll::Ready(Some(Err(
                    this.fail(Failure::new(FailureKind::Aborted, cause))
                )));
            }
            None => {
                this.succeed();
                return Poll::Ready(None);
            }
        };
        if let (Some((scrape, _)), Some(data)) = (&mut this.scrape, frame.data_ref()) {
            scrape.count(data.len());
        }
        // With a known length nobody asks for a further frame after the last.
        if this.page.is_end_stream() {
            this.succeed();
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.page.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.page.size_hint()
    }
}
