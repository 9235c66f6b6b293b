//! The configuration file.

use serde_json::Value;

use super::{SECRET, assert_sayable};
use crate::config::Config;

/// The keys whose values are secret, as a whole or in part.
const SECRET_KEYS: [&str; 5] = [
    "api_token",
    "password",
    "client_secret",
    "http_proxy",
    "private_key",
];

/// The bytes are the file.
pub fn configuration(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let may_show = shows(text.strip_prefix('\u{feff}').unwrap_or(text));
    match Config::parse(text) {
        Ok(config) => {
            let shown = format!("{config:?}");
            assert!(may_show || !shown.contains(SECRET), "{shown}");
        }
        Err(invalid) => {
            assert!(!invalid.problems.is_empty());
            for problem in &invalid.problems {
                let said = problem.to_string();
                assert_sayable(
                    &if may_show {
                        said.replace(SECRET, "…")
                    } else {
                        said
                    },
                    4_000,
                );
            }
        }
    }
}

/// Whether the secret is also where none belongs.
fn shows(text: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|mut document: Value| {
        remove_secrets(&mut document);
        document.to_string().contains(SECRET)
    })
}

fn remove_secrets(value: &mut Value) {
    match value {
        Value::Array(rows) => rows.iter_mut().for_each(remove_secrets),
        Value::Object(members) => {
            members.retain(|key, _| !SECRET_KEYS.contains(&key.as_str()));
            members.values_mut().for_each(remove_secrets);
        }
        _ => {}
    }
}
