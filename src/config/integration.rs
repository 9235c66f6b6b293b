//! The section `integration`: which endpoint services are integrated with, and
//! what must be given for it.

use secrecy::SecretString;

use super::keys;
use super::reader::{Key, Section};
use super::rules::Shape;
use super::{EndpointChoice, Integration};
use crate::model::credentials::Credentials;

/// Reads the section; `projects` is how many are configured.
pub(super) fn integration(section: &Section, projects: usize) -> Integration {
    let create = section.key("create").boolean();
    let name = endpoint_name(&section.key("endpoint_name"));
    let id = endpoint_id(&section.key("endpoint_id").empty_is_absent(), projects);
    let credentials = credentials(section, create == Some(true) && id.is_none());
    Integration {
        create: create.unwrap_or(true),
        endpoint: match id {
            Some(id) => EndpointChoice::Existing { id },
            None => EndpointChoice::Named { name, credentials },
        },
        creates_per_minute: section.key("creates_per_minute").whole_number(),
    }
}

fn endpoint_name(key: &Key) -> String {
    let name = key.text_or_default();
    if !key.rule().fits(name) {
        key.wrong(key.rule().advice);
    }
    name.to_owned()
}

/// `Some` for every value that is given, so that no other key is wanted in its place.
fn endpoint_id(key: &Key, projects: usize) -> Option<String> {
    if !key.is_given() {
        return None;
    }
    let id = key.text().unwrap_or_default();
    if !key.rule().fits(id) {
        key.wrong(key.rule().advice);
    }
    if projects > 1 {
        let (want, advice) = keys::ENDPOINT_OF_ONE_PROJECT;
        let found = format!("it with {projects} projects");
        key.clone().wanting(want).wrong_as(found, advice);
    }
    Some(id.to_owned())
}

fn credentials(section: &Section, are_needed: bool) -> Option<Credentials> {
    let (username, password) = (section.key("username"), section.key("password"));
    if !are_needed && !username.is_given() && !password.is_given() {
        return None;
    }
    let advice = if are_needed {
        keys::CREDENTIALS_ARE_NEEDED
    } else {
        keys::CREDENTIALS_ARE_A_PAIR
    };
    let found_username = check_username(&username.secret(false), advice);
    let found_password = check_password(&password, advice);
    Some(Credentials {
        username: found_username.unwrap_or_default(),
        password: found_password.unwrap_or_default(),
    })
}

fn check_username(key: &Key, advice: &str) -> Option<String> {
    if !key.is_given() {
        key.missing(advice);
    }
    let text = key.text()?;
    let Shape::Characters { allowed, length } = key.rule().shape()? else {
        return None;
    };
    if let Some(odd) = text.chars().find(|c| !allowed.allow(*c)) {
        // Not the name itself: an operator who swaps the two keys has a password in this one.
        key.wrong_as(format!("the character {odd:?}"), key.rule().advice);
    } else if !length.contains(&text.len()) {
        key.wrong_as(format!("{} characters", text.len()), key.rule().advice);
    }
    Some(text.to_owned())
}

fn check_password(key: &Key, advice: &str) -> Option<SecretString> {
    if !key.is_given() {
        key.missing(advice);
    }
    let text = key.text()?;
    let Shape::Characters { allowed, length } = key.rule().shape()? else {
        return None;
    };
    let count = text.chars().count();
    if !length.contains(&count) {
        key.wrong_as(format!("{count} characters"), "choose another password");
    } else if !allowed.fit(text) {
        let advice = "remove it; a line break at the end is likely";
        key.wrong_as("a control character", advice);
    }
    Some(SecretString::from(text))
}
