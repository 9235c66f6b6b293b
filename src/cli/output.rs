//! The one way out: everything that a command prints goes through here, line by
//! line, and is made visible on its way. Answers of a daemon, of Prometheus and of
//! Aiven may hold anything, and so may a forged daemon's.
//!
//! On a terminal lines are broken between words, and a table that is too wide for it
//! becomes a block for each row. In a pipe no line is broken, so that it can be cut,
//! sorted and searched; an exported `COLUMNS` says otherwise. No colours are used, so
//! there is nothing that `NO_COLOR` would have to turn off.
//!
//! Who reads may stop reading (`| head`): the rest is dropped, and the exit code tells as
//! always. What cannot be written for another reason, as on a full disk, is a failure
//! ([`lost`]): a file that was cut short must not be taken for the whole.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter};

use crate::model::outside_text::{visible_json, visible_line};

/// Overrides the width of the terminal, and gives one to a pipe.
const COLUMNS: &str = "COLUMNS";

/// Fewer columns than this are not believed.
const MIN_COLUMNS: usize = 20;

/// Where the rest of a line begins that does not fit.
const INDENT: &str = "  ";

/// Prints one line on standard output.
pub(super) fn line(text: impl Display) {
    let columns = columns(&Table::new());
    for part in broken(&text.to_string(), INDENT, columns) {
        print_line(&part);
    }
}

/// Prints a line that is made for other programs: it is never broken.
pub(super) fn whole_line(text: impl Display) {
    print_line(&visible_line(&text.to_string()));
}

/// Prints a line that begins with a word in capitals; the rest of a long one stands
/// below the text.
pub(super) fn labelled(label: &str, text: impl Display) {
    let indent = " ".repeat(LABEL + 1);
    let columns = columns(&Table::new());
    for part in broken(&format!("{label:LABEL$} {text}"), &indent, columns) {
        print_line(&part);
    }
}

/// Room for the label of [`labelled`].
const LABEL: usize = 7;

/// Prints one line on standard error.
pub(super) fn note(text: impl Display) {
    let columns = columns(Table::new().use_stderr());
    for part in broken(&text.to_string(), INDENT, columns) {
        // If this cannot be written, nothing can be said.
        drop(writeln!(io::stderr().lock(), "{part}"));
    }
}

/// How many columns a line on standard output may have; none if it may be of any length.
pub(super) fn terminal_width() -> Option<usize> {
    columns(&Table::new())
}

/// Prints a JSON document.
pub(super) fn json(document: &str) {
    print_line(&visible_json(document.trim_end()));
}

/// Prints a file of ours as it is.
pub(super) fn file(contents: &[u8]) {
    keep(io::stdout().lock().write_all(contents));
}

fn print_line(text: &str) {
    keep(writeln!(io::stdout().lock(), "{text}"));
}

/// Why something could not be written that somebody waits for.
static LOST: OnceLock<io::Error> = OnceLock::new();

fn keep(written: io::Result<()>) {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            LOST.get_or_init(|| error);
        }
        _ => {}
    }
}

/// Writes what is left, and says why not all of the output could be written, if so.
pub(super) fn lost() -> Option<&'static io::Error> {
    keep(io::stdout().lock().flush());
    LOST.get()
}

/// How many columns a line may have; `None` if it may be of any length. The table knows
/// whether its stream is a terminal.
fn columns(table: &Table) -> Option<usize> {
    let told = std::env::var(COLUMNS).ok();
    let told = told.and_then(|columns| columns.parse().ok());
    let columns = told.or_else(|| table.width().map(usize::from));
    columns.filter(|columns| *columns >= MIN_COLUMNS)
}

/// The line in parts that fit, broken between words only: a name or an address that is
/// longer than a line stays whole, to be copied.
fn broken(text: &str, indent: &str, columns: Option<usize>) -> Vec<String> {
    let text = visible_line(text);
    let Some(columns) = columns.filter(|columns| display_width(&text) > *columns) else {
        return vec![text.into_owned()];
    };
    let options = Options::new(columns)
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let parts = textwrap::wrap(&text, options);
    parts.into_iter().map(Into::into).collect()
}

/// How far a command has come that takes its time: a bar where somebody looks at both
/// streams, else a line on standard error for each part.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Nothing is done yet, of so many parts.
    pub(super) fn of(parts: usize) -> Progress {
        let is_watched = io::stdout().is_terminal() && io::stderr().is_terminal();
        let bar = ProgressBar::new(parts as u64);
        if let Ok(style) = ProgressStyle::with_template("[{pos}/{len}] {wide_msg}") {
            bar.set_style(style);
        }
        Progress(is_watched.then_some(bar))
    }

    /// The next part begins.
    pub(super) fn begins(&self, what: &str) {
        match &self.0 {
            Some(bar) => {
                bar.set_message(visible_line(what).into_owned());
                bar.inc(1);
            }
            None => note(what),
        }
    }

    /// The part goes on with something else.
    pub(super) fn continues(&self, what: &str) {
        match &self.0 {
            Some(bar) => bar.set_message(visible_line(what).into_owned()),
            None => note(what),
        }
    }

    /// Takes the bar away.
    pub(super) fn ends(self) {
        if let Some(bar) = self.0 {
            bar.finish_and_clear();
        }
    }
}

/// A table as all commands print them: headers in capitals, no lines, so that it
/// reads well on a terminal and cuts well in a pipe.
pub(super) struct Rows<const N: usize> {
    columns: [&'static str; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Rows<N> {
    /// A table with these columns.
    pub(super) fn new(columns: [&'static str; N]) -> Self {
        let rows = Vec::new();
        Rows { columns, rows }
    }

    /// Adds a line.
    pub(super) fn add(&mut self, cells: [impl AsRef<str>; N]) {
        let cells = cells.map(|cell| visible_line(cell.as_ref()).into_owned());
        self.rows.push(cells);
    }

    /// Prints it, from the first column on and without trailing blanks.
    pub(super) fn print(self) {
        for line in self.lines(columns(&Table::new())) {
            print_line(&line);
        }
    }

    fn lines(&self, columns: Option<usize>) -> Vec<String> {
        let table = self.table();
        match columns {
            Some(columns) if table.iter().any(|line| display_width(line) > columns) => {
                self.blocks(columns)
            }
            _ => table,
        }
    }

    fn table(&self) -> Vec<String> {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(self.columns.map(str::to_uppercase));
        for row in &self.rows {
            table.add_row(row);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.trim_fmt().lines().map(str::to_owned).collect()
    }

    /// For each row its cells, one below the other, empty ones left out.
    fn blocks(&self, columns: usize) -> Vec<String> {
        let widest = self.columns.iter().map(|name| display_width(name)).max();
        let widest = widest.unwrap_or_default();
        let indent = " ".repeat(widest + 2);
        let mut lines = Vec::new();
        for row in &self.rows {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            for (name, cell) in self.columns.iter().zip(row) {
                if !cell.is_empty() {
                    let name = name.to_uppercase();
                    let text = format!("{name:widest$}  {cell}");
                    lines.extend(broken(&text, &indent, Some(columns)));
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests;
