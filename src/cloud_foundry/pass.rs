//! A pass over all pages. Pages are numbered by us; what a page names as the next one is
//! never followed, and only says whether there is one.

use std::collections::HashSet;

use super::page::Gathered;
use crate::model::cloud_foundry::{Foundation, Guid, NeededInstances};
use crate::model::outside_text::Secrets;

/// How many rows a page is asked to have: some 2 MB, of which the fewest are kept.
pub(super) const ROWS_PER_PAGE: u32 = 1000;

/// After so many pages there is no end: half a million instances.
const MAX_PAGES: u32 = 500;

/// A pass that is under way.
pub(crate) struct Pass {
    needed: NeededInstances,
    gathered: Gathered,
    seen: HashSet<Guid>,
    pages: u32,
    rows: u64,
    /// The newest `total_results`.
    total: Option<u64>,
}

/// Whether a page was the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// There is a next one.
    GoOn,
    /// It was.
    End,
}

/// What a pass read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) foundation: Foundation,
    /// How many rows there were, of whatever instances.
    pub(crate) rows: u64,
    /// How the list contradicts itself about its length, if rows are missing.
    pub(crate) shortfall: Option<String>,
}

impl Pass {
    /// A pass that keeps what is told of these instances.
    pub(crate) fn new(needed: NeededInstances) -> Pass {
        Pass {
            needed,
            gathered: Gathered::default(),
            seen: HashSet::new(),
            pages: 0,
            rows: 0,
            total: None,
        }
    }

    /// The number of the page to ask for, from 1.
    pub(crate) fn page(&self) -> u32 {
        self.pages.saturating_add(1)
    }

    /// Takes that page in.
    ///
    /// # Errors
    /// Why this is no page of a list that ends.
    pub(crate) fn take(&mut self, body: &[u8], secrets: &Secrets) -> Result<Then, String> {
        let number = self.page();
        let page = self
            .gathered
            .read(body, &self.needed, secrets)
            .map_err(|what| format!("page {number}: {what}"))?;
        self.pages = number;
        self.rows = self.rows.saturating_add(page.rows);
        self.total = page.total;
        let before = self.seen.len();
        self.seen.extend(page.instances);
        if !page.has_next {
            return Ok(Then::End);
        }
        if self.seen.len() == before {
            return Err(format!(
                "page {number} has no instance that was not on a page before, and names a next page: the pages go round in circles"
            ));
        }
        if number >= MAX_PAGES {
            return Err(format!("it still names a next page after {number} pages"));
        }
        Ok(Then::GoOn)
    }

    /// What was read once the pages ended.
    pub(crate) fn finish(self) -> Reading {
        let (pages, rows) = (self.pages, self.rows);
        // Rows that are deleted meanwhile make the last page shorter and the total
        // smaller, so the sum holds.
        let shortfall = self.total.filter(|total| *total > rows).map(|total| {
            format!("the list ended on page {pages} after {rows} rows, of {total} that it counts")
        });
        Reading {
            foundation: self.gathered.finish(&self.needed),
            rows,
            shortfall,
        }
    }
}

#[cfg(test)]
mod tests;
