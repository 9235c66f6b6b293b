//! What people paste: a name with the quotes, the comma or the blank that stood beside it,
//! two words, a URL, the labels of a series. Each way of reading it is tried, the plainest
//! first, and the first that means a service counts.

use std::borrow::Cow;

/// Longer texts are nobody's name: a label set of names and host names is shorter.
pub(super) const MAX_TEXT: usize = 2_000;

/// What stands around a name where it was copied.
const AROUND: &[char] = &[
    ' ', '\t', '\n', '\r', '"', '\'', '`', '(', ')', '{', '}', '<', '>', ',', ';', '|', '=', '“',
    '”', '„', '‘', '’', '«', '»',
];

/// Labels, of targets and of the daemon's own metrics, that name a project.
const PROJECT_LABELS: &[&str] = &["aiven_project", "project"];

/// Labels and parameters that name a service, or something of one, the surest first.
const SERVICE_LABELS: &[&str] = &[
    "aiven_service",
    "aiven_service_name",
    "service",
    "service_instance_guid",
    "instance",
    "target",
    "aiven_hostname",
    "service_instance_name",
];

/// What may be meant, the plainest reading first, and none of them twice. Capitals come
/// from a heading or a telephone: names of Aiven have none.
pub(in crate::model) fn readings(text: &str) -> Vec<String> {
    if text.len() > MAX_TEXT {
        return Vec::new();
    }
    let mut readings: Vec<String> = Vec::new();
    for one in as_written(text).chain(as_written(&text.to_lowercase())) {
        if !one.is_empty() && !readings.contains(&one) {
            readings.push(one);
        }
    }
    readings
}

fn as_written(text: &str) -> impl Iterator<Item = String> {
    let bare = bare(text);
    let decoded = decoded(bare);
    // Two services can share an address, so the name in a scrape's URL goes before it.
    let mut found = labelled(&decoded);
    found.push(text.to_owned());
    found.push(bare.to_owned());
    found.extend(two_words(bare));
    found.extend(console(&decoded));
    found.push(decoded.into_owned());
    found.into_iter()
}

/// Without what stands around a name, and without the slash that ends a folder.
fn bare(text: &str) -> &str {
    let around = |character: char| AROUND.contains(&character) || character.is_control();
    let bare = text.trim_matches(around);
    let bare = bare.trim_end_matches(['/', '.']);
    bare.trim_matches(around)
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .unwrap_or(Cow::Borrowed(text))
}

/// `PROJECT SERVICE`
fn two_words(text: &str) -> Option<String> {
    let mut words = text.split_whitespace().map(bare);
    match (words.next(), words.next(), words.next()) {
        (Some(project), Some(service), None) => Some(format!("{project}/{service}")),
        _ => None,
    }
}

/// A service's page in Aiven's console: `…/project/PROJECT/services/SERVICE/…`
fn console(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("/project/")?;
    let mut parts = rest.split(['/', '?', '#']);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(project), Some("services"), Some(service)) => Some(format!("{project}/{service}")),
        _ => None,
    }
}

/// What labels of a series or the parameters of a URL name: `{aiven_project="shop",
/// aiven_service_name="logs"}`, `…?aiven_service=shop/logs`.
fn labelled(text: &str) -> Vec<String> {
    let pairs: Vec<_> = text
        .split(['{', '}', ',', ';', '?', '&', ' ', '\n', '\t'])
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (bare(name), bare(value.trim_start_matches('~'))))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let value = |wanted: &str| {
        let mut pairs = pairs.iter();
        pairs.find(|(name, _)| *name == wanted).map(|pair| pair.1)
    };
    let project = PROJECT_LABELS.iter().find_map(|label| value(label));
    let named = SERVICE_LABELS.iter().filter_map(|label| value(label));
    let named = named.flat_map(|name| {
        let whole = project.map(|project| format!("{project}/{name}"));
        whole.into_iter().chain([name.to_owned()])
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Ways in which people paste a name.
    fn dressings() -> impl Strategy<Value = (&'static str, &'static str)> {
        let all = [
            ("", ""),
            ("\"", "\""),
            ("'", "'"),
            ("`", "`"),
            ("{", "}"),
            ("<", ">"),
            ("(", ")"),
            (" ", "\n"),
            ("", ","),
            ("", ";"),
            ("", "/"),
            ("\"", "\","),
            ("“", "”"),
            ("http://localhost:9274/?service=", ""),
            ("http://10.0.0.1:9273/metrics?aiven_service=", ""),
            ("up{aiven_service=\"", "\", job=\"aiven\"}"),
        ];
        proptest::sample::select(all.to_vec())
    }

    fn name() -> impl Strategy<Value = String> {
        "[a-z][a-z0-9-]{0,20}[a-z0-9]"
    }

    proptest! {
        #[test]
        fn a_dressed_name_is_read(project in name(), service in name(), (before, after) in dressings()) {
            let whole = format!("{project}/{service}");
            let text = format!("{before}{whole}{after}");
            prop_assert!(readings(&text).contains(&whole), "{text:?}: {:?}", readings(&text));
            let encoded = format!("{before}{project}%2F{service}{after}");
            prop_assert!(readings(&encoded).contains(&whole), "{encoded:?}");
            let loud = text.to_uppercase();
            prop_assert!(readings(&loud).contains(&whole), "{loud:?}: {:?}", readings(&loud));
        }

        #[test]
        fn any_text_has_few_readings(text in any::<String>()) {
            let readings = readings(&text);
            prop_assert!(readings.len() <= 2 * (2 * SERVICE_LABELS.len() + 5));
            prop_assert!(readings.iter().all(|one| !one.is_empty()));
        }
    }

    #[test]
    fn labels_of_a_series_name_a_service() {
        for text in [
            r#"{aiven_project="shop", aiven_service_name="logs"}"#,
            r#"up{aiven_service_name="logs",aiven_project="shop"} 0"#,
            "aiven_project=shop aiven_service_name=logs",
            r#"aiven_metrics_services{project="shop",service="logs"}"#,
            "shop logs",
            "https://console.aiven.io/account/a1/project/shop/services/logs/overview",
        ] {
            assert!(readings(text).contains(&"shop/logs".to_owned()), "{text}");
        }
        let instance = readings(r#"up{instance="10.0.0.1:9273", job="aiven"}"#);
        assert_eq!(instance[0], "10.0.0.1:9273");
    }

    #[test]
    fn nothing_is_read_in_what_is_too_long() {
        assert!(readings(&"a".repeat(MAX_TEXT + 1)).is_empty());
    }
}
