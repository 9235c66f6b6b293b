//! Whatever somebody sends, what is shown is harmless.

use base64::prelude::{BASE64_STANDARD, Engine};
use form_urlencoded::byte_serialize;
use proptest::prelude::*;
use secrecy::SecretString;

use super::*;

const TOKEN: &str = "tok-9f3a7c1e5b2d4860/ZZ+wy";

fn secrets(words: &[&str]) -> Secrets {
    let secrets = Secrets::default();
    for word in words {
        secrets.add(&SecretString::from(*word));
    }
    secrets
}

/// The rule, stated without the code under test: what no terminal may be given.
fn is_dangerous(letter: char) -> bool {
    let bidi = matches!(letter, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let invisible = matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe0f}' | '\u{e0000}'..='\u{e007f}');
    let breaks = matches!(letter, '\u{85}' | '\u{2028}' | '\u{2029}');
    letter.is_control() || bidi || invisible || breaks
}

/// Letters, and many of those that matter.
fn odd_text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        '\u{1b}',
        '\u{7}',
        '\n',
        '\r',
        '\t',
        '\u{0}',
        '\u{7f}',
        '\u{9b}',
        '\u{85}',
        '\u{2028}',
        '\u{2029}',
        '\u{202e}',
        '\u{2066}',
        '\u{200b}',
        '\u{feff}',
        '\u{ad}',
        '\u{a0}',
        '\u{3000}',
        '\u{e0041}',
        '\u{fe0f}',
        '\u{3164}',
        '\u{e000}',
        '\u{10ffff}',
        '"',
        '\\',
        '%',
        '<',
        ' ',
    ]);
    let letter = prop_oneof![4 => odd, 4 => prop::char::range(' ', '~'), 1 => any::<char>()];
    prop::collection::vec(letter, 0..60).prop_map(String::from_iter)
}

/// A text that holds parts of `secret` in the forms in which others write it.
fn quoting(secret: String) -> impl Strategy<Value = (String, String)> {
    let forms = vec![
        secret.clone(),
        byte_serialize(secret.as_bytes()).collect(),
        BASE64_STANDARD.encode(format!("user:{secret}")),
        BASE64_STANDARD.encode(&secret),
        serde_json::Value::from(secret.as_str()).to_string(),
    ];
    let part =
        (prop::sample::select(forms), 0..8_usize, 0..8_usize).prop_map(|(form, from, to)| {
            let length = form.chars().count();
            let part = form
                .chars()
                .skip(from)
                .take(length.saturating_sub(from + to));
            part.collect::<String>()
        });
    let piece = prop_oneof![odd_text(), part];
    prop::collection::vec(piece, 0..6).prop_map(move |pieces| (secret.clone(), pieces.concat()))
}

fn secret_and_text() -> impl Strategy<Value = (String, String)> {
    let secret = prop_oneof![
        "[ -~]{8,64}",
        "[a-zA-Z0-9+/=]{8,200}",
        "[<a-z>]{8,12}",
        "[a ]{8,12}",
        "\\PC{8,20}"
    ];
    secret.prop_flat_map(quoting)
}

fn pieces(secret: &str) -> Vec<String> {
    let letters: Vec<char> = secret.chars().collect();
    letters.windows(8).map(String::from_iter).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn prose_is_one_harmless_line_without_any_piece_of_a_secret(
        (secret, text) in secret_and_text(),
        max in 0..500_usize,
    ) {
        let secrets = secrets(&[&secret]);
        let clean = OutsideText::prose_within(&text, max, &secrets);
        prop_assert!(!clean.chars().any(is_dangerous), "{clean:?}");
        prop_assert!(clean.chars().count() <= max);
        prop_assert_eq!(clean.trim(), clean.as_str());
        prop_assert!(!clean.contains("  "));
        // The words in the place of a text that cannot be cleaned are ours.
        if !clean.contains("(withheld") {
            for piece in pieces(&secret) {
                prop_assert!(!clean.contains(&piece), "{piece:?} in {clean:?}");
            }
        }
        let again = OutsideText::prose_within(&clean, max, &secrets);
        prop_assert_eq!(again, clean);
    }

    #[test]
    fn a_name_is_exact_or_refused(raw in odd_text()) {
        match OutsideText::name(&raw) {
            Ok(name) => {
                prop_assert_eq!(name.as_str(), raw.as_str());
                prop_assert!(!name.is_empty() && !name.chars().any(is_dangerous));
            }
            Err(why) => prop_assert!(!why.to_string().chars().any(is_dangerous), "{why:?}"),
        }
    }

    #[test]
    fn json_stays_the_same_document_and_becomes_harmless(text in odd_text()) {
        let json = serde_json::json!({ text.as_str(): [text] });
        for written in [json.to_string(), format!("{json:#}")] {
            let shown = visible_json(&written);
            prop_assert!(!shown.chars().any(|letter| letter != '\n' && is_dangerous(letter)));
            prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&shown).unwrap(), &json);
        }
    }
}

