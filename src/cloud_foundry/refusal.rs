//! Reads an answer that is not what was asked for: whose is it, and what does it mean?
//! And a connection that was not made: is it the certificate?

use reqwest::StatusCode;
use rustls::CertificateError;
use serde::Deserialize;

use super::error::{ErrorKind, Meaning};
use crate::api_client::head::Head;
use crate::api_client::lenient::{Member, Object, Text};
use crate::api_client::stranger::Asked;
use crate::api_client::unanswered::Unanswered;
use crate::api_client::{is_about_dates, object, refused_certificate, words_of};
use crate::model::outside_text::{OutsideText, Secrets};

/// The two that are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    /// Cloud Controller.
    CloudController,
    /// The UAA that it names.
    Uaa,
}

impl Party {
    fn asked(self) -> Asked {
        let name = match self {
            Party::CloudController => "Cloud Controller",
            Party::Uaa => "UAA",
        };
        Asked {
            name,
            key: "cloud_foundry.api_url",
        }
    }

    /// The error that an answer stands for which is not what was asked for.
    pub(crate) fn error_of(self, head: &Head, body: &[u8], secrets: &Secrets) -> ErrorKind {
        let status = head.status();
        let is_error = status.is_client_error() || status.is_server_error();
        // Cloud Controller calls the JSON of its 429 plain text (`middleware/base_rate_limiter.rb`).
        let is_its_429 = self == Party::CloudController
            && status == StatusCode::TOO_MANY_REQUESTS
            && head.is_plain_text();
        let may_be_its = is_error && (head.may_be_json() || is_its_429);
        let said = match self {
            _ if !may_be_its => None,
            Party::CloudController => Said::by_cloud_controller(body),
            Party::Uaa => Said::by_uaa(body),
        };
        let Some(Said { name, detail }) = said else {
            return self.stranger(head, body, secrets);
        };
        ErrorKind::Answered {
            status: status.as_u16(),
            meaning: self.meaning(status.as_u16(), &name, &detail),
            words: OutsideText::prose(&format!("{name}: {detail}"), secrets),
            wait: head.wait(),
        }
    }

    /// What answers in its place.
    pub(crate) fn stranger(self, head: &Head, body: &[u8], secrets: &Secrets) -> ErrorKind {
        Unanswered::Stranger(Box::new(head.stranger(self.asked(), body, secrets))).into()
    }

    fn meaning(self, status: u16, name: &str, detail: &str) -> Meaning {
        match (self, status) {
            (Party::Uaa, 400..=403) => of_uaa(status, name, detail),
            (Party::CloudController, 401) => Meaning::TokenRejected,
            (Party::CloudController, 403) => Meaning::Forbidden,
            (_, 404) => Meaning::NotFound,
            (_, 429) => Meaning::Throttled,
            (_, 408 | 425 | 500..) => Meaning::Server,
            _ => Meaning::Refused,
        }
    }
}

/// UAA says 400 or 401 for most things; its words tell which (RFC 6749, section 5.2, and
/// `InvalidClientException` in UAA for a grant type that the client does not have).
fn of_uaa(status: u16, name: &str, detail: &str) -> Meaning {
    let is_about_grants = detail.to_ascii_lowercase().contains("grant type");
    match name {
        _ if is_about_grants => Meaning::NoGrant,
        "unauthorized_client" | "unsupported_grant_type" | "invalid_grant" => Meaning::NoGrant,
        "invalid_scope" | "insufficient_scope" | "access_denied" => Meaning::Forbidden,
        "unauthorized" | "invalid_client" => Meaning::ClientRejected,
        _ if status == 401 => Meaning::ClientRejected,
        _ => Meaning::Refused,
    }
}

/// What an error says.
struct Said {
    name: String,
    detail: String,
}

impl Said {
    /// `{"errors":[{"code":1000,"title":"CF-InvalidAuthToken","detail":"…"}]}`
    fn by_cloud_controller(body: &[u8]) -> Option<Said> {
        #[derive(Deserialize)]
        struct Errors<'a> {
            #[serde(borrow)]
            errors: Vec<Object<OneError<'a>>>,
        }
        #[derive(Deserialize)]
        struct OneError<'a> {
            #[serde(borrow, default)]
            title: Member<Text<'a>>,
            #[serde(borrow, default)]
            detail: Member<Text<'a>>,
        }
        let answer: Errors<'_> = object(body).ok()?;
        let first = answer.errors.first()?;
        Said::of(&first.title, &first.detail)
    }

    /// `{"error":"unauthorized","error_description":"Bad credentials"}`
    fn by_uaa(body: &[u8]) -> Option<Said> {
        #[derive(Deserialize)]
        struct OneError<'a> {
            #[serde(borrow, default)]
            error: Member<Text<'a>>,
            #[serde(borrow, default)]
            error_description: Member<Text<'a>>,
        }
        let answer: OneError<'_> = object(body).ok()?;
        Said::of(&answer.error, &answer.error_description)
    }

    /// An error of theirs has a name; that it says more is usual.
    fn of(name: &Member<Text<'_>>, detail: &Member<Text<'_>>) -> Option<Said> {
        let text = |member: &Member<Text<'_>>| member.told().map(|text| text.to_string());
        Some(Said {
            name: text(name)?,
            detail: text(detail).unwrap_or_else(|| "no details".to_owned()),
        })
    }
}

/// Why no answer came.
pub(crate) fn transport(error: reqwest::Error, secrets: &Secrets) -> ErrorKind {
    let advice = refused_certificate(&error).map(advice_about);
    let words = OutsideText::prose(&words_of(error), secrets);
    match advice {
        Some(advice) => ErrorKind::Certificate { words, advice },
        None => Unanswered::Transport(words).into(),
    }
}

fn advice_about(why: &CertificateError) -> &'static str {
    match why {
        CertificateError::UnknownIssuer => {
            "give the certificate of the CA that made it in cloud_foundry.ca_cert"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "check that cloud_foundry.api_url has the host name that the certificate is for"
        }
        why if is_about_dates(why) => {
            "check this machine's clock, and renew the certificate if the clock is right"
        }
        _ => "replace it by one that can be verified",
    }
}

#[cfg(test)]
mod tests;
