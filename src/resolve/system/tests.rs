//! Odd files never hide what is good in them.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn servers(text: &str) -> Vec<String> {
    let servers = nameservers_from(text);
    servers.iter().map(ToString::to_string).collect()
}

#[test]
fn servers_are_read_as_the_c_library_reads_them() {
    let text = "\
# made by the agent
; and another comment
search corp..example .x
domain .corp.example
options ndots:5 timeout:1 attempts:0 rotate edns0 trust-ad no-tld-query unknown:\u{fffd}
sortlist 130.155.160.0/255.255.240.0
nameserver 10.0.0.2 # primary
nameserver\t10.0.0.3
  nameserver fd00::2\r
nameserver fe80::1%2
nameserver
nameserver ns.example
nameserver 10.0.0.2:53
nameserver 256.0.0.1
nameserver 224.0.0.1
nameserver 10.0.0.2
nameserverx 10.0.0.9
#nameserver 10.0.0.9
nameserver 0.0.0.0";
    let expected = [
        "10.0.0.2:53",
        "10.0.0.3:53",
        "[fd00::2]:53",
        "[fe80::1%2]:53",
        "127.0.0.1:53",
    ];
    assert_eq!(servers(text), expected);
}

#[test]
fn without_a_server_it_is_this_machine() {
    for text in ["", "search example", "nameserver ns.example", "\u{0}\u{0}"] {
        assert_eq!(servers(text), ["127.0.0.1:53"], "{text:?}");
    }
}

#[test]
fn a_byte_order_mark_hides_no_server() {
    assert_eq!(servers("\u{feff}nameserver 10.0.0.2"), ["10.0.0.2:53"]);
}

#[test]
fn names_are_read_from_a_hosts_file() {
    let hosts = hosts_from(
        "127.0.0.1 localhost\n\
         10.0.0.7\tNode.Example. node # nodes\n\
         fd00::7 node.example\n\
         bad line\n10.0.0.8\n10.0.0.7 node.example\n",
    );
    let node: Vec<IpAddr> = ["10.0.0.7", "fd00::7"]
        .map(|one| one.parse().unwrap())
        .into();
    assert_eq!(hosts["node.example"], node);
    assert_eq!(hosts["node"], node[..1]);
    assert!(!hosts.contains_key("line"));
}

#[test]
fn a_changed_a_replaced_and_a_missing_file_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resolv.conf");
    let mut watched = Watched::default();
    assert!(watched.news(&path).is_err());
    fs::write(&path, "one").unwrap();
    assert_eq!(watched.news(&path).unwrap().as_deref(), Some("one"));
    assert_eq!(watched.news(&path).unwrap(), None);
    let other = folder.path().join("other");
    fs::write(&other, "two").unwrap();
    fs::rename(&other, &path).unwrap();
    assert_eq!(watched.news(&path).unwrap().as_deref(), Some("two"));
    fs::write(&path, "longer").unwrap();
    assert_eq!(watched.news(&path).unwrap().as_deref(), Some("longer"));
    // What is no file could be waited for without an end.
    assert!(watched.news(folder.path()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Whatever is around it, a good line is found, and there is always a server.
    #[test]
    fn a_good_line_is_found_among_any_others(
        before in vec(line(), 0..6),
        after in vec(line(), 0..6),
    ) {
        let good = vec!["nameserver 192.0.2.53".to_owned()];
        let text = [before, good, after].concat().join("\n");
        let servers = nameservers_from(&text);
        prop_assert!(servers.contains(&"192.0.2.53:53".parse().unwrap()));
        prop_assert!(servers.len() <= MAX_NAMESERVERS);
    }

    #[test]
    fn a_good_name_is_found_among_any_others(
        before in vec(line(), 0..6),
        after in vec(line(), 0..6),
    ) {
        let good = vec!["192.0.2.7 node.example".to_owned()];
        let text = [before, good, after].concat().join("\n");
        let hosts = hosts_from(&text);
        let node: IpAddr = "192.0.2.7".parse().unwrap();
        prop_assert!(hosts["node.example"].contains(&node));
    }
}

/// A line of anything, often with the words that mean something.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[^\n]{0,40}",
        "(nameserver|search|options|domain|;|#)[ \t]{0,2}[0-9a-f:.%]{0,20}[ ]?[a-z#;]{0,5}",
        "[0-9.]{0,12}[ \t][a-z.#]{0,20}",
    ]
}
