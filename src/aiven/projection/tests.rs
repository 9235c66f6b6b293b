//! `serde_json` is the oracle: the projection must yield what `serde_json` reads,
//! however the document is cut into chunks.

#![allow(clippy::unwrap_used)]

mod documents;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::value::Value;
use super::*;
use documents::{document, sizes};

const WANTED: &[&str] = &["service_name", "state", "components", "tags"];

#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Service(Vec<u8>),
    Oversized(Vec<u8>),
    NotAnObject(JsonKind),
}

/// Reads a document in chunks of these sizes, repeated as needed.
fn project(document: &[u8], sizes: &[usize]) -> (Vec<Seen>, Result<Envelope, Malformed>) {
    let mut seen = Vec::new();
    let mut projection = Projection::new(WANTED);
    let mut left = document;
    for size in sizes.iter().cycle() {
        if left.is_empty() {
            break;
        }
        let (chunk, later) = left.split_at((*size).min(left.len()));
        left = later;
        let fed = projection.feed(chunk, &mut |element| {
            seen.push(match element {
                Element::Service(members) => Seen::Service(members.to_vec()),
                Element::Oversized(members) => Seen::Oversized(members.to_vec()),
                Element::NotAnObject(kind) => Seen::NotAnObject(kind),
            });
        });
        if let Err(malformed) = fed {
            assert_eq!(projection.finish(), Err(malformed));
            return (seen, Err(malformed));
        }
    }
    (seen, projection.finish())
}

fn project_whole(document: &str) -> (Vec<Seen>, Result<Envelope, Malformed>) {
    project(document.as_bytes(), &[usize::MAX])
}

fn service(members: &str) -> Seen {
    Seen::Service(members.as_bytes().to_vec())
}

/// What the projection must yield, according to `serde_json`.
fn expected(document: &Json) -> (Vec<Json>, Envelope) {
    let mut rest = document.as_object().unwrap().clone();
    let listed = rest["services"].is_array();
    let elements = match rest.remove("services").unwrap() {
        Json::Array(elements) => elements,
        other => {
            rest.insert("services".into(), other);
            Vec::new()
        }
    };
    let services = elements
        .iter()
        .filter_map(Json::as_object)
        .map(|service| {
            let wanted = service
                .iter()
                .filter(|(key, _)| WANTED.contains(&key.as_str()));
            Json::Object(wanted.map(|(k, v)| (k.clone(), v.clone())).collect())
        })
        .collect();
    let envelope = Envelope {
        listed,
        elements: elements.len(),
        rest: serde_json::to_vec(&rest).unwrap(),
        rest_cut: false,
    };
    (services, envelope)
}

proptest! {
    #[test]
    fn services_are_projected_to_exactly_the_wanted_members(document in document(), sizes in sizes()) {
        let (services, envelope) = expected(&serde_json::from_str(&document).unwrap());
        let (seen, result) = project(document.as_bytes(), &sizes);
        let seen: Vec<Json> = seen.iter().filter_map(|seen| match seen {
            Seen::Service(members) => Some(serde_json::from_slice(members).unwrap()),
            _ => None,
        }).collect();
        prop_assert_eq!(seen, services);
        let envelope_read = result.unwrap();
        let rest: Json = serde_json::from_slice(&envelope_read.rest).unwrap();
        prop_assert_eq!(serde_json::to_vec(&rest).unwrap(), envelope.rest.clone());
        prop_assert_eq!(Envelope { rest: envelope.rest.clone(), ..envelope_read }, envelope);
    }

    #[test]
    fn a_cut_document_is_truncated(document in document(), sizes in sizes(), at in any::<prop::sample::Index>()) {
        let complete = document.trim_end().len();
        let at = at.index(complete);
        let (_, result) = project(&document.as_bytes()[..at], &sizes);
        prop_assert_eq!(result, Err(Malformed::Truncated { at: at as u64 }));
    }

    #[test]
    fn chunking_changes_nothing_even_in_damaged_documents(
        document in document(), sizes in sizes(),
        damage in vec((any::<prop::sample::Index>(), "[\"\\\\{}\\[\\],: a1\u{0}<]"), 0..4),
    ) {
        let mut bytes = document.into_bytes();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte.as_bytes()[0];
        }
        let whole = project(&bytes, &[usize::MAX]);
        prop_assert_eq!(&project(&bytes, &sizes), &whole);
        let oracle = serde_json::from_slice::<Json>(&bytes);
        if oracle.is_ok_and(|document| document.is_object()) {
            prop_assert!(whole.1.is_ok(), "{:?}", whole.1);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), sizes in sizes()) {
        let start = b"{\"services\":[{\"tags\":";
        let _ = project(&bytes, &sizes);
        let _ = project(&[&start[..], &bytes].concat(), &sizes);
    }

    #[test]
    fn a_nested_value_ends_where_a_plain_loop_ends_it(
        bytes in "([\"\\\\\\[\\]a]{0,200}|(\\[|\\]|\"|\\\\{1,5}|a{1,80}){0,60})", sizes in sizes(),
    ) {
        let bytes = bytes.as_bytes();
        let mut value = Value::starting_with(b'[').unwrap();
        let (mut read, mut found, mut sizes) = (0, None, sizes.into_iter().cycle());
        while read < bytes.len() && found.is_none() {
            let end = bytes.len().min(read.saturating_add(sizes.next().unwrap()));
            found = value.end(&bytes[read..end]).unwrap().map(|length| read + length);
            read = end;
        }
        prop_assert_eq!(found, plain_end(bytes));
    }
}

