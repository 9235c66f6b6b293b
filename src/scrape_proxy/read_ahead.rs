//! Reads as much as the kernel has. rustls asks for 4 KB at a time, so a page would cost a
//! system call for each 4 KB of it. A connection holds memory only while there is something read
//! ahead; each thread keeps one buffer for the next.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_read_buf;

/// Bytes read at once: two TLS records of the largest size.
const AHEAD: usize = 32 << 10;

thread_local! {
    /// A buffer that no connection of this thread needs now.
    static SPARE: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// A stream that is read ahead. Writing is the stream's own.
#[derive(Debug)]
pub(super) struct ReadAhead<S> {
    stream: S,
    ahead: BytesMut,
}

impl<S> ReadAhead<S> {
    pub fn new(stream: S) -> Self {
        ReadAhead {
            stream,
            ahead: BytesMut::new(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            let mut ahead = SPARE.take();
            ahead.reserve(AHEAD);
            let read = poll_read_buf(Pin::new(&mut this.stream), context, &mut ahead);
            let Poll::Ready(read) = read else {
                SPARE.set(ahead);
                return Poll::Pending;
            };
            read?;
            this.ahead = ahead;
        }
        let count = out.remaining().min(this.ahead.len());
        out.put_slice(this.ahead.get(..count).unwrap_or_default());
        this.ahead.advance(count);
        if this.ahead.is_empty() {
            let mut spare = std::mem::take(&mut this.ahead);
            spare.clear();
            SPARE.set(spare);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn all_bytes_come_in_order_whatever_is_asked_for_at_a_time() {
        let sent: Vec<u8> = (0..200_000_u32)
            .map(|number| number.to_le_bytes()[0])
            .collect();
        for at_once in [1000, 4096, 70_000] {
            let (ours, mut theirs) = duplex(50_000);
            let sending = sent.clone();
            let sender = tokio::spawn(async move { theirs.write_all(&sending).await });
            let mut stream = ReadAhead::new(ours);
            let mut read: Vec<u8> = Vec::new();
            let mut part = vec![0; at_once];
            loop {
                let count = stream.read(&mut part).await.unwrap();
                if count == 0 {
                    break;
                }
                read.extend_from_slice(&part[..count]);
            }
            assert!(read == sent, "{at_once}");
            assert_eq!(stream.ahead.capacity(), 0, "nothing is held at rest");
            sender.await.unwrap().unwrap();
        }
    }
}
