//! `POST /oauth/token` and `POST /introspect`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::keys::fingerprint;
use super::token::Subject;
use super::{Uaa, UaaRelease, now};
use crate::cloud_foundry::answer::{Answer, uaa_error};
use crate::cloud_foundry::serve::Call;
use crate::cloud_foundry::spec::ClientSpec;

/// A refusal, in the form in which it is sent.
type Refused = Box<Answer>;

fn refuse(status: u16, error: &str, description: impl AsRef<str>) -> Refused {
    Box::new(uaa_error(status, error, description.as_ref()))
}

fn words(list: &str) -> BTreeSet<String> {
    list.split_whitespace().map(str::to_owned).collect()
}

impl Uaa {
    pub(super) fn issue_token(&mut self, call: &Call) -> Answer {
        self.grant(call).unwrap_or_else(|refusal| *refusal)
    }

    fn grant(&mut self, call: &Call) -> Result<Answer, Refused> {
        let client = self.client_of(call)?;
        let grant_type = call.field("grant_type").unwrap_or_default();
        if grant_type.is_empty() {
            return Err(refuse(400, "invalid_request", "Missing grant type"));
        }
        if !client.grant_types.contains(grant_type) {
            let description = format!("Unauthorized grant type: {grant_type}");
            return Err(refuse(401, "invalid_client", description));
        }
        let mut refresh = None;
        let subject = match grant_type {
            "client_credentials" => self.for_client(&client, call)?,
            "password" => self.by_password(&client, call)?,
            "authorization_code" => self.by_code(&client, call)?,
            "refresh_token" => {
                refresh = call.field("refresh_token").map(str::to_owned);
                self.by_refresh_token(&client, call)?
            }
            other => {
                let description = format!("Unsupported grant type: {other}");
                return Err(refuse(400, "unsupported_grant_type", description));
            }
        };
        let opaque = call.field("token_format") == Some("opaque");
        Ok(self.tokens(&subject, opaque, refresh))
    }

    /// The client that asks, by basic authentication or in the form.
    fn client_of(&self, call: &Call) -> Result<ClientSpec, Refused> {
        let in_form = || {
            let id = call.field("client_id")?.to_owned();
            Some((
                id,
                call.field("client_secret").unwrap_or_default().to_owned(),
            ))
        };
        let denied = || refuse(401, "unauthorized", "Bad credentials");
        let (id, secret) = call.basic().or_else(in_form).ok_or_else(denied)?;
        let client = self
            .clients
            .get(&id)
            .filter(|client| client.secret == secret);
        client.cloned().ok_or_else(denied)
    }

    fn for_client(&self, client: &ClientSpec, call: &Call) -> Result<Subject, Refused> {
        Ok(Subject {
            client: client.id.clone(),
            user: None,
            scopes: chosen(&client.authorities, call)?,
            grant_type: "client_credentials",
        })
    }

    /// `login_hint={"origin":"…"}` says whose user it is.
    fn by_password(&mut self, client: &ClientSpec, call: &Call) -> Result<Subject, Refused> {
        let hint = call
            .field("login_hint")
            .and_then(|hint| serde_json::from_str::<Value>(hint).ok());
        let origin = hint.as_ref().and_then(|hint| hint["origin"].as_str());
        let name = call.field("username").unwrap_or_default();
        let password = call.field("password").unwrap_or_default();
        let user = self
            .accounts
            .check(name, password, origin)
            .map_err(|denied| refuse(401, "unauthorized", denied.description()))?;
        let user = user.guid.clone();
        Ok(Subject {
            scopes: self.scopes_of(client, &user, call)?,
            client: client.id.clone(),
            user: Some(user),
            grant_type: "password",
        })
    }

