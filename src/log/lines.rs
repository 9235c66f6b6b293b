//! Lines on their way to a stream that may be full, closed, or read by nobody.
//!
//! Whoever logs puts a line into a bounded queue and goes on; one thread writes.
//! `tracing-appender` does nearly this, but does not count lines that could not
//! be written, and prints to standard output when it is dropped, which hangs or
//! panics in the very case that this is for.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::fmt::MakeWriter;

use crate::model::outside_text::visible_json;
use crate::model::surroundings::{LogLoss, LostLines};

/// Lines that may wait to be written.
const MAX_QUEUED_LINES: usize = 8192;

/// Bytes that may wait to be written.
const MAX_QUEUED_BYTES: usize = 4 << 20;

/// How long to wait for a stream that takes nothing now (`EAGAIN`).
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// How long to wait before a stream that refused lines is tried again without a new one.
const RETRY: Duration = Duration::from_secs(5);

/// Said of a line for which there was no room any more.
const NOBODY_READS: &str =
    "nobody reads the daemon's standard output, or too slowly: the lines that wait fill their room";

/// What was lost in this process: logging is one for it.
pub(super) static LOST: LazyLock<Lost> = LazyLock::new(Lost::default);

/// The lines that could not be written, and whether that goes on. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Lost {
    count: Counter,
    now: Arc<Mutex<LogLoss>>,
}

/// Takes lines and never waits.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    entries: SyncSender<Entry>,
    queued_bytes: Arc<AtomicUsize>,
    lost: Lost,
}

/// Waits for the lines that were taken before.
#[derive(Debug)]
pub(super) struct Flush(SyncSender<Entry>);

#[derive(Debug)]
enum Entry {
    Line(Vec<u8>),
    /// To be answered when all lines before it are written.
    Flushed(SyncSender<()>),
}

/// Standard output without a buffer of its own, so that a failed write leaves
/// nothing behind that a later one repeats.
pub(super) struct StandardOutput;

/// Writes the lines, on a thread of its own.
struct Writer<W> {
    stream: W,
    lost: Lost,
    /// How many lost lines the stream tells of.
    said: u64,
    /// Whether the last line was written in part.
    is_torn: bool,
}

impl Lost {
    /// Counts them.
    pub(super) fn count(&self) -> Counter {
        self.count.clone()
    }

    /// What is lost now, until lines are written again.
    pub(super) fn now(&self) -> Option<LostLines> {
        self.now.lock().lost_lines()
    }

    fn lose(&self, cause: &str) {
        let mut now = self.now.lock();
        self.count.inc();
        now.lost(cause, Timestamp::now());
    }

    /// What is lost so far has been said, unless more has been lost meanwhile.
    fn is_said(&self, count: u64) {
        let mut now = self.now.lock();
        if self.count.get() == count {
            now.written();
        }
    }
}

impl Lines {
    /// Lines to `stream`.
    pub(super) fn to(stream: impl Write + Send + 'static) -> (Lines, Flush) {
        Lines::counting(stream, LOST.clone())
    }

    fn counting(stream: impl Write + Send + 'static, lost: Lost) -> (Lines, Flush) {
        let (entries, queue) = sync_channel(MAX_QUEUED_LINES);
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let writer = Writer {
            stream,
            lost: lost.clone(),
            said: 0,
            is_torn: false,
        };
        let bytes = Arc::clone(&queued_bytes);
        // Without a thread the queue is closed, and every line is lost and counted.
        let _ = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.run(&queue, &bytes));
        let flush = Flush(entries.clone());
        let lines = Lines {
            entries,
            queued_bytes,
            lost,
        };
        (lines, flush)
    }

    fn send(&self, line: &[u8]) {
        let length = line.len();
        let before = self.queued_bytes.fetch_add(length, Ordering::Relaxed);
        let has_room = before.saturating_add(length) <= MAX_QUEUED_BYTES;
        let is_queued = has_room && self.entries.try_send(Entry::Line(line.to_vec())).is_ok();
        if !is_queued {
            self.queued_bytes.fetch_sub(length, Ordering::Relaxed);
            self.lost.lose(NOBODY_READS);
        }
    }
}

impl Flush {
    /// Waits until the lines before are written or lost, and not longer than `limit`.
    pub(super) fn wait(&self, limit: Duration) {
        let (done, is_done) = sync_channel(1);
        // A full queue means a stream that takes nothing.
        if self.0.try_send(Entry::Flushed(done)).is_ok() {
            let _ = is_done.recv_timeout(limit);
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> &'a Lines {
        self
    }
}

/// Each write is a line of JSON: so `tracing_subscriber` writes. Its own escapes leave
/// characters that a terminal obeys.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let shown = String::from_utf8_lossy(line);
        self.send(visible_json(&shown).as_bytes());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(io::stdout(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Writer<W> {
    /// Writes until nobody can log any more. A daemon that is well logs little: what was lost
    /// is said as soon as the stream takes it, and not only with the next line.
    fn run(mut self, queue: &Receiver<Entry>, queued_bytes: &AtomicUsize) {
        loop {
            let entry = match self.lost.now().is_some() {
                true => queue.recv_timeout(RETRY),
                false => queue.recv().map_err(RecvTimeoutError::from),
            };
            match entry {
                Ok(Entry::Line(line)) => {
                    match self.write(&line) {
                        Ok(()) => self.tell_what_is_lost(),
                        Err(error) => self.lost.lose(&error.to_string()),
                    }
                    queued_bytes.fetch_sub(line.len(), Ordering::Relaxed);
                }
                Ok(Entry::Flushed(done)) => _ = done.try_send(()),
                Err(RecvTimeoutError::Timeout) => self.tell_what_is_lost(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Says in the stream how many lines it lacks, once it takes lines again.
    fn tell_what_is_lost(&mut self) {
        let lost = self.lost.count.get();
        let lines = lost.saturating_sub(self.said);
        if lines == 0 {
            return;
        }
        let at = Timestamp::now();
        let line = format!(
            "{{\"timestamp\":\"{at}\",\"level\":\"WARN\",\"message\":\"log lines were lost: the stream took none\",\"lines\":{lines},\"target\":\"{}\"}}\n",
            module_path!()
        );
        if self.write(line.as_bytes()).is_ok() {
            self.said = lost;
            self.lost.is_said(lost);
        }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.write_all(b"\n")?;
        }
        self.write_all(line)
    }

    fn write_all(&mut self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    self.is_torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => pause(),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// This thread has nothing to do but write.
#[expect(clippy::disallowed_methods)]
fn pause() {
    thread::sleep(BUSY_PAUSE);
}

#[cfg(test)]
mod tests;
