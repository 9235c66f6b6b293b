//! The client's token: how UAA is asked for it, how long it is used, and that neither it nor
//! the secret is shown.

use base64::prelude::BASE64_STANDARD;
use tokio::time::{advance, pause, resume};

use super::*;

#[tokio::test]
async fn uaa_is_asked_as_it_wants_and_rarely() {
    let server = Server::start(|asked| good(asked, &[1])).await;
    let mut client = client(&server);
    for _ in 0..3 {
        client.read_all(needed()).await.unwrap();
    }
    assert_eq!(server.count(Asked::is_root), 1);
    assert_eq!(server.count(Asked::is_token), 1);
    let all = server.all();
    let token = all.iter().find(|one| one.is_token()).unwrap();
    assert_eq!(token.body, "grant_type=client_credentials");
    let header = |name: &str| {
        let lines = token.head.lines();
        let mut pairs = lines.filter_map(|line| line.split_once(": "));
        pairs
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    assert_eq!(header("X-CF-ENCODED-CREDENTIALS"), Some("true"));
    assert_eq!(
        header("Content-Type"),
        Some("application/x-www-form-urlencoded")
    );
    let basic = header("Authorization")
        .unwrap()
        .strip_prefix("Basic ")
        .unwrap();
    let pair = String::from_utf8(BASE64_STANDARD.decode(basic).unwrap()).unwrap();
    let (id, secret) = pair.split_once(':').unwrap();
    let decoded: Vec<_> = form_urlencoded::parse(secret.as_bytes()).collect();
    assert_eq!((id, &*decoded[0].0), ("aiven-metrics", SECRET));

    let root = all.iter().find(|one| one.is_root()).unwrap();
    assert!(!root.head.to_lowercase().contains("authorization"));
    let list = all.iter().find(|one| one.is_list()).unwrap();
    assert!(list.head.contains("bearer eyJ"), "{}", list.head);
    let parameter = |name| list.parameter(name).unwrap();
    assert_eq!(parameter("type"), "managed");
    assert_eq!(parameter("order_by"), "created_at");
    assert_eq!(parameter("per_page"), "1000");
    assert_eq!(parameter("page"), "1");
    assert_eq!(
        parameter("fields[space]"),
        "guid,name,relationships.organization"
    );
    assert_eq!(parameter("fields[space.organization]"), "guid,name");
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_renewed_once_in_a_call() {
    let mut lists = 0;
    let server = Server::start(move |asked| {
        lists += usize::from(asked.is_list());
        match asked.is_list() && lists == 1 {
            true => Reply::error(401, "CF-InvalidAuthToken"),
            false => good(asked, &[1]),
        }
    })
    .await;
    client(&server).read_all(needed()).await.unwrap();
    assert_eq!(server.count(Asked::is_token), 2);

    let server = Server::start(|asked| match asked.is_list() {
        true => Reply::error(401, "CF-InvalidAuthToken"),
        false => good(asked, &[1]),
    })
    .await;
    let mut client = client(&server);
    let error = client.read_all(needed()).await.unwrap_err();
    assert_eq!(server.count(Asked::is_token), 2);
    assert_eq!(server.count(Asked::is_list), 2);
    assert_eq!(error.kind.trouble(), Trouble::TokenRejected);
    let said = error.to_string();
    assert!(
        said.contains("(401, CF-InvalidAuthToken: some details)"),
        "{said}"
    );
    // The UAA may be another one by now.
    assert!(client.read_all(needed()).await.is_err());
    assert_eq!(server.count(Asked::is_root), 2);
}

#[tokio::test]
async fn a_uaa_that_is_down_is_no_trouble_while_the_token_lives() {
    let mut tokens = 0;
    let server = Server::start(move |asked| {
        tokens += usize::from(asked.is_token());
        match asked.is_token() && tokens > 1 {
            true => Reply::html(503),
            false => good(asked, &[1]),
        }
    })
    .await;
    let mut client = client(&server);
    client.read_all(needed()).await.unwrap();
    assert_eq!(server.count(Asked::is_token), 1);
    later(480).await;
    client.read_all(needed()).await.unwrap();
    let tried = server.count(Asked::is_token);
    assert!(tried > 1);
    // The renewal is not tried again at once.
    client.read_all(needed()).await.unwrap();
    assert_eq!(server.count(Asked::is_token), tried);
    later(120).await;
    let error = client.read_all(needed()).await.unwrap_err();
    assert_eq!(error.operation, Operation::Token);
    let said = error.to_string();
    assert!(
        said.contains("something between this machine and UAA answered 503"),
        "{said}"
    );
}

/// Moves the monotonic clock on.
async fn later(seconds: u64) {
    pause();
    advance(Duration::from_secs(seconds)).await;
    resume();
}

#[tokio::test]
async fn a_wrong_secret_is_said_and_never_shown() {
    let said = said(|asked| match asked.is_token() {
        true => {
            let head = asked.head.replace("\r\n", " ");
            let words = format!("Bad credentials: {SECRET} {head}");
            Reply::json(
                401,
                &json!({"error": "unauthorized", "error_description": words}),
            )
        }
        false => good(asked, &[1]),
    })
    .await;
    let expected = "uaa_token at 127.0.0.1: UAA does not accept the client (401, unauthorized: Bad credentials: ";
    assert!(said.starts_with(expected), "{said}");
    assert!(
        said.contains("see that the client cloud_foundry.client_id is in UAA"),
        "{said}"
    );
    assert!(!said.contains("the-client"), "{said}");
    let basic = BASE64_STANDARD.encode("aiven-metrics:s3cr3t");
    assert!(!said.contains(&basic[basic.len() - 8..]), "{said}");
}

#[tokio::test]
async fn a_token_that_is_quoted_is_never_shown() {
    let said = said(|asked| match asked.is_list() {
        true => {
            let error = json!({"title": "CF-NotAuthorized", "detail": asked.head});
            Reply::json(403, &json!({"errors": [error]}))
        }
        false => good(asked, &[1]),
    })
    .await;
    assert!(said.contains("CF-NotAuthorized"), "{said}");
    assert!(!said.contains("the-token"), "{said}");
    assert!(
        said.contains("add the authority cloud_controller.global_auditor to the client"),
        "{said}"
    );
}

#[tokio::test]
async fn tokens_that_are_renewed_fill_no_memory() {
    let mut tokens = 0;
    let server = Server::start(move |asked| {
        if !asked.is_token() {
            return good(asked, &[1]);
        }
        tokens += 1;
        let text = format!("{tokens:03}-").repeat(300);
        Reply::json(200, &json!({"access_token": text, "expires_in": 600}))
    })
    .await;
    let (reader, secrets) = server.reader(INTERVAL);
    let mut client = reader.client;
    let pieces = |secrets: &Secrets| -> usize {
        let shown = format!("{secrets:?}");
        let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    let mut after = Vec::new();
    for _ in 0..12 {
        client.token = None;
        client.token().await.unwrap();
        after.push(pieces(&secrets));
    }
    assert!(after[11] <= after[2] + after[2] / 2, "{after:?}");
    assert_eq!(secrets.take_out("012-012-012-"), "<secret>");
    assert_eq!(secrets.take_out("011-011-011-"), "<secret>");
    assert_eq!(secrets.take_out("009-009-009-"), "009-009-009-");
}
