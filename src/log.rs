//! Where log lines go.

use tracing::level_filters::LevelFilter;

/// Sends log lines to standard output as JSON, one object a line.
pub fn to_stdout(level: LevelFilter) {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(level)
        .init();
}

/// Sends warnings to standard error, for commands whose output is a table.
pub fn to_stderr() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(LevelFilter::WARN)
        .without_time()
        .with_target(false)
        .init();
}
