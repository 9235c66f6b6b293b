//! Rows with members dropped, nulled, retyped and doubled: whatever cannot be read
//! is unknown, and what can be read is what was there.

use proptest::prelude::*;

use super::*;

/// Something that can happen to one value in a row.
#[derive(Debug, Clone, Copy)]
enum Spoil {
    Drop,
    Null,
    Number,
    Text,
    List,
    Object,
}

const SPOILS: [Spoil; 6] = [
    Spoil::Drop,
    Spoil::Null,
    Spoil::Number,
    Spoil::Text,
    Spoil::List,
    Spoil::Object,
];

/// Every place in a row that is read, but for its name.
const PLACES: [&str; 18] = [
    "/service_type",
    "/state",
    "/plan",
    "/cloud_name",
    "/node_count",
    "/node_states",
    "/service_uri_params",
    "/service_uri_params/host",
    "/components",
    "/components/1",
    "/components/1/component",
    "/components/1/host",
    "/components/1/port",
    "/components/1/usage",
    "/service_integrations",
    "/service_integrations/0",
    "/service_integrations/0/service_integration_id",
    "/tags",
];

fn spoil(row: &mut Value, place: &str, how: Spoil) {
    let (parent, key) = place.rsplit_once('/').unwrap();
    let value = match how {
        Spoil::Drop => {
            if let Some(Value::Object(members)) = row.pointer_mut(parent) {
                members.remove(key);
            }
            return;
        }
        Spoil::Null => Value::Null,
        Spoil::Number => json!(4),
        Spoil::Text => json!("4"),
        Spoil::List => json!([[]]),
        Spoil::Object => json!({"x": {}}),
    };
    if let Some(spoilt) = row.pointer_mut(place) {
        *spoilt = value;
    }
}

fn spoils() -> impl Strategy<Value = Vec<(&'static str, Spoil)>> {
    let one = (
        prop::sample::select(&PLACES[..]),
        prop::sample::select(&SPOILS[..]),
    );
    prop::collection::vec(one, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_spoilt_row_lacks_details_and_never_denies_them(spoils in spoils()) {
        let mut row = service();
        for (place, how) in &spoils {
            spoil(&mut row, place, *how);
        }
        let whole = read(&service());
        let odd = read(&row);
        prop_assert_eq!(&odd.name, &whole.name);
        prop_assert!(!odd.integrations.is_none(), "{}", row);
        prop_assert!(!odd.is_off());
        if odd.hosts.is_whole() && odd.has_listed_hosts() {
            let _: u16 = odd.hosts.rows()[0].port;
            prop_assert!(!odd.hosts.rows().is_empty());
        }
        for (key, value) in &odd.tags {
            prop_assert_eq!(whole.tag(key), Some(&**value));
        }
    }

    #[test]
    fn whatever_bytes_a_row_has_it_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(ServiceReader::new(["a".to_owned()]).read(&bytes));
        drop(read_types(&bytes));
        drop(ListedEndpoints::read(&bytes));
    }

    #[test]
    fn a_row_cut_and_flipped_anywhere_is_read_without_panic(
        cut in 0_usize..1200, flip in 0_usize..1200, to in any::<u8>()
    ) {
        let mut bytes = service().to_string().into_bytes();
        if let Some(byte) = bytes.get_mut(flip) {
            *byte = to;
        }
        drop(ServiceReader::new(["space_id".to_owned()]).read(&bytes));
        bytes.truncate(cut);
        drop(ServiceReader::new(["space_id".to_owned()]).read(&bytes));
    }
}
