//! Which addresses can be a node's.
//!
//! DNS, the hosts file, a saved file and Aiven itself may all name an address that
//! no node can have: a resolver that blocks a name answers 0.0.0.0, a broken one a
//! multicast address, a hostile one that of a cloud's metadata service. Such a value
//! says nothing about a node, so [`NodeAddress`] cannot hold it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

/// The prefix under which every DNS64 may write an IPv4 address (RFC 6052, 2.1).
const NAT64: [u8; 12] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

/// The lengths that the prefix of a translated address may have, in bytes
/// (RFC 6052, 2.2).
const TRANSLATION_PREFIXES: [usize; 6] = [4, 5, 6, 7, 8, 12];

/// The byte that is always zero in a translated address, if it is behind the prefix
/// (RFC 6052, 2.2: bits 64 to 71).
const RESERVED_BYTE: usize = 8;

/// An address that a node can have. An IPv4-mapped address is kept as its IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NodeAddress(IpAddr);

/// Why an address cannot be a node's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotANode {
    /// 0.0.0.0/8 or `::`.
    #[error("it means \"no address\"")]
    Unspecified,
    /// 127.0.0.0/8 or `::1`, while Aiven's API is not on this machine.
    #[error("it is this machine itself")]
    Loopback,
    /// 169.254.0.0/16 or fe80::/10; a cloud's metadata service is there, too.
    #[error("it is link-local")]
    LinkLocal,
    /// 224.0.0.0/4 or ff00::/8.
    #[error("it is multicast")]
    Multicast,
    /// 240.0.0.0/4 with the broadcast address, 100::/64 (RFC 6666), and the rest of
    /// `::/96` (RFC 4291, 2.5.5.1).
    #[error("it is in a reserved range")]
    Reserved,
    /// Of the family that `dns.families` leaves out.
    #[error("dns.families leaves its family out")]
    OtherFamily,
}

/// An address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4, from A records.
    V4,
    /// IPv6, from AAAA records.
    V6,
}

/// The families of `dns.families`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Families {
    /// Both.
    #[default]
    Both,
    /// Only this one.
    Only(Family),
}

/// What the configuration says about addresses of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddressRules {
    /// `dns.families`.
    pub families: Families,
    /// Whether a node may have a loopback address. That is so only where Aiven's API
    /// has one, too: then it is a simulated Aiven on this machine.
    pub loopback: bool,
}

impl Family {
    /// The family of an address.
    pub fn of(address: IpAddr) -> Family {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }

    /// The type of its DNS records.
    pub fn record_type(self) -> &'static str {
        match self {
            Family::V4 => "A",
            Family::V6 => "AAAA",
        }
    }
}

impl Families {
    /// Whether names are looked up in this family.
    pub fn include(self, family: Family) -> bool {
        self == Families::Both || self == Families::Only(family)
    }
}

impl AddressRules {
    /// Whatever the configuration says, only addresses that are never a node's are
    /// refused.
    pub const LENIENT: AddressRules = AddressRules {
        families: Families::Both,
        loopback: true,
    };

    /// The address as a node's.
    ///
    /// # Errors
    /// When no node can have it.
    pub fn node(self, address: IpAddr) -> Result<NodeAddress, NotANode> {
        let address = address.to_canonical();
        match address {
            IpAddr::V4(address) => self.judge_v4(address)?,
            IpAddr::V6(address) => self.judge_v6(address)?,
        }
        match self.families.include(Family::of(address)) {
            true => Ok(NodeAddress(address)),
            false => Err(NotANode::OtherFamily),
        }
    }

    /// Those of `addresses` that can be nodes'.
    pub fn nodes(self, addresses: impl IntoIterator<Item = IpAddr>) -> Vec<NodeAddress> {
        let nodes = addresses.into_iter();
        nodes.filter_map(|one| self.node(one).ok()).collect()
    }

    fn judge_v4(self, address: Ipv4Addr) -> Result<(), NotANode> {
        match address.octets()[0] {
            0 => Err(NotANode::Unspecified),
            127 if !self.loopback => Err(NotANode::Loopback),
            240.. => Err(NotANode::Reserved),
            _ if address.is_link_local() => Err(NotANode::LinkLocal),
            _ if address.is_multicast() => Err(NotANode::Multicast),
            _ => Ok(()),
        }
    }

    fn judge_v6(self, address: Ipv6Addr) -> Result<(), NotANode> {
        let bytes = address.octets();
        match bytes {
            _ if address.is_unspecified() => Err(NotANode::Unspecified),
            _ if address.is_loopback() && self.loopback => Ok(()),
            _ if address.is_loopback() => Err(NotANode::Loopback),
            _ if address.is_unicast_link_local() => Err(NotANode::LinkLocal),
            _ if address.is_multicast() => Err(NotANode::Multicast),
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ..] | [1, 0, 0, 0, 0, 0, 0, 0, ..] => {
                Err(NotANode::Reserved)
            }
            // A translator leads to the IPv4 address inside.
            _ if bytes.starts_with(&NAT64) => self.judge_v4(embedded(&bytes, NAT64.len())),
            _ => Ok(()),
        }
    }
}

impl NodeAddress {
    /// The address itself.
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// Its family.
    pub fn family(self) -> Family {
        Family::of(self.0)
    }

    /// Whether this is how a translator (NAT64) writes the IPv4 address, under any
    /// prefix: then both lead to one node.
    pub fn is_translation_of(self, address: Ipv4Addr) -> bool {
        let IpAddr::V6(own) = self.0 else {
            return false;
        };
        let bytes = own.octets();
        TRANSLATION_PREFIXES
            .into_iter()
            .any(|prefix| embedded(&bytes, prefix) == address && is_padded(&bytes, prefix))
    }
}

/// The IPv4 address that follows a prefix of so many bytes.
fn embedded(bytes: &[u8; 16], prefix: usize) -> Ipv4Addr {
    let behind = bytes.iter().enumerate().skip(prefix);
    let behind = behind.filter(|(index, _)| prefix > RESERVED_BYTE || *index != RESERVED_BYTE);
    let mut octets = [0; 4];
    for (octet, (_, byte)) in octets.iter_mut().zip(behind) {
        *octet = *byte;
    }
    Ipv4Addr::from(octets)
}

/// Whether what is neither prefix nor IPv4 address is zero, as RFC 6052 wants it.
fn is_padded(bytes: &[u8; 16], prefix: usize) -> bool {
    let is_long = prefix > RESERVED_BYTE;
    let end = prefix + if is_long { 4 } else { 5 };
    let is_reserved_zero = is_long || bytes[RESERVED_BYTE] == 0;
    is_reserved_zero && bytes.iter().skip(end).all(|&byte| byte == 0)
}

#[cfg(test)]
impl<T: Into<IpAddr>> From<T> for NodeAddress {
    fn from(address: T) -> NodeAddress {
        AddressRules::LENIENT.node(address.into()).unwrap()
    }
}

#[cfg(test)]
impl std::str::FromStr for NodeAddress {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse::<IpAddr>()?.into())
    }
}

#[cfg(test)]
mod tests;
