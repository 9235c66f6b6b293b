//! What the demo prints, with the time since it began.

use std::io::{IsTerminal, Write, stdout};
use std::time::{Duration, Instant};

/// Longest name that is printed in full.
const MAX_NAME: usize = 24;

/// Tells what happens.
#[derive(Debug)]
pub struct Narrator {
    began: Instant,
    bold: (&'static str, &'static str),
}

impl Narrator {
    /// Time starts now.
    pub fn new() -> Narrator {
        let bold = if stdout().is_terminal() {
            ("\x1b[1m", "\x1b[0m")
        } else {
            ("", "")
        };
        Narrator {
            began: Instant::now(),
            bold,
        }
    }

    /// A new part of the story.
    pub fn act(&self, heading: &str) {
        let (bold, plain) = self.bold;
        self.line(&format!("\n{bold}{heading}{plain}\n"));
    }

    /// A program that was started.
    pub fn listening(&self, who: &str, address: &str) {
        self.line(&format!("demo: {who} is listening on {address}"));
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
        // Fails when the reader has gone, and then there is nobody to tell.
        let _ = writeln!(stdout(), "{text}");
    }
}

/// `name`, or its beginning: service brokers' names end in a long UUID.
pub fn short(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME) {
        None => name.to_owned(),
        Some(_) => name.chars().take(MAX_NAME - 7).chain(['…']).collect(),
    }
}

/// `3 nodes`, `1 node`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
