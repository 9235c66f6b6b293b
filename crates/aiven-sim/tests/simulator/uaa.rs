//! The UAA: tokens of clients and users, keys, passwords, and the way in for browsers.

use std::collections::BTreeSet;

use aiven_sim::{ClientSpec, Role, Simulator, UaaRelease, UserSpec};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};

use crate::foundry::{FORM, Foundry, Got, encoded, foundry, foundry_in, read};

mod browser;

const PASSWORD: [(&str, &str); 3] = [
    ("grant_type", "password"),
    ("username", "alice"),
    ("password", "secret"),
];

async fn with_alice(it: Foundry) -> Foundry {
    it.sim.add_user(UserSpec::new("alice", "secret"));
    it
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&BASE64URL.decode(part).unwrap()).unwrap()
}

async fn keys(it: &Foundry) -> Value {
    let url = format!("{}/token_keys", it.sim.uaa_url());
    read(it.http.get(url)).await.unwrap().json()["keys"].clone()
}

/// By the key that the token names, as `/token_keys` lists it.
async fn is_signed(it: &Foundry, token: &str) -> bool {
    let keys = keys(it).await;
    let kid = part(token, 0)["kid"].clone();
    let key = keys
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == kid)
        .unwrap();
    let number = |member: &str| BASE64URL.decode(text(&key[member])).unwrap();
    let n = number("n");
    let key = RsaPublicKeyComponents {
        n: n.strip_prefix(&[0]).unwrap_or(&n).to_vec(),
        e: number("e"),
    };
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = BASE64URL.decode(signature).unwrap();
    key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
        .is_ok()
}

async fn spaces(it: &Foundry, token: &str) -> Got {
    it.get(&format!("{}/v3/spaces", it.sim.cf_url()), token)
        .await
        .unwrap()
}

/// Code of Cloud Controller's refusal.
fn code(got: &Got) -> Value {
    got.json()["errors"][0]["code"].clone()
}

#[tokio::test]
async fn the_root_leads_to_the_uaa_and_its_issuer() {
    let it = foundry().await;
    let root = read(it.http.get(format!("{}/", it.sim.cf_url())))
        .await
        .unwrap()
        .json();
    assert_eq!(root["links"]["uaa"]["href"], it.sim.uaa_url());
    assert_eq!(root["links"]["login"]["href"], it.sim.uaa_url());
    let url = format!("{}/.well-known/openid-configuration", it.sim.uaa_url());
    let discovery = read(it.http.get(url)).await.unwrap().json();
    assert_eq!(
        discovery["issuer"],
        format!("{}/oauth/token", it.sim.uaa_url())
    );
    assert_eq!(
        discovery["jwks_uri"],
        format!("{}/token_keys", it.sim.uaa_url())
    );
}

#[tokio::test]
async fn a_clients_token_names_no_user() {
    let it = foundry().await;
    let token = it.client_token().await;
    assert!(is_signed(&it, &token).await);
    let (id, _) = it.sim.cf_client();
    let claims = part(&token, 1);
    for member in ["sub", "client_id", "cid", "azp"] {
        assert_eq!(claims[member], id, "{member}");
    }
    assert_eq!(claims["scope"], json!(["cloud_controller.global_auditor"]));
    assert_eq!(claims["aud"], json!(["aiven-metrics", "cloud_controller"]));
    assert_eq!(
        (claims.get("user_id"), &claims["zid"]),
        (None, &json!("uaa"))
    );
    assert_eq!(claims["iss"], format!("{}/oauth/token", it.sim.uaa_url()));
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 1200);
}

