//! Which values are refused, in whatever form they come, and which are one node.

use proptest::prelude::*;

use super::*;

const PRODUCTION: AddressRules = AddressRules {
    families: Families::Both,
    loopback: false,
};

const ON_LOOPBACK: AddressRules = AddressRules::LENIENT;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn an_address_that_no_node_can_have_is_refused() {
    use NotANode::*;
    for (text, why) in [
        ("0.0.0.0", Unspecified),
        ("0.1.2.3", Unspecified),
        ("255.255.255.255", Reserved),
        ("240.0.0.1", Reserved),
        ("224.0.0.1", Multicast),
        ("239.255.255.250", Multicast),
        ("169.254.169.254", LinkLocal),
        ("127.0.0.1", Loopback),
        ("::", Unspecified),
        ("::1", Loopback),
        ("::10.0.0.1", Reserved),
        ("100::1", Reserved),
        ("fe80::1", LinkLocal),
        ("febf::1", LinkLocal),
        ("ff02::1", Multicast),
        ("::ffff:169.254.169.254", LinkLocal),
        ("::ffff:0.0.0.0", Unspecified),
        ("::ffff:127.0.0.1", Loopback),
        ("64:ff9b::169.254.169.254", LinkLocal),
        ("64:ff9b::255.255.255.255", Reserved),
        ("64:ff9b::127.0.0.1", Loopback),
    ] {
        assert_eq!(PRODUCTION.node(ip(text)), Err(why), "{text}");
    }
}

#[test]
fn an_address_that_a_private_network_may_use_is_accepted() {
    for text in [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.255.255",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "223.255.255.254",
        "fd00::1",
        "2001:db8::1",
        "2a05:d018::1",
        "64:ff9b::192.0.2.1",
        "64:ff9b:1::1",
    ] {
        assert_eq!(PRODUCTION.node(ip(text)).map(NodeAddress::ip), Ok(ip(text)));
    }
}

#[test]
fn loopback_is_a_node_only_where_the_api_is_on_loopback() {
    for text in ["127.9.0.1", "::1", "::ffff:127.9.0.1"] {
        assert_eq!(PRODUCTION.node(ip(text)), Err(NotANode::Loopback));
        assert!(ON_LOOPBACK.node(ip(text)).is_ok(), "{text}");
    }
}

#[test]
fn a_mapped_address_is_its_ipv4() {
    let mapped = PRODUCTION.node(ip("::ffff:192.0.2.7")).unwrap();
    assert_eq!(mapped.ip(), ip("192.0.2.7"));
    assert_eq!(mapped.family(), Family::V4);
}

#[test]
fn a_family_that_is_left_out_is_refused_in_every_form() {
    let rules = |family| AddressRules {
        families: Families::Only(family),
        ..PRODUCTION
    };
    let refused = Err(NotANode::OtherFamily);
    assert_eq!(rules(Family::V4).node(ip("2001:db8::1")), refused);
    assert_eq!(rules(Family::V6).node(ip("192.0.2.1")), refused);
    assert_eq!(rules(Family::V6).node(ip("::ffff:192.0.2.1")), refused);
    assert!(rules(Family::V6).node(ip("2001:db8::1")).is_ok());
}

/// The examples of RFC 6052, 2.4, and the two well-known prefixes.
#[test]
fn a_translated_address_is_known_under_every_prefix() {
    for text in [
        "2001:db8:c000:221::",
        "2001:db8:1c0:2:21::",
        "2001:db8:122:c000:2:2100::",
        "2001:db8:122:3c0:0:221::",
        "2001:db8:122:344:c0:2:2100::",
        "2001:db8:122:344::192.0.2.33",
        "64:ff9b::192.0.2.33",
        "64:ff9b:1::192.0.2.33",
        "64:ff9b:1:c000:2:2100::",
    ] {
        let twin = PRODUCTION.node(ip(text)).unwrap();
        assert!(
            twin.is_translation_of(Ipv4Addr::new(192, 0, 2, 33)),
            "{text}"
        );
        assert!(
            !twin.is_translation_of(Ipv4Addr::new(192, 0, 2, 34)),
            "{text}"
        );
    }
    let own = PRODUCTION.node(ip("2001:db8:c000:221::7")).unwrap();
    assert!(!own.is_translation_of(Ipv4Addr::new(192, 0, 2, 33)));
}

proptest! {
    #[test]
    fn no_accepted_address_is_of_a_refused_kind(bytes: [u8; 16], is_v4: bool, rules in rules()) {
        let address = match is_v4 {
            true => IpAddr::from([bytes[0], bytes[1], bytes[2], bytes[3]]),
            false => IpAddr::from(bytes),
        };
        if let Ok(node) = rules.node(address) {
            let ip = node.ip();
            prop_assert!(!ip.is_unspecified() && !ip.is_multicast());
            prop_assert!(rules.loopback || !ip.is_loopback());
            prop_assert!(rules.families.include(node.family()));
            prop_assert_eq!(rules.node(ip), Ok(node));
        }
    }

    #[test]
    fn a_mapped_address_is_judged_as_its_ipv4(bytes: [u8; 4], rules in rules()) {
        let v4 = Ipv4Addr::from(bytes);
        let mapped = IpAddr::from(v4.to_ipv6_mapped());
        prop_assert_eq!(rules.node(mapped), rules.node(IpAddr::from(v4)));
    }
}

fn rules() -> impl Strategy<Value = AddressRules> {
    let families = prop_oneof![
        Just(Families::Both),
        Just(Families::Only(Family::V4)),
        Just(Families::Only(Family::V6)),
    ];
    (families, any::<bool>()).prop_map(|(families, loopback)| AddressRules { families, loopback })
}
