//! The functional core: what is known, what follows from it, and nothing else.
//!
//! Everything below this module is plain data and pure functions. No file, no
//! socket, no runtime and no clock: the time is always an argument. The shell
//! (`observe`, `integrate`, `resolve`, `publish`) brings facts in and carries
//! decisions out.

use std::time::Duration;

use jiff::Timestamp;

pub mod credentials;
pub mod explain;
pub mod hosts;
pub mod inventory;
pub mod plan;
pub mod project_cas;
pub mod scrape;
pub mod selection;
pub mod service;
pub mod snapshot;
pub mod status;
pub mod target_group;
pub mod verdict;

/// The time from `since` to `now`; none when the clock was set back in between.
fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

#[cfg(test)]
mod purity {
    /// The core stays testable without I/O only as long as it cannot do any.
    #[test]
    fn the_core_reaches_for_no_io_and_no_clock() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/model");
        for entry in std::fs::read_dir(folder).expect("src/model exists") {
            let path = entry.expect("readable folder").path();
            if path.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("readable source");
            for banned in ["tokio", "std::fs", "std::net::Tcp", "::now("] {
                assert!(!text.contains(banned), "{} uses {banned}", path.display());
            }
        }
    }
}
