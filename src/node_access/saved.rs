//! The form in which credentials are saved, in `secrets.json` and nowhere
//! else: the one place where a password is serialised.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::credentials::{Credentials, KnownCredentials};

/// One project's endpoints, by id.
pub(super) type SavedEndpoints = BTreeMap<Arc<str>, SavedEndpoint>;

/// One endpoint; see [`KnownCredentials`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct SavedEndpoint {
    #[serde(rename = "applied", default, skip_serializing_if = "Option::is_none")]
    written: Option<SavedCredentials>,
    #[serde(rename = "at_aiven", default, skip_serializing_if = "Option::is_none")]
    remote: Option<SavedCredentials>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    previous: Vec<SavedCredentials>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    differs_since: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct SavedCredentials {
    username: String,
    #[serde(serialize_with = "expose", deserialize_with = "conceal")]
    password: SecretString,
}

impl SavedEndpoint {
    /// Every password in it.
    pub(super) fn passwords(&self) -> impl Iterator<Item = &SecretString> {
        let current = self.written.iter().chain(&self.remote);
        current.chain(&self.previous).map(|saved| &saved.password)
    }
}

impl From<&KnownCredentials> for SavedEndpoint {
    fn from(known: &KnownCredentials) -> Self {
        SavedEndpoint {
            written: known.written.as_ref().map(SavedCredentials::from),
            remote: known.remote.as_ref().map(SavedCredentials::from),
            previous: known.previous.iter().map(SavedCredentials::from).collect(),
            changed_at: known.changed_at,
            differs_since: known.differs_since,
        }
    }
}

impl From<SavedEndpoint> for KnownCredentials {
    fn from(saved: SavedEndpoint) -> Self {
        KnownCredentials {
            written: saved.written.map(Credentials::from),
            remote: saved.remote.map(Credentials::from),
            previous: saved.previous.into_iter().map(Credentials::from).collect(),
            changed_at: saved.changed_at,
            differs_since: saved.differs_since,
        }
    }
}

impl From<&Credentials> for SavedCredentials {
    fn from(credentials: &Credentials) -> Self {
        SavedCredentials {
            username: credentials.username.clone(),
            password: credentials.password.clone(),
        }
    }
}

impl From<SavedCredentials> for Credentials {
    fn from(credentials: SavedCredentials) -> Self {
        Credentials {
            username: credentials.username,
            password: credentials.password,
        }
    }
}

fn expose<S: Serializer>(password: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(password.expose_secret())
}

fn conceal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_what_is_known_and_debug_shows_no_password() {
        let credentials = |name: &str| Credentials {
            username: name.to_owned(),
            password: SecretString::from("hunter2-\"hunter2\"".to_owned()),
        };
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let known = KnownCredentials {
            written: Some(credentials("written")),
            remote: Some(credentials("at-aiven")),
            previous: vec![credentials("before"), credentials("long-before")],
            changed_at: Some(at),
            differs_since: Some(at),
        };
        let saved = SavedEndpoint::from(&known);
        let shown = format!("{saved:?} {known:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        let json = serde_json::to_string(&saved).unwrap();
        let back: SavedEndpoint = serde_json::from_str(&json).unwrap();
        assert_eq!(KnownCredentials::from(back), known);
    }
}