    /// What client and user may both have, of what was asked for.
    pub(super) fn scopes_of(
        &self,
        client: &ClientSpec,
        user: &str,
        call: &Call,
    ) -> Result<BTreeSet<String>, Refused> {
        let wanted = chosen(&client.scopes, call)?;
        let user = self.accounts.get(user);
        let scopes: BTreeSet<String> = match user {
            Some(user) => wanted.intersection(&user.spec.groups).cloned().collect(),
            None => BTreeSet::new(),
        };
        if scopes.is_empty() {
            let description = "[] is invalid. This user is not allowed any of the requested scopes";
            return Err(refuse(400, "invalid_scope", description));
        }
        Ok(scopes)
    }

    /// A code works once. PKCE is checked as 77.18 does; 4.30 ignores it.
    fn by_code(&mut self, client: &ClientSpec, call: &Call) -> Result<Subject, Refused> {
        let invalid = |description: &str| refuse(400, "invalid_grant", description);
        let code = call.field("code").unwrap_or_default();
        let spent = self.codes.take(code);
        let spent = spent.ok_or_else(|| invalid(&format!("Invalid authorization code: {code}")))?;
        if spent.subject.client != client.id {
            return Err(refuse(400, "invalid_client", "Client ID mismatch"));
        }
        if call
            .field("redirect_uri")
            .is_some_and(|uri| uri != spent.redirect_uri)
        {
            return Err(invalid("Redirect URI mismatch."));
        }
        let expected = spent.challenge.filter(|_| self.release == UaaRelease::V77);
        if let Some((challenge, method)) = expected {
            let verifier = call.field("code_verifier").unwrap_or_default();
            let found = match method.as_str() {
                "plain" => verifier.to_owned(),
                _ => fingerprint(verifier.as_bytes()),
            };
            if verifier.is_empty() || found != challenge {
                return Err(invalid("Invalid code verifier"));
            }
        }
        Ok(spent.subject)
    }

    fn by_refresh_token(&mut self, client: &ClientSpec, call: &Call) -> Result<Subject, Refused> {
        let denied = || {
            refuse(
                401,
                "invalid_token",
                "The token expired, was revoked, or the token ID is incorrect.",
            )
        };
        let token = call.field("refresh_token").unwrap_or_default();
        let known = self.refreshable.get(token).ok_or_else(denied)?;
        let user = known.subject.user.as_deref().unwrap_or_default();
        let is_good = known.until > now()
            && known.subject.client == client.id
            && self.accounts.get(user).is_some();
        if !is_good {
            return Err(denied());
        }
        let mut subject = known.subject.clone();
        subject.scopes = chosen(&subject.scopes, call)?;
        Ok(subject)
    }

    /// For clients with the authority `uaa.resource`.
    pub(super) fn introspect(&self, call: &Call) -> Answer {
        let bearer = call.bearer().and_then(|token| self.access_claims_of(token));
        let asks = match (bearer, self.client_of(call)) {
            (Some(claims), _) => claims["scope"]
                .as_array()
                .is_some_and(|it| it.contains(&json!("uaa.resource"))),
            (None, Ok(client)) => client.authorities.contains("uaa.resource"),
            (None, Err(refusal)) => return *refusal,
        };
        if !asks {
            return uaa_error(403, "access_denied", "Access is denied");
        }
        let Some(token) = call.field("token") else {
            return uaa_error(
                400,
                "invalid_request",
                "Required request parameter 'token' is not present",
            );
        };
        match self.access_claims_of(token) {
            Some(mut claims) => {
                claims["active"] = json!(true);
                Answer::json(200, claims)
            }
            None => Answer::json(200, json!({"active": false})),
        }
    }
}

/// The scopes asked for, else all that may be had.
fn chosen(all: &BTreeSet<String>, call: &Call) -> Result<BTreeSet<String>, Refused> {
    let wanted = words(call.field("scope").unwrap_or_default());
    if wanted.is_empty() {
        return Ok(all.clone());
    }
    let unknown = wanted.difference(all).next();
    match unknown {
        Some(scope) => Err(refuse(
            400,
            "invalid_scope",
            format!("Invalid scope: {scope}"),
        )),
        None => Ok(wanted),
    }
}
