//! The files of the last run.

use jiff::Timestamp;

use super::{SECRET, assert_sayable, first};
use crate::node_access::fuzzing::{certificates, secrets};
use crate::publish::state::from_bytes;

/// The first byte chooses the file; the rest is its content.
pub fn state(data: &[u8]) {
    let (which, text) = first(data);
    let cause = match which % 3 {
        0 => state_json(text),
        1 => secrets(text),
        _ => certificates(text),
    };
    if let Err(cause) = cause {
        assert_sayable(&cause, 1_000);
    }
}

/// No moment of what was read is ahead of now.
fn state_json(text: &[u8]) -> Result<(), String> {
    let now = Timestamp::from_second(1_800_000_000).expect("a moment");
    // It may quote the file, in which no secret belongs.
    let state = from_bytes(text, now).map_err(|cause| cause.replace(SECRET, "…"))?;
    assert!(state.saved_at.is_none_or(|at| at <= now));
    for saved in state.projects.values() {
        for known in saved.inventory.iter() {
            assert!(
                known
                    .missing
                    .as_deref()
                    .is_none_or(|gone| gone.since <= now)
            );
        }
    }
    Ok(())
}
