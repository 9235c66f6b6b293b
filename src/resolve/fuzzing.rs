//! What name servers and this machine's files say, as bytes.

use super::system::{hosts_from, nameservers_from};
use super::wire::{Question, WireAnswer, answer_from_wire};
use crate::model::address::{AddressRules, Family};
use crate::model::resolution::MAX_ADDRESSES;

/// A message of a name server.
pub(crate) fn answer(message: &[u8]) {
    for family in [Family::V4, Family::V6] {
        let question = Question::new("os-1.example", family).expect("a host name");
        let (Ok(WireAnswer::Addresses(addresses)) | Ok(WireAnswer::Cut(addresses))) =
            answer_from_wire(&question, message)
        else {
            continue;
        };
        assert!(addresses.len() <= MAX_ADDRESSES, "{}", addresses.len());
        assert!(
            addresses.iter().all(|ip| Family::of(*ip) == family),
            "{addresses:?}"
        );
        for node in AddressRules::default().nodes(addresses) {
            let ip = node.ip();
            let is_none = ip.is_unspecified() || ip.is_multicast() || ip.is_loopback();
            assert!(!is_none && ip == ip.to_canonical(), "{ip}");
        }
    }
}

/// `/etc/resolv.conf`.
pub(crate) fn resolv_conf(text: &str) {
    let servers = nameservers_from(text);
    assert!((1..=8).contains(&servers.len()), "{servers:?}");
    for server in servers {
        let ip = server.ip();
        assert!(!ip.is_multicast() && server.port() == 53, "{server}");
    }
}

/// `/etc/hosts`.
pub(crate) fn hosts(text: &str) {
    for (name, addresses) in hosts_from(text) {
        assert!(
            !name.contains(|c: char| c.is_ascii_whitespace()) && !name.contains('#'),
            "{name:?}"
        );
        assert!(
            (1..=MAX_ADDRESSES).contains(&addresses.len()),
            "{addresses:?}"
        );
    }
}