fn plain_end(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (1, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        let literal = escaped;
        escaped = *byte == b'\\' && !literal;
        match byte {
            b'"' if !literal => in_string = !in_string,
            b'[' if !in_string => depth += 1,
            b']' if !in_string => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

// === Single cases ===

#[test]
fn wanted_members_are_copied_byte_for_byte() {
    let (seen, result) = project_whole(
        "\n{ \"services\" : [ { \"x\" : { \"a\" : \"}\\\"]\" } , \"tags\" : { \"a\" :1.50 , \"ä\\/\":[ ] } ,\"state\":\t\"R\\u0055N\",\
         \"\\u0073tate\" : null,\"components\":-0e1,\"y\":[[{}]]}, {},\n{\"service_name\" : true} ] , \"n\" : 1 }\r\n",
    );
    let first = "{\"tags\":{ \"a\" :1.50 , \"ä\\/\":[ ] },\"state\":\"R\\u0055N\",\"\\u0073tate\":null,\"components\":-0e1}";
    let last = "{\"service_name\":true}";
    assert_eq!(seen, [service(first), service("{}"), service(last)]);
    let envelope = result.unwrap();
    assert_eq!((envelope.listed, envelope.elements), (true, 3));
    assert_eq!(envelope.rest, b"{\"n\":1}");
}

#[test]
fn every_cut_in_two_gives_the_same() {
    let document = "{\"m\":\"é\\\"\\\\\",\"services\":[{\"t\\u0061gs\":{\"k\\\\\":\"€\\\\\\\"}\"},\"n\":-1.5e3,\"state\":false,\"u\":[\"]\\\\\"]},null]}";
    let whole = project_whole(document);
    assert!(whole.1.is_ok());
    for at in 1..document.len() {
        let cut = project(document.as_bytes(), &[at, usize::MAX]);
        assert_eq!(cut, whole, "cut at {at}");
    }
}

#[test]
fn elements_that_are_not_objects_are_reported_by_kind() {
    let (seen, result) =
        project_whole(r#"{"services":[1,"a{",[{"state":1}],null,true,{"state":2}]}"#);
    let kinds = [
        JsonKind::Number,
        JsonKind::String,
        JsonKind::Array,
        JsonKind::Null,
        JsonKind::Boolean,
    ]
    .map(Seen::NotAnObject);
    assert_eq!(seen[..5], kinds);
    assert_eq!(seen[5..], [service("{\"state\":2}")]);
    assert_eq!(result.unwrap().elements, 6);
}

#[test]
fn a_document_without_a_list_is_not_listed() {
    for document in [
        "{}",
        r#"{"services":null}"#,
        r#"{"services":{}}"#,
        r#"{"service":[]}"#,
    ] {
        let (seen, result) = project_whole(document);
        let envelope = result.unwrap();
        assert_eq!(
            (seen.len(), envelope.listed, envelope.elements),
            (0, false, 0)
        );
        assert_eq!(envelope.rest, document.as_bytes());
    }
    let (_, result) = project_whole(r#"{"services":[],"error":{"a":[1]},"message":"no"}"#);
    let envelope = result.unwrap();
    assert!(envelope.listed);
    assert_eq!(envelope.rest, br#"{"error":{"a":[1]},"message":"no"}"#);
}

#[test]
fn invalid_input_is_refused_with_its_offset() {
    for (document, at) in [
        ("<html>", 0),
        ("\u{feff}{}", 0),
        ("[]", 0),
        ("null", 0),
        ("{,}", 1),
        ("{\"a\" 1}", 5),
        ("{\"a\":}", 5),
        ("{\"a\":1,}", 7),
        ("{\"a\":1 2}", 7),
        ("{\"a\":tru}", 8),
        ("{\"a\":nulll}", 9),
        ("{\"a\":[1}", 7),
        ("{\"services\":[,]}", 13),
        ("{\"services\":[{}{}]}", 15),
        ("{\"services\":[{},]}", 16),
        ("{\"services\":[{\"a\":1]}", 19),
        ("{\"services\":[{\"a\":[}]}", 19),
        ("{\"services\":[}", 13),
        ("{\"services\":[],\"services\":[]}", 26),
    ] {
        for size in [1, 64] {
            match project(document.as_bytes(), &[size]).1 {
                Err(Malformed::Syntax { at: found, .. }) => assert_eq!(found, at, "{document}"),
                other => panic!("{document}: {other:?}"),
            }
        }
    }
    let trailing = project_whole("{\"services\":[]} \n}").1;
    assert_eq!(trailing, Err(Malformed::Trailing { at: 17 }));
    for nothing in ["", " \n"] {
        let at = nothing.len() as u64;
        assert_eq!(project_whole(nothing).1, Err(Malformed::Truncated { at }));
    }
}

#[test]
fn an_oversized_service_keeps_what_fits_and_does_not_affect_others() {
    let huge = "x".repeat(MAX_SERVICE);
    let services = json!([
        {"service_name": "a", "state": huge, "tags": {}},
        {"service_name": "b"},
    ]);
    let document = format!("{{\"services\":{services}}}");
    for size in [1000, usize::MAX] {
        let (seen, result) = project(document.as_bytes(), &[size]);
        let Seen::Oversized(members) = &seen[0] else {
            panic!("{:?}", seen[0]);
        };
        assert_eq!(members, br#"{"service_name":"a","tags":{}}"#);
        assert_eq!(seen[1], service(r#"{"service_name":"b"}"#));
        assert!(result.is_ok());
    }
}

#[test]
fn memory_does_not_grow_with_the_listing() {
    let mut projection = Projection::new(WANTED);
    let mut services = 0;
    let mut feed = |part: &str| {
        projection
            .feed(part.as_bytes(), &mut |_| services += 1)
            .unwrap()
    };
    feed(r#"{"services":[{"topics":["#);
    (0..1000).for_each(|_| feed(&r#"{"topic_name":"a"},"#.repeat(100)));
    feed(r#"0],"junk":""#);
    (0..1000).for_each(|_| feed(&"é".repeat(1000)));
    feed("\",\"");
    (0..1000).for_each(|_| feed(&"k".repeat(1000)));
    feed("\":0}");
    (0..10_000).for_each(|_| feed(r#",{"state":"RUNNING"}"#));
    feed("],\"");
    (0..10).for_each(|_| feed(&"k".repeat(1000)));
    feed("\":0,\"message\":\"m\",\"junk\":\"");
    (0..1000).for_each(|_| feed(&"x".repeat(1000)));
    feed("\"}");
    let held =
        projection.key.capacity() + projection.service.capacity() + projection.rest.capacity();
    assert!(held < 20_000, "{held} bytes are held");
    let envelope = projection.finish().unwrap();
    assert_eq!(envelope.elements, 10_001);
    assert_eq!(
        (envelope.rest.as_slice(), envelope.rest_cut),
        (&b"{\"message\":\"m\"}"[..], true)
    );
    assert_eq!(services, 10_001);
}

#[test]
fn deep_nesting_is_only_counted() {
    let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let document = format!(r#"{{"a":{deep},"services":[{{"b":{deep},"state":{deep}}},{deep}]}}"#);
    let (seen, result) = project(document.as_bytes(), &[4096]);
    assert_eq!(
        seen,
        [
            Seen::Oversized(b"{}".to_vec()),
            Seen::NotAnObject(JsonKind::Array)
        ]
    );
    assert!(result.is_ok());
}
