//! The corpora again, and generated inputs that cross modules.

mod pipeline;
mod truth;

use std::fs;
use std::path::Path;

/// A fuzz target's name and function.
type Target = (&'static str, fn(&[u8]));

/// What the fuzz targets once found, or started from, holds in every build.
#[test]
fn every_corpus_is_read_without_a_panic() {
    let targets: [Target; 7] = [
        ("answers", super::answers),
        ("cloud_foundry", super::cloud_foundry),
        ("configuration", super::configuration),
        ("dns", super::dns),
        ("listing", super::listing),
        ("scrape", super::scrape),
        ("state", super::state),
    ];
    for (target, read) in targets {
        let folder = Path::new("crates/fuzz/corpus").join(target);
        let mut inputs = 0;
        for entry in fs::read_dir(&folder).expect("a corpus") {
            let path = entry.expect("a readable entry").path();
            let input = fs::read(&path).expect("a readable input");
            let outcome = std::panic::catch_unwind(|| read(&input));
            assert!(outcome.is_ok(), "{}", path.display());
            inputs += 1;
        }
        assert!(inputs > 3, "found only {inputs} inputs for {target}");
    }
}
