//! The section `integration`: which endpoint services are integrated with, and
//! what must be given for it.

use secrecy::SecretString;

use super::reader::{Key, Section};
use super::{EndpointChoice, Integration};
use crate::model::credentials::Credentials;

/// Reads the section; `projects` is how many are configured.
pub(super) fn integration(section: &Section, projects: usize) -> Integration {
    let create = section.key("create").boolean(true);
    let name = endpoint_name(&section.key("endpoint_name"));
    let id = endpoint_id(&section.key("endpoint_id").empty_is_absent(), projects);
    let credentials = credentials(section, create == Some(true) && id.is_none());
    Integration {
        create: create.unwrap_or(true),
        endpoint: match id {
            Some(id) => EndpointChoice::Existing { id },
            None => EndpointChoice::Named { name, credentials },
        },
        creates_per_minute: section.key("creates_per_minute").whole_number(30, 1..=1000),
    }
}

fn endpoint_name(key: &Key) -> String {
    let want = "a name of 1 to 128 characters, without white space around it";
    let name = key.text(want).unwrap_or("aiven-metrics");
    let length = name.chars().count();
    if !(1..=128).contains(&length) || name.trim() != name || name.contains(char::is_control) {
        key.wrong(
            want,
            "choose another, or leave the key out for \"aiven-metrics\"",
        );
    }
    name.to_owned()
}

/// `Some` for whatever is given, so that no other key is wanted in its place.
fn endpoint_id(key: &Key, projects: usize) -> Option<String> {
    if !key.is_given() {
        return None;
    }
    let want = "the id of an integration endpoint: up to 64 letters, digits and -";
    let id = key.text(want).unwrap_or_default();
    let odd = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    if id.len() > 64 || id.contains(odd) {
        key.wrong(want, "copy it from the project's integration endpoints");
    }
    if projects > 1 {
        key.wrong_as(
            format!("it with {projects} projects"),
            "it with one project, as an endpoint belongs to one",
            "leave it out, or run with one name in aiven.projects",
        );
    }
    Some(id.to_owned())
}

fn credentials(section: &Section, needed: bool) -> Option<Credentials> {
    let (username, password) = (section.key("username"), section.secret("password"));
    if !needed && !username.is_given() && !password.is_given() {
        return None;
    }
    let advice = if needed {
        "nodes will ask for it; needed unless integration.endpoint_id is given or \
         integration.create is false"
    } else {
        "give integration.username and integration.password both, or neither"
    };
    let found_username = check_username(&username, advice);
    let found_password = check_password(&password, advice);
    Some(Credentials {
        username: found_username.unwrap_or_default(),
        password: found_password.unwrap_or_default(),
    })
}

fn check_username(key: &Key, advice: &str) -> Option<String> {
    let want = "a user name of 5 to 32 of a-z, 0-9, -, @ and _";
    if !key.is_given() {
        key.missing(want, advice);
    }
    let text = key.text(want)?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-@_".contains(c);
    if let Some(odd) = text.chars().find(|c| !allowed(*c)) {
        // Not the name itself: whoever swaps the two keys has a password in this one.
        key.wrong_as(
            format!("the character {odd:?}"),
            want,
            "choose another name",
        );
    } else if !(5..=32).contains(&text.len()) {
        key.wrong_as(
            format!("{} characters", text.len()),
            want,
            "choose another name",
        );
    }
    Some(text.to_owned())
}

fn check_password(key: &Key, advice: &str) -> Option<SecretString> {
    let want = "a password of 8 to 64 characters";
    if !key.is_given() {
        key.missing(want, advice);
    }
    let text = key.text(want)?;
    let length = text.chars().count();
    if !(8..=64).contains(&length) {
        key.wrong_as(
            format!("{length} characters"),
            want,
            "choose another password",
        );
    } else if text.contains(char::is_control) {
        key.wrong_as(
            "a control character",
            want,
            "remove it; a line break at the end is likely",
        );
    }
    Some(SecretString::from(text))
}
