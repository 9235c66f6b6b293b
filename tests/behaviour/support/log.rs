//! What a process prints, line by line, as it comes.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;
use tokio::sync::watch;

use super::PATIENCE;

/// The lines of one output of a process.
#[derive(Clone)]
pub struct Log {
    lines: watch::Receiver<Vec<String>>,
}

/// One line of JSON.
pub type Line = Value;

impl Log {
    /// Collects what `source` gives, until it ends.
    pub fn of(source: impl Read + Send + 'static) -> Log {
        let (lines, receiver) = watch::channel(Vec::new());
        std::thread::spawn(move || {
            for line in BufReader::new(source).lines() {
                let Ok(line) = line else { return };
                lines.send_modify(|lines| lines.push(line));
            }
        });
        Log { lines: receiver }
    }

    /// Everything so far.
    pub fn text(&self) -> String {
        let lines = self.lines.borrow();
        lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// Everything, once the process has closed this output.
    pub async fn whole_text(&self) -> String {
        let mut lines = self.lines.clone();
        let closed = async { while lines.changed().await.is_ok() {} };
        if tokio::time::timeout(PATIENCE, closed).await.is_err() {
            panic!("the output stays open:\n{}", self.text());
        }
        self.text()
    }

    /// The lines that are JSON.
    pub fn lines(&self) -> Vec<Line> {
        let lines = self.lines.borrow();
        lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// How many lines have this text in their message.
    pub fn count(&self, message: &str) -> usize {
        let says = |line: &Line| says(line, message);
        self.lines().iter().filter(|line| says(line)).count()
    }

    /// The first line with this text in its message, once it is there.
    pub async fn line(&self, message: &str) -> Line {
        self.line_where(message, |_| true).await
    }

    /// The same, about this key of the configuration.
    pub async fn line_of_key(&self, message: &str, key: &str) -> Line {
        self.line_where(message, |line| line["key"] == key).await
    }

    async fn line_where(&self, message: &str, holds: impl Fn(&Line) -> bool) -> Line {
        let mut lines = self.lines.clone();
        let found = |lines: &Vec<String>| {
            let mut lines = lines
                .iter()
                .filter_map(|line| serde_json::from_str(line).ok());
            lines.find(|line| says(line, message) && holds(line))
        };
        let waiting = lines.wait_for(|lines| found(lines).is_some());
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Ok(lines)) => found(&lines).unwrap(),
            _ => panic!("no line says {message:?}:\n{}", self.text()),
        }
    }
}

fn says(line: &Line, message: &str) -> bool {
    line["message"]
        .as_str()
        .is_some_and(|text| text.contains(message))
}
