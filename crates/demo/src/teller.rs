//! Words on the terminal, each with the time since the demo began.

use std::io::{IsTerminal, Write, stdout};
use std::time::{Duration, Instant};

/// Longest name that is told in full.
const LONG: usize = 24;

/// Tells what happens.
#[derive(Debug)]
pub struct Teller {
    began: Instant,
    bold: (&'static str, &'static str),
}

impl Teller {
    /// Time starts now.
    pub fn new() -> Teller {
        let bold = if stdout().is_terminal() {
            ("\x1b[1m", "\x1b[0m")
        } else {
            ("", "")
        };
        Teller {
            began: Instant::now(),
            bold,
        }
    }

    /// A new part of the story.
    pub fn act(&self, heading: &str) {
        let (bold, plain) = self.bold;
        self.line(&format!("\n{bold}{heading}{plain}\n"));
    }

    /// Something that `who` did just now.
    pub fn happened(&self, who: &str, what: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        self.line(&format!("{seconds:6.1} s  {who:<11} {what}"));
    }

    /// How a part of the story ended.
    pub fn result(&self, took: Duration, what: &str) {
        let (bold, plain) = self.bold;
        self.line(&format!(
            "{bold}          {what} (after {:.1} s){plain}",
            took.as_secs_f64()
        ));
    }

    /// Anything else.
    pub fn line(&self, text: &str) {
        // Nobody listens any more: then there is nobody to tell that to either.
        let _ = writeln!(stdout(), "{text}");
    }
}

/// `name`, or its beginning: service brokers' names end in a long UUID.
pub fn short(name: &str) -> String {
    match name.char_indices().nth(LONG) {
        None => name.to_owned(),
        Some(_) => name.chars().take(LONG - 7).chain(['…']).collect(),
    }
}

/// `3 nodes`, `1 node`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
