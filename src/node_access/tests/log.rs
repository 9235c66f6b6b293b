//! All that is logged by any test of this binary, at every level.
//!
//! One subscriber for the whole process: one for each thread can miss an event
//! whose place in the code another thread reaches first.

use std::sync::{Arc, LazyLock, Mutex};

/// What was logged so far, and goes on being added to.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

static ALL: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    log
});

/// The log of this process, from the first call on.
pub fn all() -> &'static Log {
    &ALL
}

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
