//! HTTP bodies that stream in bounded memory and can end badly.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::wire::ResetSwitch;

/// Bytes handed to the connection at once.
const CHUNK: usize = 64 << 10;

/// Lets what was written reach the peer before the connection breaks.
const BEFORE_CUT: Duration = Duration::from_millis(20);

type Source = Box<dyn Iterator<Item = Bytes> + Send>;

/// A streamed body.
pub(crate) struct Body {
    source: Source,
    pending: BytesMut,
    /// What `Content-Length` still promises; `None`: sent in chunks.
    left: Option<u64>,
    cut: Option<Cut>,
    trickle: Option<(usize, Duration)>,
    pause: Option<Pin<Box<Sleep>>>,
}

struct Cut {
    after: u64,
    reset: Option<ResetSwitch>,
}

impl Body {
    /// All of `bytes`.
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::sized(bytes.len() as u64, Box::new(std::iter::once(bytes)))
    }

    /// Pieces of `length` bytes together.
    pub(crate) fn sized(length: u64, source: Source) -> Self {
        Self {
            left: Some(length),
            ..Self::chunked(source)
        }
    }

    /// Pieces of unknown length.
    pub(crate) fn chunked(source: Source) -> Self {
        Self {
            source,
            pending: BytesMut::new(),
            left: None,
            cut: None,
            trickle: None,
            pause: None,
        }
    }

    /// Half of `bytes`, then spaces for ever.
    pub(crate) fn endless(mut bytes: Vec<u8>) -> Self {
        bytes.truncate(bytes.len() / 2);
        let spaces = std::iter::repeat(Bytes::from_static(&[b' '; CHUNK]));
        Self::chunked(Box::new(std::iter::once(Bytes::from(bytes)).chain(spaces)))
    }

    /// Breaks the connection after half of the length, with a reset if a switch is given.
    pub(crate) fn cut_in_half(mut self, reset: Option<ResetSwitch>) -> Self {
        let after = self.left.map_or(CHUNK as u64, |length| length / 2);
        self.cut = Some(Cut { after, reset });
        self
    }

    /// Sends this many bytes at a time, with a pause in between.
    pub(crate) fn trickled(mut self, bytes: usize, every: Duration) -> Self {
        self.trickle = Some((bytes.max(1), every));
        self
    }

    fn next_chunk(&mut self) -> Option<Bytes> {
        let mut wanted = self.trickle.map_or(CHUNK, |(bytes, _)| bytes);
        if let Some(cut) = &self.cut {
            wanted = wanted.min(usize::try_from(cut.after).unwrap_or(usize::MAX));
        }
        while self.pending.len() < wanted {
            let Some(piece) = self.source.next() else {
                break;
            };
            if self.pending.is_empty() && piece.len() == wanted {
                return Some(piece);
            }
            self.pending.extend_from_slice(&piece);
        }
        let length = wanted.min(self.pending.len());
        (length > 0).then(|| self.pending.split_to(length).freeze())
    }

    fn pause_for(&mut self, time: Duration) {
        self.pause = Some(Box::pin(sleep_until(Instant::now() + time)));
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        if let Some(Cut { after: 0, reset }) = &self.cut {
            reset.iter().for_each(ResetSwitch::arm);
            return Poll::Ready(Some(Err(io::Error::other("cut by a fault"))));
        }
        let Some(chunk) = self.next_chunk() else {
            return Poll::Ready(None);
        };
        let length = chunk.remaining() as u64;
        self.left = self.left.map(|left| left.saturating_sub(length));
        if let Some((_, every)) = self.trickle {
            self.pause_for(every);
        }
        if let Some(cut) = &mut self.cut {
            cut.after -= length;
            if cut.after == 0 {
                self.pause_for(BEFORE_CUT);
            }
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0) && self.cut.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