#[test]
fn what_a_terminal_obeys_is_shown() {
    let raw = "x\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}\u{9b}31m\nPROBLEM  shop/other:\u{2028}forged ";
    let expected = r"x\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}\u{9b}31m PROBLEM shop/other: forged";
    let secrets = Secrets::default();
    assert_eq!(&OutsideText::prose(raw, &secrets), expected);
    assert_eq!(
        OutsideText::prose("für 日本", &secrets).as_str(),
        "für 日本"
    );
}

#[test]
fn a_secret_is_taken_out_before_the_cut_and_in_every_form() {
    let secrets = secrets(&[TOKEN]);
    for before in 0..MAX_PROSE + 5 {
        let text = format!("{}{TOKEN}", "x".repeat(before));
        let clean = OutsideText::prose(&text, &secrets);
        assert!(!clean.contains("tok-9f3a"), "{before}: {clean}");
    }
    let percent: String = byte_serialize(TOKEN.as_bytes()).collect();
    let forms = [
        TOKEN.to_owned(),
        percent.to_lowercase().replace("zz", "ZZ"),
        percent,
        BASE64_STANDARD.encode(format!("a:{TOKEN}")),
        BASE64_STANDARD.encode(format!("ab:{TOKEN}")),
        BASE64_STANDARD.encode(format!("abc:{TOKEN}")),
    ];
    for form in forms {
        let clean = secrets.take_out(&form).into_owned();
        assert!(clean.contains(PLACEHOLDER) && clean.len() < 20, "{clean}");
    }
}

const PLACEHOLDER: &str = "<secret>";

#[test]
fn a_secret_learnt_later_is_known_to_all() {
    let secrets = Secrets::default();
    let client = secrets.clone();
    assert_eq!(client.take_out("the new-password!"), "the new-password!");
    secrets.add(&SecretString::from("new-password!"));
    secrets.add(&SecretString::from("tiny"));
    secrets.add(&SecretString::from("a"));
    assert_eq!(client.take_out("the new-password!"), "the <secret>");
    assert_eq!(client.take_out("a tiny one"), "a <secret> one");
    assert!(!format!("{secrets:?}").contains("pass"));
}

#[test]
fn names_as_aiven_has_them_are_names() {
    let good = [
        "es-shop-1",
        "business-4",
        "aws-eu-west-2",
        "google-europe-west1",
        "pg",
        "Ärger 1",
    ];
    for name in good {
        assert_eq!(OutsideText::name(name).as_deref(), Ok(name));
    }
    let long = "x".repeat(MAX_NAME + 1);
    for bad in [
        "",
        " a",
        "a ",
        "a  b",
        "a\nb",
        "a\u{1b}[2J",
        "a\u{202e}b",
        "a\u{200b}",
        "a\u{a0}b",
        &long,
    ] {
        assert!(OutsideText::name(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn hosts_are_host_names_or_addresses() {
    for host in [
        "es-1.shop.aivencloud.com",
        "127.0.0.1",
        "::1",
        "a_b.example",
        "LOCALHOST",
    ] {
        assert_eq!(OutsideText::host(host).as_deref(), Ok(host));
    }
    for bad in [
        "",
        "a b",
        "a/b",
        "user@host",
        "host:9273",
        "a..b",
        "-a.example",
        "http://a",
        "a\nb",
    ] {
        assert!(OutsideText::host(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn what_is_read_from_a_file_is_cleaned_as_well() {
    let read: OutsideText = serde_json::from_str(r#""a\u001b[2J\nb""#).unwrap();
    assert_eq!(&read, r"a\u{1b}[2J b");
    assert_eq!(serde_json::to_string(&read).unwrap(), r#""a\\u{1b}[2J b""#);
}

#[test]
fn a_secret_that_passes_is_taken_out_until_the_second_one_after_it() {
    let secrets = secrets(&[TOKEN]);
    let renewed = |number: u8| SecretString::from(format!("renewed-token-{number}"));
    for number in 1..=3 {
        secrets.add_passing(&renewed(number));
    }
    let shown = |text: &str| secrets.take_out(text).into_owned();
    assert_eq!(shown(TOKEN), "<secret>");
    assert_eq!(shown("renewed-token-3"), "<secret>");
    assert_eq!(shown("a renewed-token-2 b"), "a <secret> b");
    // It shares all but its last letter with the others.
    assert_eq!(shown("renewed-token-1"), "<secret>1");
    secrets.add_passing(&SecretString::from("another one"));
    secrets.add_passing(&SecretString::from("and one more"));
    assert_eq!(shown("renewed-token-3"), "renewed-token-3");
}