#[tokio::test]
async fn a_users_token_sees_the_users_spaces() {
    let it = with_alice(foundry().await).await;
    let got = it.token(("cf", ""), &PASSWORD).await.json();
    let token = text(&got["access_token"]);
    assert!(is_signed(&it, token).await);
    let claims = part(token, 1);
    assert_eq!(
        (&claims["user_name"], &claims["origin"]),
        (&json!("alice"), &json!("uaa"))
    );
    assert_eq!(claims["sub"], claims["user_id"]);
    assert_eq!(claims["client_auth_method"], "none");
    let seen = async |role: Role, at: &str| -> BTreeSet<String> {
        it.sim.grant_role("alice", role, at);
        let seen = spaces(&it, token).await.rows("guid").into_iter().collect();
        it.sim.revoke_role("alice", role, at);
        seen
    };
    let [production, staging, other] = it.spaces.clone();
    for role in [
        Role::SpaceDeveloper,
        Role::SpaceManager,
        Role::SpaceAuditor,
        Role::SpaceSupporter,
    ] {
        assert_eq!(
            seen(role, &staging).await,
            BTreeSet::from([staging.clone()]),
            "{role:?}"
        );
    }
    let [retail, payments] = &it.organizations;
    for role in [
        Role::OrganizationAuditor,
        Role::OrganizationUser,
        Role::OrganizationBillingManager,
    ] {
        assert_eq!(seen(role, retail).await, BTreeSet::new(), "{role:?}");
    }
    assert_eq!(
        seen(Role::OrganizationManager, retail).await,
        BTreeSet::from([production.clone(), staging])
    );
    assert_eq!(
        seen(Role::OrganizationManager, payments).await,
        BTreeSet::from([other.clone()])
    );

    // Shared instances are listed, and the owner's organization has no name for this user.
    it.sim.share_instance(&it.instances[0], &other);
    it.sim.grant_role("alice", Role::SpaceDeveloper, &other);
    let path = "/v3/service_instances?fields%5Bspace%5D=guid,name&fields%5Bspace.organization%5D=guid,name";
    let got = it
        .get(&format!("{}{path}", it.sim.cf_url()), token)
        .await
        .unwrap();
    assert_eq!(got.rows("name"), ["search", "orders"]);
    let organizations = &got.json()["included"]["organizations"];
    assert_eq!(
        organizations,
        &json!([{"guid": retail}, {"guid": payments, "name": "payments"}])
    );
}

#[tokio::test]
async fn what_is_no_access_token_is_refused() {
    let it = with_alice(foundry().await).await;
    it.sim.set_jwt_refresh_tokens(true);
    let got = it.token(("cf", ""), &PASSWORD).await.json();
    for member in ["refresh_token", "id_token"] {
        let token = text(&got[member]);
        assert!(is_signed(&it, token).await, "{member}");
        assert_eq!(code(&spaces(&it, token).await), json!(1000), "{member}");
    }
    let refresh = part(text(&got["refresh_token"]), 1);
    assert!(text(&refresh["jti"]).ends_with("-r"));
    assert!(
        refresh["aud"]
            .as_array()
            .unwrap()
            .contains(&json!("cloud_controller"))
    );
    assert_eq!(refresh.get("scope"), None);
    let opaque = [PASSWORD.as_slice(), &[("token_format", "opaque")]].concat();
    let opaque = it.token(("cf", ""), &opaque).await.json();
    let opaque = text(&opaque["access_token"]);
    assert_eq!(
        (opaque.len(), code(&spaces(&it, opaque).await)),
        (32, json!(1000))
    );
    let (signed, _) = text(&got["access_token"]).rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", BASE64URL.encode([7; 256]));
    assert_eq!(code(&spaces(&it, &forged).await), json!(1000));

    // Only UAA can tell what an opaque one is.
    it.sim
        .add_client(ClientSpec::new("asks", "secret").authorities(["uaa.resource"]));
    let introspect = async |client: (&str, &str), token: &str| {
        let request = it
            .http
            .post(format!("{}/introspect", it.sim.uaa_url()))
            .basic_auth(client.0, Some(client.1));
        let request = request
            .header("Content-Type", FORM)
            .body(encoded(&[("token", token)]));
        read(request).await.unwrap()
    };
    let told = introspect(("asks", "secret"), opaque).await.json();
    assert_eq!(
        (&told["active"], &told["user_name"]),
        (&json!(true), &json!("alice"))
    );
    let told = introspect(("asks", "secret"), "nonsense").await.json();
    assert_eq!(told, json!({"active": false}));
    assert_eq!(introspect(("cf", ""), opaque).await.status, 403);
}

