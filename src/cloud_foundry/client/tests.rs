use serde_json::json;

use super::*;
use crate::cloud_foundry::tests::foundation::{
    Asked, Reply, SECRET, Server, config, good, guid, page, reader,
};
use crate::model::backoff::Trouble;

mod certificates;
mod tokens;

const INTERVAL: Duration = Duration::from_secs(300);

fn client(server: &Server) -> Client {
    server.reader(INTERVAL).0.client
}

fn needed() -> NeededInstances {
    Arc::new([guid(1)].into())
}

/// The error of a first pass over a foundation that answers like this.
async fn error(answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Error {
    let server = Server::start(answer).await;
    client(&server).read_all(needed()).await.unwrap_err()
}

async fn said(answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> String {
    error(answer).await.to_string()
}

#[tokio::test]
async fn pages_are_counted_and_no_link_is_followed() {
    let server = Server::start(|asked| match asked.parameter("page").as_deref() {
        Some("1") => Reply::json(200, &page(&[1, 2], 3, true)),
        Some("2") => Reply::json(200, &page(&[3], 3, false)),
        _ => good(asked, &[]),
    })
    .await;
    let needed = Arc::new([guid(1), guid(3)].into());
    let reading = client(&server).read_all(needed).await.unwrap();
    assert_eq!(reading.foundation.instances.len(), 2);
    assert_eq!((reading.rows, reading.shortfall), (3, None));
    assert_eq!(server.count(Asked::is_list), 2);
}

#[tokio::test]
async fn an_empty_list_for_a_client_that_sees_nothing_is_a_failure() {
    let answer = |asked: &Asked| match asked.is_token() {
        true => Reply::json(
            200,
            &json!({"access_token": "t0k3n", "scope": "uaa.none", "expires_in": 600}),
        ),
        false => good(asked, &[]),
    };
    let said = said(answer).await;
    assert!(said.contains("scopes \"uaa.none\""), "{said}");
    // What it sees counts, whatever its scopes are.
    let server = Server::start(move |asked| match asked.is_list() {
        true => good(asked, &[1]),
        false => answer(asked),
    })
    .await;
    assert!(client(&server).read_all(needed()).await.is_ok());
}

#[tokio::test]
async fn too_many_requests_are_not_asked_again_before_the_time() {
    let reset = || {
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
        format!("X-RateLimit-Reset: {}\r\n", since.as_secs() + 100)
    };
    let body = json!({"errors": [{"title": "CF-RateLimitExceeded", "detail": "slow down"}]});
    for headers in ["Retry-After: 100\r\n".to_owned(), reset()] {
        let (headers, body) = (headers.clone(), body.to_string());
        let server = Server::start(move |asked| match asked.is_list() {
            true => Reply::new(429, &headers, &body),
            false => good(asked, &[1]),
        })
        .await;
        let mut client = client(&server);
        for _ in 0..2 {
            let error = client.read_all(needed()).await.unwrap_err();
            let said = error.to_string();
            assert!(said.contains("CF-RateLimitExceeded: slow down"), "{said}");
            let Trouble::Throttled(Some(wait)) = error.kind.trouble() else {
                panic!("{error}");
            };
            assert!((90..=100).contains(&wait.as_secs()), "{wait:?}");
        }
        assert_eq!(server.count(Asked::is_list), 1);
        // It was Cloud Controller that asked, and not UAA.
        client.token = None;
        assert!(client.token().await.is_ok());
    }
}

#[tokio::test]
async fn what_stands_before_them_is_named() {
    for (status, page) in [(200, "list"), (502, "list"), (404, "token"), (200, "root")] {
        let said = said(move |asked| {
            let is_it = match page {
                "list" => asked.is_list(),
                "token" => asked.is_token(),
                _ => asked.is_root(),
            };
            match is_it {
                true => Reply::html(status),
                false => good(asked, &[1]),
            }
        })
        .await;
        let who = match page {
            "token" => "UAA",
            _ => "Cloud Controller",
        };
        let expected =
            format!("something between this machine and {who} answered {status}: \"Bad gateway\"");
        assert!(said.contains(&expected), "{said}");
    }
    let said = said(|asked| match asked.is_list() {
        true => Reply::new(302, "Location: https://portal.example/login?s=1\r\n", ""),
        false => good(asked, &[1]),
    })
    .await;
    assert!(
        said.contains("a redirect to https://portal.example, which is not followed"),
        "{said}"
    );
}

#[tokio::test]
async fn a_root_without_a_uaa_is_named() {
    let said = said(|asked| match asked.is_root() {
        true => Reply::json(
            200,
            &json!({"links": {"uaa": {"href": "http://uaa.example"}}}),
        ),
        false => good(asked, &[1]),
    })
    .await;
    let expected = "cf_root at 127.0.0.1: the answer names no UAA that can be asked (\"http://uaa.example\" is no https:// URL";
    assert!(said.starts_with(expected), "{said}");
}

#[tokio::test]
async fn answers_that_never_come_or_end_in_the_middle_are_asked_for_three_times() {
    for is_cut in [false, true] {
        let server = Server::start(move |asked| match (asked.is_list(), is_cut) {
            (true, true) => Reply::Bytes(
                b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"pagination\":".to_vec(),
            ),
            (true, false) => Reply::Hang,
            _ => good(asked, &[1]),
        })
        .await;
        let mut client = client(&server);
        client.token().await.unwrap();
        client.request_timeout = Duration::from_millis(300);
        let error = client.read_all(needed()).await.unwrap_err();
        match is_cut {
            true => assert!(
                matches!(error.kind, ErrorKind::Unanswered(Unanswered::Transport(_))),
                "{error}"
            ),
            false => assert!(
                matches!(error.kind, ErrorKind::Unanswered(Unanswered::Timeout(_))),
                "{error}"
            ),
        }
        assert_eq!(server.count(Asked::is_list), 3);
    }
}

#[tokio::test]
async fn an_endless_answer_is_not_held() {
    let server = Server::start(|asked| match asked.is_list() {
        true => Reply::new(200, "", format!("{{\"a\":\"{}", "x".repeat(17 << 20))),
        false => good(asked, &[1]),
    })
    .await;
    let error = client(&server).read_all(needed()).await.unwrap_err();
    assert!(
        error.to_string().contains("more than 16777216 bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_that_is_no_page_is_not_understood() {
    for body in [
        "{}",
        "{\"pagination\": {}, \"resources\": []}",
        "{\"resources\": [",
        "{\"errors\": []}",
    ] {
        let error = error(move |asked| match asked.is_list() {
            true => Reply::new(200, "", body),
            false => good(asked, &[1]),
        })
        .await;
        assert!(
            matches!(error.kind, ErrorKind::Unanswered(Unanswered::Malformed(_))),
            "{error}"
        );
    }
}

#[tokio::test]
async fn nobody_there_is_said() {
    let server = Server::start(|asked| good(asked, &[1])).await;
    let url = server.url.clone();
    drop(server);
    let (reader, _) = reader(&config(url, INTERVAL));
    let mut client = reader.client;
    let said = client.read_all(needed()).await.unwrap_err().to_string();
    assert!(said.starts_with("cf_root at 127.0.0.1: "), "{said}");
    assert!(
        said.contains("see that api, uaa and router run (bosh -d cf instances), and that this machine reaches them; then cloud_foundry.api_url"),
        "{said}"
    );
}
