//! The one way out: everything that a command prints goes through here, line by
//! line, and is made visible on its way. Answers of a daemon, of Prometheus and of
//! Aiven may hold anything, and so may a forged daemon's.
//!
//! Who reads may stop reading (`| head`): what cannot be written is dropped, and
//! the exit code tells as always.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};

use crate::model::outside_text::{visible_json, visible_line};

/// Prints one line on standard output.
pub(super) fn line(text: impl Display) {
    write_line(io::stdout().lock(), &text.to_string());
}

/// Prints one line on standard error.
pub(super) fn note(text: impl Display) {
    write_line(io::stderr().lock(), &text.to_string());
}

/// How wide the terminal is; none if standard output is no terminal.
pub(super) fn terminal_width() -> Option<u16> {
    let table = Table::new();
    io::stdout().is_terminal().then(|| table.width()).flatten()
}

/// Prints a JSON document.
pub(super) fn json(document: &str) {
    let document = visible_json(document.trim_end());
    drop(writeln!(io::stdout().lock(), "{document}"));
}

/// Prints a file of ours as it is.
pub(super) fn file(contents: &str) {
    drop(write!(io::stdout().lock(), "{contents}"));
}

fn write_line(mut to: impl Write, text: &str) {
    drop(writeln!(to, "{}", visible_line(text)));
}

/// A table as all commands print them: headers in capitals, no lines, so that it
/// reads well on a terminal and cuts well in a pipe.
pub(super) struct Rows<const N: usize>(Table);

impl<const N: usize> Rows<N> {
    /// A table with these columns.
    pub(super) fn new(columns: [&str; N]) -> Self {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(columns.map(str::to_uppercase));
        Rows(table)
    }

    /// Adds a line.
    pub(super) fn add(&mut self, cells: [impl AsRef<str>; N]) {
        self.0
            .add_row(cells.map(|cell| visible_line(cell.as_ref()).into_owned()));
    }

    /// Prints it, from the first column on and without trailing blanks.
    pub(super) fn print(mut self) {
        for column in self.0.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for row in self.0.trim_fmt().lines() {
            line(row);
        }
    }
}