#[tokio::test]
async fn keys_rotate_and_retire() {
    let it = foundry().await;
    let old = it.client_token().await;
    assert_eq!(part(&old, 0)["kid"], "key-1");
    assert_eq!(it.sim.rotate_keys(), "key-2");
    let new = it.client_token().await;
    assert_eq!(part(&new, 0)["kid"], "key-2");
    assert!(is_signed(&it, &new).await);
    assert_eq!(spaces(&it, &old).await.status, 200);
    let kids = |keys: &Value| -> Vec<Value> {
        keys.as_array()
            .unwrap()
            .iter()
            .map(|key| key["kid"].clone())
            .collect()
    };
    assert_eq!(kids(&keys(&it).await), ["key-1", "key-2", "key-3"]);
    it.sim.retire_key("key-1");
    assert_eq!(kids(&keys(&it).await), ["key-2", "key-3"]);
    assert_eq!(code(&spaces(&it, &old).await), json!(1000));
    assert_eq!(spaces(&it, &new).await.status, 200);

    let url = format!("{}/token_keys", it.sim.uaa_url());
    let first = read(it.http.get(&url)).await.unwrap();
    let again = it
        .http
        .get(&url)
        .header("If-None-Match", first.header("etag"));
    assert_eq!(read(again).await.unwrap().status, 304);
    let key = &first.json()["keys"][0];
    assert!(text(&key["value"]).starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert_eq!(
        (&key["kty"], &key["alg"], &key["e"]),
        (&json!("RSA"), &json!("RS256"), &json!("AQAB"))
    );
}

#[tokio::test]
async fn an_old_uaa_has_its_own_ways() {
    let builder = Simulator::builder().cloud_foundry_with(UaaRelease::V4);
    let it = with_alice(foundry_in(builder).await).await;
    let n = BASE64URL.decode(text(&keys(&it).await[0]["n"])).unwrap();
    assert_eq!((n[0], n.len()), (0, 257));
    let got = it.token(("cf", ""), &PASSWORD).await.json();
    assert!(is_signed(&it, text(&got["refresh_token"])).await);
    assert_eq!(
        part(text(&got["access_token"]), 1).get("client_auth_method"),
        None
    );
}

#[tokio::test]
async fn five_wrong_passwords_lock_an_account() {
    let it = with_alice(foundry().await).await;
    let wrong = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "guess"),
    ];
    for _ in 0..5 {
        let got = it.token(("cf", ""), &wrong).await;
        assert_eq!(got.status, 401);
        assert_eq!(
            got.json(),
            json!({"error": "unauthorized", "error_description": "Bad credentials"})
        );
    }
    let locked = it.token(("cf", ""), &PASSWORD).await;
    assert_eq!(locked.status, 401);
    assert!(text(&locked.json()["error_description"]).contains("locked"));
    it.sim.unlock_user("alice");
    assert_eq!(it.token(("cf", ""), &PASSWORD).await.status, 200);
    it.sim.set_password("alice", "another");
    assert_eq!(it.token(("cf", ""), &PASSWORD).await.status, 401);
}

#[tokio::test]
async fn clients_get_what_they_may() {
    let it = with_alice(foundry().await).await;
    let error = |got: &Got| (got.status, got.json()["error"].clone());
    let (id, secret) = it.sim.cf_client();
    assert_eq!(
        error(
            &it.token((&id, "wrong"), &[("grant_type", "client_credentials")])
                .await
        ),
        (401, json!("unauthorized"))
    );
    assert_eq!(
        error(&it.token((&id, &secret), &PASSWORD).await),
        (401, json!("invalid_client"))
    );
    let more = [
        ("grant_type", "client_credentials"),
        ("scope", "cloud_controller.admin"),
    ];
    assert_eq!(
        error(&it.token((&id, &secret), &more).await),
        (400, json!("invalid_scope"))
    );

    it.sim
        .add_user(UserSpec::new("alice", "theirs").origin("ldap"));
    let hinted = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "theirs"),
        ("login_hint", "{\"origin\":\"ldap\"}"),
    ];
    let got = it.token(("cf", ""), &hinted).await.json();
    assert_eq!(part(text(&got["access_token"]), 1)["origin"], "ldap");

    let got = it.token(("cf", ""), &PASSWORD).await.json();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&got["refresh_token"])),
    ];
    assert_eq!(text(&got["refresh_token"]).len(), 34);
    let refreshed = it.token(("cf", ""), &refresh).await.json();
    assert_ne!(refreshed["access_token"], got["access_token"]);
    it.sim.remove_user("alice");
    assert_eq!(
        error(&it.token(("cf", ""), &refresh).await),
        (401, json!("invalid_token"))
    );
}

#[tokio::test]
async fn another_uaa_is_trusted_instead() {
    let it = foundry().await;
    let own = it.client_token().await;
    assert_eq!(spaces(&it, &own).await.status, 200);
    // A UAA on plain HTTP, as the real one on Tomcat: the keys of the simulated one under another issuer.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/uaa", listener.local_addr().unwrap());
    let keys = json!({"keys": keys(&it).await});
    let issuer = json!({"issuer": format!("{}/oauth/token", it.sim.uaa_url())});
    let served = axum::Router::new()
        .route(
            "/uaa/token_keys",
            axum::routing::get(async move || axum::Json(keys)),
        )
        .route(
            "/uaa/.well-known/openid-configuration",
            axum::routing::get(async move || axum::Json(issuer)),
        );
    let server = tokio::spawn(async move { axum::serve(listener, served).await });
    it.sim.trust_uaa(&url);
    let root = read(it.http.get(format!("{}/", it.sim.cf_url())))
        .await
        .unwrap()
        .json();
    assert_eq!(root["links"]["uaa"]["href"], url);
    assert_eq!(spaces(&it, &own).await.status, 200);
    it.sim.trust_uaa("http://127.0.0.1:1/uaa");
    assert_eq!(code(&spaces(&it, &own).await), json!(1000));
    server.abort();
}
