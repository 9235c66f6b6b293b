//! Pages as nodes write them, as they should not, and as anybody may.

use proptest::prelude::{ProptestConfig, prop, prop_assert_eq, proptest};

use super::*;

fn read(text: &str) -> Vec<(String, &'static str, Vec<String>, usize)> {
    let page = Page::read(text).unwrap();
    let metrics = page.metrics.into_iter();
    metrics
        .map(|(name, metric)| {
            let labels = metric.labels.into_iter().collect();
            (name, metric.kind.as_str(), labels, metric.series)
        })
        .collect()
}

fn metric(
    name: &str,
    kind: &'static str,
    labels: &[&str],
    series: usize,
) -> (String, &'static str, Vec<String>, usize) {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    (name.to_owned(), kind, labels, series)
}

#[test]
fn a_page_is_reduced_to_names_types_keys_and_counts() {
    let page = r#"
# HELP cpu_usage_idle Telegraf collected metric
# TYPE cpu_usage_idle gauge
cpu_usage_idle{cpu="cpu-total",host="secret-1"} 98.5
cpu_usage_idle{cpu="cpu0",host="secret-1"} 97 1700000000000
# TYPE system_uptime counter
system_uptime 12
no_type{} NaN
# TYPE request_seconds histogram
request_seconds_bucket{le="0.5",path="/"} 3
request_seconds_bucket{le="+Inf",path="/"} 4
request_seconds_sum{path="/"} 1.5e3
request_seconds_count{path="/"} 4
# TYPE gc summary
gc{quantile="0.5"} 1
gc_count 2
  kafka.connect:connector-metrics_info{a="b"} -Inf
# EOF
"#;
    assert_eq!(
        read(page),
        [
            metric("cpu_usage_idle", "gauge", &["cpu", "host"], 2),
            metric("gc", "summary", &["quantile"], 1),
            metric("gc_count", "summary", &[], 1),
            metric("kafka.connect:connector-metrics_info", "untyped", &["a"], 1),
            metric("no_type", "untyped", &[], 1),
            metric("request_seconds_bucket", "histogram", &["le", "path"], 2),
            metric("request_seconds_count", "histogram", &["path"], 1),
            metric("request_seconds_sum", "histogram", &["path"], 1),
            metric("system_uptime", "counter", &[], 1),
        ]
    );
}

#[test]
fn open_metrics_and_quoted_names_are_read_too() {
    let page = r##"
# TYPE hits counter
# UNIT hits things
hits_total{a="b",} 1 1.5 # {trace_id="secret"} 0.5 1.2
hits_created 1
{"my.metric","my.label"="x",b = "y"} 1
# TYPE "my.metric" gauge
# EOF
"##;
    assert_eq!(
        read(page),
        [
            metric("hits_created", "counter", &[], 1),
            metric("hits_total", "counter", &["a"], 1),
            metric("my.metric", "gauge", &["b", "my.label"], 1),
        ]
    );
}

#[test]
fn what_a_value_looks_like_changes_nothing() {
    for value in [
        "a,secret=\\\"x\\\"",
        "}",
        "} 1",
        "\\\\",
        "\\\\\\\"",
        "\\n",
        "{a=",
        "# TYPE secret counter",
        "",
        "ü\u{202e}",
    ] {
        let page = format!("a{{k=\"{value}\",l=\"1\"}} 1\n");
        assert_eq!(
            read(&page),
            [metric("a", "untyped", &["k", "l"], 1)],
            "{value}"
        );
    }
}

#[test]
fn what_is_no_page_is_refused_with_the_line_and_without_a_word_of_it() {
    for (text, line) in [
        ("a 1\n<html>secret</html>\n", 2),
        ("secret", 1),
        ("a{secret} 1", 1),
        ("a{b=\"c\" 1", 1),
        ("a{b=\"c} 1", 1),
        ("a{b='c'} 1", 1),
        ("a secret", 1),
        ("a 1 2 3", 1),
        ("a 1 # no exemplar\n1 2", 2),
        ("{\"a\",\"b\"} 1", 1),
        ("a{\"b\"} 1", 1),
        ("{} 1", 1),
        ("1a 1", 1),
        ("a{1b=\"\"} 1", 1),
        ("a{b=\"c\"}{d=\"e\"} 1", 1),
        ("\u{1b}[2J 1", 1),
    ] {
        let refused = Page::read(text).unwrap_err();
        assert_eq!(refused, NotAPage::Line(line), "{text}");
        assert!(!refused.to_string().contains("secret"));
    }
    for empty in ["", "\n\n", "# TYPE a gauge\n# EOF\n"] {
        assert_eq!(Page::read(empty), Err(NotAPage::Empty), "{empty:?}");
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace('\r', "")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn whatever_stands_in_values_only_names_keys_and_counts_are_left(
        series in prop::collection::vec(
            (0..3_usize, prop::collection::vec((0..4_usize, "\\PC{0,20}|[\",={}\\\\ #\n]{0,12}"), 0..4), proptest::num::f64::ANY),
            1..12,
        ),
    ) {
        let mut page = String::new();
        let mut expected = Page::default();
        for (name, labels, value) in &series {
            let name = ["a", "b_total", "c:d"][*name];
            let members: Vec<_> = labels
                .iter()
                .map(|(key, value)| format!("k{key}=\"{}\"", escaped(value)))
                .collect();
            page += &format!("{name}{{{}}} {value}\n", members.join(","));
            let metric = expected.metrics.entry(name.to_owned()).or_default();
            metric.series += 1;
            metric.labels.extend(labels.iter().map(|(key, _)| format!("k{key}")));
        }
        prop_assert_eq!(Page::read(&page), Ok(expected));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(?s).{0,200}") {
        let _ = Page::read(&text);
    }
}
