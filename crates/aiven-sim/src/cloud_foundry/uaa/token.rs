//! Tokens and their claims, as 4.30.0 and 77.18.0 were seen to write them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::account::User;
use super::keys::read_token;
use super::{Uaa, now};
use crate::cloud_foundry::answer::Answer;
use crate::cloud_foundry::spec::ClientSpec;

/// cf-deployment's for the client `cf`.
const REFRESH_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// Who gets a token, and for what.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) client: String,
    /// `None`: the client itself.
    pub(super) user: Option<String>,
    pub(super) scopes: BTreeSet<String>,
    pub(super) grant_type: &'static str,
}

/// What a refresh token is for.
#[derive(Clone, Debug)]
pub(super) struct Refreshable {
    pub(super) subject: Subject,
    /// Epoch seconds.
    pub(super) until: i64,
}

fn hex() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Audience: all of a scope but its last part, and the client.
fn audience(scopes: &BTreeSet<String>, client: &str) -> BTreeSet<String> {
    let resources = scopes.iter().map(|scope| match scope.rsplit_once('.') {
        Some((resource, _)) => resource.to_owned(),
        None => scope.clone(),
    });
    resources.chain([client.to_owned()]).collect()
}

impl Uaa {
    fn lifetime_of(&self, client: &str) -> Duration {
        let own = self
            .clients
            .get(client)
            .and_then(|client| client.token_lifetime);
        own.unwrap_or(self.token_lifetime)
    }

    /// What access, refresh and id tokens of one subject have in common.
    fn common_claims(&self, subject: &Subject, lifetime: Duration) -> Value {
        let client = &subject.client;
        let issued = now();
        let mut claims = json!({
            "client_id": client, "cid": client, "azp": client,
            "grant_type": subject.grant_type, "rev_sig": &hex()[..8],
            "iat": issued, "exp": issued.saturating_add_unsigned(lifetime.as_secs()),
            "iss": self.issuer(), "zid": "uaa",
        });
        let is_public = self
            .clients
            .get(client)
            .is_some_and(|client| client.secret.is_empty());
        if is_public && self.release == super::UaaRelease::V77 {
            claims["client_auth_method"] = json!("none");
        }
        match subject
            .user
            .as_deref()
            .and_then(|guid| self.accounts.get(guid))
        {
            Some(user) => describe(&mut claims, user),
            None => claims["sub"] = json!(client),
        }
        claims
    }

    fn access_claims(&self, subject: &Subject, jti: &str) -> Value {
        let mut claims = self.common_claims(subject, self.lifetime_of(&subject.client));
        claims["jti"] = json!(jti);
        claims["scope"] = json!(subject.scopes);
        claims["aud"] = json!(audience(&subject.scopes, &subject.client));
        if subject.user.is_none() {
            claims["authorities"] = json!(subject.scopes);
        }
        claims
    }

    /// Same issuer, key and audience as an access token: only `jti` and the missing `scope` tell.
    fn refresh_token(&mut self, subject: &Subject, jti: &str) -> String {
        let jti = format!("{jti}-r");
        let mut claims = self.common_claims(subject, REFRESH_LIFETIME);
        claims["jti"] = json!(jti);
        claims["granted_scopes"] = json!(subject.scopes);
        claims["aud"] = json!(audience(&subject.scopes, &subject.client));
        let token = if self.jwt_refresh_tokens {
            self.keys.sign(&claims, &self.url)
        } else {
            jti
        };
        let refreshable = Refreshable {
            subject: subject.clone(),
            until: claims["exp"].as_i64().unwrap_or_default(),
        };
        self.refreshable.insert(token.clone(), refreshable);
        token
    }

    fn id_token(&self, subject: &Subject, jti: &str) -> String {
        let mut claims = self.common_claims(subject, self.lifetime_of(&subject.client));
        claims["jti"] = json!(jti);
        claims["scope"] = json!(["openid"]);
        claims["aud"] = json!([subject.client]);
        self.keys.sign(&claims, &self.url)
    }

    /// The answer that carries a subject's tokens. `refresh` is the refresh token that was used.
    pub(super) fn tokens(
        &mut self,
        subject: &Subject,
        opaque: bool,
        refresh: Option<String>,
    ) -> Answer {
        let jti = hex();
        let claims = self.access_claims(subject, &jti);
        let access = if opaque {
            self.opaque.insert(jti.clone(), claims.clone());
            jti.clone()
        } else {
            self.keys.sign(&claims, &self.url)
        };
        let scopes: Vec<&str> = subject.scopes.iter().map(String::as_str).collect();
        let mut body = json!({
            "access_token": access,
            "token_type": "bearer",
            "expires_in": self.lifetime_of(&subject.client).as_secs(),
            "scope": scopes.join(" "),
            "jti": jti,
        });
        if subject.user.is_some() && subject.scopes.contains("openid") {
            body["id_token"] = json!(self.id_token(subject, &jti));
        }
        let may_refresh = |client: &ClientSpec| client.grant_types.contains("refresh_token");
        if subject.user.is_some() && self.clients.get(&subject.client).is_some_and(may_refresh) {
            let refresh = refresh.unwrap_or_else(|| self.refresh_token(subject, &jti));
            body["refresh_token"] = json!(refresh);
        }
        Answer::json(200, body)
            .replacing("content-type", "application/json;charset=UTF-8")
            .with("cache-control", "no-store")
            .with("pragma", "no-cache")
    }

    /// Claims of an access token of ours that is not expired.
    pub(super) fn access_claims_of(&self, token: &str) -> Option<Value> {
        let claims = match self.opaque.get(token) {
            Some(claims) => claims.clone(),
            None => read_token(token, &self.public_keys())?,
        };
        let is_access = claims["jti"]
            .as_str()
            .is_some_and(|jti| !jti.ends_with("-r"));
        let is_alive = claims["exp"].as_i64().is_some_and(|exp| exp > now());
        (is_access && is_alive).then_some(claims)
    }
}

fn describe(claims: &mut Value, user: &User) {
    claims["sub"] = json!(user.guid);
    claims["user_id"] = json!(user.guid);
    claims["user_name"] = json!(user.spec.name);
    claims["origin"] = json!(user.spec.origin);
    let email = if user.spec.name.contains('@') {
        user.spec.name.clone()
    } else {
        format!("{}@example.test", user.spec.name)
    };
    claims["email"] = json!(email);
    claims["auth_time"] = claims["iat"].clone();
}
