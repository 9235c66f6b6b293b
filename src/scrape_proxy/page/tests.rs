//! Prometheus 3's rules about pages, as `textparse.New` and the scrape loop have them.

use proptest::prelude::*;

use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        headers.append(*name, value);
    }
    headers
}

fn read(pairs: &[(&'static str, &str)]) -> Result<PageHead, Failure> {
    PageHead::read(&headers(pairs), None, &Secrets::default())
}

#[test]
fn what_prometheus_accepts_is_passed_on_as_it_is() {
    for accepted in [
        "text/plain",
        "text/plain; version=0.0.4; charset=utf-8",
        "text/plain;version=1.0.0;escaping=allow-utf-8",
        "Text/Plain; Version=0.0.4;",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
        "text/plain; note=\"a; b\\\"c\"",
    ] {
        let head = read(&[("content-type", accepted)]).expect(accepted);
        assert_eq!(head.content_type, accepted);
        let same_twice = [("content-type", accepted), ("content-type", accepted)];
        assert_eq!(read(&same_twice).expect("the same twice is once"), head);
    }
}

#[test]
fn what_prometheus_refuses_is_a_failure_that_says_so() {
    for (refused, word) in [
        ("text/html; charset=utf-8", "'text/html; charset=utf-8'"),
        ("application/json", "'application/json'"),
        ("", "cannot be read"),
        ("text", "cannot be read"),
        ("text/plain; version", "cannot be read"),
        ("text/plain; a=1; a=2", "cannot be read"),
        ("text/plain; a=\"1", "cannot be read"),
        ("text/plain, text/html", "cannot be read"),
        ("text /plain", "cannot be read"),
        ("téxt/plain", "cannot be read"),
    ] {
        let failure = read(&[("content-type", refused)]).expect_err(refused);
        assert_eq!(failure.finding, Finding::NotMetrics, "{refused}");
        assert!(failure.cause.contains(word), "{}", failure.cause);
        assert!(failure.cause.contains("Prometheus 3"), "{}", failure.cause);
    }
    let none = read(&[]).expect_err("no type");
    assert!(
        none.cause.contains("without a Content-Type"),
        "{}",
        none.cause
    );
    let several = [
        ("content-type", "text/plain"),
        ("content-type", "text/html"),
    ];
    let several = read(&several).expect_err("two types");
    assert!(several.cause.contains("2 different"), "{}", several.cause);
}

#[test]
fn only_codings_that_prometheus_reads_are_passed_on() {
    let with = |codings: &[&'static str]| {
        let mut pairs = vec![("content-type", "text/plain")];
        pairs.extend(codings.iter().map(|coding| ("content-encoding", *coding)));
        read(&pairs)
    };
    for (codings, is_gzip) in [
        (&[][..], false),
        (&["identity"], false),
        (&["gzip"], true),
        (&["GZIP"], true),
        (&["x-gzip"], true),
        (&["identity, gzip"], true),
    ] {
        assert_eq!(with(codings).expect("read").is_gzip, is_gzip, "{codings:?}");
    }
    for codings in [
        &["deflate"][..],
        &["br"],
        &["gzip, gzip"],
        &["gzip", "gzip"],
        &["zstd"],
    ] {
        let failure = with(codings).expect_err("not read");
        assert_eq!(failure.finding, Finding::BadEncoding, "{codings:?}");
    }
    let answer = with(&["X-GZIP"]).expect("gzip").answer(());
    assert_eq!(answer.headers()[header::CONTENT_ENCODING], "gzip");
    assert_eq!(answer.headers().len(), 2);
}

#[test]
fn a_page_that_is_not_what_its_head_says_is_told_by_its_first_bytes() {
    let plain = read(&[("content-type", "text/plain")]).expect("a head");
    let gzip = [("content-type", "text/plain"), ("content-encoding", "gzip")];
    let gzip = read(&gzip).expect("a head");
    let check = |head: &PageHead, page: &[u8]| head.check_beginning(page, &Secrets::default());
    for page in [
        "",
        "\n",
        "# HELP a b\n",
        "a_total 1\n",
        ":a 1",
        "{\"ä\"} 1",
        "  x 1\n",
    ] {
        assert_eq!(check(&plain, page.as_bytes()), Ok(()), "{page}");
    }
    for (page, finding) in [
        (&b"<!DOCTYPE html>\n<html>"[..], Finding::NotMetrics),
        (b"\xef\xbb\xbf# HELP", Finding::NotMetrics),
        (b"\0\0\0", Finding::NotMetrics),
        (b"\x1f\x8b\x08\0", Finding::BadEncoding),
    ] {
        assert_eq!(check(&plain, page).expect_err("no page").finding, finding);
    }
    assert_eq!(check(&gzip, b"\x1f\x8b\x08\0\0"), Ok(()));
    for page in [&b""[..], b"# HELP", b"\x1f\x8b"] {
        let failure = check(&gzip, page).expect_err("no gzip");
        assert_eq!(failure.finding, Finding::BadEncoding);
    }
    let html = check(&plain, b"<html>\x1b[2Jlog in</html>").expect_err("no page");
    assert!(
        html.cause.contains("'<html>\\u{1b}[2Jlog in</html>'"),
        "{}",
        html.cause
    );
}

#[test]
fn a_page_that_is_announced_too_large_is_not_begun() {
    let read = |length| {
        PageHead::read(
            &headers(&[("content-type", "text/plain")]),
            Some(length),
            &Secrets::default(),
        )
    };
    assert!(read(MAX_PAGE).is_ok());
    let failure = read(MAX_PAGE + 1).expect_err("too large");
    assert_eq!(failure.finding, Finding::TooLarge);
    assert!(failure.cause.contains("64 MiB"), "{}", failure.cause);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8192))]

    /// Whatever a node writes there, it is one clean type of Prometheus' or a cause in one line.
    #[test]
    fn any_headers_are_a_clean_type_or_a_cause(
        types in prop::collection::vec(
            prop_oneof![
                "(text/plain|text/html|application/openmetrics-text)(; ?[a-z]{1,3}=[a-z\"]{0,3}){0,3}",
                "[ -~\u{e9}]{0,40}",
            ],
            0..3,
        ),
        codings in prop::collection::vec("(gzip|identity|br|[ -~]{0,9})", 0..3),
    ) {
        let mut pairs: Vec<(&'static str, &str)> = Vec::new();
        pairs.extend(types.iter().map(|value| ("content-type", value.as_str())));
        pairs.extend(codings.iter().map(|value| ("content-encoding", value.as_str())));
        match read(&pairs) {
            Ok(head) => {
                let text = head.content_type.to_str().expect("ASCII");
                let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                prop_assert!(MEDIA_TYPES.contains(&&*kind), "{text}");
                let answer = head.answer(());
                prop_assert_eq!(answer.headers().get_all("content-type").iter().count(), 1);
            }
            Err(failure) => {
                prop_assert!(failure.cause.len() < 400);
                prop_assert!(!failure.cause.contains(char::is_control), "{}", failure.cause);
            }
        }
    }
}
