//! Whatever the text: an answer, never a panic, and one line for each problem.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::Config;
use super::minimal;

/// Values that come near to what some key wants.
fn leaf() -> impl Strategy<Value = Value> {
    let near = prop::sample::select(vec![
        "",
        "5s",
        "60",
        "1e9h",
        "9223372036854775807h",
        "info",
        "127.0.0.1:1",
        "[::]:9275",
        "https://a",
        "http://[::1",
        "data:,",
        "a/b.json",
        "/",
        "-----BEGIN CERTIFICATE-----\n",
        "[",
        "{a,b",
        "**",
        "a",
    ]);
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        near.prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// The contract's sections with any of their keys, and keys of any name.
fn document() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        prop::sample::select(vec![
            "api_url",
            "api_token",
            "ca_cert",
            "projects",
            "poll_interval",
            "types",
            "tags",
            "exclude",
            "create",
            "endpoint_name",
            "endpoint_id",
            "username",
            "password",
            "creates_per_minute",
            "nameservers",
            "path",
            "removal_grace",
            "listen",
            "timeout",
            "expose_status",
            "client_id",
            "client_secret",
            "level",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let section = prop_oneof![
        prop::sample::select(vec![
            "aiven",
            "services",
            "integration",
            "dns",
            "targets",
            "scrape_proxy",
            "web",
            "state_dir",
            "instance_index",
            "cloud_foundry",
            "log",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let keys = prop::collection::btree_map(key, value(), 0..8)
        .prop_map(|keys| Value::Object(Map::from_iter(keys)));
    prop::collection::btree_map(section, prop_oneof![keys, value()], 0..8)
        .prop_map(|sections| Value::Object(Map::from_iter(sections)))
}

fn assert_answers(text: &str) {
    if let Err(invalid) = Config::parse(text) {
        assert!(!invalid.problems.is_empty());
        assert_eq!(
            invalid.to_string().lines().count(),
            invalid.problems.len(),
            "{invalid:?}"
        );
        for problem in &invalid.problems {
            assert!(
                !problem.to_string().contains(char::is_control),
                "{problem:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        assert_answers(&text);
    }

    #[test]
    fn any_json_is_answered(document in document()) {
        assert_answers(&document.to_string());
    }

    #[test]
    fn any_project_list_is_taken_as_it_stands_or_refused(
        names in prop::collection::vec("[a-z][-a-z0-9]{0,62}|\\PC{0,8}", 1..4)
    ) {
        let mut document = minimal();
        document["aiven"]["projects"] = json!(names);
        match super::parse(&document) {
            Ok(config) => prop_assert_eq!(config.aiven.projects, names),
            Err(invalid) => for problem in invalid.problems {
                prop_assert!(problem.path.starts_with("aiven.projects["), "{}", problem);
            },
        }
    }
}
