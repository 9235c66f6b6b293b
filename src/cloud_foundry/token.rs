//! The token of our UAA client: what UAA answers, and how long it is used.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::api_client::lenient::{Member, Object, Text};
use crate::api_client::object;
use crate::config::is_loopback;
use crate::model::later::later;
use crate::model::outside_text::{MAX_NAME, OutsideText, Secrets};

/// How long a token is used of which UAA does not say how long it lives: half of
/// cf-deployment's. If it lives shorter, Cloud Controller's 401 says so.
const UNTOLD_LIFE: Duration = Duration::from_secs(600);

/// The shortest life that is believed: a token is not renewed more often, so that
/// a wrong word of UAA makes no storm of requests to it.
const SHORTEST_LIFE: Duration = Duration::from_secs(30);

/// The longest: UAA's own default.
const LONGEST_LIFE: Duration = Duration::from_secs(12 * 3600);

/// The longest token; ours has 1.2 KB.
const MAX_TOKEN: usize = 16 << 10;

/// The pause before a renewal that failed is tried again, while the token lives.
const RENEWAL_PAUSE: Duration = Duration::from_secs(30);

/// Each lets a client see every service instance (Cloud Controller's
/// `can_read_globally?`).
const SEEING_SCOPES: [&str; 3] = [
    "cloud_controller.global_auditor",
    "cloud_controller.admin_read_only",
    "cloud_controller.admin",
];

/// A token, by the monotonic clock.
#[derive(Debug, Clone)]
pub(super) struct Token {
    authorization: HeaderValue,
    renew_at: Instant,
    dies_at: Instant,
    sight: Sight,
}

/// What a token's client may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Everything, by this scope.
    All(&'static str),
    /// What its roles show, if it has any: these are its scopes, and none shows everything.
    Part(OutsideText),
    /// UAA did not tell the token's scopes.
    Untold,
}

/// What UAA answers.
pub(crate) struct Grant {
    pub(crate) token: SecretString,
    pub(crate) life: Duration,
    /// Its scopes, if it was told.
    pub(crate) scopes: Option<String>,
}

impl Grant {
    /// Reads UAA's answer.
    ///
    /// # Errors
    /// What is wrong with it, without a word of it.
    pub(crate) fn read(body: &[u8]) -> Result<Grant, String> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow, default)]
            access_token: Member<Text<'a>>,
            #[serde(borrow, default)]
            token_type: Member<Text<'a>>,
            #[serde(borrow, default)]
            expires_in: Option<&'a RawValue>,
            #[serde(borrow, default)]
            scope: Member<Text<'a>>,
        }
        let answer: Answer<'_> = object(body)?;
        let token = answer.access_token.told().ok_or("no access_token in it")?;
        let is_usable = token.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_usable || !(1..=MAX_TOKEN).contains(&token.len()) {
            return Err("an access_token that no request can carry".to_owned());
        }
        let kind = answer.token_type.told();
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err("a token_type other than bearer".to_owned());
        }
        Ok(Grant {
            token: SecretString::from(&**token),
            life: life(answer.expires_in.map(RawValue::get)),
            scopes: answer.scope.told().map(|scopes| scopes.to_string()),
        })
    }
}

/// How long a token is used of which UAA says this.
fn life(expires_in: Option<&str>) -> Duration {
    let seconds: Option<f64> = expires_in
        .and_then(|text| text.trim_matches('"').trim().parse().ok())
        .filter(|seconds: &f64| !seconds.is_nan());
    let Some(seconds) = seconds else {
        return UNTOLD_LIFE;
    };
    let (least, most) = (SHORTEST_LIFE.as_secs_f64(), LONGEST_LIFE.as_secs_f64());
    Duration::from_secs_f64(seconds.clamp(least, most))
}

impl Token {
    /// The token of a grant that was asked for at `asked_at`. `secrets` gets to know it.
    ///
    /// # Errors
    /// When it cannot be part of an HTTP header.
    pub(super) fn new(
        grant: &Grant,
        asked_at: Instant,
        secrets: &Secrets,
    ) -> Result<Token, String> {
        secrets.add_passing(&grant.token);
        let mut authorization =
            HeaderValue::try_from(format!("bearer {}", grant.token.expose_secret()))
                .map_err(|_| "an access_token that no request can carry".to_owned())?;
        authorization.set_sensitive(true);
        Ok(Token {
            authorization,
            renew_at: later(asked_at, grant.life.mul_f64(0.8)),
            dies_at: later(asked_at, grant.life),
            sight: Sight::of(grant.scopes.as_deref(), secrets),
        })
    }

    /// What a request carries.
    pub(super) fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }

    /// Whether it need not be renewed yet.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        now < self.renew_at
    }

    /// Whether it can be used yet.
    pub(super) fn is_alive(&self, now: Instant) -> bool {
        now < self.dies_at
    }

    /// Notes that a renewal failed.
    pub(super) fn put_off(&mut self, now: Instant) {
        self.renew_at = later(now, RENEWAL_PAUSE).min(self.dies_at);
    }

    /// What its client may see.
    pub(super) fn sight(&self) -> &Sight {
        &self.sight
    }

    /// Its scopes, if they were told and none of them sees everything.
    pub(super) fn blind(&self) -> Option<&OutsideText> {
        match &self.sight {
            Sight::Part(scopes) => Some(scopes),
            Sight::All(_) | Sight::Untold => None,
        }
    }
}

impl Sight {
    fn of(scopes: Option<&str>, secrets: &Secrets) -> Sight {
        let Some(scopes) = scopes else {
            return Sight::Untold;
        };
        let has = |wanted: &&str| scopes.split_whitespace().any(|word| word == *wanted);
        match SEEING_SCOPES.into_iter().find(has) {
            Some(scope) => Sight::All(scope),
            None => Sight::Part(OutsideText::prose_within(scopes, MAX_NAME, secrets)),
        }
    }
}

/// Where UAA is, by Cloud Controller's answer to `GET /`.
///
/// # Errors
/// Why that is not said.
pub(crate) fn uaa_url(body: &[u8], secrets: &Secrets) -> Result<Url, OutsideText> {
    #[derive(Deserialize)]
    struct Root<'a> {
        #[serde(borrow, default)]
        links: Member<Object<Links<'a>>>,
    }
    #[derive(Deserialize)]
    struct Links<'a> {
        #[serde(borrow, default)]
        uaa: Member<Object<Link<'a>>>,
        #[serde(borrow, default)]
        login: Member<Object<Link<'a>>>,
    }
    #[derive(Deserialize)]
    struct Link<'a> {
        #[serde(borrow, default)]
        href: Member<Text<'a>>,
    }
    let root: Root<'_> = object(body).map_err(|what| OutsideText::prose(&what, secrets))?;
    let links = root.links.told();
    let of = |link: &Member<Object<Link<'_>>>| {
        let href = link.told()?.href.told()?;
        Some(href.to_string())
    };
    let href = links.and_then(|links| of(&links.uaa).or_else(|| of(&links.login)));
    let href = href.ok_or_else(|| OutsideText::from("neither links.uaa nor links.login"))?;
    usable(&href).ok_or_else(|| {
        let why = format!("\"{href}\" is no https:// URL of host, port and path");
        OutsideText::prose_within(&why, MAX_NAME, secrets)
    })
}

/// The client's secret goes there, so it has to be verified by TLS.
fn usable(href: &str) -> Option<Url> {
    let mut url = Url::parse(href).ok()?;
    let is_safe = url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url);
    let is_plain = url.username().is_empty() && url.password().is_none();
    url.set_query(None);
    url.set_fragment(None);
    (is_safe && is_plain && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests;
