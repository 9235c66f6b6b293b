//! The two answers with the CA and with secrets. Nothing here implements `Debug`,
//! because the answers contain passwords.

use secrecy::SecretString;
use serde::Deserialize;

use crate::model::credentials::Credentials;

/// `GET …/kms/ca`.
#[derive(Deserialize)]
pub struct ProjectCa {
    /// PEM, usually of one certificate.
    pub certificate: String,
}

/// `GET …/integration_endpoint/{e}?include_secrets=true`.
#[derive(Deserialize)]
pub struct EndpointAnswer {
    service_integration_endpoint: EndpointWithSecrets,
}

#[derive(Deserialize)]
struct EndpointWithSecrets {
    #[serde(default)]
    user_config: Option<UserConfig>,
}

#[derive(Deserialize)]
struct UserConfig {
    basic_auth_username: Option<String>,
    basic_auth_password: Option<String>,
}

impl EndpointAnswer {
    /// The endpoint's credentials, if Aiven showed both of them.
    pub fn credentials(self) -> Option<Credentials> {
        let config = self.service_integration_endpoint.user_config?;
        let username = config.basic_auth_username.filter(|name| !name.is_empty())?;
        let password = config.basic_auth_password.filter(|word| !is_mask(word))?;
        Some(Credentials {
            username,
            password: SecretString::from(password),
        })
    }
}

/// Whether a text is a placeholder for a hidden password. Aiven does not document
/// whether it uses one.
fn is_mask(text: &str) -> bool {
    let word = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    let is_word = ["redacted", "hidden", "masked", "secret"]
        .iter()
        .any(|mask| word.eq_ignore_ascii_case(mask));
    word.is_empty() || is_word && word.len() < text.len()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn password(user_config: &str) -> Option<String> {
        let json =
            format!(r#"{{"service_integration_endpoint": {{"user_config": {user_config}}}}}"#);
        let answer: EndpointAnswer = serde_json::from_str(&json).unwrap();
        let credentials = answer.credentials()?;
        Some(credentials.password.expose_secret().to_owned())
    }

    #[test]
    fn a_placeholder_is_not_taken_for_a_password() {
        let with = |password: &str| {
            let config = format!(
                r#"{{"basic_auth_username": "scraper", "basic_auth_password": {password}}}"#
            );
            self::password(&config)
        };
        for hidden in [
            "null",
            r#""""#,
            r#""********""#,
            r#""<redacted>""#,
            r#""[HIDDEN]""#,
        ] {
            assert_eq!(with(hidden), None, "{hidden}");
        }
        for shown in ["correct horse", "<secret-one>", "redacted", "*star*"] {
            assert_eq!(with(&format!("{shown:?}")).as_deref(), Some(shown));
        }
        assert_eq!(password("null"), None);
        assert_eq!(
            password(r#"{"basic_auth_password": "correct horse"}"#),
            None
        );
    }
}
