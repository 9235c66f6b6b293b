//! What of a configuration may be shown: whoever writes one by hand pastes tokens
//! into wrong keys, as values and as names of keys, and what is said about them
//! lands in logs, tickets and terminals.
//!
//! A text is shown only if it is made of words: no long run of letters and digits
//! mixed, as tokens are. That decides where a message is made. Behind it stands a
//! second rule for the finished message: no piece of a text that is not shown, and
//! no known secret of the same document, is left in it.

use secrecy::SecretString;
use serde_json::Value;

use crate::model::outside_text::Secrets;

/// A shorter text is shown: too short for a token, and `"soon"` helps who wrote it.
const SHORT: usize = 8;

/// A longer word is no word.
const MAX_WORD: usize = 15;

/// More digits in a row are no port, year or number of seconds.
const MAX_DIGITS: usize = 7;

/// What stands between words in names, addresses, paths, globs and lists.
const BETWEEN_WORDS: &str = " \t\n_-.,:;/*?[]{}()'";

/// The keys whose values are secrets, by their last name.
const SECRET_KEYS: [&str; 3] = ["api_token", "password", "client_secret"];

/// Longer texts are certificates and the like, of which no message shows anything.
const MAX_SEARCHED: usize = 4096;

/// Whether a text consists of words, so that it can be shown.
pub(super) fn is_harmless(text: &str) -> bool {
    if text.chars().count() < SHORT {
        return true;
    }
    text.split(|letter| BETWEEN_WORDS.contains(letter))
        .all(is_word)
}

/// Letters in one case, perhaps with digits behind. A capital may begin it, and one
/// part within it, as in OpenSearch.
fn is_word(word: &str) -> bool {
    let letters = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = word.len() - letters.len();
    let is_short = letters.chars().count() <= MAX_WORD && digits <= MAX_DIGITS;
    let is_capital = |letter: char| letter.is_uppercase();
    let in_capitals = letters.chars().all(is_capital);
    let rest = letters.strip_prefix(is_capital).unwrap_or(letters);
    let parts = rest.split(is_capital);
    let are_parts = parts.clone().count() == 1
        || parts.clone().count() == 2 && parts.clone().all(|part| part.chars().count() >= 3);
    let are_letters = letters.chars().all(char::is_alphabetic);
    is_short && are_letters && (in_capitals || are_parts)
}

/// What must not be in any message about one document.
#[derive(Debug, Default)]
pub(crate) struct Withheld {
    pieces: Secrets,
    whole: Vec<SecretString>,
}

impl Withheld {
    /// All texts of the document that are not to be shown.
    pub(crate) fn of(document: &Value) -> Withheld {
        let mut withheld = Withheld::default();
        withheld.visit(document, false);
        withheld
    }

    fn visit(&mut self, value: &Value, is_secret: bool) {
        match value {
            Value::String(text) => self.text(text, is_secret),
            Value::Array(items) => items.iter().for_each(|item| self.visit(item, is_secret)),
            Value::Object(entries) => {
                for (key, value) in entries {
                    self.text(key, false);
                    self.visit(value, SECRET_KEYS.contains(&key.as_str()));
                }
            }
            // A long one is not shown, and bounds in our own words are long, too.
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &str, is_secret: bool) {
        if text.len() > MAX_SEARCHED {
            return;
        }
        if !is_harmless(text) {
            // Our own words have schemes, too.
            let (_, text) = text.split_once("://").unwrap_or(("", text));
            self.pieces.add(&text.into());
        } else if is_secret && text.len() >= SHORT {
            // Of words: a piece of it may be a word of ours.
            self.whole.push(text.into());
        }
    }

    /// The message without them.
    pub(crate) fn taken_out(&self, message: &str) -> String {
        use secrecy::ExposeSecret;
        let mut message = self.pieces.take_out(message).into_owned();
        for secret in &self.whole {
            message = message.replace(secret.expose_secret(), "<secret>");
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_addresses_and_paths_are_shown() {
        let shown = [
            "",
            "soon",
            "Not A Project",
            "my-project-2",
            "aws-eu-west-1",
            "127.0.0.1:9274",
            "localhost:9274",
            "[2001:db8::1]:53",
            "targets/targets.json",
            "/var/vcap/store/aiven-metrics",
            "test-*",
            "thirty seconds",
            "INFORMATION",
            "OpenSearch",
            "opensearch",
            "30 minutes",
        ];
        for text in shown {
            assert!(is_harmless(text), "{text}");
        }
    }

    #[test]
    fn tokens_and_passwords_are_not() {
        let hidden = [
            "Tr0ub4dor&3",
            "6f1ed002-ab5a-4e9f-9c3e-1d7a8b2c4f60",
            "AVNS_x7Kq2mZpW9",
            "0123456789",
            "eyJhbGciOiJIUzI1NiJ9.e30",
            "dXNlcjpwYXNzd29yZA==",
            "s3cret-pw-1x",
            "https://user:hunter2@proxy",
            "abcdefghijklmnop",
            "xB7!xB7!",
        ];
        for text in hidden {
            assert!(!is_harmless(text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn random_tokens_are_never_harmless(
            token in prop_oneof!["[a-zA-Z0-9]{24,64}", "[a-z0-9]{32,64}", "[a-zA-Z0-9+/=]{32,200}", "[0-9a-f]{40}", "[!-~]{32,64}"],
        ) {
            prop_assert!(!is_harmless(&token), "{token}");
        }
    }
}
