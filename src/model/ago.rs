//! Times as people read them.

use jiff::{SignedDuration, Timestamp};

/// How long ago something was, in the largest unit that tells enough.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let elapsed = now.duration_since(then).max(SignedDuration::ZERO);
    let seconds = elapsed.as_secs();
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7199 => format!("{}m", seconds / 60),
        7200..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}
