//! Whose request it is: a token is good if UAA signed it for Cloud Controller
//! [cc uaa_token_decoder.rb, security_context_configurer.rb].

use std::collections::BTreeSet;

use serde_json::Value;

use super::Refused;
use crate::cloud_foundry::CloudFoundry;
use crate::cloud_foundry::answer::{controller_error, controller_status};
use crate::cloud_foundry::serve::Call;
use crate::cloud_foundry::uaa::{OtherUaa, PublicKey, now, read_token};

/// Scopes whose holder sees everything [cc permissions.rb `can_read_globally?`].
const GLOBAL_READERS: [&str; 3] = [
    "cloud_controller.admin",
    "cloud_controller.admin_read_only",
    "cloud_controller.global_auditor",
];

/// A user, or a client that acts for itself.
#[derive(Debug)]
pub(super) struct Caller {
    /// GUID of the user, or id of the client.
    pub(super) id: String,
    scopes: BTreeSet<String>,
}

impl Caller {
    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    pub(super) fn reads_globally(&self) -> bool {
        GLOBAL_READERS.iter().any(|scope| self.has(scope))
    }
}

pub(super) async fn caller(cloud_foundry: &CloudFoundry, call: &Call) -> Result<Caller, Refused> {
    if !call.headers.contains_key("authorization") {
        let error = controller_error(401, 10002, "NotAuthenticated", "Authentication error");
        return Err(Box::new(error));
    }
    let token = call.bearer().unwrap_or_default();
    let claims = claims(cloud_foundry, token).await;
    let caller = claims.and_then(|claims| accepted(cloud_foundry, &claims));
    caller.ok_or_else(|| Box::new(controller_status(401, "Invalid Auth Token")))
}

/// Claims of a token that is an access token of the trusted UAA, and not expired.
async fn claims(cloud_foundry: &CloudFoundry, token: &str) -> Option<Value> {
    let other = {
        let foundation = cloud_foundry.foundation();
        match &foundation.other_uaa {
            None => {
                let uaa = &foundation.uaa;
                return checked(token, &uaa.public_keys(), &uaa.issuer());
            }
            Some(other) => other.clone(),
        }
    };
    if let Some(claims) = checked(token, &other.keys, &other.issuer) {
        return Some(claims);
    }
    // As the real one: once more with fresh keys.
    let fresh = OtherUaa::fetch(&other.url).await.ok()?;
    cloud_foundry.foundation().other_uaa = Some(fresh.clone());
    checked(token, &fresh.keys, &fresh.issuer)
}

fn checked(token: &str, keys: &[PublicKey], issuer: &str) -> Option<Value> {
    let claims = read_token(token, keys)?;
    let is_for_us = claims["aud"]
        .as_array()?
        .iter()
        .any(|aud| aud == "cloud_controller");
    let is_access = claims["jti"]
        .as_str()
        .is_some_and(|jti| !jti.ends_with("-r"));
    let is_alive = claims["exp"].as_i64().is_some_and(|exp| exp > now());
    (is_for_us && is_access && is_alive && claims["iss"] == issuer).then_some(claims)
}

fn accepted(cloud_foundry: &CloudFoundry, claims: &Value) -> Option<Caller> {
    let scopes = claims["scope"].as_array().into_iter().flatten();
    let scopes = scopes
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let user = claims["user_id"].as_str();
    let id = user.or_else(|| claims["client_id"].as_str())?.to_owned();
    // A client may not pass for a user.
    if user.is_none() && cloud_foundry.foundation().uaa.has_user(&id) {
        return None;
    }
    Some(Caller { id, scopes })
}
