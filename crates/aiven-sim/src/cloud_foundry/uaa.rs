//! UAA, as far as tokens need it: 77.18 unless told to be 4.30.
//!
//! | part | where |
//! |---|---|
//! | keys, signatures | `keys` |
//! | claims, and the tokens that carry them | `token` |
//! | `POST /oauth/token`, `POST /introspect` | `grant` |
//! | users and their passwords | `account` |
//! | `GET /oauth/authorize`, the login page | `browser` |
//! | another UAA, whose tokens the Cloud Controller is to take | `other` |

mod account;
mod browser;
mod grant;
mod keys;
mod other;
mod token;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use hyper::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cloud_foundry::CloudFoundry;
use crate::cloud_foundry::answer::{Answer, uaa_error};
use crate::cloud_foundry::serve::Call;
use crate::cloud_foundry::spec::ClientSpec;
use crate::fault::Operation;
use crate::refusal::Refusal;
use account::Accounts;
use browser::{Codes, Sessions};
use keys::KeyRing;
use token::Refreshable;

pub(crate) use keys::{PublicKey, read_token};
pub(crate) use other::OtherUaa;

/// Id of the client that labels are read with: it may see everything, and change nothing.
pub(crate) const CLIENT_ID: &str = "aiven-metrics";

/// A client's tokens live so long in cf-deployment.
const TOKEN_LIFETIME: Duration = Duration::from_secs(1200);

/// Whose ways it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UaaRelease {
    /// Refresh tokens are JWTs, `n` in `/token_keys` begins with a zero byte, PKCE is ignored.
    V4,
    /// Refresh tokens are opaque, PKCE is checked.
    #[default]
    V77,
}

/// Everything that UAA knows.
pub(crate) struct Uaa {
    release: UaaRelease,
    url: String,
    clients: BTreeMap<String, ClientSpec>,
    accounts: Accounts,
    keys: KeyRing,
    token_lifetime: Duration,
    sessions: Sessions,
    codes: Codes,
    /// Claims of opaque access tokens.
    opaque: HashMap<String, Value>,
    /// What refresh tokens are for.
    refreshable: HashMap<String, Refreshable>,
    /// Refresh tokens are JWTs (`jwt.token.refresh.format`).
    jwt_refresh_tokens: bool,
}

/// Epoch seconds.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_second()
}

impl Uaa {
    pub(crate) fn new(release: UaaRelease, url: String) -> Self {
        let mut uaa = Self {
            release,
            url,
            clients: BTreeMap::new(),
            accounts: Accounts::default(),
            keys: KeyRing::new(),
            token_lifetime: TOKEN_LIFETIME,
            sessions: Sessions::default(),
            codes: Codes::default(),
            opaque: HashMap::new(),
            refreshable: HashMap::new(),
            jwt_refresh_tokens: release == UaaRelease::V4,
        };
        uaa.add_client(cf_client());
        uaa.add_client(labels_client());
        uaa
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{}/oauth/token", self.url)
    }

    pub(crate) fn public_keys(&self) -> Vec<PublicKey> {
        self.keys.public()
    }

    /// Adds a client, or replaces one.
    pub(crate) fn add_client(&mut self, client: ClientSpec) {
        self.clients.insert(client.id.clone(), client);
    }

    /// Empty, if there is no such client.
    pub(crate) fn client_secret(&self, id: &str) -> &str {
        self.clients.get(id).map_or("", |client| &client.secret)
    }

    pub(crate) fn remove_client(&mut self, id: &str) -> Result<(), Refusal> {
        let known = self.clients.remove(id).is_some();
        known
            .then_some(())
            .ok_or_else(|| Refusal::new(404, format!("UAA has no client {id}")))
    }

    pub(crate) fn set_token_lifetime(&mut self, lifetime: Duration) {
        self.token_lifetime = lifetime;
    }

    pub(crate) fn set_jwt_refresh_tokens(&mut self, jwt: bool) {
        self.jwt_refresh_tokens = jwt;
    }

    /// Signs with a new key from now on; the old ones stay listed. Returns its id.
    pub(crate) fn rotate_keys(&mut self) -> String {
        self.keys.rotate()
    }

    /// A key is no longer listed, and its tokens are good no longer.
    pub(crate) fn retire_key(&mut self, kid: &str) -> Result<(), Refusal> {
        self.keys.retire(kid)
    }
}

/// The public client of the `cf` command [cfd].
fn cf_client() -> ClientSpec {
    let scopes = [
        "openid",
        "uaa.user",
        "password.write",
        "scim.read",
        "cloud_controller.read",
        "cloud_controller.write",
        "cloud_controller.admin",
        "cloud_controller.admin_read_only",
        "cloud_controller.global_auditor",
        "network.admin",
    ];
    ClientSpec::new("cf", "").users(scopes, ["password", "refresh_token"])
}

/// What an operator makes for `cloud_foundry.client_id`.
fn labels_client() -> ClientSpec {
    let secret = format!("sim-client-secret-{}", uuid::Uuid::new_v4().simple());
    ClientSpec::new(CLIENT_ID, secret).authorities(["cloud_controller.global_auditor"])
}

pub(super) fn operation(method: &Method, path: &[&str]) -> Operation {
    match (method.as_str(), path) {
        ("GET", [".well-known", "openid-configuration"]) => Operation::Discover,
        ("GET", ["token_keys"]) => Operation::ListTokenKeys,
        ("POST", ["oauth", "token"]) => Operation::IssueToken,
        ("POST", ["introspect"]) => Operation::Introspect,
        ("GET", ["oauth", "authorize"]) => Operation::Authorize,
        ("GET", ["login"]) | ("POST", ["login.do"]) => Operation::Login,
        _ => Operation::UnknownAtUaa,
    }
}

pub(super) fn answer(cloud_foundry: &CloudFoundry, call: &Call) -> Answer {
    let mut foundation = cloud_foundry.foundation();
    let uaa = &mut foundation.uaa;
    match call.operation {
        Operation::Discover => uaa.discovery(),
        Operation::ListTokenKeys => uaa.token_keys(call),
        Operation::IssueToken => uaa.issue_token(call),
        Operation::Introspect => uaa.introspect(call),
        Operation::Authorize => uaa.authorize(call),
        Operation::Login => uaa.log_in(call),
        _ => uaa_error(404, "not_found", "No such resource"),
    }
}

impl Uaa {
    fn discovery(&self) -> Answer {
        let url = &self.url;
        Answer::json(
            200,
            json!({
                "issuer": self.issuer(),
                "authorization_endpoint": format!("{url}/oauth/authorize"),
                "token_endpoint": format!("{url}/oauth/token"),
                "jwks_uri": format!("{url}/token_keys"),
                "userinfo_endpoint": format!("{url}/userinfo"),
                "response_types_supported": ["code", "code id_token", "id_token", "token id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "code_challenge_methods_supported": ["S256", "plain"],
                "scopes_supported": ["openid", "profile", "email", "phone", "roles", "user_attributes"],
            }),
        )
    }

    fn token_keys(&self, call: &Call) -> Answer {
        let keys = self.keys.listed(self.release == UaaRelease::V4);
        let answer = Answer::json(200, json!({"keys": keys}));
        let tag = format!("\"{}\"", keys::fingerprint(&answer.bytes()));
        let known = call
            .headers
            .get("if-none-match")
            .and_then(|value| value.to_str().ok());
        if known == Some(tag.as_str()) {
            return Answer::text(304, "application/json", "").with("etag", tag);
        }
        answer.with("etag", tag)
    }
}
