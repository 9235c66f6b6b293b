//! The browser's way in: authorization code, with PKCE.

use super::*;

/// The browser's way: where it is sent back to.
async fn log_in(it: &Foundry, query: &[(&str, &str)]) -> String {
    let uaa = it.sim.uaa_url();
    let cookie = |got: &Got| {
        got.header("set-cookie")
            .split(';')
            .next()
            .unwrap()
            .to_owned()
    };
    let authorize = format!("{uaa}/oauth/authorize?{}", encoded(query));
    let asked = read(it.http.get(&authorize)).await.unwrap();
    assert_eq!(
        (asked.status, asked.header("location")),
        (302, &*format!("{uaa}/login"))
    );
    let page = read(it.http.get(format!("{uaa}/login"))).await.unwrap();
    let csrf = page
        .text
        .split("value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let form = encoded(&[
        ("username", "alice"),
        ("password", "secret"),
        ("X-Uaa-Csrf", csrf),
    ]);
    let cookies = format!("{}; {}", cookie(&asked), cookie(&page));
    let posted = it
        .http
        .post(format!("{uaa}/login.do"))
        .header("Content-Type", FORM)
        .header("Cookie", &cookies);
    let posted = read(posted.body(form)).await.unwrap();
    assert_eq!(posted.header("location"), authorize);
    let again = it.http.get(&authorize).header("Cookie", cookie(&posted));
    read(again).await.unwrap().header("location").to_owned()
}

#[tokio::test]
async fn a_browser_logs_in_with_pkce() {
    let it = with_alice(foundry().await).await;
    let back = "https://gateway.test/callback";
    let client = ClientSpec::new("gateway", "secret")
        .users(
            ["openid", "cloud_controller.read"],
            ["authorization_code", "refresh_token"],
        )
        .redirect_uri(back);
    it.sim.add_client(client);
    // RFC 7636, appendix B.
    let (verifier, challenge) = (
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
    let query = [
        ("response_type", "code"),
        ("client_id", "gateway"),
        ("redirect_uri", back),
        ("state", "s t"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ];
    let mut answers = Vec::new();
    for verifiers in [vec!["wrong"], vec![verifier, verifier]] {
        let location = log_in(&it, &query).await;
        let (uri, params) = location.split_once('?').unwrap();
        assert_eq!(uri, back);
        let params: Vec<(String, String)> = form_urlencoded::parse(params.as_bytes())
            .into_owned()
            .collect();
        assert_eq!(params[1], ("state".into(), "s t".into()));
        for verifier in verifiers {
            let form = [
                ("grant_type", "authorization_code"),
                ("code", &params[0].1),
                ("redirect_uri", back),
                ("code_verifier", verifier),
            ];
            answers.push(it.token(("gateway", "secret"), &form).await);
        }
    }
    let invalid = |got: &Got| (got.status, got.json()["error"].clone());
    assert_eq!(
        invalid(&answers[0]),
        (400, json!("invalid_grant")),
        "a wrong verifier"
    );
    assert_eq!(answers[1].status, 200);
    assert_eq!(
        invalid(&answers[2]),
        (400, json!("invalid_grant")),
        "a code works once"
    );
    let claims = part(text(&answers[1].json()["access_token"]), 1);
    assert_eq!(
        (&claims["user_name"], &claims["grant_type"]),
        (&json!("alice"), &json!("authorization_code"))
    );

    let elsewhere = [
        ("response_type", "code"),
        ("client_id", "gateway"),
        ("redirect_uri", "https://evil.test/"),
    ];
    let url = format!(
        "{}/oauth/authorize?{}",
        it.sim.uaa_url(),
        encoded(&elsewhere)
    );
    let refused = read(it.http.get(url)).await.unwrap();
    assert_eq!((refused.status, refused.header("location")), (400, ""));
}
