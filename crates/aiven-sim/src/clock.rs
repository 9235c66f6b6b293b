//! The time of the day.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970. Whole ones: pages are filled once a second, and what happens shows on
/// them at once.
pub(crate) fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0.0, |now| now.as_secs_f64().floor())
}
