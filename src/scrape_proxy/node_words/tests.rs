//! A node's own words, as far as they are words.

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;

fn words(body: &str) -> Option<String> {
    first_words(body, &Secrets::default()).map(String::from)
}

#[test]
fn the_first_line_that_says_something_is_passed_on() {
    for (body, told) in [
        ("duplicate series x\n", Some("duplicate series x")),
        (
            "\r\n\r\n  out of memory \r\nat line 3",
            Some("out of memory"),
        ),
        (
            "An error has occurred while serving metrics:\n\n2 error(s) occurred:\n* collected metric a\n* b",
            Some(
                "An error has occurred while serving metrics: 2 error(s) occurred: * collected metric a",
            ),
        ),
        ("", None),
        ("\n--- ***\n", None),
        (
            "<html><head><style>a{}</style><title>503 Service Unavailable</title></head><body>",
            Some("503 Service Unavailable"),
        ),
        ("<HTML><SCRIPT>var a=1;</SCRIPT>\n<p>Log in", Some("Log in")),
        ("{\"error\":\"x\"}", Some("{\"error\":\"x\"}")),
        ("a\u{1b}[31mb", Some("a\\u{1b}[31mb")),
    ] {
        assert_eq!(words(body).as_deref(), told, "{body}");
    }
}

#[test]
fn a_secret_in_them_is_taken_out_before_they_are_cut() {
    let secrets = Secrets::default();
    secrets.add(&SecretString::from("correct-horse-battery"));
    let body = format!("{} correct-horse-battery", "x".repeat(185));
    let told = first_words(&body, &secrets).expect("words");
    assert!(!told.contains("correct"), "{told}");
    assert!(told.chars().count() <= MAX_WORDS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Any body gives one bounded line, or nothing.
    #[test]
    fn any_body_is_one_clean_line_or_nothing(body in any::<Vec<u8>>(), html in "[<>/a-z !-]{0,80}") {
        for text in [String::from_utf8_lossy(&body).into_owned(), html] {
            if let Some(told) = words(&text) {
                prop_assert!(told.chars().count() <= MAX_WORDS);
                prop_assert!(!told.contains(char::is_control));
            }
        }
        prop_assert!(decompressed(&body).len() <= MAX_BODY);
    }
}
