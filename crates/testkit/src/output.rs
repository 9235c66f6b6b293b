//! What a process prints, line by line, as it comes.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::sync::watch;

use crate::TIMEOUT;

/// Lines that an error message shows.
const SHOWN_LINES: usize = 15;

/// The lines of one output of a process. Clones show the same lines.
#[derive(Debug, Clone)]
pub struct Output {
    lines: watch::Receiver<Vec<String>>,
    patience: Duration,
}

impl Output {
    /// Collects what `source` gives until it ends, on a thread of its own, and
    /// copies it to `copy`.
    pub(crate) fn of(source: impl Read + Send + 'static, copy: Option<Arc<File>>) -> Output {
        let (lines, receiver) = watch::channel(Vec::new());
        std::thread::spawn(move || {
            let mut source = BufReader::new(source);
            let mut bytes = Vec::new();
            // An error ends the output as its end does.
            while source.read_until(b'\n', &mut bytes).is_ok_and(|n| n > 0) {
                if let Some(mut copy) = copy.as_deref() {
                    // The copy is for people; a full disk shows elsewhere.
                    let _ = copy.write_all(&bytes);
                }
                let line = String::from_utf8_lossy(&bytes);
                let line = line.trim_end_matches(['\n', '\r']).to_owned();
                lines.send_modify(|lines| lines.push(line));
                bytes.clear();
            }
        });
        Output {
            lines: receiver,
            patience: TIMEOUT,
        }
    }

    /// The same output, of which a line is awaited so long instead of [`TIMEOUT`].
    pub fn patient(&self, patience: Duration) -> Output {
        Output {
            patience,
            ..self.clone()
        }
    }

    /// Everything so far.
    pub fn text(&self) -> String {
        let lines = self.lines.borrow();
        lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// The last lines so far.
    pub fn last_lines(&self) -> String {
        let lines = self.lines.borrow();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
    }

    /// Everything, once the process has closed this output.
    ///
    /// # Panics
    /// If the output is still open after [`TIMEOUT`].
    pub async fn whole_text(&self) -> String {
        let mut lines = self.lines.clone();
        let closed = async { while lines.changed().await.is_ok() {} };
        if tokio::time::timeout(TIMEOUT, closed).await.is_err() {
            panic!("the output stays open:\n{}", self.text());
        }
        self.text()
    }

    /// The first thing that `wanted` finds in a line, past lines included.
    ///
    /// # Errors
    /// If the output ends without it, or after [`TIMEOUT`]; with the last lines.
    pub async fn find<T>(&self, wanted: impl Fn(&str) -> Option<T>) -> anyhow::Result<T> {
        self.find_from(0, wanted).await.map(|(found, _)| found)
    }

    /// The same from the line with this number on, and the number of the next line.
    ///
    /// # Errors
    /// As [`Output::find`].
    pub async fn find_from<T>(
        &self,
        mut next: usize,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> anyhow::Result<(T, usize)> {
        let mut receiver = self.lines.clone();
        let finding = async {
            loop {
                {
                    let lines = receiver.borrow_and_update();
                    while let Some(line) = lines.get(next) {
                        next += 1;
                        if let Some(found) = wanted(line) {
                            return Some((found, next));
                        }
                    }
                }
                receiver.changed().await.ok()?;
            }
        };
        let patience = self.patience;
        let found = tokio::time::timeout(patience, finding).await;
        let Some(found) = found.with_context(|| self.without(&format!("in {patience:?}")))? else {
            bail!(self.without("before its end"));
        };
        Ok(found)
    }

    fn without(&self, when: &str) -> String {
        format!(
            "no such line {when}; the last lines:\n{}",
            self.last_lines()
        )
    }
}
