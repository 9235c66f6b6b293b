use std::collections::BTreeSet;

use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::*;

fn document() -> Value {
    json!({"rows": [{"name": "a", "count": 3, "tags": {"x": "y"}}, {"name": "b", "count": 4, "tags": {}}], "note": null})
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn without_damage_it_is_json(odd in odd(&document(), Kinds::Valid)) {
        let read = serde_json::from_slice::<serde::de::IgnoredAny>(&odd.text);
        prop_assert!(read.is_ok(), "{read:?}");
    }

    #[test]
    fn losses_say_nothing_new(odd in odd(&document(), Kinds::Losses)) {
        let read: Value = serde_json::from_slice(&odd.text).unwrap();
        let rows = read["rows"].as_array().map_or(&[][..], Vec::as_slice);
        prop_assert!(rows.is_empty() || rows.len() == 2);
        for (row, name) in rows.iter().zip(["a", "b"]) {
            prop_assert!(row["name"].as_str().is_none_or(|read| read == name));
            prop_assert!(row["count"].as_u64().is_none_or(|count| count == 3 || count == 4 || count == 7));
        }
    }
}

/// The same seed gives the same documents.
fn documents(kinds: Kinds) -> Vec<Odd> {
    let mut runner = TestRunner::deterministic();
    let strategy = odd(&document(), kinds);
    let tree = |_| strategy.new_tree(&mut runner).unwrap().current();
    (0..3_000).map(tree).collect()
}

#[test]
fn every_oddity_and_every_damage_occurs() {
    let name = |oddity: &String| {
        let end = oddity.find(|c: char| !c.is_alphanumeric());
        oddity[..end.unwrap_or(oddity.len())].to_owned()
    };
    let odd = documents(Kinds::Any);
    let seen: BTreeSet<String> = odd
        .iter()
        .flat_map(|odd| odd.oddities.iter().map(name))
        .collect();
    let all = [
        "Byte",
        "ByteOrderMark",
        "Contradicted",
        "Cut",
        "Doubled",
        "Dropped",
        "DroppedMember",
        "EscapedKey",
        "Huge",
        "Nested",
        "Null",
        "Number",
        "Renamed",
        "Retyped",
        "Reversed",
        "Text",
        "Trailing",
    ];
    assert_eq!(seen, all.map(str::to_owned).into());
}

#[test]
fn an_oddity_in_every_row_is_in_every_row() {
    let mut lost = Child::from(&document());
    let path = lost.nth(&|child| child.key.as_deref() == Some("\"count\""), 0);
    lost.change(&path.unwrap(), true, &|_| vec![]);
    let text = String::from_utf8(lost.text(Layout::Compact)).unwrap();
    assert_eq!(
        text,
        r#"{"note":null,"rows":[{"name":"a","tags":{"x":"y"}},{"name":"b","tags":{}}]}"#
    );
}

#[test]
fn text_that_is_no_json_occurs_only_where_it_is_asked_for() {
    let is_json = |odd: &Odd| serde_json::from_slice::<serde::de::IgnoredAny>(&odd.text).is_ok();
    let any = documents(Kinds::Any);
    let broken = any.iter().filter(|odd| !is_json(odd)).count();
    assert!((300..2_000).contains(&broken), "{broken} of {}", any.len());
}
