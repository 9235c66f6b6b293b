//! What name servers and this machine's files say about addresses.

use super::first;
use crate::resolve::fuzzing::{answer, hosts, resolv_conf};

/// The first byte chooses: a message of a name server, resolv.conf or hosts.
pub fn dns(data: &[u8]) {
    let (which, rest) = first(data);
    match which % 3 {
        0 => answer(rest),
        1 => resolv_conf(&String::from_utf8_lossy(rest)),
        _ => hosts(&String::from_utf8_lossy(rest)),
    }
}
