//! The daemon's log: lines of JSON.

use serde_json::Value;

use crate::Output;

/// One line of JSON.
pub type Line = Value;

/// What the daemon logs.
#[derive(Debug, Clone)]
pub struct Log(pub(crate) Output);

impl Log {
    /// Everything so far.
    pub fn text(&self) -> String {
        self.0.text()
    }

    /// Everything, once the process has ended.
    ///
    /// # Panics
    /// As [`Output::whole_text`].
    pub async fn whole_text(&self) -> String {
        self.0.whole_text().await
    }

    /// The lines that are JSON.
    pub fn lines(&self) -> Vec<Line> {
        self.text().lines().filter_map(parsed).collect()
    }

    /// How many lines have this text in their message.
    pub fn count(&self, message: &str) -> usize {
        let says = |line: &Line| says(line, message);
        self.lines().iter().filter(|line| says(line)).count()
    }

    /// The first line with this text in its message, once it is there.
    ///
    /// # Panics
    /// If there is none after [`crate::TIMEOUT`].
    pub async fn line(&self, message: &str) -> Line {
        self.line_where(message, |_| true).await
    }

    /// The first line with this text in its message of which `holds` is true,
    /// once it is there.
    ///
    /// # Panics
    /// If there is none after [`crate::TIMEOUT`].
    pub async fn line_where(&self, message: &str, holds: impl Fn(&Line) -> bool) -> Line {
        match self.find(message, holds).await {
            Ok(line) => line,
            Err(error) => panic!("no line says {message:?}: {error:#}\n{}", self.text()),
        }
    }

    /// The same.
    ///
    /// # Errors
    /// If there is none after [`crate::TIMEOUT`].
    pub async fn find(&self, message: &str, holds: impl Fn(&Line) -> bool) -> anyhow::Result<Line> {
        let wanted = |line: &str| parsed(line).filter(|line| says(line, message) && holds(line));
        self.0.find(wanted).await
    }
}

fn parsed(line: &str) -> Option<Line> {
    serde_json::from_str(line).ok()
}

fn says(line: &Line, message: &str) -> bool {
    let text = line["message"].as_str();
    text.is_some_and(|text| text.contains(message))
}
