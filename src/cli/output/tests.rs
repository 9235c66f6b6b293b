//! Whatever is to be printed, and however narrow the terminal is.

use proptest::prelude::*;

use super::*;

fn words(text: &str) -> Vec<String> {
    visible_line(text)
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A line of more than `columns` is one word, which stays whole.
fn fits(line: &str, label: usize, columns: usize) -> bool {
    let is_one_word = words(line).len() <= 1 + usize::from(label > 0);
    display_width(line) <= columns || is_one_word
}

fn is_harmless(line: &str) -> bool {
    line == visible_line(line)
}

/// What people and machines write, and what is made to do harm.
fn text() -> impl Strategy<Value = String> {
    let hostile = prop::sample::select(vec![
        "\u{1b}[2J",
        "\u{1b}]0;owned\u{7}",
        "\u{202e}",
        "\u{9b}31m",
        "\r",
        "\n",
        "\u{2028}",
        "\u{200b}",
        "\t",
        " ",
    ]);
    let piece = prop_oneof![
        hostile.prop_map(str::to_owned),
        "[a-z0-9.:/-]{1,60}",
        "\\PC{0,20}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_line_keeps_every_word_and_no_part_is_too_long(text in text(), columns in MIN_COLUMNS..200) {
        let parts = broken(&text, INDENT, Some(columns));
        prop_assert!(parts.iter().all(|part| fits(part, 0, columns)), "{parts:?}");
        prop_assert!(parts.iter().all(|part| is_harmless(part)), "{parts:?}");
        let kept: Vec<String> = parts.iter().flat_map(|part| words(part)).collect();
        prop_assert_eq!(kept, words(&text));
    }

    #[test]
    fn in_a_pipe_a_line_stays_one(text in text()) {
        prop_assert_eq!(broken(&text, INDENT, None), [visible_line(&text)]);
    }

    #[test]
    fn a_table_keeps_every_cell_at_every_width(
        cells in prop::collection::vec([text(), text(), text()], 1..5),
        columns in prop::option::of(MIN_COLUMNS..200),
    ) {
        let mut rows = Rows::new(["first", "second", "a third"]);
        cells.iter().for_each(|row| rows.add(row.each_ref()));
        let lines = rows.lines(columns);
        prop_assert!(lines.iter().all(|line| is_harmless(line)), "{lines:?}");
        if let Some(columns) = columns {
            prop_assert!(lines.iter().all(|line| fits(line, 9, columns)), "{lines:?}");
        }
        let shown = lines.join("\n");
        for word in cells.iter().flatten().flat_map(|cell| words(cell)) {
            prop_assert!(shown.contains(&word), "{word:?} in {shown}");
        }
    }
}

#[test]
fn a_table_that_is_too_wide_becomes_a_block_for_each_row() {
    let mut rows = Rows::new(["project", "why"]);
    rows.add(["shop", "a reason that is longer than the terminal is wide"]);
    rows.add(["bank", ""]);
    assert_eq!(
        rows.lines(Some(40)),
        [
            "PROJECT  shop",
            "WHY      a reason that is longer than",
            "         the terminal is wide",
            "",
            "PROJECT  bank",
        ]
    );
    let table = rows.lines(None);
    assert_eq!(table.len(), 3);
    assert_eq!(table, rows.lines(Some(100)));
}
