//! Where panels stand: Grafana's grid has 24 columns.

use serde_json::{Value as Json, json};

const COLUMNS: usize = 24;
/// Numbers in a line, and how high it is.
const NUMBERS: (usize, u32) = (6, 4);
/// Graphs in a line, and how high it is.
const GRAPHS: (usize, u32) = (3, 8);

/// The panels so far, and where the next line begins.
#[derive(Default)]
pub struct Layout {
    /// With `id` and `gridPos`.
    pub panels: Vec<Json>,
    next: u32,
}

impl Layout {
    /// A heading, and what stands under it: numbers, tables with their heights, graphs.
    pub fn row(
        &mut self,
        title: &str,
        numbers: Vec<Json>,
        graphs: Vec<Json>,
        tables: Vec<(u32, Json)>,
    ) {
        if numbers.is_empty() && graphs.is_empty() && tables.is_empty() {
            return;
        }
        self.place(
            json!({ "type": "row", "title": title, "collapsed": false, "panels": [] }),
            0,
            COLUMNS,
            1,
        );
        self.next += 1;
        self.lines(numbers, NUMBERS);
        for (height, table) in tables {
            self.lines(vec![table], (1, height));
        }
        self.lines(graphs, GRAPHS);
    }

    /// As few lines as hold them, and as many in each as in the others.
    fn lines(&mut self, panels: Vec<Json>, (most, height): (usize, u32)) {
        let lines = panels.len().div_ceil(most);
        let mut left = panels.into_iter();
        for line in 0..lines {
            let count = left.len().div_ceil(lines - line);
            for (index, panel) in left.by_ref().take(count).enumerate() {
                let (from, to) = (COLUMNS * index / count, COLUMNS * (index + 1) / count);
                self.place(panel, from, to - from, height);
            }
            self.next += height;
        }
    }

    fn place(&mut self, mut panel: Json, x: usize, width: usize, height: u32) {
        panel["id"] = json!(self.panels.len() + 1);
        panel["gridPos"] = json!({ "x": x, "y": self.next, "w": width, "h": height });
        self.panels.push(panel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panels(count: usize) -> Vec<Json> {
        vec![json!({}); count]
    }

    fn positions(layout: &Layout) -> Vec<(u64, u64, u64)> {
        let grid = layout.panels.iter().map(|panel| &panel["gridPos"]);
        let number = |value: &Json| value.as_u64().unwrap();
        grid.map(|grid| (number(&grid["x"]), number(&grid["y"]), number(&grid["w"])))
            .collect()
    }

    #[test]
    fn lines_are_full_and_even() {
        let mut layout = Layout::default();
        layout.row("one", Vec::new(), panels(4), Vec::new());
        assert_eq!(
            positions(&layout),
            [(0, 0, 24), (0, 1, 12), (12, 1, 12), (0, 9, 12), (12, 9, 12)]
        );
    }

    #[test]
    fn five_numbers_share_the_columns() {
        let mut layout = Layout::default();
        layout.row("one", panels(5), Vec::new(), Vec::new());
        let widths: u64 = positions(&layout)[1..]
            .iter()
            .map(|(_, _, width)| width)
            .sum();
        assert_eq!(widths, 24);
    }

    #[test]
    fn a_row_without_panels_has_no_heading() {
        let mut layout = Layout::default();
        layout.row("one", Vec::new(), Vec::new(), Vec::new());
        assert!(layout.panels.is_empty());
    }
}
