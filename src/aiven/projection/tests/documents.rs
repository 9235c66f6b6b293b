//! Arbitrary listings as text: every kind of value, whitespace everywhere that
//! JSON allows it, escapes in keys and strings, and ways to cut them up.

use proptest::collection::vec;
use proptest::prelude::*;

fn blank() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => "[ \n\r\t]{1,4}"]
}

/// A string as written in JSON, including quotes.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z{}\\[\\],: ]{1,9}",
        2 => any::<char>().prop_map(escape),
        2 => proptest::sample::select(vec!["\\\"", "\\\\", "\\/", "\\n", "\\\\\\\"", "\\u0041", "\\ud83d\\ude00"])
            .prop_map(str::to_owned),
        1 => "[é€😀]{1,3}",
    ];
    vec(piece, 0..6).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

/// A character as written in a JSON string.
fn escape(character: char) -> String {
    let quoted = serde_json::to_string(&character).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("null".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(spaced(inner.clone()), 0..4).prop_map(|values| format!("[{}]", values.join(","))),
            object(text(), inner, 4),
        ]
    })
}

fn spaced(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (blank(), inner, blank()).prop_map(|(before, inner, after)| before + &inner + &after)
}

fn object(
    key: impl Strategy<Value = String>,
    value: impl Strategy<Value = String>,
    members: usize,
) -> impl Strategy<Value = String> {
    let member = (spaced(key), spaced(value)).prop_map(|(key, value)| key + ":" + &value);
    (vec(member, 0..members), blank())
        .prop_map(|(members, blank)| format!("{{{blank}{}}}", members.join(",")))
}

fn service_object() -> impl Strategy<Value = String> {
    let wanted = proptest::sample::select(vec![
        "\"service_name\"",
        "\"state\"",
        "\"components\"",
        "\"tags\"",
        "\"servi\\u0063e_name\"",
        "\"\\u0074ags\"",
        "\"tag\\\\s\"",
        "\"\"",
    ]);
    object(
        prop_oneof![wanted.prop_map(str::to_owned), text()],
        value(),
        9,
    )
}

/// A document with a member `services`, usually an array of objects.
pub(super) fn document() -> impl Strategy<Value = String> {
    let element = prop_oneof![6 => service_object(), 1 => value()];
    let services = prop_oneof![
        8 => vec(spaced(element), 0..5).prop_map(|all| format!("[{}]", all.join(","))),
        1 => Just("[ \n]".to_owned()),
        1 => scalar(),
    ];
    let other = text().prop_map(|key| key.replacen('"', "\"x", 1));
    let others = (vec((other, value()), 0..3), 0..4usize);
    (spaced(services), others, blank()).prop_map(|(services, (others, place), blank)| {
        let mut members: Vec<String> = others
            .into_iter()
            .map(|(key, value)| format!("{key}:{value}"))
            .collect();
        members.insert(place.min(members.len()), format!("\"services\":{services}"));
        format!("{blank}{{{}}}{blank}", members.join(","))
    })
}

/// The lengths of the chunks of a document, repeated as needed.
pub(super) fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        1 => Just(vec![1]),
        1 => Just(vec![usize::MAX]),
        3 => vec(1..90usize, 1..8),
    ]
}
