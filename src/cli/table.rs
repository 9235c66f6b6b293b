//! Tables as all commands print them: headers in capitals, no lines, so that
//! they read well on a terminal and cut well in a pipe.

use comfy_table::{ContentArrangement, Table, presets};
use jiff::{SignedDuration, Timestamp};

/// A table with these columns.
pub(super) fn table<const N: usize>(columns: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(columns.map(str::to_uppercase));
    table
}

/// Prints a table, from the first column on and without trailing blanks.
pub(super) fn print(mut table: Table) {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    println!("{}", table.trim_fmt());
}

/// How long ago something was, in the largest unit that tells enough.
pub(super) fn ago(then: Timestamp, now: Timestamp) -> String {
    let elapsed = now.duration_since(then).max(SignedDuration::ZERO);
    let seconds = elapsed.as_secs();
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7199 => format!("{}m", seconds / 60),
        7200..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}
