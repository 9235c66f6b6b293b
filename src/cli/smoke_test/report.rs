//! One line for each check, and a sum at the end: an operator reads only that.

use crate::cli::output;

/// Counts the checks that were made.
#[derive(Default)]
pub(super) struct Report {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    /// A check passed.
    pub(super) fn pass(&mut self, check: &str, found: &str) {
        self.passed += 1;
        output::line(format_args!("ok    {check}: {}", one_line(found)));
    }

    /// A check cannot be made from here.
    pub(super) fn skip(&mut self, check: &str, why: &str) {
        self.skipped += 1;
        output::line(format_args!("skip  {check}: {}", one_line(why)));
    }

    /// A check failed.
    pub(super) fn fail(&mut self, check: &str, found: &str, remedy: &str) {
        self.failed += 1;
        let found = one_line(found);
        output::line(format_args!(
            "FAIL  {check}: no: {found}. What to do: {remedy}"
        ));
    }

    /// Prints the sum; whether something was checked, and nothing failed.
    pub(super) fn conclude(&self) -> bool {
        let Report {
            passed,
            failed,
            skipped,
        } = self;
        output::line(format_args!(
            "{passed} passed, {failed} failed, {skipped} skipped"
        ));
        *failed == 0 && *passed > 0
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
