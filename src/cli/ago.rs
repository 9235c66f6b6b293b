//! Times as people read them.

use jiff::Timestamp;

pub(super) use crate::model::ago::ago;

/// `2026-01-02T03:04:05Z (12m ago)`
pub(super) fn moment(at: Timestamp, now: Timestamp) -> String {
    format!("{at:.0} ({} ago)", ago(at, now))
}
