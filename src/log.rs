//! Where log lines go. Logging never holds up or ends what logs: a line that
//! cannot be written is lost and counted.

use std::io::{self, Write};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tracing::level_filters::LevelFilter;

mod lines;

use lines::{Flush, Lines};

use crate::model::outside_text::visible_line;
use crate::model::surroundings::LostLines;

/// How long the last lines may hold up the end of the process.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(500);

/// Lines on their way to standard output.
#[must_use = "the last lines need `flush`"]
pub struct LogStream(Flush);

/// Sends log lines to standard output as JSON, one object a line, panics included.
pub fn to_stdout(level: LevelFilter) -> LogStream {
    let (lines, flush) = Lines::to(lines::StandardOutput);
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(level)
        .with_writer(lines)
        // It would go to standard error, which may be as unwritable.
        .log_internal_errors(false)
        .init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let cause = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(
            place,
            cause,
            "a part of the daemon panicked; this is a defect, please report it"
        );
    }));
    LogStream(flush)
}

impl LogStream {
    /// Waits until the lines so far are written, for half a second at most.
    pub fn flush(&self) {
        self.0.wait(FLUSH_TIMEOUT);
    }
}

/// Counts the lines of this process that could not be written.
pub fn count_of_lost_lines() -> Counter {
    lines::LOST.count()
}

/// What is lost of this process' lines now, until lines are written again.
pub fn lost_lines() -> Option<LostLines> {
    lines::LOST.now()
}

/// Standard error, a line for each write, with what a terminal obeys made visible.
struct StandardError;

impl Write for StandardError {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let shown = visible_line(text.trim_end());
        writeln!(io::stderr(), "{shown}").map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends warnings to standard error, for commands whose output is a table.
pub fn to_stderr() {
    tracing_subscriber::fmt()
        .with_writer(|| StandardError)
        .with_max_level(LevelFilter::WARN)
        .without_time()
        .with_target(false)
        .log_internal_errors(false)
        .init();
}
