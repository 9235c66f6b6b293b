//! A page on its way through: compressed bytes as they are, within the scrape's deadline. Its
//! beginning is read before anything is sent on, so that what is wrong with a page, or with all
//! of a short one, can still be said in an answer of our own. The rest streams.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::exchange::Exchange;
use super::failure;
use super::page_size::PageSize;
use super::scrape::Scrape;
use super::upstream::Upstream;
use crate::model::scrape::{Failure, Finding};

/// How many bytes of a page are read before the first is sent on. Most pages are shorter when
/// they are compressed.
pub(super) const BEGINNING: usize = 64 << 10;

/// How many bytes of a page tell whether it can be one.
const TELLING: usize = 256;

/// The beginning of a page, and the rest if it did not come yet.
pub(super) struct Beginning {
    parts: VecDeque<Bytes>,
    /// With the size so far.
    rest: Option<(Incoming, PageSize)>,
}

impl Beginning {
    /// Reads the beginning of a page that arrives over `exchange`.
    ///
    /// # Errors
    /// If it breaks off, does not come in time, or is too large once it is decompressed.
    pub async fn read(
        mut page: Incoming,
        is_gzip: bool,
        exchange: &mut Exchange,
        deadline: Instant,
    ) -> Result<Beginning, Failure> {
        let mut parts = VecDeque::new();
        let mut length = 0;
        while length < BEGINNING {
            let next = std::future::poll_fn(|context| exchange.poll_frame(&mut page, context));
            let next = timeout_at(deadline, next).await.map_err(|_| slow())?;
            let Some(frame) = next else {
                return Ok(Beginning { parts, rest: None });
            };
            let frame = frame.map_err(|error| failure::broken_page(&error))?;
            // Trailers are nothing that Prometheus reads.
            if let Ok(data) = frame.into_data() {
                length += data.len();
                parts.push_back(data);
            }
        }
        if page.is_end_stream() {
            return Ok(Beginning { parts, rest: None });
        }
        let mut size = PageSize::new(is_gzip);
        parts.iter().try_for_each(|part| size.count(part))?;
        Ok(Beginning {
            parts,
            rest: Some((page, size)),
        })
    }

    /// What was read, and the rest if there is more, with the size so far.
    #[cfg(test)]
    pub fn into_parts(self) -> (VecDeque<Bytes>, Option<(Incoming, PageSize)>) {
        (self.parts, self.rest)
    }

    /// Enough of it to tell what it is.
    pub fn telling(&self) -> Vec<u8> {
        let bytes = self.parts.iter().flatten();
        bytes.take(TELLING).copied().collect()
    }
}

/// The body of a relayed answer. Says how the scrape ended, by its end or by
/// being dropped before.
pub(super) struct RelayedBody {
    beginning: VecDeque<Bytes>,
    rest: Option<Rest>,
    /// Taken when the scrape has ended.
    scrape: Option<Scrape>,
}

/// What streams after the beginning.
struct Rest {
    page: Incoming,
    upstream: Upstream,
    size: PageSize,
    deadline: Pin<Box<Sleep>>,
}

impl RelayedBody {
    /// Relays a page; its rest arrives over `upstream`.
    pub fn new(
        beginning: Beginning,
        upstream: Upstream,
        deadline: Instant,
        scrape: Scrape,
    ) -> RelayedBody {
        let rest = match beginning.rest {
            None => {
                scrape.keep(upstream);
                None
            }
            Some((page, size)) => Some(Rest {
                page,
                upstream,
                size,
                deadline: Box::pin(sleep_until(deadline)),
            }),
        };
        let mut body = RelayedBody {
            beginning: beginning.parts,
            rest,
            scrape: Some(scrape),
        };
        body.succeed_at_end();
        body
    }

    /// With a known length nobody asks for a further frame after the last.
    fn succeed_at_end(&mut self) {
        if !self.is_end_stream() {
            return;
        }
        if let Some(scrape) = self.scrape.take() {
            if let Some(rest) = self.rest.take() {
                scrape.keep(rest.upstream);
            }
            scrape.succeeded();
        }
    }

    fn fail(&mut self, failure: Failure) -> std::io::Error {
        let error = std::io::Error::other(failure.cause.clone());
        self.rest = None;
        if let Some(scrape) = self.scrape.take() {
            scrape.failed(failure);
        }
        error
    }

    fn count(&mut self, bytes: usize) {
        if let Some(scrape) = &mut self.scrape {
            scrape.count(bytes);
        }
    }
}

impl Rest {
    /// The next bytes; `None` at the end.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(slow()));
        }
        loop {
            let exchange = &mut self.upstream.exchange;
            let Some(frame) = ready!(exchange.poll_frame(&mut self.page, context)) else {
                return Poll::Ready(Ok(None));
            };
            let frame = frame.map_err(|error| failure::broken_page(&error))?;
            if let Ok(data) = frame.into_data() {
                self.size.count(&data)?;
                return Poll::Ready(Ok(Some(data)));
            }
        }
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
        let next = match (this.beginning.pop_front(), &mut this.rest) {
            (Some(bytes), _) => Ok(Some(bytes)),
            (None, Some(rest)) => ready!(rest.poll_bytes(context)),
            (None, None) => Ok(None),
        };
        let bytes = match next {
            Ok(bytes) => bytes,
            Err(failure) => return Poll::Ready(Some(Err(this.fail(failure)))),
        };
        this.count(bytes.as_ref().map_or(0, Bytes::len));
        this.succeed_at_end();
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        let rest = self.rest.as_ref();
        self.beginning.is_empty() && rest.is_none_or(|rest| rest.page.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let beginning = self.beginning.iter().map(|part| part.len() as u64).sum();
        let rest = self.rest.as_ref().map(|rest| rest.page.size_hint());
        let rest = rest.unwrap_or_else(|| SizeHint::with_exact(0));
        match rest.exact() {
            Some(rest) => SizeHint::with_exact(rest.saturating_add(beginning)),
            None => SizeHint::new(),
        }
    }
}

/// The failure of a page that does not come in time.
fn slow() -> Failure {
    let cause = "the node did not send the whole page in time";
    Failure::new(Finding::SlowPage, cause)
}
