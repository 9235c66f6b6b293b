//! Target groups, as in `targets.json` and `/sd`.

use std::path::Path;

use serde_json::Value;

/// The target groups in the file at `path`; `None` if it does not exist.
///
/// # Panics
/// If the file is not a whole list.
pub fn read(path: &Path) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(path).ok()?;
    let groups = serde_json::from_str(&text);
    let groups = groups.unwrap_or_else(|error| panic!("targets.json is no list: {error}\n{text}"));
    Some(groups)
}

/// The addresses in target groups, sorted.
pub fn addresses(groups: &[Value]) -> Vec<String> {
    let targets = groups
        .iter()
        .filter_map(|group| group["targets"].as_array());
    let mut addresses: Vec<String> = targets
        .flatten()
        .filter_map(|target| target.as_str().map(str::to_owned))
        .collect();
    addresses.sort();
    addresses
}
