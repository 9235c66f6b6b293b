//! The functional core: what is known, what follows from it, and nothing else.
//!
//! Everything below this module is plain data and pure functions. No file, no
//! socket, no runtime and no clock: the time is always an argument. The shell
//! (`observe`, `integrate`, `resolve`, `publish`) brings facts in and carries
//! out the decisions.

use std::time::Duration;

use jiff::Timestamp;

pub mod address;
pub mod ago;
pub mod answering;
pub mod back_pressure;
pub mod backoff;
pub mod cloud_foundry;
pub mod counted;
pub mod credentials;
pub mod detail;
pub mod diagnose;
pub mod diagnosis;
pub mod endpoint;
pub mod expiry;
pub mod explain;
#[cfg(test)]
pub mod fixtures;
pub mod history;
pub mod hosts;
pub mod inventory;
pub mod later;
pub mod metrics_page;
pub mod needed_endpoints;
pub mod odd_rows;
pub mod outage;
pub mod outside_text;
pub mod page;
pub mod plan;
pub mod project;
pub mod project_cas;
pub mod reason;
pub mod resolution;
pub mod scrape;
pub mod selection;
pub mod service;
pub mod situation;
pub mod snapshot;
pub mod stage;
pub mod status;
pub mod surroundings;
pub mod target_group;
pub mod task;
pub mod verdict;
pub mod write_budget;
pub mod write_window;

/// The time from `since` to `now`; zero if the clock was set back in between.
fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

#[cfg(test)]
mod purity {
    use std::path::Path;

    /// The core is testable without I/O only while it does none, and readable on
    /// its own only while it imports nothing else from this crate.
    #[test]
    fn the_core_does_no_io_reads_no_clock_and_imports_only_itself() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/model");
        let mut files = Vec::new();
        collect(&folder, &mut files);
        assert!(files.len() > 15, "found only {} files", files.len());
        for (path, text) in files {
            let core = text.split("#[cfg(test)]").next().expect("the first part");
            let foreign = core.replace("crate::model", "");
            for banned in ["tokio", "std::fs", "std::net::Tcp", "::now(", "crate::"] {
                assert!(!foreign.contains(banned), "{path} uses {banned}");
            }
        }
    }

    /// Every source file below `folder`, except tests.
    fn collect(folder: &Path, files: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.file_stem().is_some_and(|name| name == "tests") {
                continue;
            }
            if path.is_dir() {
                collect(&path, files);
            } else {
                let text = std::fs::read_to_string(&path).expect("readable source");
                files.push((path.display().to_string(), text));
            }
        }
    }
}
