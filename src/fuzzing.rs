//! One function for each fuzz target (`crates/fuzz`): it reads bytes as they may come
//! from outside, and panics if something untrue follows. Compiled for fuzzing and for
//! the tests, which read each target's corpus again.

mod answers;
mod cloud_foundry;
mod configuration;
mod dns;
mod listing;
mod scrape;
mod state;

pub use answers::answers;
pub use cloud_foundry::cloud_foundry;
pub use configuration::configuration;
pub use dns::dns;
pub use listing::listing;
pub use scrape::scrape;
pub use state::state;

/// A word that stands for a secret in the corpora. Where it is secret, nothing that
/// is shown may contain it.
const SECRET: &str = "hunter2-correct-horse";

/// Takes the first byte off; it chooses what the rest is.
fn first(data: &[u8]) -> (u8, &[u8]) {
    data.split_first()
        .map_or((0, data), |(first, rest)| (*first, rest))
}

/// Holds what is said to people against the rules for it.
#[track_caller]
fn assert_sayable(text: &str, longest: usize) {
    assert!(text.len() <= longest, "{} bytes: {text:?}", text.len());
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(!text.contains(SECRET), "{text:?}");
}

#[cfg(test)]
mod tests;
