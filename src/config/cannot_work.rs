//! Values that are well-formed and still cannot do what they are for.

use std::net::IpAddr;
use std::path::{Component, Path};

/// What the daemon keeps in `state_dir` beside the folder of the list.
const FILES_OF_OURS: [&str; 4] = ["lock", "state.json", "secrets.json", "certificates.json"];

/// The longest name that a file can have on Linux.
const MAX_FILE_NAME: usize = 255;

/// Whether no server can listen there.
pub(super) fn is_for_many(ip: IpAddr) -> bool {
    let is_broadcast = matches!(ip.to_canonical(), IpAddr::V4(ip) if ip.is_broadcast());
    is_broadcast || ip.to_canonical().is_multicast()
}

/// Whether no one server answers there.
pub(super) fn is_nobodys(ip: IpAddr) -> bool {
    is_for_many(ip) || ip.to_canonical().is_unspecified()
}

/// Why the list cannot be kept at `path`, and what to do.
pub(super) fn why_no_list(text: &str, path: &Path, state_dir: &Path) -> Option<&'static str> {
    if text.ends_with('/') {
        return Some("take the / at its end away: it is a file, not a folder");
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return Some("write it without ..");
    }
    let below = path.strip_prefix(state_dir).unwrap_or(Path::new(""));
    let first = below.components().next().map(Component::as_os_str);
    if first.is_some_and(|first| FILES_OF_OURS.iter().any(|ours| first == *ours)) {
        return Some("choose another folder: that is a file of the daemon");
    }
    let is_long = |part: Component| part.as_os_str().len() > MAX_FILE_NAME;
    let is_too_long = path.components().any(is_long);
    is_too_long.then_some("choose names of at most 255 bytes")
}
