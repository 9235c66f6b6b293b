//! Values that are well-formed and cannot work are named before anything starts.

use serde_json::{Value, json};

use super::{accepted, parse, with};

fn said(path: &str, value: Value) -> String {
    let document = with(path, value.clone());
    let invalid = parse(&document).expect_err(&format!("{path} = {value} was accepted"));
    invalid.to_string()
}

#[test]
fn addresses_where_nobody_can_listen_or_answer() {
    for address in ["255.255.255.255:9274", "224.0.0.1:9274", "[ff02::1]:9274"] {
        let said = said("web.listen", json!(address));
        assert!(said.contains("an address of this machine"), "{said}");
    }
    for address in [
        "0.0.0.0:53",
        "[::]:53",
        "224.0.0.251:5353",
        "255.255.255.255:53",
        "[::ffff:0.0.0.0]:53",
    ] {
        let said = said("dns.nameservers", json!(["127.0.0.1:53", address]));
        assert!(
            said.contains("dns.nameservers[1]") && said.contains("one server answers"),
            "{said}"
        );
    }
    accepted(&with("web.listen", json!("[::]:9274")));
    accepted(&with(
        "dns.nameservers",
        json!(["169.254.0.2:53", "[fe80::1]:53"]),
    ));
}

#[test]
fn places_where_no_list_can_be() {
    let long = format!("targets/{}.json", "x".repeat(300));
    for path in [
        "targets/x.json/",
        "targets/../x.json",
        "../x/y.json",
        "state.json/targets.json",
        "lock/x.json",
        &long,
    ] {
        said("targets.path", json!(path));
    }
    for path in ["a/b/c.json", "/tmp/targets/x.json", "state/targets.json"] {
        accepted(&with("targets.path", json!(path)));
    }
}
